import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {codesIn, planOf, problemsIn, region, type SetupWish, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {actsSince, config, jobStates, managers, noneAtAll, oneOfEach, onlyManager, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const bigger: SetupWish = {flags: {managerType: 't3.medium'}};
const agreed: SetupWish = {...bigger, replaceManager: true};
const systemId = (world: World, id: string) => world.outside.file(id, '/etc/gitlab-runner/.runner_system_id')?.text;
const others = `
[[runners]]
name = "somebody's own"
url = "https://gitlab.com"
token = "glrt-t3_somebody-elses"
executor = "shell"
`;

/** A fleet in which five jobs run, and whose config.toml holds a table of somebody's. */
async function busyFleet(world: World): Promise<string> {
	const old = await standingFleet(world, withToken(world));
	world.outside.setFile(old, paths.config, config(world, old) + others);
	world.outside.queueJobs(5, {seconds: 400});
	await world.clock.sleep(90_000);
	world.leastTakers();
	return old;
}

async function replacedWell(world: World, old: string, before: {token: string; systemId: string | undefined}, what = ''): Promise<void> {
	const fresh = onlyManager(world);
	assert.deepEqual([what, fresh === old, standing(world, 'gitlab-runners').managers], [what, false, 1]);
	assert.equal(world.outside.region('us-east-2').instances.get(fresh)?.type, 't3.medium');
	assert.match(config(world, fresh), new RegExp(before.token));
	assert.match(config(world, fresh), /somebody's own/);
	assert.deepEqual([what, systemId(world, fresh)], [what, before.systemId]);
	assert.deepEqual([what, jobStates(world)], [what, {success: 5}]);
	assert.deepEqual([what, unlike(await planOf(world))], [what, {}]);
}

test('another type of manager is refused without its own agreement, and nothing is changed', async () => {
	const world = simulatedWorld();
	const old = await busyFleet(world);
	const acts = world.acts.length;
	const refused = await setUp(world, bigger);
	assert.deepEqual(codesIn(refused), ['replace-not-agreed']);
	assert.match(refused.blocked[0]?.advice ?? '', /--replace-manager/);
	assert.deepEqual(actsSince(world, acts), []);
	assert.equal(onlyManager(world), old);
});

test('with it five running jobs end well, some manager always takes jobs, and token, system id and others’ tables move over', async () => {
	const world = simulatedWorld();
	const old = await busyFleet(world);
	const before = {token: world.tokens.runner, systemId: systemId(world, old)};
	assert.deepEqual(jobStates(world), {running: 5});
	const done = await setUp(world, agreed);
	assert.deepEqual(problemsIn(done), []);
	assert.ok(world.leastTakers() >= 1, 'at some time no manager took jobs');
	await replacedWell(world, old, before);
	assert.deepEqual(standing(world), oneOfEach);
});

test('a laptop that dies at any act of a replacement leaves what the same command ends well, and no job is lost', async () => {
	const whole = simulatedWorld();
	await busyFleet(whole);
	const begun = whole.acts.length;
	await setUp(whole, agreed);
	const acts = actsSince(whole, begun);
	assert.ok(acts.length >= 8, acts.join());
	for (const [index, act] of acts.entries()) {
		const world = simulatedWorld();
		const old = await busyFleet(world);
		const before = {token: world.tokens.runner, systemId: systemId(world, old)};
		world.faults.dieAt(begun + index + 1);
		await setUp(world, agreed).catch(() => undefined);
		const rebooted = world.reboot();
		const again = await setUp(rebooted, agreed);
		const what = `killed at act ${index + 1}, ${act}`;
		assert.deepEqual([what, problemsIn(again)], [what, []]);
		assert.ok(world.leastTakers() >= 1, `${what}: at some time no manager took jobs`);
		const fresh = managers(world);
		assert.deepEqual([what, fresh.length], [what, 1]);
		assert.deepEqual([what, jobStates(world), unlike(await planOf(rebooted))], [what, {success: 5}, {}]);
		assert.match(config(world, onlyManager(world)), /somebody's own/);
		assert.deepEqual([what, systemId(world, onlyManager(world))], [what, before.systemId]);
	}
});

test('whoever changes their mind in the middle of a replacement still ends with one manager, of the type that was said last, and no job is lost', async () => {
	const world = simulatedWorld();
	await busyFleet(world);
	const launch = world.acts.length + 2;
	world.faults.dieAt(launch);
	await setUp(world, agreed).catch(() => undefined);
	assert.equal(world.acts[launch - 1], 'RunInstances');
	const rebooted = world.reboot();
	await rebooted.clock.sleep(20_000);
	const again = await setUp(rebooted, {flags: {managerType: 't3.large'}, replaceManager: true});
	assert.deepEqual(problemsIn(again), []);
	assert.ok(world.leastTakers() >= 1);
	assert.equal(world.outside.region('us-east-2').instances.get(onlyManager(world))?.type, 't3.large');
	assert.deepEqual(jobStates(world), {success: 5});
});

test('a destroy in the middle of a replacement drains and takes away both managers', async () => {
	const whole = simulatedWorld();
	await busyFleet(whole);
	const begun = whole.acts.length;
	await setUp(whole, agreed);
	for (const index of [2, 4, 6, 8]) {
		const world = simulatedWorld();
		await busyFleet(world);
		world.faults.dieAt(begun + index);
		await setUp(world, agreed).catch(() => undefined);
		const rebooted = world.reboot();
		await rebooted.clock.sleep(60_000);
		const {result} = await takeAway(rebooted, {withCache: true});
		assert.deepEqual([index, result.problems.map(({message}) => message)], [index, []]);
		assert.deepEqual([index, standing(world), jobStates(world)], [index, noneAtAll, {success: 5}]);
	}
});

test('another image, subnet, key pair or group is a replacement too, and leaves one of each', async () => {
	const wishes: ((world: World) => SetupWish['flags'])[] = [
		() => ({image: 'debian-13'}),
		() => ({subnet: `${region}b`}),
		(world) => {
			const key = makeSshKey('mine');
			world.outside.addKeyPair(region, 'mine', key.publicKey);
			world.disk.files.set('/home/alice/.ssh/id', {text: key.privateKey, mode: 0o600});
			return {keyPair: 'mine', privateKey: '/home/alice/.ssh/id'};
		},
		(world) => {
			world.outside.openPort(world.outside.addGroup(region, 'office').id, 22, {cidr: '203.0.113.0/24'});
			return {securityGroup: 'office'};
		},
	];
	for (const wish of wishes) {
		const world = simulatedWorld();
		const old = await busyFleet(world);
		const flags = wish(world);
		const refused = await setUp(world, {...(flags ? {flags} : {})});
		assert.deepEqual([flags, codesIn(refused)], [flags, ['replace-not-agreed']]);
		const done = await setUp(world, {...(flags ? {flags} : {}), replaceManager: true});
		assert.deepEqual([flags, problemsIn(done)], [flags, []]);
		assert.notEqual(onlyManager(world), old);
		assert.ok(world.leastTakers() >= 1);
		assert.deepEqual([flags, jobStates(world)], [flags, {success: 5}]);
		// The way from a group that no manager is in any more closes with the next run.
		await setUp(world);
		assert.deepEqual([flags, unlike(await planOf(world)), standing(world).managers], [flags, {}, 1]);
	}
});
