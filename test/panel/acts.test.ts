import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelDriver} from '../../source/commands/panel.ts';
import {status} from '../../source/commands/status.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import {runnerWord} from '../../source/faces/words/status-words.ts';
import {join} from '../../source/panel/live/join.ts';
import {hasSettled, verdictOf} from '../../source/panel/live/verdict.ts';
import {troublesOf} from '../../source/panel/live/why-waiting.ts';
import {countRows} from '../../source/panel/rows.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {World} from '../../source/simulated/world.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from './at-laptop.ts';
import {acted, config, done, driverAt, fileOn, managerOf, seen} from './driving.ts';

const rows = (world: World, snapshot: Snapshot) => join(snapshot, world.clock.now());
const busy = (world: World, count: number) => (snapshot: Snapshot) => countRows(rows(world, snapshot)).busy === count;

test('a raised limit says first what it means for quota, addresses and costs, and changes nothing until it is done', async () => {
	const world = await standing(4);
	const driver = await driverAt(world);
	const before = fileOn(world, config);
	const from = world.acts.length;
	const {proposal} = await driver.prepare({do: 'scale', limit: 8}, await seen(world, driver, hasSettled));
	assert.equal(proposal.says, 'The limit goes from 4 to 8 machines, and concurrent from 4 to 8 jobs.');
	const details = proposal.details.join('\n');
	assert.match(details, /Quota +16 of 64 vCPUs on spot for 8 workers of c5\.large/);
	assert.match(details, /Addresses +[\d,]+ free in subnet-/);
	assert.match(details, /all 8 at once about \$0\.\d+, \$0\.\d+ more than 4/);
	// Whom the record's history names is AWS's to say.
	assert.match(details, /The record gets a version with it\. The one before is kept: /);
	assert.deepEqual(acted(world, from), []);
	assert.equal(fileOn(world, config), before);
});

test('a limit too large for the quota is said before it is done', async () => {
	const world = await standing(4);
	const driver = await driverAt(world);
	const {proposal} = await driver.prepare({do: 'scale', limit: 40}, await seen(world, driver, hasSettled));
	assert.match(proposal.details.join('\n'), /Quota +! 80 of 64 vCPUs on spot for 40 workers of c5\.large: AWS will refuse/);
});

test('limit and concurrent are changed together, in the record with who, in config.toml and in the metrics; undo from another laptop brings the bytes back', async () => {
	const world = await standing(4);
	const driver = await driverAt(world);
	const before = fileOn(world, config);
	const from = world.acts.length;
	assert.match(await done(world, driver, {do: 'scale', limit: 6}), /^limit 4 → 6, concurrent 4 → 6: in config\.toml, and the runner's metrics say so/);
	assert.deepEqual(acted(world, from), ['PutParameter', 'script write-config']);
	assert.match(fileOn(world, config), /^concurrent = 6$/m);
	assert.match(fileOn(world, config), /^limit = 6$/m);
	const snapshot = await seen(world, driver, ({runner, record}) => runner.value?.metrics.concurrent === 6 && record.value !== undefined);
	assert.deepEqual(Object.values(snapshot.runner.value?.metrics.limits ?? {}), [6]);
	const [last] = snapshot.record.value ?? [];
	assert.equal(last?.by, 'alice');
	assert.deepEqual(last?.changes, [
		{what: 'limit', from: '4', to: '6'},
		{what: 'concurrent', from: '4', to: '6'},
	]);

	const bob = world.another();
	world.outside.openPort([...world.outside.region(someFleet.region).groups.values()].find(({name}) => name === 'gitlab-runners-manager')?.id ?? '', 22, {
		cidr: `${bob.laptop.address}/32`,
	});
	const face = hearing();
	assert.equal(await status(sessionAt(bob, ['status', 'undo', '--yes'], face)), 0);
	assert.equal(fileOn(world, config), before);
	const undone = await seen(world, driver, ({runner, record}) => runner.value?.metrics.concurrent === 4 && record.value?.[0]?.by === 'bob');
	assert.deepEqual(
		undone.record.value?.[0]?.changes.map(({what, to}) => `${what} ${to}`),
		['limit 4', 'concurrent 4'],
	);
});

test('undoing where nothing was changed says that there is nothing to undo', async () => {
	const world = await standing(1);
	const driver = await driverAt(world);
	await assert.rejects(driver.prepare({do: 'undo'}, await seen(world, driver, hasSettled)), {code: 'nothing-to-undo'});
});

test('another idle count is in config.toml, and a machine is made ready', async () => {
	const world = await standing(3);
	const driver = await driverAt(world);
	assert.match(await done(world, driver, {do: 'idle', count: 1}), /^idle count 0 → 1: in config\.toml, and the runner's metrics say so/);
	assert.match(fileOn(world, config), /^IdleCount = 1$/m);
	await seen(world, driver, (snapshot) => countRows(rows(world, snapshot)).idle === 1);
});

test('a drained fleet takes no jobs and has no machines; resumed, it takes them again; both are in the history', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 30});
	await seen(world, driver, busy(world, 1));
	assert.match(await done(world, driver, {do: 'drain'}), /^The fleet is drained/);
	const drained = await seen(world, driver, (snapshot) => snapshot.host.value?.service.active === 'inactive');
	assert.equal(drained.host.value?.machines.length, 0);
	world.outside.queueJobs(1, {seconds: 30});
	assert.match(await done(world, driver, {do: 'resume'}), /takes jobs again/);
	await seen(world, driver, busy(world, 1));
	const {record} = await seen(world, driver, ({record: told}) => (told.value?.[0]?.note ?? '').startsWith('resumed'));
	assert.match(record.value?.[1]?.note ?? '', /^drained by alice@laptop at /);
});

test('a restart says that idle machines go with it, and so they do', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 30});
	await seen(world, driver, busy(world, 1));
	const resting = await seen(world, driver, (snapshot) => countRows(rows(world, snapshot)).idle === 1);
	const {proposal, carryOut} = await driver.prepare({do: 'restart'}, resting);
	assert.equal(proposal.says, 'The service is restarted once running jobs have ended. Idle machines go with it, and new ones are made as they are wanted.');
	assert.equal(await carryOut(() => undefined), 'The service was restarted. Its idle machines went with it; new ones are made as they are wanted.');
	const {host} = await seen(world, driver, (snapshot) => snapshot.host.value?.service.active === 'active');
	assert.deepEqual(host.value?.machines, []);
});

test('a drain says which job it waits for, with its page', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 200});
	const working = await seen(world, driver, busy(world, 1));
	const prepared = await driver.prepare({do: 'drain'}, working);
	const said: string[] = [];
	const draining = prepared.carryOut((says) => said.push(says));
	const during = await seen(world, driver, (snapshot) => troublesOf(snapshot, world.clock.now()).some(({id}) => id === 'draining'));
	assert.match(
		troublesOf(during, world.clock.now())[0]?.says ?? '',
		/^The runner is being drained by alice@laptop and takes no new job.*\. It waits for job #9000 test of acme\/app, running for \S+ \w \(https:\/\/gitlab\.com\/acme\/app\/-\/jobs\/9000\)\.$/,
	);
	assert.deepEqual([verdictOf(during, world.clock.now()).is, runnerWord(during).word], ['healthy', 'draining']);
	await draining;
	assert.deepEqual(said.slice(0, 2), ['the service being asked', '1 job still runs: https://gitlab.com/acme/app/-/jobs/9000, 30 m left']);
});

test('a drain that waits for jobs ends them once nobody wants to wait any more', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.queueJobs(2, {seconds: 7200});
	const prepared = await driver.prepare({do: 'drain'}, await seen(world, driver, busy(world, 2)));
	assert.equal(prepared.waits, true);
	const begun = world.clock.now();
	const hurry = new AbortController();
	const said: string[] = [];
	const draining = prepared.carryOut((says) => {
		said.push(says);
		if (/^2 jobs still run/.test(says)) hurry.abort();
	}, hurry.signal);
	assert.match(await draining, /^The fleet is drained/);
	assert.ok(said.includes('2 jobs end now'), said.join());
	assert.ok(world.clock.now() - begun < 600_000);
	assert.ok(world.jobs.every(({state}) => state === 'failed'));
});

test('a runner that has crashed is started at once, and one that can’t start says why and what mends it', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.crashRunner(managerOf(world));
	await seen(world, driver, ({host}) => host.value?.service.sub === 'auto-restart');
	const from = world.clock.now();
	assert.equal(await done(world, driver, {do: 'start'}), 'The service runs again.');
	assert.ok(world.clock.now() - from < 60_000, 'systemd itself would have waited for two minutes');
	await seen(world, driver, ({runner}) => runner.value !== undefined);

	world.outside.machineFaults(managerOf(world), {metricsPort: 'taken'});
	world.outside.crashRunner(managerOf(world));
	await assert.rejects(done(world, driver, {do: 'start'}), {
		code: 'runner-crashed',
		message:
			"GitLab Runner ends as soon as it's started: another program on the manager has the port of its metrics (Failed to create listener for metrics server: listen tcp 127.0.0.1:9252: bind: address already in use).",
		advice: 'Run `gitlab-runner-aws ssh -- sudo ss -ltnp`, which names it, end it, then run the same command again.',
	});
});

test('a runner that has switched itself off asks GitLab again at once, while its jobs run on', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 3000});
	await seen(world, driver, busy(world, 1));
	const runner = world.outside.gitlab.runners.get(41) ?? assert.fail('no runner');
	runner.token = 'glrt-t3_somebody-reset-it';
	await seen(world, driver, ({journal}) => journal.value?.unhealthy !== undefined);
	assert.equal(
		await done(world, driver, {do: 'reload'}),
		'The runner has loaded config.toml anew, and asks GitLab again. GitLab still refuses its token (403): r repairs it.',
	);
	const asked = world.clock.now();
	await seen(world, driver, ({journal}) => (journal.value?.unhealthy?.since ?? 0) > asked - 10_000);
	runner.token = world.tokens.runner;
	assert.equal(await done(world, driver, {do: 'reload'}), 'The runner has loaded config.toml anew, and asks GitLab again. GitLab answers it again.');
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['running'],
	);
});

test('an idle worker is removed by its name; a busy one is never', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 40});
	const working = await seen(world, driver, busy(world, 1));
	const [row] = rows(world, working).filter(({state}) => state === 'busy');
	await assert.rejects(driver.prepare({do: 'remove', worker: row?.name ?? ''}, working), {code: 'worker-busy'});
	const idle = await seen(world, driver, (snapshot) => countRows(rows(world, snapshot)).idle === 1);
	const prepared = await driver.prepare({do: 'remove', worker: row?.name ?? ''}, idle);
	assert.match(await prepared.carryOut(() => undefined), /is removed, with its instance/);
	await seen(world, driver, (snapshot) => !rows(world, snapshot).some(({name, state}) => name === row?.name && state !== 'removing'));
});

test('a worker that got a job between the question and the removal stays', async () => {
	const world = await standing(1);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 20});
	await seen(world, driver, busy(world, 1));
	const idle = await seen(world, driver, (snapshot) => countRows(rows(world, snapshot)).idle === 1);
	const prepared = await driver.prepare({do: 'remove', worker: rows(world, idle)[0]?.name ?? ''}, idle);
	world.outside.queueJobs(1, {seconds: 600});
	await seen(world, driver, busy(world, 1));
	await assert.rejects(
		prepared.carryOut(() => undefined),
		{code: 'worker-busy'},
	);
});

test('paused in GitLab and unpaused, seen there and in the history', async () => {
	const world = await standing(1);
	const driver = await driverAt(world);
	assert.equal(await done(world, driver, {do: 'pause', paused: true}), 'The runner is paused in GitLab.');
	await seen(world, driver, ({gitlab}) => gitlab.value?.runner.paused === true);
	assert.equal(await done(world, driver, {do: 'pause', paused: false}), 'The runner takes jobs again.');
	await seen(
		world,
		driver,
		({gitlab, record}) => gitlab.value?.runner.paused === false && (record.value?.[0]?.note ?? '').startsWith('unpaused in GitLab by alice@laptop'),
	);
});

test('without a GitLab token, pausing says what it needs', async () => {
	const world = await standing(1);
	const session = sessionAt(world, ['status'], hearing());
	const driver = panelDriver(session, await watchFleet(session, someFleet));
	await assert.rejects(driver.prepare({do: 'pause', paused: true}, await seen(world, driver, hasSettled)), {code: 'gitlab-token-missing'});
});

test('each way to move new workers tells its price, its quota and whether it is offered', async () => {
	const world = await standing(4);
	world.outside.offer('c5.large', 'us-east-2c', false);
	const driver = await driverAt(world);
	world.outside.addSubnet('us-east-2-lax-1a', 'internet');
	const moves = await driver.moves(await seen(world, driver, hasSettled));
	const labels = moves.map(({label}) => label);
	assert.ok(labels.includes('on demand instead') && labels.includes('zone us-east-2b'), labels.join());
	for (const {says, disabled} of moves) assert.match(says, disabled === undefined ? /vCPUs for 4|quota not known/ : /vCPUs for 4|quota not known|^$/);
	assert.equal(moves.find(({label}) => label === 'zone us-east-2-lax-1a')?.disabled, "docker-machine can't make workers there");
	const away = moves.find(({label}) => label === 'zone us-east-2c');
	assert.match(away?.disabled ?? '', /isn't offered in us-east-2c/);
	assert.equal(away?.says, '');
});

test('new workers move to another zone: a test machine proves it, the runner makes the next ones there, and the record says who', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	const moves = await driver.moves(await seen(world, driver, hasSettled));
	const zone = moves.find(({label}) => label === 'zone us-east-2b');
	assert.ok(zone);
	const prepared = await driver.prepare({do: 'move', to: zone.to, label: zone.label}, await seen(world, driver, hasSettled));
	assert.match(prepared.proposal.details.join('\n'), /subnet[\s\S]*^Test machine: proven with other options → /m);
	assert.match(
		await prepared.carryOut(() => undefined),
		/^New workers, zone us-east-2b, and a machine made so came up.*: in config\.toml, and the runner's metrics say so/,
	);
	world.outside.queueJobs(1, {seconds: 60});
	const moved = await seen(world, driver, busy(world, 1));
	assert.equal(rows(world, moved).find(({state}) => state === 'busy')?.zone, 'us-east-2b');
	const {record} = await seen(world, driver, ({record: told}) => told.value !== undefined);
	assert.deepEqual(
		record.value?.[0]?.changes.map(({what}) => what),
		['machineOptions'],
	);
});

test('new workers on demand instead of on spot', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	const act = {do: 'move', to: {spot: false}, label: 'on demand instead'} as const;
	const {details} = (await driver.prepare(act, await seen(world, driver, ({host}) => host.value !== undefined))).proposal;
	assert.ok(details.includes('Runner: spot yes → no'), details.join('\n'));
	const said = await done(world, driver, act);
	assert.match(said, /^New workers, on demand instead.*: in config\.toml, and the runner's metrics say so/);
	// A request for a job that was under way meanwhile goes by the file of before.
	await world.clock.sleep(1000);
	world.outside.queueJobs(1, {seconds: 60});
	const moved = await seen(world, driver, busy(world, 1));
	assert.equal(rows(world, moved).find(({state}) => state === 'busy')?.spot, false);
});

test('looking from the panel and readying acts changes nothing at all', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	const from = world.acts.length;
	const snapshot = await seen(world, driver, hasSettled);
	await driver.moves(snapshot);
	await driver.prepare({do: 'scale', limit: 3}, snapshot);
	await driver.prepare({do: 'drain'}, snapshot);
	await driver.prepare({do: 'pause', paused: true}, snapshot);
	await driver.prepare({do: 'move', to: {spot: false}, label: 'on demand'}, snapshot);
	driver.report(snapshot);
	assert.deepEqual(world.acts.slice(from), []);
});
