import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {bucketName, changesIn, name, planOf, problemsIn, region, type SetupWish, setUp, standingFleet, unlike} from './fleet.ts';
import {actsSince, depth, onlyManager} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** The tags of all that bears the fleet's mark, by what it is; workers have theirs from docker-machine. */
function marked(world: World): Record<string, Record<string, string>> {
	const {groups, instances, keyPairs, parameters, volumes} = world.outside.region(region);
	const {buckets, profiles, roles} = world.outside.account;
	const rules = [...groups.values()].flatMap(({inbound, name: group}) => inbound.map((rule) => ({name: `${group} ${rule.fromPort}`, tags: rule.tags})));
	const machines = [...instances.values()].filter((one) => one.id === onlyManager(world));
	const disks = [...volumes.values()].filter(({instanceId}) => machines.some(({id}) => id === instanceId));
	const all: [string, {name?: string; tags: Record<string, string>}[]][] = [
		['bucket', [...buckets.values()]],
		['group', [...groups.values()]],
		['rule', rules],
		['key pair', [...keyPairs.values()]],
		['role', [...roles.values()]],
		['profile', [...profiles.values()]],
		['parameter', [...parameters.values()]],
		['instance', machines.map(({tags}) => ({tags}))],
		['disk', disks.map(({tags}) => ({tags}))],
	];
	return Object.fromEntries(
		all.flatMap(([sort, things]) =>
			things
				.filter(({tags}) => tags['gitlab-runner-aws:fleet'] === name)
				.map((thing) => [thing.name === undefined ? sort : `${sort} ${thing.name}`, thing.tags]),
		),
	);
}

const ofAll = (world: World, key: string): Record<string, string | undefined> =>
	Object.fromEntries(Object.entries(marked(world)).map(([what, tags]) => [what, tags[key]]));

const things = [
	`bucket ${bucketName}`,
	`group ${name}-manager`,
	`group ${name}-workers`,
	`rule ${name}-manager 22`,
	`rule ${name}-workers 22`,
	`rule ${name}-workers 2376`,
	`key pair ${name}-manager`,
	`role ${name}-${region}-manager`,
	`profile ${name}-${region}-manager`,
	`parameter /gitlab-runner-aws/${name}`,
	`parameter /gitlab-runner-aws/${name}/token`,
	'instance',
	'disk',
].sort();
const each = (value: string | undefined) => Object.fromEntries(things.map((thing) => [thing, value]));

test('tags that are asked for later come to all that bears the mark, and the run after that changes nothing', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {tokenStore: 'ssm'}});
	const tags = {CostCenter: '42', team: 'ci'};
	const plan = await planOf(world, {flags: {tags}});
	for (const step of ['record', 'bucket', 'security-groups', 'key-pair', 'instance-profile', 'manager'])
		assert.ok(changesIn(plan).includes(`${step}: tags, live`), `${step} in ${changesIn(plan).join('; ')}`);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {tags}})), []);
	assert.deepEqual(ofAll(world, 'CostCenter'), each('42'));
	assert.deepEqual(ofAll(world, 'team'), each('ci'));
	const [acts, calls] = [world.acts.length, world.calls.length];
	const again = await setUp(world);
	assert.deepEqual([unlike(again.plan), actsSince(world, acts)], [{}, []]);
	assert.ok(depth(world.calls.slice(calls)) <= 4, `${depth(world.calls.slice(calls))} round trips`);
});

test('another value of a tag takes the place of the one before, and no tag is taken away: neither somebody else’s nor one of earlier answers', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {tokenStore: 'ssm', tags: {CostCenter: '41', team: 'ci'}}});
	for (const tags of Object.values(marked(world))) tags['somebody:else'] = 'theirs';
	assert.deepEqual(problemsIn(await setUp(world, {flags: {tags: {CostCenter: '42'}}})), []);
	assert.deepEqual(ofAll(world, 'CostCenter'), each('42'));
	assert.deepEqual(ofAll(world, 'team'), each('ci'));
	assert.deepEqual(ofAll(world, 'somebody:else'), each('theirs'));
	assert.deepEqual(ofAll(world, 'gitlab-runner-aws:fleet'), each(name));
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a tag that somebody took off one thing is told by its step alone, and set there again', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {tokenStore: 'ssm', tags: {CostCenter: '42'}}});
	const owners: [string, string, string, string][] = [
		[`bucket ${bucketName}`, 'bucket', 'tags', 'PutBucketTagging'],
		[`group ${name}-workers`, 'security-groups', 'tags', 'CreateTags'],
		[`rule ${name}-workers 2376`, 'security-group-rules', 'tags of rules', 'CreateTags'],
		[`key pair ${name}-manager`, 'key-pair', 'tags', 'CreateTags'],
		[`role ${name}-${region}-manager`, 'instance-profile', 'tags', 'TagRole'],
		[`profile ${name}-${region}-manager`, 'instance-profile', 'tags', 'TagInstanceProfile'],
		[`parameter /gitlab-runner-aws/${name}`, 'record', 'tags', 'AddTagsToResource'],
		[`parameter /gitlab-runner-aws/${name}/token`, 'record', 'tags', 'AddTagsToResource'],
		['disk', 'manager', 'tags', 'CreateTags'],
	];
	for (const [thing, step, what, act] of owners) {
		delete marked(world)[thing]?.CostCenter;
		assert.deepEqual([thing, changesIn(await planOf(world))], [thing, [`${step}: ${what}, live`]]);
		const acts = world.acts.length;
		assert.deepEqual([thing, problemsIn(await setUp(world))], [thing, []]);
		assert.deepEqual([thing, actsSince(world, acts)], [thing, [act]]);
		assert.deepEqual(ofAll(world, 'CostCenter'), each('42'));
	}
});

test('what somebody else made and the fleet only uses gets no tags, but for the rule of ours in it', async () => {
	const world = simulatedWorld();
	const office = world.outside.addGroup(region, 'office');
	const bucket = world.outside.addBucket('acme-cache', region);
	const flags = {securityGroup: 'office', cache: 'acme-cache', sshFrom: '203.0.113.0/24'};
	await standingFleet(world, {...withToken(world), flags});
	assert.deepEqual(problemsIn(await setUp(world, {flags: {tags: {CostCenter: '42'}}})), []);
	assert.deepEqual([office.tags, bucket.tags], [{}, {}]);
	assert.deepEqual(
		office.inbound.map(({tags}) => tags.CostCenter),
		['42'],
	);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a Name among the tags is refused, since a machine of docker-machine’s has one of its own and EC2 takes no key twice', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const calls = world.calls.filter(({changing}) => changing).length;
	await assert.rejects(setUp(world, {flags: {tags: {Name: 'ci'}}}), /tags: It takes tags without Name, which is what a machine is called by\./);
	assert.equal(world.calls.filter(({changing}) => changing).length, calls);
});

test('a tag that stands on the role in another case is there, and IAM isn’t asked to change it', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {tags: {CostCenter: '42'}}});
	for (const of of [world.outside.account.roles, world.outside.account.profiles]) {
		const tags = of.get(`${name}-${region}-manager`)?.tags ?? {};
		delete tags.CostCenter;
		tags.costcenter = '42';
	}
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('tags of the record that may not be looked at stay unknown, and stop nothing', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {tags: {CostCenter: '42'}}});
	world.outside.deny('ssm:ListTagsForResource');
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a laptop that dies while tags are being set leaves what the same command ends', async () => {
	const flags = {tags: {CostCenter: '42'}};
	const standingWorld = async (): Promise<World> => {
		const world = simulatedWorld();
		await standingFleet(world, {...withToken(world), flags: {tokenStore: 'ssm'}});
		return world;
	};
	const whole = await standingWorld();
	const before = whole.acts.length;
	await setUp(whole, {flags});
	const acts = actsSince(whole, before);
	assert.ok(acts.length > 8, `${acts.length} acts`);
	for (const [index, act] of acts.entries()) {
		const world = await standingWorld();
		world.faults.dieAt(world.acts.length + index + 1);
		await setUp(world, {flags}).catch(() => undefined);
		assert.deepEqual([act, problemsIn(await setUp(world.reboot(), {flags}))], [act, []]);
		assert.deepEqual([act, ofAll(world, 'CostCenter')], [act, each('42')]);
		assert.deepEqual([act, unlike(await planOf(world.reboot()))], [act, {}]);
	}
});
