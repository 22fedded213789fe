import assert from 'node:assert/strict';
import {test} from 'node:test';
import {planExit} from '../../source/engine/plan.ts';
import type {Given} from '../../source/fleet.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {planOf, problemsIn, region, setUp, takeAway, unlike} from './fleet.ts';
import {actsSince, depth, noneAtAll, oneOfEach, onlyTheBucket, rules, standing} from './seen.ts';

test('an empty account becomes a fleet whose runner takes jobs, with exactly one of each', async () => {
	const world = simulatedWorld();
	const made = await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	assert.deepEqual(problemsIn(made), []);
	assert.deepEqual(standing(world), oneOfEach);
	assert.deepEqual(rules(world), [
		'gitlab-runners-manager 22 203.0.113.7/32',
		'gitlab-runners-workers 22 gitlab-runners-manager',
		'gitlab-runners-workers 2376 gitlab-runners-manager',
	]);
	assert.equal(world.takers(), 1);
});

test('the same again changes nothing, asks for no token, and is at most four round trips deep', async () => {
	const world = simulatedWorld();
	await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	const [acts, calls] = [world.acts.length, world.calls.length];
	const again = await setUp(world);
	assert.deepEqual(problemsIn(again), []);
	assert.deepEqual(unlike(again.plan), {});
	assert.deepEqual(actsSince(world, acts), []);
	assert.ok(depth(world.calls.slice(calls)) <= 4, `${depth(world.calls.slice(calls))} round trips`);
});

test('destroy leaves the cache bucket and no more, and with the cache nothing', async () => {
	const world = simulatedWorld();
	await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	const removal = await takeAway(world);
	assert.deepEqual(removal.result.problems, []);
	assert.deepEqual(standing(world), onlyTheBucket);
	assert.deepEqual(
		removal.left.filter(({goes}) => goes),
		[],
	);
	await takeAway(world, {withCache: true});
	assert.deepEqual(standing(world), noneAtAll);
	assert.equal(planExit(await planOf(world, {secrets: {runnerToken: world.outside.token()}})), 3);
});

test('whatever the answers are, the same again changes nothing and is at most four round trips deep', async () => {
	const variants: ((world: World) => Given)[] = [
		() => ({tokenStore: 'ssm'}),
		() => ({tokenStore: 'ssm', tags: {CostCenter: '42'}}),
		() => ({spot: false, cache: 'none', idleCount: 1}),
		() => ({managerType: 't4g.small', workerType: 'c6g.large'}),
		() => ({image: 'al2023', workerImage: 'debian-13', tags: {CostCenter: '42'}}),
		() => ({sshFrom: '0.0.0.0/0'}),
		(world) => {
			const key = makeSshKey('mine');
			world.outside.addKeyPair(region, 'mine', key.publicKey);
			world.disk.files.set('/home/alice/.ssh/id', {text: key.privateKey, mode: 0o600});
			world.outside.addBucket('acme-cache', region);
			world.outside.openPort(world.outside.addGroup(region, 'office').id, 22, {cidr: '203.0.113.0/24'});
			return {keyPair: 'mine', privateKey: '/home/alice/.ssh/id', cache: 'acme-cache', securityGroup: 'office'};
		},
	];
	for (const variant of variants) {
		const world = simulatedWorld();
		const flags = variant(world);
		const made = await setUp(world, {flags, secrets: {runnerToken: world.outside.token()}});
		assert.deepEqual([flags, problemsIn(made)], [flags, []]);
		await world.clock.sleep(3_600_000);
		const [acts, calls] = [world.acts.length, world.calls.length];
		const again = await setUp(world, {flags});
		assert.deepEqual([flags, problemsIn(again), unlike(again.plan), actsSince(world, acts)], [flags, [], {}, []]);
		assert.ok(depth(world.calls.slice(calls)) <= 4, `${JSON.stringify(flags)}: ${depth(world.calls.slice(calls))} round trips`);
	}
});

test('several fleets live side by side in one account and region, and one that goes leaves the others as they are', async () => {
	const world = simulatedWorld();
	const fleets = ['gitlab-runners', 'gitlab-runners-2', 'runners'];
	for (const fleet of fleets) {
		const made = await setUp(world, {flags: {fleet, limit: 5}, secrets: {runnerToken: world.outside.token()}});
		assert.deepEqual([fleet, problemsIn(made)], [fleet, []]);
	}
	assert.equal(world.takers(), 3);
	assert.deepEqual((await takeAway(world, {flags: {fleet: 'gitlab-runners'}, withCache: true})).result.problems, []);
	assert.deepEqual(standing(world, 'gitlab-runners'), noneAtAll);
	for (const fleet of fleets.slice(1)) {
		assert.deepEqual([fleet, standing(world, fleet)], [fleet, oneOfEach]);
		assert.deepEqual(unlike(await planOf(world, {flags: {fleet}})), {});
	}
});
