import assert from 'node:assert/strict';
import {test} from 'node:test';
import {factsScript, panelScript, serviceScript} from '../../source/executors/scripts.ts';
import {endJobsScript} from '../../source/world/host/scripts/draining.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {unregisterScript} from '../../source/world/host/scripts/unregister.ts';
import {configText, connect, keyPairs, living, makeManager, region, running, startRunner} from './fleet-by-hand.ts';

test('jobs are taken, get machines of the fleet’s options, end well, and the machines go when idle', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(7, {seconds: 90});
	await world.clock.sleep(30_000);
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['running', 'running', 'running', 'running', 'running', 'pending', 'pending'],
	);
	const {machines, jobs} = await connection.script(factsScript, {verify: false});
	assert.equal(machines.length, 5);
	assert.match(machines[0]?.name ?? '', /^runner-simulated-fleet-\d{10}-[0-9a-f]{8}$/);
	assert.equal(jobs?.split('\n').filter((line) => line.startsWith('url=')).length, 5);
	assert.equal(living(world, manager).length, 5);
	await world.clock.sleep(300_000);
	assert.ok(world.jobs.every(({state}) => state === 'success'));
	assert.equal(new Set(world.jobs.map(({worker}) => worker)).size, 5);
	await world.clock.sleep(400_000);
	assert.deepEqual([living(world, manager), keyPairs(world)], [[], []]);
});

test('a graceful drain lets five running jobs end well, takes no new ones, and takes the machines away', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(5, {seconds: 120});
	await world.clock.sleep(60_000);
	const said: unknown[] = [];
	const draining = connection.script(serviceScript, {do: 'drain', drainSeconds: 1800, fleet: 'fleet'}, (progress) => said.push(progress));
	await world.clock.sleep(5000);
	assert.equal(world.takers(), 0);
	world.outside.queueJobs(1);
	assert.deepEqual(await draining, {is: 'done', machines: 5, jobs: 5});
	assert.deepEqual(said[0], {says: '5 jobs still run: app #9000, app #9001, app #9002, app #9003 and 1 more, 30 m left'});
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['success', 'success', 'success', 'success', 'success', 'pending'],
	);
	assert.deepEqual([living(world, manager), keyPairs(world)], [[], []]);
});

test('while a drain waits, its jobs can be ended from another side: it goes on to its end at once', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(2, {seconds: 7200});
	await world.clock.sleep(60_000);
	const begun = world.clock.now();
	const draining = connection.script(serviceScript, {do: 'drain', drainSeconds: 1800, fleet: 'fleet'});
	await world.clock.sleep(30_000);
	assert.deepEqual(await connection.script(endJobsScript, {}), {jobs: 2});
	assert.deepEqual(await draining, {is: 'done', machines: 2, jobs: 2});
	assert.ok(world.clock.now() - begun < 300_000);
	assert.ok(world.jobs.every(({state}) => state === 'failed'));
	assert.deepEqual(living(world, manager), []);
});

test('a drain whose time is over says how many jobs still run, and they end well', async () => {
	const {world, connection} = await running();
	world.outside.queueJobs(2, {seconds: 600});
	await world.clock.sleep(60_000);
	assert.deepEqual(await connection.script(serviceScript, {do: 'drain', drainSeconds: 30, fleet: 'fleet'}), {is: 'still-busy', jobs: 2});
	await world.clock.sleep(700_000);
	assert.ok(world.jobs.every(({state}) => state === 'success'));
	assert.equal((await connection.script(factsScript, {verify: false})).service.active, 'inactive');
});

test('a hasty stop, or none of the drop-in, ends running jobs', async () => {
	const {world, connection} = await running();
	world.outside.queueJobs(1, {seconds: 600});
	await world.clock.sleep(60_000);
	await connection.script(serviceScript, {do: 'drain', drainSeconds: 0, fleet: 'fleet'});
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['failed'],
	);
});

test('a terminated manager fails its jobs, and one that was stopped takes jobs again after its start', async () => {
	const {world, manager} = await running();
	world.outside.queueJobs(1, {seconds: 600});
	await world.clock.sleep(60_000);
	await world.cloudAt(region).call('StopInstances', {InstanceIds: [manager.id]});
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['failed'],
	);
	assert.equal(world.takers(), 0);
	await world.clock.sleep(60_000);
	await world.cloudAt(region).call('StartInstances', {InstanceIds: [manager.id]});
	await world.clock.sleep(60_000);
	assert.equal(world.takers(), 1);
});

test('a worker that AWS takes back fails its job, and nobody else’s', async () => {
	const {world, manager} = await running();
	world.outside.queueJobs(2, {seconds: 600});
	await world.clock.sleep(120_000);
	const [first] = living(world, manager);
	world.outside.interruptSpot(first?.id ?? '');
	await world.clock.sleep(1_200_000);
	assert.deepEqual(world.jobs.map(({state}) => state).toSorted(), ['failed', 'success']);
});

test('the least number of takers is remembered since it was last asked', async () => {
	const {world, connection} = await running();
	world.leastTakers();
	await world.clock.sleep(10_000);
	assert.equal(world.leastTakers(), 1);
	await connection.script(serviceScript, {do: 'restart', drainSeconds: 60});
	assert.equal(world.leastTakers(), 0);
	assert.equal(world.takers(), 1);
});

test('a token that GitLab doesn’t know takes no jobs, and verify says so in GitLab Runner’s words', async () => {
	const {world, manager, connection} = await running();
	world.outside.setFile(manager.id, paths.config, configText(world, manager, {token: world.tokens.unknown}));
	await world.clock.sleep(5000);
	assert.equal(world.takers(), 0);
	const verify = async () => (await connection.script(factsScript, {verify: true})).verify;
	const refused = await verify();
	assert.equal(refused?.code, 1);
	assert.ok(refused?.lines.some((line) => line.includes('Verifying runner... is not valid')));
	world.outside.setGitlab('failing');
	assert.ok((await verify())?.lines.some((line) => line.includes('Verifying runner... failed')));
	world.outside.setGitlab('unreachable');
	const silent = await verify();
	assert.equal(silent?.code, 0);
	assert.ok(silent?.lines.some((line) => line.includes('Verifying runner... client error')));
});

test('unregistering takes this manager out, and says when there is no such runner', async () => {
	const {connection} = await running();
	assert.equal((await connection.script(unregisterScript, {runnerName: 'other'})).code, 1);
	const ended = await connection.script(unregisterScript, {runnerName: 'fleet'});
	assert.equal(ended.code, 0);
	assert.ok(ended.lines.some((line) => line.includes('succeeded')));
});

test('of two managers with one token one goes on while the other drains, and some manager always takes jobs', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(5, {seconds: 300});
	await world.clock.sleep(60_000);
	const other = await makeManager(world, 'second');
	for (const port of [22, 2376]) world.outside.openPort(manager.workersGroup, port, {groupId: other.managerGroup});
	await startRunner(world, await connect(world, other), other);
	world.leastTakers();
	assert.equal(world.takers(), 2);
	const draining = connection.script(serviceScript, {do: 'drain', drainSeconds: 1800, fleet: 'fleet'});
	world.outside.queueJobs(2, {seconds: 30});
	assert.equal((await draining).is, 'done');
	await world.clock.sleep(300_000);
	assert.ok(world.jobs.every(({state}) => state === 'success'));
	assert.deepEqual([...new Set(world.jobs.map((job) => job.manager))], [manager.id, other.id]);
	assert.equal(world.leastTakers(), 1);
});

test('a token that the runner has rotated is another text of config.toml, and still valid', async () => {
	const {world, manager, connection} = await running();
	const {config: before} = await connection.script(factsScript, {verify: false});
	world.outside.rotateToken(manager.id, world.tokens.runner, 'glrt-t3_rotated-by-the-runner');
	const {config: after, verify} = await connection.script(factsScript, {verify: true});
	assert.notEqual(after?.hash, before?.hash);
	assert.equal(verify?.code, 0);
	assert.equal(world.takers(), 1);
});

test('the panel sees machines, configuration without its secrets, metrics, and the journal from a cursor on', async () => {
	const {world, connection} = await running();
	world.outside.queueJobs(2, {seconds: 60});
	await world.clock.sleep(90_000);
	const journal = {since: 0, most: 1000, tail: 5, seconds: 5};
	const first = await connection.script(panelScript, {host: true, journal});
	assert.equal(first.host?.machines.length, 2);
	assert.match(first.host?.metrics ?? '', /gitlab_runner_concurrent 5/);
	assert.ok(first.host?.config && !first.host.config.text.includes(world.tokens.runner));
	const messages = (entries: [number, string][] = []) => entries.map(([, message]) => message);
	const seen = messages(first.journal?.entries);
	for (const wanted of ['Checking for jobs... received', 'Launching instance...', 'Machine created', 'Starting docker-machine build...']) {
		assert.ok(
			seen.some((message) => message.includes(wanted)),
			wanted,
		);
	}
	assert.equal(first.journal?.tail.length, 5);
	await world.clock.sleep(120_000);
	const next = await connection.script(panelScript, {
		host: false,
		journal: {after: first.journal?.cursor, only: ['Job succeeded'], most: 1000, tail: 0, seconds: 5},
	});
	assert.equal(messages(next.journal?.entries).filter((message) => message.includes('Job succeeded')).length, 2);
	assert.equal(next.host, undefined);
});

test('the runner logs JSON where config.toml says so', async () => {
	const {world, manager, connection} = await running();
	world.outside.setFile(manager.id, paths.config, `log_format = "json"\n${configText(world, manager)}`);
	await world.clock.sleep(5000);
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(120_000);
	const {journal} = await connection.script(panelScript, {host: false, journal: {since: 0, only: ['Machine created'], most: 10, tail: 0, seconds: 5}});
	const line: {msg: string; duration: number} = JSON.parse(journal?.entries[0]?.[1] ?? '{}');
	assert.equal(line.msg, 'Machine created');
	assert.ok(line.duration > 30e9);
});

/** The runner's unit, and its log since a time, as the panel's script gives them. */
const unitNow = async (connection: Awaited<ReturnType<typeof connect>>, since = 0) => {
	const {host, journal} = await connection.script(panelScript, {host: true, journal: {since, most: 10_000, tail: 0, seconds: 5}});
	return {...host?.service, metrics: host?.metrics, log: (journal?.entries ?? []).map(([, message]) => message)};
};

test('a runner that is killed is started again by systemd after two minutes, and not before', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(90_000);
	world.outside.crashRunner(manager.id);
	const crashed = await unitNow(connection);
	assert.deepEqual([crashed.active, crashed.sub, crashed.result, crashed.status, crashed.restarts], ['activating', 'auto-restart', 'signal', 9, 0]);
	assert.equal(crashed.metrics, undefined);
	assert.ok(crashed.log.includes('gitlab-runner.service: Main process exited, code=killed, status=9/KILL'));
	await world.clock.sleep(115_000);
	assert.equal((await unitNow(connection)).active, 'activating');
	await world.clock.sleep(10_000);
	const again = await unitNow(connection);
	assert.deepEqual([again.active, again.sub, again.result, again.restarts], ['active', 'running', 'success', 1]);
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['running'],
		'GitLab believes for an hour that a job runs of which nobody tells it anything',
	);
	await world.clock.sleep(3_700_000);
	assert.deepEqual(
		world.jobs.map(({state, reason}) => `${state}: ${reason}`),
		['failed: stuck_or_timeout_failure'],
	);
});

test('a manager that somebody reboots ends its jobs first, with SSH closed meanwhile; longer ones than systemd or EC2 waits for are lost, and without the drop-in all are', async () => {
	const rebooted = async ({seconds = 1200, patience, without = false}: {seconds?: number; patience?: number; without?: boolean}): Promise<string[]> => {
		const {world, manager, connection} = await running();
		world.outside.queueJobs(2, {seconds});
		await world.clock.sleep(90_000);
		if (without) world.outside.removeFile(manager.id, paths.dropIn);
		world.outside.systemctlReboot(manager.id, patience);
		await assert.rejects(connection.run('true'), {code: 'ssh-closed'});
		await assert.rejects(connect(world, manager), {code: without ? 'ssh-no-answer' : 'ssh-refused'});
		world.outside.queueJobs(1);
		await world.clock.sleep(5000);
		assert.deepEqual([world.takers(), world.jobs.at(-1)?.state], [0, 'pending']);
		await world.clock.sleep(7_200_000);
		assert.deepEqual([world.takers(), world.outside.machine(manager.id).reboots > 1], [1, true]);
		return world.jobs.map(({state}) => state);
	};
	assert.deepEqual(await rebooted({}), ['success', 'success', 'success']);
	assert.deepEqual(await rebooted({seconds: 2400}), ['failed', 'failed', 'success']);
	assert.deepEqual(await rebooted({patience: 240_000}), ['failed', 'failed', 'success']);
	assert.deepEqual(await rebooted({without: true}), ['failed', 'failed', 'success']);
});

test('a start ends the wait, and a machine that was half made when the runner was killed goes at the next start', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(20_000);
	assert.equal(living(world, manager).length, 1);
	world.outside.crashRunner(manager.id);
	assert.equal((await connection.script(serviceScript, {do: 'start', drainSeconds: 0})).is, 'done');
	const {active, restarts} = await unitNow(connection);
	assert.deepEqual([active, restarts], ['active', 0], 'a restart by hand counts anew');
	await world.clock.sleep(30_000);
	assert.deepEqual([living(world, manager), keyPairs(world)], [[], []]);
	world.outside.crashRunner(manager.id);
	assert.equal(world.outside.startService(manager.id), true);
	assert.equal((await unitNow(connection)).restarts, 1, 'to systemd a start in the wait is the restart that it waited for');
});

test('the first four lines of a start are of no form, whatever log_format says; a taken port and a broken config.toml are the end of it', async () => {
	const {world, manager, connection} = await running();
	world.outside.setFile(manager.id, paths.config, `log_format = "json"\n${configText(world, manager)}`);
	const restarted = async () => {
		const since = world.clock.now();
		world.outside.stopService(manager.id);
		const outcome = await connection.script(serviceScript, {do: 'start', drainSeconds: 0});
		return {outcome, ...(await unitNow(connection, since + 1))};
	};
	const well = await restarted();
	const [, runtime, starting, mode, empty, loaded = ''] = well.log;
	for (const [line, begins] of [
		[runtime, 'Runtime platform'],
		[starting, 'Starting multi-runner from'],
		[mode, 'Running in system-mode.'],
	] as const)
		assert.ok(line?.startsWith(begins), line);
	assert.equal(empty, '');
	assert.equal(JSON.parse(loaded).msg, 'Configuration loaded');
	world.outside.machineFaults(manager.id, {metricsPort: 'taken'});
	const taken = await restarted();
	assert.ok(taken.outcome.is === 'failed' && taken.outcome.code === 'runner-crashed');
	const fatal: {level: string; msg: string; error: string} = JSON.parse(taken.log.find((line) => line.includes('"level":"fatal"')) ?? '{}');
	assert.deepEqual([fatal.msg, fatal.error], ['Failed to create listener for metrics server', 'listen tcp 127.0.0.1:9252: bind: address already in use']);
	assert.deepEqual([taken.active, taken.sub, taken.result, taken.status], ['activating', 'auto-restart', 'exit-code', 1]);
	world.outside.machineFaults(manager.id, {});
	world.outside.setFile(manager.id, paths.config, 'concurrent = ');
	const broken = await restarted();
	assert.ok(
		broken.log.some((line) => /^FATAL: Service run failed +error=decoding configuration file: toml: line 1/.test(line)),
		broken.log.join('\n'),
	);
});

test('a job that waits for its machine is pending to the runner, the queue is told from the first job on, and a failed job is counted by its reason', async () => {
	const {world, connection} = await running();
	const metrics = async () => (await unitNow(connection)).metrics ?? '';
	assert.doesNotMatch(await metrics(), /gitlab_runner_job_queue_size|gitlab_runner_failed_jobs_total/);
	world.outside.queueJobs(7, {seconds: 60});
	await world.clock.sleep(20_000);
	assert.match(await metrics(), /^gitlab_runner_jobs\{executor_stage="",.*stage="",state="pending",.*\} 5$/m);
	assert.match(await metrics(), /^gitlab_runner_job_queue_size\{.*\} 2$/m);
	assert.match((await connection.script(factsScript, {verify: false})).jobs ?? '', /^url=\S+ state=pending stage= executor_stage= duration=\d+s$/m);
	await world.clock.sleep(40_000);
	assert.match(await metrics(), /^gitlab_runner_jobs\{executor_stage="docker_run",.*stage="step_script",state="running",.*\} 5$/m);
	world.outside.failJobs({reason: 'Cannot start the container', why: 'runner_system_failure'});
	await world.clock.sleep(200_000);
	assert.match(await metrics(), /^gitlab_runner_failed_jobs_total\{failure_reason="runner_system_failure",.*\} \d+$/m);
});

test('a job that loses its machine fails ten seconds later, since Docker doesn’t answer, and the machine is noticed when it’s wanted again', async () => {
	const {world, manager, connection} = await running();
	world.outside.queueJobs(1, {seconds: 600});
	await world.clock.sleep(120_000);
	const since = world.clock.now();
	world.outside.interruptSpot(living(world, manager)[0]?.id ?? '');
	await world.clock.sleep(9000);
	assert.equal(world.jobs[0]?.state, 'running');
	await world.clock.sleep(6000);
	assert.match(
		world.jobs[0]?.reason ?? '',
		/^Job failed \(system failure\): waiting for container: Cannot connect to the Docker daemon at tcp:\/\/[\d.]+:2376\. Is the docker daemon running\?/,
	);
	assert.ok((await unitNow(connection, since)).log.some((line) => line.includes('Requesting machine removal') && line.includes('machine is unavailable')));
});
