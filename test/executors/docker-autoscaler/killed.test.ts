import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Given} from '../../../source/fleet.ts';
import {type Ports, simulatedWorld, type World, type WorldOptions} from '../../../source/simulated/world.ts';
import {planOf, problemsIn, type SetupWish, setUp, standingFleet, takeAway, unlike} from '../../engine/fleet.ts';
import {actsSince, jobStates, launchedManagers, noneAtAll, oneGroup, standing} from '../../engine/seen.ts';

const scaled = (world: World, flags: Given = {}): SetupWish => ({
	flags: {executor: 'docker-autoscaler', ...flags},
	secrets: {runnerToken: world.outside.token()},
});

/** What is run, from one laptop or from the same one after a reboot, and what has to be so once it died in between. */
type Runs = {
	begin?(world: World): Promise<unknown>;
	run(ports: Ports, world: World): Promise<unknown>;
	holds(ports: Ports, world: World, act: string): Promise<void>;
	options?: WorldOptions;
};

/** What a whole run does, act by act. */
async function actsOf({begin, options = {}, run}: Runs): Promise<string[]> {
	const whole = simulatedWorld(options);
	await begin?.(whole);
	const before = whole.acts.length;
	await run(whole, whole);
	return actsSince(whole, before);
}

/** A world in which the laptop dies right after an act of the run, counted from 1, and is on again. */
async function diedAt({begin, options = {}, run}: Runs, act: number): Promise<{world: World; rebooted: Ports}> {
	const world = simulatedWorld(options);
	await begin?.(world);
	world.faults.dieAt(world.acts.length + act);
	await run(world, world).catch(() => undefined);
	return {world, rebooted: world.reboot()};
}

/** Every act of a whole run, one world for each: the laptop dies right after it. */
async function atEachAct(runs: Runs): Promise<number> {
	const acts = await actsOf(runs);
	for (const [index, act] of acts.entries()) {
		const {rebooted, world} = await diedAt(runs, index + 1);
		await runs.holds(rebooted, world, `killed at act ${index + 1}, ${act}`);
	}
	return acts.length;
}

/** Every pair of acts: the laptop dies after the one, and in the next run after the other. */
async function atEachPair(runs: Runs): Promise<number> {
	const acts = await actsOf(runs);
	let pairs = 0;
	for (let first = 1; first < acts.length; first++) {
		for (let second = 1; second <= acts.length - first; second++) {
			const {rebooted, world} = await diedAt(runs, first);
			world.faults.dieAt(world.acts.length + second);
			await runs.run(rebooted, world).catch(() => undefined);
			await runs.holds(world.reboot(rebooted), world, `killed at act ${first}, then ${second} further`);
			pairs++;
		}
	}
	return pairs;
}

const setup: Omit<Runs, 'holds'> = {run: (ports, world) => setUp(ports, scaled(world))};

async function becomesWhole(ports: Ports, world: World, act: string): Promise<void> {
	const again = await setUp(ports, scaled(world));
	assert.deepEqual([act, problemsIn(again)], [act, []]);
	assert.deepEqual([act, standing(world), launchedManagers(world)], [act, oneGroup, 1]);
	assert.deepEqual([act, unlike(await planOf(ports)), world.takers()], [act, {}, 1]);
}

test('a laptop that dies at any act of a setup leaves what the same command makes whole, with one of each and no worker', async () => {
	const acts = await atEachAct({...setup, holds: becomesWhole});
	assert.ok(acts > 25, `${acts} acts`);
});

test('where AWS shows new things many seconds late, the same command given at once after a death makes nothing a second time', async () => {
	await atEachAct({
		...setup,
		options: {lagMs: 15_000},
		async holds(ports, world, act) {
			const again = await setUp(ports, scaled(world));
			assert.deepEqual([act, problemsIn(again), standing(world), launchedManagers(world)], [act, [], oneGroup, 1]);
		},
	});
});

test('a laptop that dies at any act of a change leaves what the same command ends, without the flags, and running jobs end well', async () => {
	const changes: Given[] = [
		{workerDisk: 60, workerTypes: ['c5.large', 'm5.large'], limit: 4, concurrent: 4},
		{spot: false, workerImage: 'ubuntu-24.04', tags: {CostCenter: '42'}},
	];
	for (const flags of changes) {
		await atEachAct({
			async begin(world) {
				await standingFleet(world, scaled(world));
				world.outside.queueJobs(2, {seconds: 200});
				await world.clock.sleep(60_000);
			},
			run: (ports) => setUp(ports, {flags}),
			async holds(ports, world, act) {
				const again = await setUp(ports);
				assert.deepEqual([act, problemsIn(again), unlike(await planOf(ports))], [act, [], {}]);
				assert.deepEqual([act, standing(world).managers, standing(world).scalingGroups, world.takers()], [act, 1, 1, 1]);
				await ports.clock.sleep(900_000);
				assert.deepEqual([act, jobStates(world)], [act, {success: 2}]);
			},
		});
	}
});

const destroy: Omit<Runs, 'holds'> = {
	async begin(world) {
		await standingFleet(world, scaled(world));
		world.outside.queueJobs(3, {seconds: 90});
		await world.clock.sleep(60_000);
	},
	run: (ports) => takeAway(ports, {withCache: true}),
};

async function goes(ports: Ports, world: World, act: string): Promise<void> {
	const {left, result} = await takeAway(ports, {withCache: true});
	assert.deepEqual([act, result.problems.map(({message}) => message), left], [act, [], []]);
	assert.deepEqual([act, standing(world), jobStates(world)], [act, noneAtAll, {success: 3}]);
}

test('a laptop that dies at any act of a destroy leaves what the same command takes away, and its jobs have ended well', async () => {
	const acts = await atEachAct({...destroy, holds: goes});
	assert.ok(acts > 10, `${acts} acts`);
});

test('a setup that died can be taken away once the laptop is on again, wherever that was', async () => {
	await atEachAct({
		...setup,
		async holds(ports, world, act) {
			await ports.clock.sleep(20_000);
			const {left, result} = await takeAway(ports, {withCache: true});
			assert.deepEqual([act, result.problems.map(({message}) => message), left, standing(world)], [act, [], [], noneAtAll]);
		},
	});
});

test('a laptop that dies twice, at any two acts of a setup, is no worse than one that dies once', async () => {
	assert.ok((await atEachPair({...setup, holds: becomesWhole})) > 300);
});

test('a laptop that dies twice, at any two acts of a destroy, leaves what the same command takes away', async () => {
	assert.ok((await atEachPair({...destroy, holds: goes})) > 50);
});
