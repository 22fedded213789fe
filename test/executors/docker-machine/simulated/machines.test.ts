import assert from 'node:assert/strict';
import {test} from 'node:test';
import {unmanaged} from '../../../../source/executors/docker-machine/unmanaged-machines.ts';
import {factsScript} from '../../../../source/executors/scripts.ts';
import {simulatedWorld, type World} from '../../../../source/simulated/world.ts';
import {paths} from '../../../../source/world/host/scripts/paths.ts';
import {configText, connect, living, type ManagerByHand, makeManager, region, runningBy, startRunner} from '../../../simulated/fleet-by-hand.ts';

/** The runner's own list: machines that docker-machine is making now. */
const beingMade = (world: World, manager: ManagerByHand) =>
	[...world.outside.machine(manager.id).files.keys()].filter((path) => path.endsWith('/config.json') && path.includes('/machines/')).length;

test('so many machines stay idle as the configuration wants', async () => {
	const {world, manager, connection} = await runningBy();
	world.outside.setFile(manager.id, paths.config, configText(world, manager, {idle: 2, idleTime: 60}));
	await world.clock.sleep(600_000);
	assert.equal(living(world, manager).length, 2);
	assert.equal((await connection.script(factsScript, {verify: false})).machines.length, 2);
});

test('characters of a token that no host name may hold are left out of machines’ names, and only machines of such names are the runner’s own', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	const token = 'glrt-t3_A_b-C.d_efgh';
	const runner = world.outside.gitlab.runners.get(41);
	if (runner) runner.token = token;
	Object.assign(world.tokens, {runner: token});
	await startRunner(world, connection, manager);
	world.outside.queueJobs(1, {seconds: 20});
	await world.clock.sleep(200_000);
	const [name = ''] = world.outside.machine(manager.id).process?.workers.keys() ?? [];
	assert.match(name, /^runner-ab-cde-fleet-\d+-[0-9a-f]{8}$/);
	assert.equal(unmanaged([name], configText(world, manager), {fleet: {name: 'fleet', region}, now: world.clock.now(), ours: undefined}).length, 0);
	assert.deepEqual(
		unmanaged([name], configText(world, manager, {token: 'glrt-t3_another'}), {fleet: {name: 'fleet', region}, now: world.clock.now(), ours: undefined}),
		[name],
	);
});

test('a worker of an image that has Docker, and the image that jobs run in, runs a job sooner by Docker’s installation and the pull', async () => {
	const {world, manager} = await runningBy({limit: 1});
	const first = async (): Promise<number> => {
		world.outside.queueJobs(1, {seconds: 30});
		await world.clock.sleep(600_000);
		const {endedAt = 0, queuedAt = 0, worker, workerAt = 0} = world.jobs.at(-1) ?? {};
		assert.deepEqual([world.jobs.at(-1)?.state, living(world, manager)], ['success', []], `of ${worker}`);
		return (workerAt - queuedAt + (endedAt - workerAt - 30_000)) / 1000;
	};
	const plain = await first();
	const {id} = world.outside.addImage(region, {contents: {docker: '29.1.2', pulled: ['alpine:latest']}});
	world.outside.setFile(manager.id, paths.config, configText(world, {...manager, image: id}, {limit: 1}));
	await world.clock.sleep(5000);
	const baked = await first();
	assert.ok(plain - baked > 15, `${plain} s and ${baked} s`);
	assert.equal(world.outside.machine(manager.id).process?.workers.size, 0);
});

test('a runner whose token was rotated no longer looks after the machines of its old name', async () => {
	const {world, manager} = await runningBy();
	world.outside.queueJobs(2, {seconds: 30});
	await world.clock.sleep(120_000);
	world.outside.rotateToken(manager.id, world.tokens.runner, 'glrt-t3_rotated-by-the-runner');
	await world.clock.sleep(3_600_000);
	assert.equal(living(world, manager).length, 2, 'idle for an hour, and paid for');
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(120_000);
	assert.equal(living(world, manager).length, 3);
	assert.equal(world.jobs[2]?.state, 'success');
});
test('MaxGrowthRate lets so many machines be made at a time, those of jobs and idle ones alike', async () => {
	for (const idle of [0, 4]) {
		const {world, manager} = await runningBy({idle}, (text) => text.replace('[runners.machine]', '[runners.machine]\nMaxGrowthRate = 2'));
		world.outside.queueJobs(5, {seconds: 3000});
		let most = 0;
		for (let step = 0; step < 40; step += 1) {
			await world.clock.sleep(1000);
			most = Math.max(most, beingMade(world, manager));
		}
		assert.equal(most, 2);
		await world.clock.sleep(300_000);
		assert.equal(beingMade(world, manager), 5);
	}
});

test('the schedule’s last matching window says how many machines stay idle, and otherwise IdleCount does', async () => {
	const windows = `
[[runners.machine.autoscaling]]
Periods = ["* * 8-17 * * mon-fri *"]
Timezone = "UTC"
IdleCount = 1
IdleTime = 60

[[runners.machine.autoscaling]]
Periods = ["* * 10-11 * * tue *", "* 0-30/15 12 24 nov * 2026"]
Timezone = "UTC"
IdleCount = 3
IdleTime = 60
`;
	const {world, manager} = await runningBy({idle: 0}, (text) => text + windows);
	const at = async (time: string) => {
		await world.clock.sleep(Date.parse(`2026-11-24T${time}Z`) - world.clock.now());
		return beingMade(world, manager);
	};
	assert.deepEqual([await at('09:30:00'), await at('10:30:00'), await at('11:59:00')], [1, 3, 3]);
	assert.deepEqual([await at('17:30:00'), await at('18:30:00')], [1, 0]);
});
