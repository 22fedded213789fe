import assert from 'node:assert/strict';
import {test} from 'node:test';
import {machineRights} from '../../source/executors/docker-machine/manager-rights.ts';
import type {World} from '../../source/simulated/world.ts';
import {managerPolicy, saysAll, surplusIn, withEarlier} from '../../source/steps/manager-policy.ts';
import type {OperationName} from '../../source/world/cloud/port.ts';
import {someAnswers, someFleet, someNetwork} from '../executors/docker-machine/some-answers.ts';
import {changesSince, differences, drive, found, notes, problem, region, world} from './drive.ts';

const name = 'gitlab-runners-us-east-2-manager';
const roleIn = (at: World) => at.outside.account.roles.get(name);
const profileIn = (at: World) => at.outside.account.profiles.get(name);
const scope = {fleet: someFleet, partition: 'aws', account: '123456789012', network: someNetwork, keys: {}};
const policyOf = (over = {}, where = {}) => managerPolicy({...scope, ...where}, someAnswers(over), machineRights);
const statement = (sid: string, over = {}, where = {}) => policyOf(over, where).Statement.find(({Sid}) => Sid === sid);
const steps = ['network', 'instance-profile'] as const;

test('the policy knows the cache’s bucket and prefix, and with no cache none', () => {
	assert.equal(statement('CacheObjects')?.Resource, 'arn:aws:s3:::gitlab-runners-cache-123456789012-us-east-2/gitlab-runners/*');
	assert.equal(statement('CacheList', {cache: 'acme'})?.Resource, 'arn:aws:s3:::acme');
	assert.equal(statement('CacheObjects', {cache: 'none'}), undefined);
});

test('a role is passed on only where workers have one, and to EC2 only', () => {
	assert.equal(statement('PassWorkerRole'), undefined);
	const worker = {profileArn: 'arn:aws:iam::123456789012:instance-profile/workers', roleArn: 'arn:aws:iam::123456789012:role/workers'};
	const passing = statement('PassWorkerRole', {workerProfile: 'workers'}, {worker});
	assert.deepEqual([passing?.Resource, passing?.Condition], [worker.roleArn, {StringEquals: {'iam:PassedToService': 'ec2.amazonaws.com'}}]);
});

test('the token that SSM keeps is read by nothing on the manager, so the role may not', () => {
	assert.ok(!JSON.stringify(policyOf({tokenStore: 'ssm'})).includes('ssm:'));
});

test('the options that a person gives docker-machine are what the policy lets it do', () => {
	const moved = statement('LaunchWith', {machineOptions: ['amazonec2-subnet-id=subnet-0other', 'amazonec2-zone=c', 'amazonec2-keypair-name=ci']});
	assert.ok(moved?.Resource.includes('arn:aws:ec2:us-east-2:123456789012:subnet/subnet-0other'));
	assert.ok(moved?.Resource.includes('arn:aws:ec2:us-east-2:123456789012:key-pair/ci'));
	const demand = statement('Launch', {machineOptions: ['amazonec2-request-spot-instance=false', 'amazonec2-instance-type=m5.large']});
	assert.deepEqual(demand?.Condition, {StringEquals: {'ec2:InstanceType': 'm5.large', 'ec2:InstanceMarketType': 'on-demand'}});
	assert.equal(statement('LaunchImage', {machineOptions: ['amazonec2-ami=ami-0f00']})?.Resource, 'arn:aws:ec2:us-east-2::image/ami-0f00');
});

test('the largest policy is within what IAM takes inline, and one that isn’t is told', () => {
	const long = {name: 'a'.repeat(24), region: 'ap-southeast-2'};
	const path = `/${'p'.repeat(100)}/`;
	const where = {
		fleet: long,
		network: {...someNetwork, public: false},
		worker: {
			profileArn: `arn:aws:iam::123456789012:instance-profile${path}${'x'.repeat(64)}`,
			roleArn: `arn:aws:iam::123456789012:role${path}${'x'.repeat(64)}`,
		},
		keys: {disk: `arn:aws:kms:ap-southeast-2:123456789012:key/${'1'.repeat(36)}`, bucket: `arn:aws:kms:ap-southeast-2:123456789012:key/${'2'.repeat(36)}`},
	};
	const tags = Object.fromEntries(Array.from({length: 40}, (_, index) => [`acme:cost-centre-${index}`, 'x']));
	assert.ok(JSON.stringify(policyOf({tags, cache: 'b'.repeat(63)}, where)).length < 10_240);
	const more = Object.fromEntries(Array.from({length: 40}, (_, index) => [`${'t'.repeat(100)}${index}`, '']));
	assert.throws(() => policyOf({tags: more}, where), {code: 'policy-too-long'});
});

test('a policy is compared by what it says, whatever the names of its statements, URL-encoded or not', () => {
	const policy = policyOf();
	const renamed = {...policy, Statement: policy.Statement.map((one, index) => ({...one, Sid: `S${index}`}))};
	for (const text of [encodeURIComponent(JSON.stringify(policy)), JSON.stringify(policy, undefined, 2), JSON.stringify(renamed)]) {
		assert.ok(saysAll(text, policy));
		assert.deepEqual(surplusIn(text, policy), []);
	}
	for (const text of ['{}', '%7B', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}']) {
		assert.ok(!saysAll(text, policy));
		assert.equal(surplusIn(text, policy), undefined);
	}
});

test('rights of before stay beside the new ones until they are needed no more', () => {
	const [before, after] = [policyOf({workerType: 'm5.large'}), policyOf()];
	const both = withEarlier(after, JSON.stringify(before));
	assert.ok(saysAll(JSON.stringify(both), after) && saysAll(JSON.stringify(both), before));
	assert.deepEqual(surplusIn(JSON.stringify(both), after), ['Earlier1', 'Earlier2', 'Earlier3']);
	const sids = both.Statement.map(({Sid}) => Sid);
	assert.equal(new Set(sids).size, sids.length);
	assert.deepEqual(withEarlier(after, '%7B'), after);
	assert.deepEqual(withEarlier(after, JSON.stringify({...after, Statement: [{Effect: 'Deny', Action: '*', Resource: '*'}]})), after);
});

test('role, policy and profile are made, in the path and under the boundary that were asked for', async () => {
	const at = world();
	const boundary = 'arn:aws:iam::123456789012:policy/boundary';
	const {plan} = await drive(at, {rolePath: '/ci/', permissionsBoundary: boundary}).setUp(...steps);
	assert.equal(found(plan)['instance-profile'], 'ready');
	assert.deepEqual([roleIn(at)?.path, roleIn(at)?.boundary, [...(roleIn(at)?.inline.keys() ?? [])]], ['/ci/', boundary, [name]]);
	assert.equal(roleIn(at)?.tags['gitlab-runner-aws:region'], region);
	assert.match(
		notes(await drive(at, {rolePath: '/ci/', permissionsBoundary: `${boundary}2`}).plan(...steps), 'instance-profile').join(),
		/has arn:.*\/boundary permissions boundary/,
	);
});

test('a policy changed by hand is the only thing mended', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	at.outside.call('PutRolePolicy', region, {RoleName: name, PolicyName: name, PolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
	const {plan, setUp} = drive(at);
	assert.deepEqual(
		differences(await plan(...steps), 'instance-profile').map(({what}) => what),
		['policy'],
	);
	const before = at.calls.length;
	assert.equal(found((await setUp(...steps)).plan)['instance-profile'], 'ready');
	assert.deepEqual(changesSince(at, before), ['PutRolePolicy']);
});

test('a role of our name that isn’t the fleet’s blocks, one of the same fleet in another region too', async () => {
	const trust = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Principal: {Service: 'ec2.amazonaws.com'}, Action: 'sts:AssumeRole'}]});
	for (const tags of [
		[],
		[
			{Key: 'gitlab-runner-aws:fleet', Value: 'gitlab-runners'},
			{Key: 'gitlab-runner-aws:region', Value: 'eu-west-1'},
		],
	]) {
		const at = world();
		at.outside.call('CreateRole', region, {RoleName: name, AssumeRolePolicyDocument: trust, Tags: tags});
		const {plan} = await drive(at).setUp(...steps);
		assert.equal(problem(plan, 'instance-profile').code, 'EntityAlreadyExists');
		await drive(at).destroy();
		assert.ok(roleIn(at));
		assert.deepEqual(changesSince(at, 0), ['DeleteParameter', 'DeleteParameter']);
	}
});

test('a role or a profile of somebody’s that comes of our name meanwhile, though it can’t be seen yet, is not touched', async () => {
	const trust = JSON.stringify({Version: '2012-10-17', Statement: []});
	const makes: [OperationName, (at: World) => unknown][] = [
		['CreateRole', (at) => at.outside.call('CreateRole', region, {RoleName: name, AssumeRolePolicyDocument: trust})],
		['CreateInstanceProfile', (at) => at.outside.call('CreateInstanceProfile', region, {InstanceProfileName: name})],
	];
	for (const [operation, make] of makes) {
		const at = world();
		at.faults.meanwhile(operation, 1, () => {
			make(at);
			for (const one of [roleIn(at), profileIn(at)]) if (one && Object.keys(one.tags).length === 0) one.knownFrom = at.time.now() + 20_000;
		});
		const {events, failed} = await drive(at).setUp(...steps);
		assert.match(failed.join(), /is already there, and it isn't this fleet's, so it stays as it is/);
		assert.ok(events.some((event) => event.event === 'step.says' && /^waiting until IAM shows the (role|profile) /.test(event.says)));
		assert.equal(operation === 'CreateRole' ? roleIn(at)?.inline.size : profileIn(at)?.roleName, operation === 'CreateRole' ? 0 : undefined);
	}
});

test('a role that another run of the same fleet makes meanwhile is gone on with', async () => {
	const at = world({late: {role: 20_000, profile: 20_000}});
	const both = await Promise.all([drive(at).setUp(...steps), drive(at.another()).setUp(...steps)]);
	assert.deepEqual(
		both.map(({failed, plan}) => [failed, found(plan)['instance-profile']]),
		[
			[[], 'ready'],
			[[], 'ready'],
		],
	);
});

test('a profile of somebody’s is taken as it is, and stays when the fleet goes', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	const {setUp} = drive(at, {fleet: 'other', access: name});
	const before = at.calls.length;
	assert.equal(found((await setUp(...steps)).plan)['instance-profile'], 'ready');
	await drive(at, {fleet: 'other', access: name}).destroy();
	assert.deepEqual(
		changesSince(at, before).filter((one) => one !== 'DeleteParameter'),
		[],
	);
	assert.equal(problem(await drive(at, {access: 'nobody'}).plan(...steps), 'instance-profile').code, 'NoSuchEntity');
});

test('with access keys there is no profile', async () => {
	assert.equal(found(await drive(world(), {access: 'access-keys'}).plan(...steps))['instance-profile'], undefined);
});

test('destroy takes away every policy that the role has by then', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	at.outside.call('PutRolePolicy', region, {RoleName: name, PolicyName: 'more', PolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
	const {failed, left} = await drive(at).destroy();
	assert.deepEqual([failed, left, roleIn(at), profileIn(at)], [[], [], undefined, undefined]);
});
