import assert from 'node:assert/strict';
import {test} from 'node:test';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../../../../source/executors/docker-autoscaler/manager-paths.ts';
import {panelScript} from '../../../../source/executors/scripts.ts';
import type {World} from '../../../../source/simulated/world.ts';
import {paths} from '../../../../source/world/host/scripts/paths.ts';
import {living, type ManagerByHand, region} from '../../../simulated/fleet-by-hand.ts';
import {type AutoscalerWish, autoscalerConfig, group, plugin, policy, runningOnGroup} from '../group-by-hand.ts';

type Fleet = {world: World; manager: ManagerByHand};

const linesOf = ({manager, world}: Fleet): string[] => world.outside.machine(manager.id).journal.map(({message}) => message);
const said = (fleet: Fleet, what: RegExp): string[] => linesOf(fleet).filter((line) => what.test(line));
const groupOf = ({world}: Fleet) => world.outside.region(region).scalingGroups.get(group);
const calls = ({world}: Fleet, name: string): number => world.machineCalls.filter((call) => call.name === name).length;
const metric = ({manager, world}: Fleet, name: string): number | undefined => {
	const line = world.outside
		.machine(manager.id)
		.process?.metrics()
		.find((one) => one.startsWith(name));
	return line === undefined ? undefined : Number(line.split(' ').at(-1));
};
const tasks = (fleet: Fleet, state: string) => {
	const line = fleet.world.outside
		.machine(fleet.manager.id)
		.process?.metrics()
		.find((one) => one.startsWith('fleeting_taskscaler_tasks{') && one.includes(`state="${state}"`));
	return Number(line?.split(' ').at(-1));
};
const configure = async (fleet: Fleet, wish: AutoscalerWish): Promise<void> => {
	fleet.world.outside.setFile(fleet.manager.id, paths.config, autoscalerConfig(fleet.world, wish));
	await fleet.world.clock.sleep(10_000);
};
/** Whether a process of the plugin is there, as the panel is told. */
const pluginRuns = async (connection: Awaited<ReturnType<typeof runningOnGroup>>['connection']) =>
	(await connection.script(panelScript, {verify: false, host: true})).host?.pluginRuns;

test('a job gets an instance of its own, which goes when it has had its job', async () => {
	const fleet = await runningOnGroup();
	const [job] = fleet.world.outside.queueJobs(1, {seconds: 60});
	await fleet.world.clock.sleep(90_000);
	const [instance] = living(fleet.world, fleet.manager);
	assert.equal(job?.state, 'running');
	assert.equal(job?.worker, instance?.id);
	assert.equal(groupOf(fleet)?.desired, 1);
	await fleet.world.clock.sleep(180_000);
	assert.equal(job?.state, 'success');
	assert.deepEqual(living(fleet.world, fleet.manager), []);
	assert.equal(groupOf(fleet)?.desired, 0);
	assert.equal(said(fleet, /^Dialing instance .*instance-id=/).length, 1);
	assert.match(
		said(fleet, /^Dialing instance .*instance-id=/)[0] ?? '',
		new RegExp(`instance-id=${instance?.id} internal-address=172.* job=${job?.id} .*protocol-port=22`),
	);
	assert.ok(!linesOf(fleet).some((line) => line.startsWith('ERROR')), 'and no error is in the log');
});

test('plugin and scaler begin with the first request for a job, and not with the service', async () => {
	const fleet = await runningOnGroup();
	const {connection, manager, world} = fleet;
	const paused = world.outside.gitlab.runners.get(41);
	assert.ok(await pluginRuns(connection));
	assert.equal(metric(fleet, 'fleeting_taskscaler_desired_instances'), 0);
	world.outside.stopService(manager.id);
	world.outside.setFile(manager.id, paths.config, autoscalerConfig(world).replace('executor = "docker-autoscaler"', 'executor = "shell"'));
	assert.equal(world.outside.startService(manager.id), true);
	await world.clock.sleep(20_000);
	assert.ok(paused);
	assert.equal(metric(fleet, 'fleeting_'), undefined);
	assert.equal(await pluginRuns(connection), false);
	await configure(fleet, {});
	assert.equal(metric(fleet, 'fleeting_taskscaler_desired_instances'), 0);
	assert.equal(await pluginRuns(connection), true);
});

test('the group is looked at each minute, and every two seconds while something is expected', async () => {
	const fleet = await runningOnGroup();
	await fleet.world.clock.sleep(600_000);
	const before = calls(fleet, 'DescribeAutoScalingGroups');
	await fleet.world.clock.sleep(600_000);
	assert.equal(calls(fleet, 'DescribeAutoScalingGroups') - before, 10);
	fleet.world.outside.queueJobs(1, {seconds: 900});
	await fleet.world.clock.sleep(5000);
	const asked = calls(fleet, 'DescribeAutoScalingGroups');
	await fleet.world.clock.sleep(10_000);
	assert.equal(calls(fleet, 'DescribeAutoScalingGroups') - asked, 5);
});

test('what keeps the scaler from starting is said at every request, until it is mended', async () => {
	const fleet = await runningOnGroup();
	const {manager, world} = fleet;
	const broken: [RegExp, () => void, () => void][] = [
		[
			/loading fleeting plugin: .*aws:1\.2\.0/,
			() => world.outside.setFile(manager.id, paths.config, autoscalerConfig(world, {plugin: 'aws:1.2.0'})),
			() => world.outside.setFile(manager.id, `${pluginsFolder}/1.2.0/plugin`, 'fleeting-plugin-aws 1.2.0'),
		],
		[
			/reading instance group connector key: open \/root\/none: no such file or directory/,
			() => world.outside.setFile(manager.id, paths.config, autoscalerConfig(world, {keyPath: '/root/none'})),
			() => world.outside.setFile(manager.id, '/root/none', world.outside.file(manager.id, workerKeyPath)?.text ?? ''),
		],
		[
			/creating taskscaler: .*Missing Region/,
			() => world.outside.setFile(manager.id, awsConfigPath, '[default]\n'),
			() => world.outside.setFile(manager.id, awsConfigPath, `[default]\nregion = ${region}\n`),
		],
		[
			/creating taskscaler: .*unexpected number of autoscaling groups returned: 0/,
			() => world.outside.setFile(manager.id, awsConfigPath, '[default]\nregion = us-east-1\n'),
			() => world.outside.setFile(manager.id, awsConfigPath, `[default]\nregion = ${region}\n`),
		],
		[
			/creating taskscaler: .*describing autoscaling groups: operation error Auto Scaling: DescribeAutoScalingGroups, .* api error AccessDenied: /,
			() => world.outside.denyToAll('autoscaling:DescribeAutoScalingGroups'),
			() => world.outside.account.deniedToAll.delete('autoscaling:DescribeAutoScalingGroups'),
		],
	];
	for (const [why, breaks, mends] of broken) {
		world.outside.stopService(manager.id);
		world.outside.setFile(manager.id, paths.config, autoscalerConfig(world));
		breaks();
		world.outside.startService(manager.id);
		await world.clock.sleep(10_000);
		const told = said(fleet, /^WARNING: Failed to process runner/).filter((line) => why.test(line));
		assert.ok(told.length >= 3, `${why}: ${said(fleet, /Failed to process/).at(-1)}`);
		assert.match(told[0] ?? '', /executor=docker-autoscaler/);
		assert.ok((metric(fleet, 'gitlab_runner_worker_processing_failures_total') ?? 0) >= 3);
		assert.equal(metric(fleet, 'fleeting_'), undefined);
		mends();
		await world.clock.sleep(5000);
		assert.notEqual(metric(fleet, 'fleeting_'), undefined, String(why));
	}
});

test('so many jobs at a time are on an instance, and so many in its life', async () => {
	const fleet = await runningOnGroup({capacity: 2, maxUse: 3, idleTime: '1m0s'});
	fleet.world.outside.queueJobs(5, {seconds: 300});
	await fleet.world.clock.sleep(120_000);
	assert.equal(living(fleet.world, fleet.manager).length, 3);
	assert.deepEqual(
		Object.values(Object.groupBy(fleet.world.jobs, ({worker}) => worker ?? 'none')).map((jobs) => jobs?.length),
		[2, 2, 1],
	);
	const [first] = fleet.world.jobs;
	await fleet.world.clock.sleep(230_000);
	fleet.world.outside.queueJobs(1, {seconds: 20});
	await fleet.world.clock.sleep(30_000);
	assert.equal(fleet.world.jobs[5]?.state, 'success', 'on an instance that was there');
	await fleet.world.clock.sleep(600_000);
	assert.equal(first?.state, 'success');
	assert.deepEqual(living(fleet.world, fleet.manager), []);
	assert.equal(said(fleet, /instance marked for removal .*reason=instance exceeded max idle time/).length, 3);
});

test('no more instances are made than may be, whatever waits', async () => {
	const fleet = await runningOnGroup({maxInstances: 2});
	fleet.world.outside.queueJobs(6, {seconds: 30});
	let most = 0;
	for (let step = 0; step < 60; step += 1) {
		await fleet.world.clock.sleep(10_000);
		most = Math.max(most, groupOf(fleet)?.members.length ?? 0);
	}
	assert.equal(most, 2);
	await fleet.world.clock.sleep(600_000);
	assert.ok(fleet.world.jobs.every(({state}) => state === 'success'));
});

test('jobs are idle in advance as the last policy that matches says, of five fields, and are asked for only while a slot is free', async () => {
	const noon = '\n[[runners.autoscaler.policy]]\nperiods = ["* 10-11 * * tue"]\ntimezone = "UTC"\nidle_count = 3\nidle_time = "1m0s"\n';
	const fleet = await runningOnGroup({capacity: 2, maxUse: 0, idle: 1, idleTime: '1m0s', tables: noon});
	const at = async (time: string) => {
		await fleet.world.clock.sleep(Date.parse(`2026-11-24T${time}Z`) - fleet.world.clock.now());
		return living(fleet.world, fleet.manager).length;
	};
	assert.deepEqual([await at('09:30:00'), await at('10:30:00'), await at('12:30:00')], [1, 2, 1]);
	assert.equal(tasks(fleet, 'idle'), 2);
	fleet.world.outside.queueJobs(3, {seconds: 600});
	await fleet.world.clock.sleep(8000);
	assert.deepEqual(
		fleet.world.jobs.map(({state}) => state),
		['running', 'running', 'pending'],
		'the third waits in GitLab for an instance',
	);
	assert.ok((metric(fleet, 'fleeting_taskscaler_task_operations_total{operation="reserve_available') ?? 0) > 0);
	await fleet.world.clock.sleep(120_000);
	assert.equal(fleet.world.jobs[2]?.state, 'running');
});

test('a job that gets no instance in time fails after three preparations, and the log is silent of why AWS makes none', async () => {
	const fleet = await runningOnGroup({acquireTimeout: '1m30s'});
	fleet.world.outside.groupLaunches(
		region,
		'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity. Launching EC2 instance failed.',
	);
	const [job] = fleet.world.outside.queueJobs(1);
	await fleet.world.clock.sleep(150_000);
	assert.equal(job?.state, 'running');
	assert.equal(tasks(fleet, 'pending'), 1);
	assert.equal(groupOf(fleet)?.desired, 1);
	await fleet.world.clock.sleep(150_000);
	const why = 'unable to acquire instance within the configured timeout of 1m30s: context deadline exceeded';
	assert.equal(job?.reason, `Job failed (system failure): ${why}`);
	assert.equal(said(fleet, /^WARNING: Preparation failed: /).filter((line) => line.includes(why)).length, 3);
	assert.ok(!linesOf(fleet).some((line) => line.startsWith('ERROR') || /UnfulfillableCapacity/.test(line)));
	assert.ok((groupOf(fleet)?.activities.length ?? 0) > 2, 'Auto Scaling itself knows');
});

test('a number above the group’s most is refused, as the log says', async () => {
	const fleet = await runningOnGroup({maxInstances: 3}, {max: 1});
	fleet.world.outside.queueJobs(2, {seconds: 600});
	await fleet.world.clock.sleep(60_000);
	assert.match(
		said(fleet, /^ERROR: increasing instances failure/)[0] ?? '',
		/err=rpc error: code = Unknown desc = increase instances: operation error Auto Scaling: SetDesiredCapacity, .* api error ValidationError: New SetDesiredCapacity value 2 is above max value 1 for the AutoScalingGroup\. .*num_successful=0/,
	);
	assert.deepEqual(fleet.world.jobs.map(({worker}) => worker === undefined).sort(), [false, true]);
});

test('a group whose new instances aren’t protected is told once, and works', async () => {
	const fleet = await runningOnGroup({}, {protects: false});
	fleet.world.outside.queueJobs(1, {seconds: 20});
	await fleet.world.clock.sleep(120_000);
	assert.equal(fleet.world.jobs[0]?.state, 'success');
	assert.equal(said(fleet, /^ERROR: new instances are not protected from scale in and should be/).length, 1);
});

test('a number that somebody else sets is out of sync, and what it brings is used', async () => {
	const fleet = await runningOnGroup({maxUse: 0, idleTime: '10m0s'});
	fleet.world.outside.call('SetDesiredCapacity', region, {AutoScalingGroupName: group, DesiredCapacity: 2});
	await fleet.world.clock.sleep(180_000);
	assert.match(said(fleet, /^ERROR: out-of-sync capacity/)[0] ?? '', /actual=2 expected=0 name=fleet-workers region=us-east-2/);
	assert.equal(said(fleet, /instance discovery .*cause=unexpected/).length, 2);
	fleet.world.outside.queueJobs(2, {seconds: 30});
	await fleet.world.clock.sleep(20_000);
	assert.ok(fleet.world.jobs.every(({state}) => state === 'running'));
	assert.equal(groupOf(fleet)?.desired, 2);
});

test('an instance that is ended outside takes its job with it, and the group makes another', async () => {
	const fleet = await runningOnGroup({maxUse: 0});
	const [job] = fleet.world.outside.queueJobs(1, {seconds: 900});
	await fleet.world.clock.sleep(90_000);
	fleet.world.outside.terminateInstance(job?.worker ?? '');
	await fleet.world.clock.sleep(10_000);
	assert.match(job?.reason ?? '', /^Job failed \(system failure\): error during connect: .*http:\/\/internal\.tunnel\.invalid\/.* ssh tunnel: EOF/);
	await fleet.world.clock.sleep(120_000);
	assert.match(
		said(fleet, /^ERROR: instance unexpectedly removed/)[0] ?? '',
		new RegExp(`instance=${job?.worker} max-use-count=0 .*subsystem=taskscaler used=1`),
	);
	assert.equal(living(fleet.world, fleet.manager).length, 1, 'since the number wasn’t lowered');
	await fleet.world.clock.sleep(600_000);
	assert.deepEqual(living(fleet.world, fleet.manager), [], 'idle, and so it went');
});

test('an instance that AWS takes back gets no other job, and only where it is on spot that is asked for', async () => {
	const fleet = await runningOnGroup({maxUse: 0, idle: 2, idleTime: '10m0s'}, {spot: true});
	await fleet.world.clock.sleep(120_000);
	const [taken, other] = living(fleet.world, fleet.manager);
	assert.ok(calls(fleet, 'DescribeSpotInstanceRequests') > 0);
	fleet.world.outside.interruptSpot(taken?.id ?? '');
	const [job] = fleet.world.outside.queueJobs(1, {seconds: 20});
	await fleet.world.clock.sleep(10_000);
	assert.equal(job?.worker, other?.id);
	const onDemand = await runningOnGroup({idle: 1});
	await onDemand.world.clock.sleep(120_000);
	assert.equal(calls(onDemand, 'DescribeSpotInstanceRequests'), 0);
});

test('two minutes before AWS takes an instance back it is told, and what runs there goes on until then', async () => {
	const fleet = await runningOnGroup({maxUse: 0, idle: 1, idleTime: '10m0s'}, {spot: true});
	await fleet.world.clock.sleep(120_000);
	const [taken] = living(fleet.world, fleet.manager);
	const [first] = fleet.world.outside.queueJobs(1, {seconds: 90});
	await fleet.world.clock.sleep(10_000);
	assert.equal(first?.worker, taken?.id);
	fleet.world.outside.noticeSpot(taken?.id ?? '');
	await fleet.world.clock.sleep(92_000);
	assert.equal(first?.state, 'success');
	const [second] = fleet.world.outside.queueJobs(1, {seconds: 20});
	await fleet.world.clock.sleep(60_000);
	assert.notEqual(second?.worker, taken?.id);
	assert.equal(second?.state, 'success');
	assert.equal(said(fleet, /^ERROR: instance unexpectedly removed/).length, 0, 'it was ended as soon as it had no job');
});

test('without the right to look at spot requests a group on spot is never seen, and jobs hang', async () => {
	const fleet = await runningOnGroup({acquireTimeout: '2m0s'}, {spot: true});
	await fleet.world
		.cloudAt(region)
		.call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy().replace(',"ec2:DescribeSpotInstanceRequests"', '')});
	await fleet.world.clock.sleep(12_000);
	const [job] = fleet.world.outside.queueJobs(1);
	await fleet.world.clock.sleep(100_000);
	assert.match(said(fleet, /^ERROR: reconcile/)[0] ?? '', /DescribeSpotInstanceRequests, .* api error UnauthorizedOperation/);
	assert.equal(job?.worker, undefined);
	assert.ok((metric(fleet, 'fleeting_provisioner_missed_updates_total') ?? 0) > 10);
});

test('instances that stand there at the start are ended, unless state_storage kept what was known of them', async () => {
	for (const keeps of [false, true]) {
		const fleet = await runningOnGroup({maxUse: 0, idle: 1, idleTime: '30m0s', tables: keeps ? '\n[runners.autoscaler.state_storage]\nenabled = true\n' : ''});
		await fleet.world.clock.sleep(120_000);
		const [before] = living(fleet.world, fleet.manager);
		fleet.world.outside.drainService(fleet.manager.id);
		assert.equal(living(fleet.world, fleet.manager).length, 1, 'it stays when the runner ends');
		assert.equal(said(fleet, /^Shutting down executor providers/).length, 1);
		fleet.world.outside.startService(fleet.manager.id);
		await fleet.world.clock.sleep(180_000);
		const [now] = living(fleet.world, fleet.manager);
		assert.equal(now?.id === before?.id, keeps);
		assert.equal(said(fleet, /no data on pre-existing instance so removing for safety/).length, keeps ? 0 : 1);
	}
});

test('with delete_instances_on_shutdown the instances go with the runner', async () => {
	const fleet = await runningOnGroup({maxUse: 0, idle: 2, idleTime: '30m0s', lines: 'delete_instances_on_shutdown = true'});
	await fleet.world.clock.sleep(120_000);
	fleet.world.outside.drainService(fleet.manager.id);
	await fleet.world.clock.sleep(35_000);
	assert.deepEqual(living(fleet.world, fleet.manager), []);
	assert.equal(fleet.world.outside.machine(fleet.manager.id).service.active, 'inactive');
	assert.equal(groupOf(fleet)?.desired, 0);
});

test('a reload takes the policy anew and nothing else, and another token is another scaler only where no id is', async () => {
	const fleet = await runningOnGroup({maxUse: 0, maxInstances: 4, idle: 1, idleTime: '30m0s'});
	await fleet.world.clock.sleep(120_000);
	await configure(fleet, {maxUse: 1, maxInstances: 2, idle: 3, idleTime: '30m0s'});
	await fleet.world.clock.sleep(120_000);
	assert.equal(living(fleet.world, fleet.manager).length, 3);
	assert.equal(metric(fleet, 'fleeting_provisioner_max_instances'), 4);
	assert.equal(metric(fleet, 'fleeting_taskscaler_max_use_count_per_instance'), 0);
	const rotate = (from: string, to: string) => fleet.world.outside.rotateToken(fleet.manager.id, from, to);
	rotate(fleet.world.tokens.runner, 'glrt-t3_second');
	await fleet.world.clock.sleep(120_000);
	assert.equal(said(fleet, /^ERROR: instance unexpectedly removed/).length, 0);
	assert.equal(said(fleet, /^plugin initialized/).length, 1);
	await configure(fleet, {maxUse: 0, maxInstances: 4, idle: 1, idleTime: '30m0s', id: 0, token: 'glrt-t3_second'});
	await fleet.world.clock.sleep(60_000);
	assert.equal(said(fleet, /^plugin initialized/).length, 2);
	assert.ok(said(fleet, /no data on pre-existing instance so removing for safety/).length > 0);
	assert.ok(said(fleet, /^ERROR: instance unexpectedly removed/).length > 0, 'under the first one');
});

test('by its role the manager may scale its own group and no other', async () => {
	const fleet = await runningOnGroup();
	await fleet.world
		.cloudAt(region)
		.call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy().replaceAll(group, 'another-group')});
	await fleet.world.clock.sleep(12_000);
	fleet.world.outside.queueJobs(1);
	await fleet.world.clock.sleep(30_000);
	assert.match(
		said(fleet, /^ERROR: increasing instances failure/)[0] ?? '',
		/api error AccessDenied: .*not authorized to perform: autoscaling:SetDesiredCapacity/,
	);
	assert.equal(groupOf(fleet)?.desired, 0);
});

test('the same jobs on the same group come to the same in every world', async () => {
	const once = async () => {
		const fleet = await runningOnGroup({capacity: 2, maxUse: 2});
		fleet.world.outside.queueJobs(6, {seconds: 45});
		await fleet.world.clock.sleep(900_000);
		return linesOf(fleet);
	};
	const first = await once();
	assert.deepEqual(first, await once());
	assert.equal(new Set(first.filter((line) => /plugin initialized/.test(line))).size, 1);
	assert.equal(plugin, '1.1.0');
});
