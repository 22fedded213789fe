import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pluginsFolder} from '../../../../source/executors/docker-autoscaler/manager-paths.ts';
import {installScript, panelScript} from '../../../../source/executors/scripts.ts';
import {stateOf} from '../../../../source/simulated/cloud/account.ts';
import {paths} from '../../../../source/world/host/scripts/paths.ts';
import {configText, downloads, dropIn, keyPairs, living, region, running} from '../../../simulated/fleet-by-hand.ts';
import {autoscalerConfig, group, makeGroup, plugin, policy} from '../group-by-hand.ts';

/** A fleet with docker+machine, beside which all stands that docker-autoscaler needs. */
async function both({idle = 0, idleTime = 300} = {}) {
	const fleet = await running();
	const {connection, manager, world} = fleet;
	const {Statement} = JSON.parse(policy());
	const PolicyDocument = JSON.stringify({Version: '2012-10-17', Statement: [...Statement, {Effect: 'Allow', Action: 'ec2:*', Resource: '*'}]});
	await world.cloudAt(region).call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument});
	await makeGroup(world, connection, manager);
	const before = configText(world, manager, {concurrent: 10, idle, idleTime}).replace('executor =', 'id = 41\nexecutor =');
	const write = async (text: string) => {
		world.outside.setFile(manager.id, paths.config, text);
		await world.clock.sleep(5000);
	};
	await write(before);
	const given = {executor: 'docker-autoscaler', bootSeconds: 300, downloads: downloads.slice(0, 1), dropIn, files: [], drainSeconds: 60};
	assert.deepEqual(await connection.script(installScript, {...given, wants: {plugin, region}}), {is: 'done'});
	const machines = () => living(world, manager).filter(({keyName}) => keyName?.startsWith('runner-'));
	const instances = () => living(world, manager).filter(({keyName}) => keyName === group);
	return {...fleet, machines, instances, write, before, after: autoscalerConfig(world)};
}

test('an entry that gets docker-autoscaler by a reload has its next jobs on instances, and those that run stay on their machines', async () => {
	const {after, connection, instances, machines, manager, world, write} = await both();
	world.outside.queueJobs(2, {seconds: 400});
	await world.clock.sleep(120_000);
	const process = world.outside.machine(manager.id).process;
	assert.equal(machines().length, 2);
	await write(after);
	world.outside.queueJobs(2, {seconds: 60});
	await world.clock.sleep(100_000);
	assert.equal(world.outside.machine(manager.id).process, process, 'no restart');
	assert.deepEqual(
		world.jobs.map(({worker = ''}) => worker.startsWith('runner-')),
		[true, true, false, false],
	);
	assert.equal(instances().length, 2);
	await world.clock.sleep(600_000);
	assert.ok(world.jobs.every(({state}) => state === 'success'));
	assert.deepEqual(instances(), []);
	const told = await connection.script(panelScript, {verify: false, host: true});
	assert.deepEqual([told.host?.pluginRuns, told.host?.workerKey, told.host?.fleetingPlugin], [true, true, plugin]);
});

test('once no entry has docker+machine its idle machines stay for good, and go again by their time when it comes back', async () => {
	const {after, before, machines, world, write} = await both({idleTime: 300});
	world.outside.queueJobs(2, {seconds: 30});
	await world.clock.sleep(150_000);
	assert.equal(machines().length, 2);
	await write(after);
	await world.clock.sleep(7 * 3_600_000);
	assert.equal(machines().length, 2, 'and cost');
	await write(before);
	await world.clock.sleep(60_000);
	assert.deepEqual(machines(), []);
	assert.deepEqual(keyPairs(world), []);
});

test('while jobs wait in GitLab the old entry goes on asking for them, whatever config.toml says, until a request comes back empty', async () => {
	const {after, instances, machines, world, write} = await both();
	world.outside.gitlab.latency = 4000;
	world.outside.queueJobs(4, {seconds: 60});
	await world.clock.sleep(8000);
	await write(after);
	await world.clock.sleep(60_000);
	assert.deepEqual([machines().length, instances().length], [4, 0]);
	await world.clock.sleep(30_000);
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(60_000);
	assert.equal(instances().length, 1);
});

test('a runner whose plugin is missing takes no job, until it’s there', async () => {
	const {after, manager, world, write} = await both();
	world.outside.removeFile(manager.id, `${pluginsFolder}/${plugin}/plugin`);
	await write(after);
	assert.equal(world.takers(), 0);
	const [job] = world.outside.queueJobs(1, {seconds: 20});
	await world.clock.sleep(60_000);
	assert.equal(job?.state, 'pending');
	world.outside.setFile(manager.id, `${pluginsFolder}/${plugin}/plugin`, `fleeting-plugin-aws ${plugin}`);
	await world.clock.sleep(120_000);
	assert.equal(job?.state, 'success');
	assert.equal(world.takers(), 1);
});

test('docker-autoscaler runs jobs without the rights that docker-machine needs', async () => {
	const {after, instances, world, write} = await both();
	await write(after);
	await world.cloudAt(region).call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy()});
	await world.clock.sleep(15_000);
	const [job] = world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(120_000);
	assert.equal(job?.state, 'success', 'docker-autoscaler needs no right to launch');
	await world.clock.sleep(60_000);
	assert.deepEqual(instances(), []);
	assert.ok([...world.outside.region(region).instances.values()].some((one) => one.keyName === group && stateOf(one, world.clock.now()) === 'terminated'));
});
