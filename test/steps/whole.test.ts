import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import {actionsOf} from '../../source/world/cloud/port.ts';
import {awsSteps, bucketName, changesSince, drive, found, region, world} from './drive.ts';

const isOurs = (parameter: string) => !parameter.startsWith('/aws/');
const all = (is: string) => Object.fromEntries(awsSteps.map(({name}) => [name, is]));

test('on an empty account the first plan already says of every part that it is missing', async () => {
	const {plan} = drive(world());
	assert.deepEqual(found(await plan()), {
		identity: 'ready',
		record: 'missing',
		network: 'ready',
		quota: 'ready',
		images: 'ready',
		permissions: 'ready',
		'spot-role': 'missing',
		bucket: 'missing',
		'security-groups': 'missing',
		'security-group-rules': 'missing',
		'key-pair': 'missing',
		'instance-profile': 'missing',
		manager: 'missing',
		'manager-profile': 'waiting',
	});
});

test('a plan makes no changing call', async () => {
	const at = world();
	await drive(at).plan();
	assert.deepEqual(changesSince(at, 0), []);
});

test('all is made once, and then so', async () => {
	const at = world();
	const {failed, plan} = await drive(at).setUp();
	assert.deepEqual(failed, []);
	assert.deepEqual(found(plan), all('ready'));
	const {buckets, profiles, roles} = at.outside.account;
	const {groups, instances, keyPairs, parameters} = at.outside.region(region);
	assert.deepEqual([...buckets.keys()], [bucketName]);
	assert.deepEqual([...profiles.keys()], ['gitlab-runners-us-east-2-manager']);
	assert.deepEqual([...roles.keys()], ['gitlab-runners-us-east-2-manager']);
	assert.deepEqual(
		[...groups.values()]
			.map(({name}) => name)
			.filter((name) => name !== 'default')
			.sort(),
		['gitlab-runners-manager', 'gitlab-runners-workers'],
	);
	assert.equal(instances.size, 1);
	assert.deepEqual([...keyPairs.keys()], ['gitlab-runners-manager']);
	assert.deepEqual([...parameters.keys()].filter(isOurs), ['/gitlab-runner-aws/gitlab-runners']);
});

test('the same again finds all so and makes no changing call', async () => {
	const at = world();
	await drive(at).setUp();
	const before = at.calls.length;
	const {plan} = await drive(at).setUp();
	assert.deepEqual(found(plan), all('ready'));
	assert.deepEqual(changesSince(at, before), []);
});

test('a plan with nothing to do is at most four round trips deep', async () => {
	const at = world();
	await drive(at).setUp();
	const before = at.calls.length;
	await drive(at).plan();
	const depths: {until: number; depth: number}[] = [];
	for (const {at: begun, until = begun} of at.calls.slice(before)) {
		const depth = 1 + Math.max(0, ...depths.filter((one) => one.until <= begun).map((one) => one.depth));
		depths.push({until, depth});
	}
	assert.ok(Math.max(...depths.map(({depth}) => depth)) <= 4);
});

test('from another laptop, which has no file of the fleet, nothing is changed either, but for a rule for its address', async () => {
	const at = world();
	await drive(at).setUp();
	const before = at.calls.length;
	const {plan} = await drive(at.another()).setUp();
	assert.deepEqual(found(plan), all('ready'));
	assert.deepEqual(changesSince(at, before), ['AuthorizeSecurityGroupIngress']);
});

test('everything made bears the mark and the tags of the answers', async () => {
	const at = world();
	await drive(at, {tags: {CostCenter: '42'}}).setUp();
	const {groups, instances, keyPairs, parameters} = at.outside.region(region);
	const {buckets, profiles, roles} = at.outside.account;
	const ownGroups = [...groups.values()].filter(({name}) => name !== 'default');
	const made = [
		...ownGroups,
		...instances.values(),
		...keyPairs.values(),
		...[...parameters.values()].filter(({name}) => isOurs(name)),
		...buckets.values(),
		...profiles.values(),
		...roles.values(),
	];
	assert.equal(made.length, 8);
	for (const {tags} of made) {
		assert.equal(tags['gitlab-runner-aws:fleet'], 'gitlab-runners');
		assert.equal(tags.CostCenter, '42');
	}
});

test('destroy leaves nothing but the cache bucket, and says so', async () => {
	const at = world();
	await drive(at).setUp();
	const {failed, left} = await drive(at).destroy();
	assert.deepEqual(failed, []);
	assert.deepEqual(left, [`${bucketName}: the cache bucket; \`--with-cache\` deletes it`]);
	const {groups, keyPairs, parameters} = at.outside.region(region);
	assert.deepEqual([[...groups.values()].map(({name}) => name), keyPairs.size, [...parameters.keys()].filter(isOurs).length], [['default'], 0, 0]);
	assert.deepEqual([at.outside.account.profiles.size, at.outside.account.roles.size], [0, 0]);
});

test('destroy again, and destroy of a fleet that never was, find nothing and change nothing', async () => {
	const at = world();
	await drive(at).setUp();
	await drive(at).destroy({withCache: true});
	const before = at.calls.length;
	const {failed, left} = await drive(at).destroy({withCache: true});
	assert.deepEqual([failed, left], [[], []]);
	assert.deepEqual(
		changesSince(at, before).filter((name) => name !== 'DeleteParameter'),
		[],
	);
});

test('a laptop that dies at any changing call leaves what the same command goes on from, and nothing twice', async () => {
	const whole = world();
	await drive(whole).setUp();
	for (let nth = 1; nth <= whole.acts.length; nth++) {
		const at = world();
		at.faults.dieAt(nth);
		await drive(at)
			.setUp()
			.catch(() => undefined);
		const {failed, plan} = await drive(at.reboot()).setUp();
		assert.deepEqual([nth, failed, found(plan)], [nth, [], all('ready')]);
		assert.deepEqual([nth, at.outside.region(region).instances.size, at.outside.region(region).groups.size], [nth, 1, 3]);
		const after = await drive(at.reboot()).destroy({withCache: true});
		assert.deepEqual([nth, after.failed, after.left], [nth, [], []]);
	}
});

test('the steps name every action that their calls need', async () => {
	const at = world();
	const secrets = {runnerToken: at.tokens.runner};
	await drive(at, {}, secrets, dockerMachine.steps).setUp();
	await drive(at, {managerType: 't3.medium', cacheDays: 30, sshFrom: '203.0.113.0/24'}, secrets, dockerMachine.steps).setUp();
	await drive(at.another(), {managerType: 't3.medium'}, {}, dockerMachine.steps).plan();
	at.outside.addObjects(bucketName, 3);
	await drive(at, {}, secrets, dockerMachine.steps).destroy({withCache: true});
	const named = new Set<string>(dockerMachine.steps.flatMap(({actions}) => actions));
	const needed = new Set(at.calls.flatMap(({name}) => actionsOf(name)));
	assert.deepEqual(
		[...needed].filter((action) => !named.has(action)),
		[],
	);
});
