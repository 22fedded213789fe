import assert from 'node:assert/strict';
import {test} from 'node:test';
import {workerKeyPath} from '../../../../source/executors/docker-autoscaler/manager-paths.ts';
import {testWorkerScript, workerStages} from '../../../../source/executors/docker-autoscaler/scripts/test-worker.ts';
import {workerKeyScript} from '../../../../source/executors/docker-autoscaler/scripts/worker-key.ts';
import {factsScript, installScript, softwareFactsScript} from '../../../../source/executors/scripts.ts';
import {simulatedWorld} from '../../../../source/simulated/world.ts';
import type {ScriptProgress} from '../../../../source/world/host/port.ts';
import {writeConfigScript} from '../../../../source/world/host/scripts/write-config.ts';
import {connect, downloads, dropIn, living, makeManager, region, ubuntu} from '../../../simulated/fleet-by-hand.ts';
import {type AutoscalerWish, autoscalerConfig, fleetOnGroup, type GroupWish, group, makeGroup, plugin, policy, runningOnGroup} from '../group-by-hand.ts';

type Fleet = Awaited<ReturnType<typeof runningOnGroup>>;

const said = ({manager, world}: Fleet, what: RegExp): string[] =>
	world.outside
		.machine(manager.id)
		.journal.map(({message}) => message)
		.filter((line) => what.test(line));

/** One job on such a fleet, after so many seconds. */
async function oneJob(wish: AutoscalerWish, groupWish: GroupWish, seconds: number, before: (fleet: Fleet) => void | Promise<void> = () => {}) {
	const fleet = await runningOnGroup({acquireTimeout: '10m0s', connectTimeout: '2m0s', ...wish}, groupWish);
	await before(fleet);
	const [job] = fleet.world.outside.queueJobs(1, {seconds: 20});
	await fleet.world.clock.sleep(seconds * 1000);
	return {fleet, job, failure: said(fleet, /^ERROR: ready up preparation failed/)[0] ?? ''};
}

const installs = '#cloud-config\npackages:\n  - docker.io\nruncmd:\n  - usermod -aG docker ubuntu\n';

test('an instance gets jobs only once this manager gets on to it: its group, its key pair and its user decide', async () => {
	const closed = await oneJob({}, {}, 240, ({manager, world}) => world.outside.closePort(manager.workersGroup, 22));
	assert.match(closed.failure, /err=dial ssh: after retrying \d+ times during 2m0s timeout: dial tcp 172\.31\.\d+\.\d+:22: i\/o timeout/);
	const otherUser = await oneJob({user: 'ubuntu'}, {}, 240);
	assert.match(otherUser.failure, /err=dial ssh: .* timeout: ssh: handshake failed: ssh: unable to authenticate/);
	const otherKey = await oneJob({keyPath: '/root/other'}, {}, 240, ({manager, world}) => {
		world.outside.setFile(manager.id, '/root/other', manager.key.privateKey);
		return world.clock.sleep(10_000);
	});
	assert.match(otherKey.failure, /ssh: unable to authenticate/);
	for (const {job} of [closed, otherUser, otherKey]) assert.deepEqual([job?.state, job?.worker], ['running', undefined]);
	const good = await oneJob({}, {}, 120);
	assert.equal(good.job?.state, 'success');
	assert.equal(good.failure, '');
});

test('an instance whose ready command fails is ended, and after each the next comes later', async () => {
	const without = await oneJob({user: 'ubuntu', readyCommand: "timeout 60 sh -c 'until docker info; do sleep 1; done'"}, {image: await imageOf(ubuntu)}, 900);
	assert.match(without.failure, /err=ready command: Process exited with status 124 instance=i-/);
	const made = said(without.fleet, /^instance discovery/).length;
	assert.ok(made >= 3 && made <= 10, `${made} instances were tried`);
	assert.equal(without.job?.worker, undefined);
	assert.ok(living(without.fleet.world, without.fleet.manager).length <= 1);
});

test('Docker comes with the image, or by user data where there is a way to the internet', async () => {
	const image = await imageOf(ubuntu);
	const installed = await oneJob({user: 'ubuntu'}, {image, userData: installs}, 240);
	assert.equal(installed.job?.state, 'success');
	const offline = await oneJob({user: 'ubuntu'}, {image, userData: installs}, 480, ({manager, world}) => {
		for (const table of world.outside.region(region).routeTables) if (table.vpcId === manager.vpcId) table.target = undefined;
	});
	assert.match(offline.failure, /status 124/);
	const unasked = await oneJob({user: 'ubuntu', readyCommand: 'true'}, {image}, 240);
	assert.match(unasked.job?.reason ?? '', /Cannot connect to the Docker daemon at http:\/\/internal\.tunnel\.invalid/);
	assert.equal(said(unasked.fleet, /^WARNING: Preparation failed: Cannot connect/).length, 3);
});

/** An image's id, the same in every world. */
async function imageOf(parameter: string): Promise<string> {
	return (await simulatedWorld().cloudAt(region).call('GetParameter', {Name: parameter})).Parameter?.Value ?? '';
}

test('with heartbeats a job doesn’t get an instance that doesn’t answer, and without them it hangs on it', async () => {
	for (const heartbeats of [true, false]) {
		const fleet = await runningOnGroup({maxUse: 0, idle: 1, idleTime: '1h0m0s', heartbeats, connectTimeout: '1m0s'});
		await fleet.world.clock.sleep(120_000);
		const [first] = living(fleet.world, fleet.manager);
		assert.ok(first);
		first.groupIds = [];
		const [job] = fleet.world.outside.queueJobs(1, {seconds: 20});
		await fleet.world.clock.sleep(300_000);
		assert.equal(job?.state, heartbeats ? 'success' : 'failed');
		assert.notEqual(job?.worker, first.id);
		assert.equal(said(fleet, /instance marked for removal .*reason=instance failed heartbeat/).length, heartbeats ? 1 : 0);
		if (!heartbeats) assert.match(job?.reason ?? '', /dial ssh: after retrying \d+ times during 1m0s timeout: dial tcp/);
	}
});

test('a fleet with so many workers idle and so many jobs on others is there at once', async () => {
	const fleet = await fleetOnGroup({workers: 3, jobs: 4});
	assert.equal(living(fleet.world, fleet.manager).length, 7);
	assert.equal(fleet.world.jobs.filter(({worker}) => worker !== undefined).length, 4);
	const [line = ''] = said(fleet, /"msg":"Dialing instance"/);
	const told: Record<string, unknown> = JSON.parse(line);
	assert.deepEqual([told['use-external-address'], told['protocol-port'], told.level], [false, 22, 'info']);
});

test('the manager makes its worker key once, and tells the public half alone', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	const first = await connection.script(workerKeyScript, {comment: group});
	assert.ok(first.is === 'ready' && /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5[\w+/=]+$/.test(first.publicKey));
	assert.deepEqual(await connection.script(workerKeyScript, {comment: group}), first);
	assert.equal(world.outside.file(manager.id, workerKeyPath)?.mode, 0o600);
	assert.equal((await connection.script(factsScript, {verify: false})).workerKey, first.publicKey);
	world.outside.removeFile(manager.id, workerKeyPath);
	world.outside.setDiskFree(manager.id, 0);
	const full = await connection.script(workerKeyScript, {comment: group});
	assert.ok(full.is === 'failed' && full.code === 'disk-full');
});

test('the install writes the region, fetches the plugin beside a runner that works, and says why it can’t', async () => {
	const fleet = await runningOnGroup();
	const {connection, manager, world} = fleet;
	const {awsConfig, fleetingPlugins} = await connection.script(softwareFactsScript, {without: 'secrets'});
	assert.deepEqual([awsConfig, fleetingPlugins], [`[default]\nregion = ${region}\n`, [plugin]]);
	const given = {executor: 'docker-autoscaler', bootSeconds: 300, downloads: downloads.slice(0, 1), dropIn, files: [], drainSeconds: 60};
	world.outside.machineFaults(manager.id, {downloads: 'unreachable'});
	const failed = await connection.script(installScript, {...given, wants: {plugin: '1.2.0', region}});
	assert.ok(failed.is === 'failed' && failed.code === 'command-failed' && /registry\.gitlab\.com/.test(failed.detail));
	world.outside.machineFaults(manager.id, {});
	const since = world.outside.machine(manager.id).service.since;
	assert.deepEqual(await connection.script(installScript, {...given, wants: {plugin: '1.2.0', region: 'us-east-1'}}), {is: 'done'});
	const after = await connection.script(softwareFactsScript, {without: 'secrets'});
	assert.deepEqual([after.awsConfig, after.fleetingPlugins], ['[default]\nregion = us-east-1\n', ['1.1.0', '1.2.0']]);
	assert.equal(world.outside.machine(manager.id).service.since, since, 'the service was not stopped');
});

/** A manager with a group and no runner, and what trying a worker comes to. */
async function tried(wish: GroupWish & {user?: string; given?: string} = {}, before: (fleet: Fleet) => void = () => {}) {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	await world.cloudAt(region).call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy()});
	const connection = await connect(world, manager);
	await makeGroup(world, connection, manager, wish);
	const fleet = {world, manager, connection};
	before(fleet);
	const said: ScriptProgress[] = [];
	const given = {
		group: wish.given ?? group,
		region,
		user: wish.user ?? 'ec2-user',
		keyPath: workerKeyPath,
		readySeconds: 120,
		limitSeconds: 900,
		image: 'alpine',
	};
	const outcome = await connection.script(testWorkerScript, given, (progress) => said.push(progress));
	const stages = said.flatMap((progress) => ('stage' in progress ? progress.stage : []));
	return {outcome, stages, desired: world.outside.region(region).scalingGroups.get(group)?.desired, left: living(world, manager).length};
}

test('a worker that is tried goes through its stages, and is gone afterwards', async () => {
	const {desired, left, outcome, stages} = await tried();
	assert.ok(outcome.is === 'proven' && outcome.docker === '25.0.16' && outcome.seconds > 30);
	assert.deepEqual(stages, [...workerStages]);
	assert.deepEqual([desired, left], [0, 0]);
});

test('a worker that can’t be tried says at what, and leaves nothing', async () => {
	const noSpot = await tried({}, ({world}) => world.outside.groupLaunches(region, 'Could not launch Spot Instances. Launching EC2 instance failed.'));
	const shut = await tried({}, ({manager, world}) => world.outside.closePort(manager.workersGroup, 22));
	const user = await tried({user: 'admin'});
	const docker = await tried({user: 'ubuntu', image: await imageOf(ubuntu)});
	const container = await tried({}, ({world}) => world.outside.setDockerHub('none'));
	const right = await tried({}, ({world}) => world.outside.denyToAll('autoscaling:SetDesiredCapacity'));
	const nowhere = await tried({given: 'nobody'}, ({world}) =>
		world.outside.account.roles.get('fleet')?.inline.set('more', policy().replaceAll(group, 'nobody')),
	);
	const codes = [noSpot, shut, user, docker, container, right, nowhere].map(({outcome}) => (outcome.is === 'failed' ? outcome.code : outcome.is));
	assert.deepEqual(codes, ['not-launched', 'ssh-failed', 'ssh-failed', 'docker-failed', 'container-failed', 'AccessDenied', 'ValidationError']);
	for (const one of [noSpot, shut, user, docker, container, right, nowhere]) assert.deepEqual([one.desired, one.left], [0, 0]);
	assert.ok(shut.outcome.is === 'failed' && /Connection timed out/.test(shut.outcome.detail) && shut.outcome.instanceId);
	assert.ok(user.outcome.is === 'failed' && /Permission denied \(publickey\)/.test(user.outcome.detail));
});

test('a laptop that dies while a worker is tried leaves none', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	await world.cloudAt(region).call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy()});
	const connection = await connect(world, manager);
	await makeGroup(world, connection, manager);
	const given = {group, region, user: 'ec2-user', keyPath: workerKeyPath, readySeconds: 120, limitSeconds: 900, image: 'alpine'};
	const script = connection.script(testWorkerScript, given, (progress) => {
		if ('stage' in progress && progress.stage === 'ssh') world.faults.cutConnections();
	});
	await assert.rejects(script);
	await world.clock.sleep(120_000);
	assert.deepEqual(living(world, manager), []);
	assert.equal(world.outside.region(region).scalingGroups.get(group)?.desired, 0);
});

test('the runner’s own lint knows the keys, and passes what only its use shows to be wrong', async () => {
	const {connection, world} = await runningOnGroup();
	const linted = async (edit: (text: string) => string) => {
		const from = (await connection.script(factsScript, {verify: false})).config?.hash;
		const outcome = await connection.script(writeConfigScript, {text: edit(autoscalerConfig(world)), from});
		return outcome.is === 'refused' ? outcome.detail : outcome.is;
	};
	assert.equal(await linted((text) => text.replace('max_use_count', 'max_uses')), 'FATAL: Unknown configuration keys: runners.autoscaler.max_uses');
	assert.match(await linted((text) => text.replace('idle_time = "5m0s"', 'idle_time = 300')), /idle_time: minimum: got 300, want 1×10⁹/);
	assert.equal(await linted((text) => text.replace('"* * * * *"', '"* * * * * * *"').replace('config_file', 'region = "x"\nconfig_file')), 'written');
});
