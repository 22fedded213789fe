import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {region} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

type FullTag = {Key: string; Value: string};
const trust = '{"Statement":[]}';

/** Tries tags with every service, and gives each one's code. */
async function tried(Tags: FullTag[]) {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt(region);
	const role = (await cloud.call('CreateRole', {RoleName: 'r', AssumeRolePolicyDocument: trust})).Role?.RoleName ?? '';
	return {
		ec2: await refusedWith(cloud.call('CreateSecurityGroup', {GroupName: 'g', Description: 'd', TagSpecifications: [{ResourceType: 'security-group', Tags}]})),
		iam: await refusedWith(cloud.call('TagRole', {RoleName: role, Tags})),
		s3: await refusedWith(cloud.call('CreateBucket', {Bucket: 'ours', CreateBucketConfiguration: {LocationConstraint: region, Tags}})),
		ssm: await refusedWith(cloud.call('PutParameter', {Name: '/f', Value: '1', Type: 'String', Tags})),
	};
}

const all = {ec2: 'nothing', iam: 'nothing', s3: 'nothing', ssm: 'nothing'};
const refused = {iam: 'ValidationError', s3: 'InvalidTag', ssm: 'Validation'};

test('letters of any script, digits, spaces and a few signs are taken everywhere, to 128 characters of a key and 256 of a value', async () => {
	assert.deepEqual(await tried([{Key: 'Kosten Stelle_.:/=+-@', Value: 'für Ämter 42'}]), all);
	assert.deepEqual(await tried([{Key: 'k'.repeat(128), Value: 'v'.repeat(256)}]), all);
	assert.deepEqual(await tried([{Key: 'k'.repeat(129), Value: ''}]), {...refused, ec2: 'InvalidParameterValue'});
	assert.deepEqual(await tried([{Key: 'k', Value: 'v'.repeat(257)}]), {...refused, ec2: 'InvalidParameterValue'});
});

test('other signs are EC2’s alone', async () => {
	for (const sign of ['&', '(', '"', '{', '#', '!', '€']) {
		assert.deepEqual(await tried([{Key: `a${sign}`, Value: ''}]), {...refused, ec2: 'nothing'});
		assert.deepEqual(await tried([{Key: 'a', Value: sign}]), {...refused, ec2: 'nothing'});
	}
});

test('a key that comes twice is refused, and IAM heeds no case', async () => {
	const twice = await tried([
		{Key: 'team', Value: 'a'},
		{Key: 'team', Value: 'b'},
	]);
	assert.deepEqual([twice.ec2, twice.iam, twice.s3], ['InvalidParameterValue', 'InvalidInput', 'InvalidTag']);
	const cases = [
		{Key: 'team', Value: 'a'},
		{Key: 'Team', Value: 'b'},
	];
	assert.deepEqual(await tried(cases), {...all, iam: 'InvalidInput'});
});

test('a tag of IAM’s in another case takes the place of the one that is there', async () => {
	const cloud = simulatedWorld({lagMs: 0}).cloudAt(region);
	await cloud.call('CreateRole', {RoleName: 'r', AssumeRolePolicyDocument: trust, Tags: [{Key: 'team', Value: 'a'}]});
	await cloud.call('TagRole', {RoleName: 'r', Tags: [{Key: 'Team', Value: 'b'}]});
	assert.deepEqual((await cloud.call('GetRole', {RoleName: 'r'})).Role?.Tags, [{Key: 'Team', Value: 'b'}]);
});

test('keys of AWS’s own are refused, and so is a fifty-first tag', async () => {
	assert.deepEqual(await tried([{Key: 'AWS:x', Value: ''}]), {ec2: 'InvalidParameterValue', iam: 'InvalidInput', s3: 'InvalidTag', ssm: 'Validation'});
	const tags = (count: number) => Array.from({length: count}, (_, index) => ({Key: `k${index}`, Value: ''}));
	assert.deepEqual(await tried(tags(50)), all);
	assert.deepEqual(await tried(tags(51)), {ec2: 'TagLimitExceeded', iam: 'LimitExceeded', s3: 'BadRequest', ssm: 'TooManyTagsError'});
});
