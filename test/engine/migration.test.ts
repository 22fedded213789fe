import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {changesIn, name, planOf, problemsIn, region, type SetupWish, saidIn, setUp, standingFleet, unlike} from './fleet.ts';
import {config, jobStates, onlyManager, rules, startedAt} from './seen.ts';

const onMachines = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}, flags: {executor: 'docker+machine', limit: 6}});
const over: SetupWish = {flags: {executor: 'docker-autoscaler', workerImage: 'ecs-al2023', workerDisk: 30}};

/** What somebody who looks finds of docker-machine: in the account, on the manager and in its config.toml. */
function leftOfMachines(world: World): string[] {
	const manager = onlyManager(world);
	const {keyPairs} = world.outside.region(region);
	const policy = JSON.stringify([...world.outside.account.roles.values()].map(({inline}) => [...inline.values()]));
	return [
		...[...keyPairs.keys()].filter((key) => key.startsWith('runner-')),
		...rules(world).filter((rule) => rule.includes(' 2376 ')),
		...[...world.outside.machine(manager).files.keys()].filter(
			(path) => path.includes('docker/machine') || path.endsWith('docker-machine') || path.endsWith('user-data'),
		),
		...config(world, manager)
			.split('\n')
			.filter((line) => /machine|amazonec2/i.test(line)),
		...['ec2:RunInstances', 'ec2:ImportKeyPair', 'ec2:TerminateInstances'].filter((action) => policy.includes(action)),
	];
}

test('a fleet goes over to docker-autoscaler under running jobs by one reload, and nothing of docker-machine is left', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, onMachines(world));
	const started = startedAt(world, manager);
	world.outside.queueJobs(4, {seconds: 900});
	await world.clock.sleep(200_000);
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
	assert.deepEqual(leftOfMachines(world), []);
	assert.match(config(world, manager), new RegExp(`executor = "docker-autoscaler"[^]*name = "${name}-workers"`));
	assert.equal(config(world, manager).split('[[runners]]').length, 2);
	const acts = world.acts.length;
	assert.deepEqual([unlike(await planOf(world)), problemsIn(await setUp(world)), world.acts.slice(acts)], [{}, [], []]);
	assert.ok(world.outside.file(manager, `${paths.config}.previous`));
});
