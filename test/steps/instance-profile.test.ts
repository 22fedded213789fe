import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {OperationName} from '../../source/cloud/port.ts';
import {managerPolicy, saysTheSame} from '../../source/steps/manager-policy.ts';
import {someAnswers, someFleet} from '../executors/some-answers.ts';
import {changesSince, differences, drive, found, notes, problem, region, world} from './drive.ts';

type At = ReturnType<typeof world>;
const name = 'gitlab-runners-us-east-2-manager';
const roleIn = (at: At) => at.outside.account.roles.get(name);
const profileIn = (at: At) => at.outside.account.profiles.get(name);
const place = {fleet: someFleet, partition: 'aws', account: '123456789012'};
const statement = (sid: string, over = {}) => managerPolicy(place, someAnswers(over)).Statement.find(({Sid}) => Sid === sid);

test('the policy lets the manager launch into the fleet’s own group, and end what is the fleet’s', () => {
	assert.deepEqual(statement('LaunchIntoOwnGroup')?.Condition, {StringEquals: {'aws:ResourceTag/gitlab-runner-aws:fleet': 'gitlab-runners'}});
	assert.deepEqual(statement('EndOwn')?.Condition, {StringEquals: {'aws:ResourceTag/gitlab-runner-aws:fleet': 'gitlab-runners'}});
	assert.equal(statement('WorkerKeys')?.Resource, 'arn:aws:ec2:us-east-2:123456789012:key-pair/runner-*');
	assert.deepEqual(statement('Look')?.Condition, {StringEquals: {'aws:RequestedRegion': 'us-east-2'}});
});

test('the policy knows the cache’s bucket and prefix, and with no cache none', () => {
	assert.equal(statement('CacheObjects')?.Resource, 'arn:aws:s3:::gitlab-runners-cache-123456789012-us-east-2/gitlab-runners/*');
	assert.equal(statement('CacheList', {cache: 'acme'})?.Resource, 'arn:aws:s3:::acme');
	assert.equal(statement('CacheObjects', {cache: 'none'}), undefined);
});

test('a role is passed on only where workers have one, and to EC2 only', () => {
	assert.equal(statement('PassWorkerRole'), undefined);
	const {Statement} = managerPolicy({...place, workerRoleArn: 'arn:aws:iam::123456789012:role/workers'}, someAnswers({workerProfile: 'workers'}));
	assert.deepEqual(Statement.at(-1)?.Condition, {StringEquals: {'iam:PassedToService': 'ec2.amazonaws.com'}});
});

test('the largest policy is within what IAM takes inline', () => {
	const long = {name: 'a'.repeat(24), region: 'ap-southeast-2'};
	const policy = managerPolicy({...place, fleet: long, workerRoleArn: `arn:aws:iam::123456789012:role/${'x'.repeat(64)}`}, someAnswers({tokenStore: 'ssm'}));
	assert.ok(JSON.stringify(policy).length < 10_240);
});

test('a policy is compared by what it says, URL-encoded or not', () => {
	const policy = managerPolicy(place, someAnswers());
	assert.ok(saysTheSame(encodeURIComponent(JSON.stringify(policy)), policy));
	assert.ok(saysTheSame(JSON.stringify(policy, undefined, 2), policy));
	assert.ok(!saysTheSame('{}', policy));
	assert.ok(!saysTheSame('%7B', policy));
});

test('role, policy and profile are made, in the path and under the boundary that were asked for', async () => {
	const at = world();
	const boundary = 'arn:aws:iam::123456789012:policy/boundary';
	const {plan} = await drive(at, {rolePath: '/ci/', permissionsBoundary: boundary}).setUp('instance-profile');
	assert.deepEqual(found(plan), {'instance-profile': 'so'});
	assert.deepEqual([roleIn(at)?.path, roleIn(at)?.boundary, [...(roleIn(at)?.inline.keys() ?? [])]], ['/ci/', boundary, [name]]);
	assert.equal(roleIn(at)?.tags['gitlab-runner-aws:region'], region);
	assert.match(
		notes(await drive(at, {rolePath: '/ci/', permissionsBoundary: `${boundary}2`}).plan('instance-profile'), 'instance-profile').join(),
		/has arn:.*\/boundary permissions boundary/,
	);
});

test('a policy changed by hand is the only thing mended', async () => {
	const at = world();
	await drive(at).setUp('instance-profile');
	at.outside.call('PutRolePolicy', region, {RoleName: name, PolicyName: name, PolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
	const {plan, setUp} = drive(at);
	assert.deepEqual(
		differences(await plan('instance-profile'), 'instance-profile').map(({what}) => what),
		['policy'],
	);
	const before = at.calls.length;
	assert.deepEqual(found((await setUp('instance-profile')).plan), {'instance-profile': 'so'});
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
		const {plan} = await drive(at).setUp('instance-profile');
		assert.equal(problem(plan, 'instance-profile').code, 'EntityAlreadyExists');
		await drive(at).destroy();
		assert.ok(roleIn(at));
		assert.deepEqual(changesSince(at, 0), ['DeleteParameter', 'DeleteParameter']);
	}
});

test('a role or a profile of somebody’s that comes of our name meanwhile, though it can’t be seen yet, is not touched', async () => {
	const trust = JSON.stringify({Version: '2012-10-17', Statement: []});
	const makes: [OperationName, (at: At) => unknown][] = [
		['CreateRole', (at) => at.outside.call('CreateRole', region, {RoleName: name, AssumeRolePolicyDocument: trust})],
		['CreateInstanceProfile', (at) => at.outside.call('CreateInstanceProfile', region, {InstanceProfileName: name})],
	];
	for (const [operation, make] of makes) {
		const at = world();
		at.faults.meanwhile(operation, 1, () => {
			make(at);
			for (const one of [roleIn(at), profileIn(at)]) if (one && Object.keys(one.tags).length === 0) one.knownFrom = at.time.now() + 20_000;
		});
		const {events, failed} = await drive(at).setUp('instance-profile');
		assert.match(failed.join(), /is already there, and it isn't this fleet's, so it stays as it is/);
		assert.ok(events.some((event) => event.event === 'step.says' && /^waiting until IAM shows the (role|profile) /.test(event.says)));
		assert.equal(operation === 'CreateRole' ? roleIn(at)?.inline.size : profileIn(at)?.roleName, operation === 'CreateRole' ? 0 : undefined);
	}
});

test('a role that another run of the same fleet makes meanwhile is gone on with', async () => {
	const at = world({late: {role: 20_000, profile: 20_000}});
	const both = await Promise.all([drive(at).setUp('instance-profile'), drive(at.another()).setUp('instance-profile')]);
	assert.deepEqual(
		both.map(({failed, plan}) => [failed, found(plan)]),
		[
			[[], {'instance-profile': 'so'}],
			[[], {'instance-profile': 'so'}],
		],
	);
});

test('a profile of somebody’s is taken as it is, and stays when the fleet goes', async () => {
	const at = world();
	await drive(at).setUp('instance-profile');
	const {setUp} = drive(at, {fleet: 'other', access: name});
	const before = at.calls.length;
	assert.deepEqual(found((await setUp('instance-profile')).plan), {'instance-profile': 'so'});
	await drive(at, {fleet: 'other', access: name}).destroy();
	assert.deepEqual(
		changesSince(at, before).filter((one) => one !== 'DeleteParameter'),
		[],
	);
	assert.equal(problem(await drive(at, {access: 'nobody'}).plan('instance-profile'), 'instance-profile').code, 'NoSuchEntity');
});

test('with access keys there is no profile', async () => {
	assert.deepEqual(found(await drive(world(), {access: 'access-keys'}).plan('instance-profile')), {});
});

test('destroy takes away every policy that the role has by then', async () => {
	const at = world();
	await drive(at).setUp('instance-profile');
	at.outside.call('PutRolePolicy', region, {RoleName: name, PolicyName: 'more', PolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
	const {failed, left} = await drive(at).destroy();
	assert.deepEqual([failed, left, roleIn(at), profileIn(at)], [[], [], undefined, undefined]);
});
