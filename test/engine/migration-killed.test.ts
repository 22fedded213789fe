import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {planOf, problemsIn, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {leftOfGroup, leftOfMachines, onMachines, over, timesTaken, undo} from './migrating.ts';
import {actsSince, config, jobStates, noneAtAll, oneGroup, onlyManager, standing} from './seen.ts';

/** A fleet of docker+machine with jobs that run, and more that come as it goes over. */
async function busyFleet(): Promise<World> {
	const world = simulatedWorld();
	await standingFleet(world, onMachines(world));
	world.outside.queueJobs(3, {seconds: 500, tags: []});
	for (const after of [100_000, 250_000, 400_000]) world.time.at(world.time.now() + after, () => void world.outside.queueJobs(1, {seconds: 200, tags: []}));
	await world.clock.sleep(60_000);
	return world;
}

test('a laptop that dies at any act of going over leaves what the same command ends: no job is lost or runs twice, and nothing of docker-machine is left', async () => {
	const whole = await busyFleet();
	const before = whole.acts.length;
	await setUp(whole, over);
	const acts = actsSince(whole, before);
	assert.ok(acts.length > 20, acts.join());
	for (const [index, act] of acts.entries()) {
		const world = await busyFleet();
		world.faults.dieAt(world.acts.length + index + 1);
		await setUp(world, over).catch(() => undefined);
		const rebooted = world.reboot();
		const again = await setUp(rebooted, over);
		const at = `killed at act ${index + 1}, ${act}`;
		assert.deepEqual([at, problemsIn(again), unlike(await planOf(rebooted))], [at, [], {}]);
		await rebooted.clock.sleep(1_800_000);
		assert.deepEqual([at, jobStates(world), new Set(timesTaken(world))], [at, {success: 6}, new Set([1])]);
		assert.deepEqual([at, leftOfMachines(world), standing(world)], [at, [], oneGroup]);
	}
});

test('a manager that boots anew while its fleet goes over loses only the jobs that ran then, and the same command ends it', async () => {
	for (const minutes of [1, 3, 5, 7]) {
		const world = await busyFleet();
		const running = setUp(world, over);
		await world.clock.sleep(minutes * 60_000);
		const lost = world.jobs.filter(({state}) => state === 'running').map(({id}) => id);
		world.outside.crashRunner(onlyManager(world));
		world.faults.cutConnections();
		await running;
		const again = await setUp(world, over);
		assert.deepEqual([minutes, problemsIn(again), unlike(await planOf(world))], [minutes, [], {}]);
		await world.clock.sleep(1_800_000);
		const failed = world.jobs.filter(({state}) => state !== 'success').map(({id}) => id);
		assert.deepEqual([minutes, failed.filter((id) => !lost.includes(id))], [minutes, []]);
		assert.deepEqual([minutes, leftOfMachines(world), standing(world)], [minutes, [], oneGroup]);
	}
});

/** The same fleet, whose laptop died while old machines were waited for; and that laptop, switched on again. */
async function halfWay(): Promise<{world: World; laptop: ReturnType<World['reboot']>}> {
	const world = await busyFleet();
	let left = 0;
	const waiting = (): void => {
		left += world.scripts.some((script) => script.name === 'retire-machines') ? 1 : 0;
		if (left === 1) world.faults.dieAt(world.acts.length + 1);
		else if (left === 0) world.time.at(world.time.now() + 5000, waiting);
	};
	waiting();
	await setUp(world, over).catch(() => undefined);
	assert.deepEqual([config(world, onlyManager(world)).includes('executor = "docker-autoscaler"'), leftOfMachines(world).length > 0], [true, true]);
	return {world, laptop: world.reboot()};
}

test('a laptop that dies at any act of going back leaves what a setup ends, whichever way that is: no job is lost or runs twice', async () => {
	const whole = await halfWay();
	const before = whole.world.acts.length;
	await undo(whole.laptop);
	const acts = actsSince(whole.world, before);
	assert.ok(acts.length > 5, acts.join());
	const ways = new Set<string>();
	for (const [index, act] of acts.entries()) {
		const {laptop, world} = await halfWay();
		world.faults.dieAt(world.acts.length + index + 1);
		await undo(laptop).catch(() => undefined);
		const rebooted = world.reboot(laptop);
		const again = await setUp(rebooted);
		const at = `killed at act ${index + 1}, ${act}`;
		assert.deepEqual([at, problemsIn(again), unlike(await planOf(rebooted))], [at, [], {}]);
		await rebooted.clock.sleep(1_800_000);
		assert.deepEqual([at, jobStates(world), new Set(timesTaken(world))], [at, {success: 6}, new Set([1])]);
		const wentBack = config(world, onlyManager(world)).includes('docker+machine');
		ways.add(wentBack ? 'back' : 'over');
		assert.deepEqual([at, wentBack ? leftOfGroup(world) : leftOfMachines(world)], [at, []]);
	}
	assert.ok(ways.has('back'));
});

test('a fleet is taken away whole from half way, and its jobs end well', async () => {
	const {laptop, world} = await halfWay();
	const {left, result} = await takeAway(laptop, {withCache: true});
	assert.deepEqual([result.problems.map(({message}) => message), left, standing(world)], [[], [], noneAtAll]);
	assert.ok(
		world.jobs.every(({state}) => state === 'success' || state === 'pending'),
		JSON.stringify(jobStates(world)),
	);
});
