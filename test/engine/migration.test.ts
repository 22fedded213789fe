import assert from 'node:assert/strict';
import {test} from 'node:test';
import {join} from '../../source/panel/live/join.ts';
import {whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {type Ports, simulatedWorld, type World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {watchedFor} from '../panel/watched.ts';
import {changesIn, name, planOf, problemsIn, region, saidIn, setUp, standingFleet, unlike} from './fleet.ts';
import {back, leftOfGroup, leftOfMachines, onMachines, over, rightsOfMachines, timesTaken, undo} from './migrating.ts';
import {actsSince, config, jobStates, oneGroup, onlyManager, standing, startedAt} from './seen.ts';

test('a fleet goes over to docker-autoscaler under running jobs by one reload, and nothing of docker-machine is left', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, onMachines(world));
	const started = startedAt(world, manager);
	world.outside.queueJobs(4, {seconds: 900});
	await world.clock.sleep(200_000);
	assert.deepEqual(
		rightsOfMachines.filter((action) => !leftOfMachines(world).includes(action)),
		[],
	);
	const plan = await planOf(world, over);
	assert.deepEqual(
		changesIn(plan).filter((change) => /^(record|runner): /.test(change)),
		[
			'record: executor, live',
			'record: workerImage, live',
			'record: workerDisk, live',
			'runner: executor, live',
			'runner: runners.feature_flags.FF_USE_FLEETING_ACQUIRE_HEARTBEATS, live',
			'runner: [runners.autoscaler], live',
		],
	);
	const gone = await setUp(world, over);
	assert.deepEqual(problemsIn(gone), []);
	const said = saidIn(gone.events);
	for (const says of [/^4 jobs on old machines, 0 on new ones; watching/, /^4 jobs on old machines, 0 on new ones; 4 old machines left$/])
		assert.ok(
			said.some((one) => says.test(one)),
			said.join('\n'),
		);
	assert.deepEqual([startedAt(world, manager), onlyManager(world), jobStates(world)], [started, manager, {success: 4}]);
	assert.deepEqual([leftOfMachines(world), standing(world)], [[], oneGroup]);
	assert.match(config(world, manager), new RegExp(`executor = "docker-autoscaler"[^]*name = "${name}-workers"`));
	assert.equal(config(world, manager).split('[[runners]]').length, 2);
	const acts = world.acts.length;
	assert.deepEqual([unlike(await planOf(world)), problemsIn(await setUp(world)), actsSince(world, acts)], [{}, [], []]);
});

test('who may not make what the other executor needs is told so before anything is made, though the fleet stands', async () => {
	const world = simulatedWorld();
	await standingFleet(world, onMachines(world));
	const acts = world.acts.length;
	world.outside.lack('autoscaling:CreateAutoScalingGroup');
	const [problem, ...others] = problemsIn(await setUp(world, over));
	assert.match(problem ?? '', /^not-allowed: .*`autoscaling:CreateAutoScalingGroup`/);
	assert.deepEqual([others, actsSince(world, acts), unlike(await planOf(world))], [[], [], {}]);
});

test('an entry that doesn’t say its runner’s id gets it as it goes over, by which the service knows its workers; in one that has gone over it waits for running jobs', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, onMachines(world));
	const without = (): void => world.outside.setFile(manager, paths.config, config(world, manager).replace(/^\s*id = 41\n/m, ''));
	without();
	assert.doesNotMatch(config(world, manager), /id = 41/);
	await world.clock.sleep(10_000);
	const started = startedAt(world, manager);
	world.outside.queueJobs(2, {seconds: 400, tags: []});
	await world.clock.sleep(60_000);
	assert.ok(changesIn(await planOf(world, over)).includes('runner: runners.id, live'));
	assert.deepEqual(problemsIn(await setUp(world, over)), []);
	assert.match(config(world, manager), /^\s*id = 41$/m);
	assert.deepEqual([startedAt(world, manager), jobStates(world)], [started, {success: 2}]);
	world.outside.drainService(manager);
	without();
	world.outside.startService(manager);
	world.outside.queueJobs(2, {seconds: 400, tags: []});
	await world.clock.sleep(60_000);
	assert.deepEqual(changesIn(await planOf(world)), ['runner: runners.id, drain']);
	assert.deepEqual([problemsIn(await setUp(world)), jobStates(world), unlike(await planOf(world))], [[], {success: 4}, {}]);
});

/** What a .gitlab-ci.yml says of jobs that run on spot workers. */
const retry = {max: 2, when: ['runner_system_failure']} as const;

/** Jobs as they come to a fleet in two hours, each of its own name: some at once, then some each few minutes; and AWS takes a worker back now and then. */
function underLoad(world: World, count: number): {interrupted: Set<number>} {
	const interrupted = new Set<number>();
	const begun = world.time.now();
	for (let index = 0; index < count; index++)
		world.time.at(
			begun + Math.floor(index / 10) * 360_000,
			() => void world.outside.queueJobs(1, {name: `job ${index}`, seconds: 60 + ((index * 397) % 1140), tags: [], retry}),
		);
	for (let minute = 13; minute < 120; minute += 17)
		world.time.at(begun + minute * 60_000, () => {
			const job = world.jobs.find(({state, worker}) => state === 'running' && worker !== undefined);
			const instance = [...world.outside.region(region).instances.values()].find(
				({id, keyName, tags}) => job?.worker !== undefined && [id, keyName, tags.Name].includes(job.worker),
			);
			if (!job || !instance) return;
			interrupted.add(job.id);
			world.outside.interruptSpot(instance.id);
		});
	return {interrupted};
}

/** A run whose laptop dies after its first act, in the next run after the second and so on to the fifth, then after the first again, until one ends; some meet a manager that shuts down. */
async function dyingOn(world: World, ports: Ports): Promise<{deaths: number; ports: Ports}> {
	let laptop = ports;
	for (let deaths = 0; ; deaths++) {
		world.faults.dieAt(world.acts.length + 1 + (deaths % 5));
		const problems = problemsIn(await setUp(laptop));
		if (problems.length === 0) return {deaths, ports: laptop};
		assert.ok(deaths < 200 && problems.every((problem) => /^(laptop-died|stopped|ssh-refused|ssh-no-answer)/.test(problem)), problems.join('\n'));
		laptop = world.reboot(laptop);
		if (problems.some((problem) => problem.startsWith('ssh-'))) await laptop.clock.sleep(60_000);
	}
}

/** Somebody reboots the manager once the laptop has looked so often whether old machines are free; gives the jobs that its runner has then. */
function rebootedAt(world: World, looks: number): {had: Set<number>} {
	const had = new Set<number>();
	let looked = 0;
	world.outside.afterActs((nth) => {
		if (world.acts[nth - 1] !== 'script retire-machines' || ++looked !== looks) return;
		const manager = onlyManager(world);
		for (const {id} of world.outside.machine(manager).process?.jobs ?? []) had.add(id);
		world.outside.systemctlReboot(manager);
	});
	return {had};
}

/**
 * Each of the 200 has succeeded once. None failed but under AWS's hands, and GitLab tried such a one again, only after it had failed; the manager was rebooted
 * while it had some.
 */
function endedWell(world: World, interrupted: ReadonlySet<number>, had: ReadonlySet<number>): void {
	const named = Map.groupBy(world.jobs, ({name}) => name);
	assert.equal(named.size, 200);
	for (const [name, tries] of named) {
		assert.deepEqual([name, tries.map(({state}) => state)], [name, [...tries.slice(1).map(() => 'failed'), 'success']]);
		for (const [at, {startedAt = 0}] of tries.entries()) assert.ok(at === 0 || startedAt >= (tries[at - 1]?.endedAt ?? Number.POSITIVE_INFINITY), name);
	}
	const failed = world.jobs.filter(({state}) => state === 'failed');
	assert.ok(failed.every(({failureReason, id}) => interrupted.has(id) && failureReason === 'runner_system_failure'));
	assert.ok(timesTaken(world).every((times) => times === 1));
	assert.ok(failed.length > 3 && had.size > 3 && world.outside.machine(onlyManager(world)).reboots > 1);
}

test('200 jobs of 1 to 20 minutes come while a fleet goes over whose laptop dies again and again, AWS takes workers back and the manager is rebooted: each succeeds exactly once, and only those whose worker AWS took are tried again', async () => {
	const world = simulatedWorld();
	await standingFleet(world, onMachines(world, 14));
	const {interrupted} = underLoad(world, 200);
	await world.clock.sleep(900_000);
	const {had} = rebootedAt(world, 10);
	world.faults.dieAt(world.acts.length + 1);
	await setUp(world, over);
	const {deaths, ports} = await dyingOn(world, world.reboot());
	assert.ok(deaths > 10, `${deaths} deaths`);
	assert.deepEqual(unlike(await planOf(ports)), {});
	await ports.clock.sleep(5 * 3_600_000);
	endedWell(world, interrupted, had);
	assert.deepEqual([leftOfMachines(world), standing(world)], [[], oneGroup]);
});

test('the same of a fleet that goes back half way by undo', async () => {
	const world = simulatedWorld();
	await standingFleet(world, onMachines(world, 14));
	const {interrupted} = underLoad(world, 200);
	await world.clock.sleep(900_000);
	const {had} = rebootedAt(world, 5);
	assert.match(problemsIn(await setUp(world, over)).join(), /^ssh-refused: [^,]*$/);
	await world.clock.sleep(1_500_000);
	world.faults.dieAt(world.acts.length + 2);
	await assert.rejects(undo(world), {code: 'laptop-died'});
	const {ports} = await dyingOn(world, world.reboot());
	assert.deepEqual(unlike(await planOf(ports)), {});
	await ports.clock.sleep(5 * 3_600_000);
	endedWell(world, interrupted, had);
	assert.deepEqual([leftOfGroup(world), config(world, onlyManager(world)).includes('docker+machine')], [[], true]);
});

test('a fleet that goes back half way by undo has all back, and nothing of the group is left', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, onMachines(world));
	const [before, started] = [config(world, manager), startedAt(world, manager)];
	world.outside.queueJobs(4, {seconds: 1500, tags: []});
	await world.clock.sleep(200_000);
	const running = setUp(world, over);
	await world.clock.sleep(600_000);
	assert.match(config(world, manager), /executor = "docker-autoscaler"/);
	world.outside.queueJobs(2, {seconds: 300, tags: []});
	await world.clock.sleep(120_000);
	const scripts = world.scripts.length;
	assert.match(await undo(world), /^Undone, executor docker-autoscaler → docker\+machine, .*the runner's metrics say so/);
	assert.deepEqual(
		(await running).result?.problems.map(({code}) => code),
		['config-changed'],
	);
	assert.ok(!world.scripts.slice(scripts).some((script) => script.name === 'test-machine'), 'machines are still proven');
	await world.clock.sleep(3_600_000);
	assert.deepEqual([leftOfGroup(world), jobStates(world), new Set(timesTaken(world))], [[], {success: 6}, new Set([1])]);
	assert.deepEqual([startedAt(world, manager), config(world, manager), unlike(await planOf(world))], [started, before, {}]);
});

test('meanwhile the panel shows jobs on old machines and on new workers at once, and calls none of them an orphan', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, onMachines(world));
	world.outside.queueJobs(2, {seconds: 1500, tags: []});
	await world.clock.sleep(200_000);
	const running = setUp(world, over);
	while (!config(world, manager).includes('executor = "docker-autoscaler"')) await world.clock.sleep(5000);
	await world.clock.sleep(10_000);
	world.outside.queueJobs(2, {seconds: 900, tags: []});
	const snapshot = await watchedFor(world, 240);
	const rows = join(snapshot, world.clock.now());
	assert.deepEqual(rows.map(({executor, state}) => `${executor} ${state}`).sort(), [
		'docker+machine busy',
		'docker+machine busy',
		'docker-autoscaler busy',
		'docker-autoscaler busy',
	]);
	assert.deepEqual(whyWaiting(snapshot, world.clock.now()).causes, []);
	assert.deepEqual(problemsIn(await running), []);
});

test('where jobs on old machines take longer than they may, it is said what remains, and the same command goes on; a lost connection is opened again', async () => {
	const world = simulatedWorld();
	await standingFleet(world, onMachines(world));
	world.outside.queueJobs(1, {seconds: 3000, tags: []});
	await world.clock.sleep(200_000);
	const [problem, ...others] = problemsIn(await setUp(world, {...over, drainSeconds: 600}));
	assert.match(problem ?? '', /^still-busy: After 10 minutes: 1 job on old machines, 0 on new ones; 1 old machine left\. Nothing is lost/);
	assert.deepEqual(others, []);
	const running = setUp(world);
	for (let cut = 0; cut < 5; cut++) {
		await world.clock.sleep(120_000);
		world.faults.cutConnections();
	}
	assert.deepEqual([problemsIn(await running), jobStates(world), leftOfMachines(world)], [[], {success: 1}, []]);
});

test('a new fleet of either executor has nothing of the other, and asks for nothing of it', async () => {
	for (const executor of ['docker+machine', 'docker-autoscaler'] as const) {
		const world = simulatedWorld();
		await standingFleet(world, {secrets: {runnerToken: world.outside.token()}, flags: {executor}});
		const calls = world.calls.length;
		const plan = await planOf(world);
		const asked = world.calls.slice(calls).map((call) => call.name);
		assert.deepEqual([executor, unlike(plan)], [executor, {}]);
		assert.deepEqual(
			['old-machines', 'old-group']
				.map((step) => [...plan].find(([planned]) => planned === step)?.[1])
				.flatMap((finding) => (finding && 'says' in finding ? finding.says : [])),
			['none'],
		);
		assert.equal(asked.includes('DescribeAutoScalingGroups'), executor === 'docker-autoscaler');
	}
});

test('a fleet that has gone over wholly goes back as it came: all is made again, jobs end where they run, and nothing of the group is left', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, onMachines(world));
	assert.deepEqual(problemsIn(await setUp(world, over)), []);
	assert.deepEqual(leftOfMachines(world), []);
	world.outside.queueJobs(3, {seconds: 900, tags: []});
	await world.clock.sleep(200_000);
	const started = startedAt(world, manager);
	const gone = await setUp(world, back);
	assert.deepEqual([problemsIn(gone), jobStates(world), leftOfGroup(world), startedAt(world, manager)], [[], {success: 3}, [], started]);
	assert.match(saidIn(gone.events).join('\n'), /The plugin's process ends when gitlab-runner next starts/);
	world.outside.queueJobs(1, {seconds: 60, tags: []});
	await world.clock.sleep(600_000);
	assert.deepEqual([jobStates(world), config(world, manager).includes('executor = "docker+machine"'), unlike(await planOf(world))], [{success: 4}, true, {}]);
});
