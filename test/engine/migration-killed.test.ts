import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Ports, World} from '../../source/simulated/world.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {atEachPair} from './deaths.ts';
import {planOf, problemsIn, type SetUp, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {back, leftOfGroup, leftOfMachines, onMachines, over, timesTaken, undo} from './migrating.ts';
import {config, jobStates, noneAtAll, oneGroup, onlyManager, standing} from './seen.ts';

/** What a .gitlab-ci.yml says of jobs that neither a worker nor a manager that goes is to end for good. */
const retry = {max: 2, when: ['runner_system_failure', 'stuck_or_timeout_failure']} as const;

/** Three jobs that run as a fleet goes over or back, and more that come meanwhile. */
async function withJobs(world: World, seconds: number): Promise<undefined> {
	world.outside.queueJobs(3, {seconds, tags: [], retry});
	for (const after of [100_000, 250_000]) world.time.at(world.time.now() + after, () => void world.outside.queueJobs(1, {seconds: 100, tags: [], retry}));
	await world.clock.sleep(60_000);
}

async function busyOnMachines(world: World, seconds = 200): Promise<undefined> {
	await standingFleet(world, onMachines(world));
	await withJobs(world, seconds);
}

async function busyOnGroup(world: World): Promise<undefined> {
	const {flags, ...wish} = onMachines(world);
	await standingFleet(world, {...wish, flags: {...flags, ...over.flags}});
	await withJobs(world, 200);
}

/** The fleet is whole, every job ended well on one worker, and nothing is left of the executor that it doesn't have. */
async function isWhole(ports: Ports, world: World, at: string): Promise<'over' | 'back'> {
	assert.deepEqual([at, unlike(await planOf(ports))], [at, {}]);
	await ports.clock.sleep(900_000);
	assert.deepEqual([at, jobStates(world), new Set(timesTaken(world))], [at, {success: 5}, new Set([1])]);
	const isBack = config(world, onlyManager(world)).includes('docker+machine');
	assert.deepEqual([at, isBack ? leftOfGroup(world) : leftOfMachines(world)], [at, []]);
	return isBack ? 'back' : 'over';
}

async function goes(way: 'over' | 'back', again: SetUp, ports: Ports, world: World, at: string): Promise<void> {
	assert.deepEqual([at, problemsIn(again), await isWhole(ports, world, at)], [at, [], way]);
	if (way === 'over') assert.deepEqual([at, standing(world)], [at, oneGroup]);
}

test('a laptop that dies at any act of going over, and once more at any act of the next run, leaves what the same command ends: no job is lost or runs twice, and nothing of docker-machine is left', async () => {
	const {acts, pairs} = await atEachPair({
		begin: busyOnMachines,
		run: (ports) => setUp(ports, over),
		holds: (again, ports, world, at) => goes('over', again, ports, world, at),
	});
	assert.ok(acts > 20 && pairs > 200, `${acts} acts, ${pairs} pairs`);
});

test('a laptop that dies at any act of going back to docker+machine, and once more at any act of the next run, leaves what the same command ends, and nothing of the group', async () => {
	const {acts, pairs} = await atEachPair({
		begin: busyOnGroup,
		run: (ports) => setUp(ports, back),
		holds: (again, ports, world, at) => goes('back', again, ports, world, at),
	});
	assert.ok(acts > 10 && pairs > 50, `${acts} acts, ${pairs} pairs`);
});

/** Jobs that a manager's reboot ends: those whose runner's process runs there then. */
function reboot(world: World): number[] {
	const manager = onlyManager(world);
	const lost = world.outside.machine(manager).process?.jobs.map(({id}) => id) ?? [];
	world.outside.reboot(manager);
	return lost;
}

test('a manager whose power goes while its fleet goes over loses just the jobs that its runner had then, as does one whose fleet goes nowhere, and GitLab has these run again', async () => {
	for (const minutes of [1, 3, 5, 7]) {
		const lostBy = async (goesOver: boolean): Promise<number[]> => {
			const world = simulatedWorld();
			await busyOnMachines(world, 500);
			const running = goesOver ? setUp(world, over) : undefined;
			await world.clock.sleep(minutes * 60_000);
			const lost = reboot(world);
			await running;
			if (goesOver) {
				await world.clock.sleep(60_000);
				assert.deepEqual([minutes, problemsIn(await setUp(world, over)), unlike(await planOf(world))], [minutes, [], {}]);
			}
			await world.clock.sleep(6_000_000);
			if (goesOver) assert.deepEqual([minutes, leftOfMachines(world), standing(world)], [minutes, [], oneGroup]);
			const failed = world.jobs.filter(({state}) => state === 'failed');
			assert.deepEqual([minutes, failed.map(({id, failureReason}) => [id, failureReason])], [minutes, lost.map((id) => [id, 'stuck_or_timeout_failure'])]);
			assert.deepEqual([minutes, jobStates(world)], [minutes, {failed: lost.length, success: 5}]);
			assert.deepEqual(new Set(timesTaken(world)), new Set([1]));
			return lost;
		};
		for (const goesOver of [true, false]) assert.ok((await lostBy(goesOver)).length >= 3);
	}
});

/** A fleet whose laptop died as it waited for jobs on old machines; gives that laptop, switched on again. */
async function halfWay(world: World): Promise<Ports> {
	await busyOnMachines(world, 500);
	let looked = 0;
	world.outside.afterActs((nth) => {
		if (world.acts[nth - 1] === 'script retire-machines' && ++looked === 2) world.faults.dieAt(nth + 1);
	});
	await setUp(world, over).catch(() => undefined);
	world.outside.afterActs(undefined);
	assert.deepEqual([config(world, onlyManager(world)).includes('executor = "docker-autoscaler"'), leftOfMachines(world).length > 0], [true, true]);
	return world.reboot();
}

test('a laptop that dies at any act of an undo half way, and once more at any act of the setup after it, leaves what a setup ends, whichever way that is: no job is lost or runs twice', async () => {
	const ways = new Set<string>();
	const {acts, pairs} = await atEachPair<string | SetUp>({
		begin: halfWay,
		run: (ports) => undo(ports),
		again: (ports) => setUp(ports),
		async holds(again, ports, world, at) {
			if (typeof again === 'string') assert.match(again, /^Undone, executor docker-autoscaler → docker\+machine/);
			else assert.deepEqual([at, problemsIn(again)], [at, []]);
			ways.add(await isWhole(ports, world, at));
		},
	});
	assert.ok(acts > 5 && pairs > 10, `${acts} acts, ${pairs} pairs`);
	assert.ok(ways.has('back'), [...ways].join());
});

test('a fleet is taken away whole from half way, and its jobs end well', async () => {
	const world = simulatedWorld();
	const {left, result} = await takeAway(await halfWay(world), {withCache: true});
	assert.deepEqual([result.problems.map(({message}) => message), left, standing(world)], [[], [], noneAtAll]);
	assert.ok(
		world.jobs.every(({state}) => state === 'success' || state === 'pending'),
		JSON.stringify(jobStates(world)),
	);
});
