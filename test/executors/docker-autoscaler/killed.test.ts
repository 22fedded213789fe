import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Given} from '../../../source/fleet.ts';
import type {Ports, World} from '../../../source/simulated/world.ts';
import {atEachAct, atEachPair} from '../../engine/deaths.ts';
import {planOf, problemsIn, type SetUp, type SetupWish, setUp, standingFleet, takeAway, unlike} from '../../engine/fleet.ts';
import {jobStates, launchedManagers, noneAtAll, oneGroup, standing} from '../../engine/seen.ts';

const scaled = (world: World, flags: Given = {}): SetupWish => ({
	flags: {executor: 'docker-autoscaler', ...flags},
	secrets: {runnerToken: world.outside.token()},
});

const run = (ports: Ports, world: World): Promise<SetUp> => setUp(ports, scaled(world));

test('a laptop that dies at any act of a setup, and once more at any act of the next one, leaves what the same command makes whole, with one of each and no worker', async () => {
	const {acts, pairs} = await atEachPair({
		run,
		async holds(again, ports, world, at) {
			assert.deepEqual([at, problemsIn(again)], [at, []]);
			assert.deepEqual([at, standing(world), launchedManagers(world)], [at, oneGroup, 1]);
			assert.deepEqual([at, unlike(await planOf(ports)), world.takers()], [at, {}, 1]);
		},
	});
	assert.ok(acts > 25 && pairs > 300, `${acts} acts, ${pairs} pairs`);
});

test('where AWS shows new things many seconds late, the same command given at once after a death makes nothing a second time', async () => {
	await atEachAct({
		run,
		options: {lagMs: 15_000},
		async holds(again, _ports, world, at) {
			assert.deepEqual([at, problemsIn(again), standing(world), launchedManagers(world)], [at, [], oneGroup, 1]);
		},
	});
});

/** A fleet whose workers have something to do. */
async function busy(world: World, jobs: number, seconds: number): Promise<undefined> {
	await standingFleet(world, scaled(world));
	world.outside.queueJobs(jobs, {seconds});
	await world.clock.sleep(60_000);
}

test('a laptop that dies at any act of a change leaves what the same command ends, without the flags, and running jobs end well', async () => {
	const changes: Given[] = [
		{workerDisk: 60, workerTypes: ['c5.large', 'm5.large'], limit: 4, concurrent: 4},
		{spot: false, workerImage: 'ubuntu-24.04', tags: {CostCenter: '42'}},
	];
	for (const flags of changes) {
		await atEachAct({
			begin: (world) => busy(world, 2, 200),
			run: (ports) => setUp(ports, {flags}),
			again: (ports) => setUp(ports),
			async holds(again, ports, world, at) {
				assert.deepEqual([at, problemsIn(again), unlike(await planOf(ports))], [at, [], {}]);
				assert.deepEqual([at, standing(world).managers, standing(world).scalingGroups, world.takers()], [at, 1, 1, 1]);
				await ports.clock.sleep(900_000);
				assert.deepEqual([at, jobStates(world)], [at, {success: 2}]);
			},
		});
	}
});

const destroy = (ports: Ports) => takeAway(ports, {withCache: true});

function isGone({left, result}: Awaited<ReturnType<typeof destroy>>, world: World, at: string): void {
	assert.deepEqual([at, result.problems.map(({message}) => message), left, standing(world)], [at, [], [], noneAtAll]);
}

test('a laptop that dies at any act of a destroy, and once more at any act of the next one, leaves what the same command takes away, and its jobs have ended well', async () => {
	const {acts, pairs} = await atEachPair({
		begin: (world) => busy(world, 3, 90),
		run: destroy,
		async holds(again, _ports, world, at) {
			isGone(again, world, at);
			assert.deepEqual([at, jobStates(world)], [at, {success: 3}]);
		},
	});
	assert.ok(acts > 10 && pairs > 50, `${acts} acts, ${pairs} pairs`);
});

test('a setup that died can be taken away once the laptop is on again, wherever that was', async () => {
	await atEachAct<unknown>({
		run,
		again: (ports) => ports.clock.sleep(20_000),
		async holds(_again, ports, world, at) {
			isGone(await destroy(ports), world, at);
		},
	});
});
