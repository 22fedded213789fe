import assert from 'node:assert/strict';
import {test} from 'node:test';
import {machineWords} from '../../../../source/faces/words/status-words.ts';
import {join} from '../../../../source/panel/live/join.ts';
import {hasSettled} from '../../../../source/panel/live/verdict.ts';
import {troublesOf, whyWaiting} from '../../../../source/panel/live/why-waiting.ts';
import {countRows} from '../../../../source/panel/rows.ts';
import type {Snapshot} from '../../../../source/panel/snapshot.ts';
import type {World} from '../../../../source/simulated/world.ts';
import {startedAt} from '../../../engine/seen.ts';
import {standing as standingAt} from '../../../panel/at-laptop.ts';
import {acted, config, done, driverAt, fileOn, managerOf, seen} from '../../../panel/driving.ts';
import {someFleet} from '../../docker-machine/some-answers.ts';
import {scaled} from './scaled.ts';

const standing = (limit: number, more = {}): Promise<World> => standingAt(limit, {}, {...scaled, ...more});
const groupOf = (world: World) => world.outside.region(someFleet.region).scalingGroups.get('gitlab-runners-workers') ?? assert.fail('no group');
/** What the runner's log tells of errors. */
const errorsIn = (world: World): string[] =>
	world.outside
		.machine(managerOf(world))
		.journal.flatMap(({message}) => (message.includes('"level":"error"') || message.includes('level=error') ? [message] : []));
const rows = (world: World, snapshot: Snapshot) => join(snapshot, world.clock.now());
const counted = (world: World, state: 'busy' | 'idle', count: number) => (snapshot: Snapshot) => countRows(rows(world, snapshot))[state] === count;

test('another limit is loaded while jobs run: those that wait get machines at once, and none ends for it; a lower one lets all end well, and undo brings it back', async () => {
	const world = await standing(2);
	const driver = await driverAt(world);
	const before = fileOn(world, config);
	const most = /^max_instances = \d+$/m.exec(before)?.[0];
	const started = startedAt(world, managerOf(world));
	world.outside.queueJobs(5, {seconds: 1500});
	const working = await seen(world, driver, counted(world, 'busy', 2));
	assert.deepEqual(
		whyWaiting(working, world.clock.now()).causes.map(({id, key}) => [id, key]),
		[
			['limit', 'raise-limit'],
			['concurrent', 'raise-limit'],
		],
	);
	const {proposal, carryOut} = await driver.prepare({do: 'scale', limit: 4}, working);
	assert.equal(proposal.says, 'The limit goes from 2 to 4 machines, and concurrent from 2 to 4 jobs.');
	const details = proposal.details.join('\n');
	assert.match(
		details,
		/^Record: limit 2 → 4, concurrent 2 → 4\nAuto Scaling group: most instances 12 → 14\nRunner: concurrent 2 → 4, limit 2 → 4, runners\.request_concurrency 2 → 4\n/,
	);
	assert.match(details, /the runner loads it by itself; jobs that run go on/);
	const from = world.acts.length;
	assert.match(await carryOut(() => undefined), /^limit 2 → 4, concurrent 2 → 4: in config\.toml, and the runner's metrics say so/);
	assert.deepEqual(acted(world, from).sort(), ['PutParameter', 'UpdateAutoScalingGroup', 'script write-config']);
	const raised = await seen(world, driver, counted(world, 'busy', 4));
	assert.deepEqual(world.jobs.map(({state}) => state).sort(), ['pending', 'running', 'running', 'running', 'running']);
	assert.match(machineWords(raised, countRows(rows(world, raised))), /^4 of 4/);
	assert.equal(/^max_instances = \d+$/m.exec(fileOn(world, config))?.[0], most);
	// Nobody is stopped by a lower limit, and Auto Scaling's number isn't taken down under instances that stand.
	assert.match(await done(world, driver, {do: 'scale', limit: 1}), /^limit 4 → 1, concurrent 4 → 1: in config\.toml/);
	assert.deepEqual([groupOf(world).desired, groupOf(world).max], [4, 14]);
	const lowered = await seen(world, driver, ({host}) => host.value?.config?.facts?.runners[0]?.maxWorkers === 1);
	assert.deepEqual(
		troublesOf(lowered, world.clock.now()).map(({says}) => says),
		['4 machines run, 3 more than the limit of 1 allows: 4 busy. Those that are busy go once their jobs have ended.'],
	);
	assert.match(await done(world, driver, {do: 'undo'}), /^Undone, limit 1 → 4/);
	assert.match(await done(world, driver, {do: 'scale', limit: 2}), /^limit 4 → 2/);
	assert.equal(fileOn(world, config), before);
	await world.clock.sleep(3_600_000);
	assert.ok(world.jobs.every(({state}) => state === 'success'));
	assert.equal(startedAt(world, managerOf(world)), started);
	assert.deepEqual(errorsIn(world), []);
});

test('where idle workers are kept the runner has no room for a higher limit, since they would come on top of it: running jobs end first, and so it is told', async () => {
	const world = await standing(4, {idleCount: 1});
	const driver = await driverAt(world);
	world.outside.queueJobs(2, {seconds: 100});
	const working = await seen(world, driver, counted(world, 'busy', 2));
	const {proposal, carryOut} = await driver.prepare({do: 'scale', limit: 6}, working);
	const details = proposal.details.join('\n');
	assert.match(details, /\nRunner: concurrent 4 → 6, limit 4 → 6, runners\.autoscaler\.max_instances 4 → 6\n/);
	assert.match(details, /\nJobs {7}2 jobs run now, the longest for [\d ms]+ so far\n/);
	assert.match(details, /\nIdle workers, .*: only max_instances keeps all within the limit, and the runner reads that when it starts\.\n/);
	assert.match(details, /GitLab Runner reads this only when it starts: it takes no new job from then on, starts anew once running jobs have ended/);
	const from = world.acts.length;
	const said: string[] = [];
	assert.match(await carryOut((says) => said.push(says)), /^limit 4 → 6, concurrent 4 → 6: in config\.toml, and the runner's metrics say so/);
	assert.deepEqual(acted(world, from).sort(), ['PutParameter', 'UpdateAutoScalingGroup', 'script service', 'script service', 'script write-config']);
	assert.ok(
		said.some((says) => says.startsWith('runner: 2 jobs still run')),
		said.join('; '),
	);
	assert.ok(world.jobs.every(({state}) => state === 'success'));
	const raised = await seen(world, driver, ({runner}) => Object.values(runner.value?.metrics.limits ?? {}).includes(6));
	assert.deepEqual(troublesOf(raised, world.clock.now()), []);
	// A lower one is loaded at once: the runner's own number follows at its next start.
	const lower = await driver.prepare({do: 'scale', limit: 5}, raised);
	assert.match(
		lower.proposal.details.join('\n'),
		/Until its next start the one before holds, so idle workers, .*\n.*the runner loads the rest by itself; jobs that run go on/,
	);
});

test('a limit that waits for running jobs ends them once nobody wants to wait any more, or at once where nobody wants to from the beginning; the runner starts anew with it', async () => {
	const world = await standing(4, {idleCount: 1});
	const driver = await driverAt(world);
	world.outside.queueJobs(2, {seconds: 3000});
	const {carryOut, waits} = await driver.prepare({do: 'scale', limit: 6}, await seen(world, driver, counted(world, 'busy', 2)));
	assert.equal(waits, true);
	const hurry = new AbortController();
	const said: string[] = [];
	const from = world.clock.now();
	const doing = carryOut((says) => {
		said.push(says);
		if (says.startsWith('runner: 2 jobs still run')) hurry.abort();
	}, hurry.signal);
	assert.match(await doing, /^limit 4 → 6, concurrent 4 → 6: in config\.toml, and the runner's metrics say so/);
	assert.ok(said.includes('runner: 2 jobs end now'), said.join('; '));
	assert.ok(world.clock.now() - from < 600_000);
	assert.deepEqual([world.jobs.map(({state}) => state), world.takers()], [['failed', 'failed'], 1]);
	const {waits: waitsToo} = await driver.prepare({do: 'scale', limit: 5}, await seen(world, driver, hasSettled));
	assert.equal(waitsToo, false);
	world.outside.queueJobs(1, {seconds: 3000});
	const hasty = await driver.prepare({do: 'scale', limit: 8}, await seen(world, driver, counted(world, 'busy', 1)), true);
	assert.match(hasty.proposal.details.join('\n'), /starts anew at once, by which running jobs end and fail, and its idle workers go with it/);
	const at = world.clock.now();
	assert.match(await hasty.carryOut(() => undefined), /^limit 6 → 8, .*the runner's metrics say so/);
	assert.ok(world.clock.now() - at < 600_000);
	assert.deepEqual([hasty.waits, world.jobs.at(-1)?.state, world.takers()], [false, 'failed', 1]);
});

test('another idle count is loaded while jobs run, and a worker is made ready', async () => {
	const world = await standing(3);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 900});
	await seen(world, driver, counted(world, 'busy', 1));
	const {proposal, carryOut} = await driver.prepare({do: 'idle', count: 1}, await seen(world, driver, hasSettled));
	const details = proposal.details.join('\n');
	assert.match(details, /\nRunner: runners\.autoscaler\.max_instances 13 → 3, runners\.autoscaler\.policy\.idle_count 0 → 1\n/);
	assert.match(details, /Until its next start the one before holds, .*\n.*the runner loads the rest by itself; jobs that run go on/);
	await carryOut(() => undefined);
	await seen(world, driver, counted(world, 'idle', 1));
	assert.equal(world.jobs[0]?.state, 'running');
});

test('an idle worker is removed by its group, which is to have one fewer; a busy one never; and nobody else is blamed for it', async () => {
	const world = await standing(2, {maxBuilds: 0});
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 40});
	const working = await seen(world, driver, counted(world, 'busy', 1));
	const [row] = rows(world, working).filter(({state}) => state === 'busy');
	await assert.rejects(driver.prepare({do: 'remove', worker: row?.name ?? ''}, working), {code: 'worker-busy'});
	const idle = await seen(world, driver, counted(world, 'idle', 1));
	const {proposal, carryOut} = await driver.prepare({do: 'remove', worker: row?.name ?? ''}, idle);
	assert.equal(proposal.says, `${row?.name} is removed: the instance ends with its disk, and its group is to have one fewer.`);
	const from = world.acts.length;
	assert.match(await carryOut(() => undefined), /is removed, with its disk, and its group has one fewer\.$/);
	assert.deepEqual(acted(world, from), ['TerminateInstanceInAutoScalingGroup', 'PutParameter']);
	assert.equal(groupOf(world).desired, 0);
	const after = await seen(world, driver, ({journal, record}) => (journal.value?.lost.length ?? 0) > 0 && record.value?.[0]?.note !== undefined);
	assert.deepEqual(troublesOf(after, world.clock.now()), []);
});

test('new workers on demand are tried first, and the group makes the next ones so; those that run stay', async () => {
	const world = await standing(3, {maxBuilds: 0});
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 600});
	const working = await seen(world, driver, counted(world, 'busy', 1));
	const choices = await driver.moves(working);
	assert.deepEqual(
		choices.map(({label}) => label),
		['on demand instead', 'zone us-east-2b', 'zone us-east-2c'],
	);
	const says = await done(world, driver, {do: 'move', to: {spot: false}, label: 'on demand instead'});
	assert.match(says, /^New workers, on demand instead, and a machine made so came up and ran a container, \d+ s/);
	assert.equal(groupOf(world).distribution.OnDemandPercentageAboveBaseCapacity, 100);
	world.outside.queueJobs(1, {seconds: 600});
	const both = await seen(world, driver, counted(world, 'busy', 2));
	assert.deepEqual(
		rows(world, both).map(({spot}) => spot),
		[false, true],
	);
});

test('a drain that is hurried ends the jobs, and takes the workers along as one that waits does', async () => {
	const world = await standing(2, {idleCount: 1});
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 3000});
	const {carryOut} = await driver.prepare({do: 'drain'}, await seen(world, driver, counted(world, 'busy', 1)));
	const hurry = new AbortController();
	const done = carryOut((says) => {
		if (/^1 job still runs/.test(says)) hurry.abort();
	}, hurry.signal);
	assert.match(await done, /^The fleet is drained: the service has stopped, and its machines are gone/);
	assert.equal(groupOf(world).desired, 0);
	assert.equal(world.jobs.at(-1)?.state, 'failed');
});

test('a drained fleet has no workers, and resumed it takes jobs again', async () => {
	const world = await standing(2, {idleCount: 1});
	const driver = await driverAt(world);
	await seen(world, driver, counted(world, 'idle', 1));
	assert.match(await done(world, driver, {do: 'drain'}), /^The fleet is drained/);
	assert.equal(groupOf(world).desired, 0);
	world.outside.queueJobs(1, {seconds: 300});
	assert.match(await done(world, driver, {do: 'resume'}), /takes jobs again/);
	await seen(world, driver, counted(world, 'busy', 1));
});
