import assert from 'node:assert/strict';
import {test} from 'node:test';
import {join} from '../../../../source/panel/live/join.ts';
import {hasSettled} from '../../../../source/panel/live/verdict.ts';
import {troublesOf} from '../../../../source/panel/live/why-waiting.ts';
import {countRows} from '../../../../source/panel/rows.ts';
import type {Snapshot} from '../../../../source/panel/snapshot.ts';
import type {World} from '../../../../source/simulated/world.ts';
import {standing as standingAt} from '../../../panel/at-laptop.ts';
import {acted, config, done, driverAt, fileOn, seen} from '../../../panel/driving.ts';
import {someFleet} from '../../docker-machine/some-answers.ts';
import {scaled} from './scaled.ts';

const standing = (limit: number, more = {}): Promise<World> => standingAt(limit, {}, {...scaled, ...more});
const groupOf = (world: World) => world.outside.region(someFleet.region).scalingGroups.get('gitlab-runners-workers') ?? assert.fail('no group');
const rows = (world: World, snapshot: Snapshot) => join(snapshot, world.clock.now());
const counted = (world: World, state: 'busy' | 'idle', count: number) => (snapshot: Snapshot) => countRows(rows(world, snapshot))[state] === count;

test('another limit is the record’s, the group’s and config.toml’s; running jobs end first, since the runner reads it when it starts; undo brings it back', async () => {
	const world = await standing(4);
	const driver = await driverAt(world);
	const before = fileOn(world, config);
	world.outside.queueJobs(2, {seconds: 100});
	const working = await seen(world, driver, counted(world, 'busy', 2));
	const {proposal, carryOut} = await driver.prepare({do: 'scale', limit: 6}, working);
	assert.equal(proposal.says, 'The limit goes from 4 to 6 machines, and concurrent from 4 to 6 jobs.');
	const details = proposal.details.join('\n');
	assert.match(details, /^Record: limit 4 → 6, concurrent 4 → 6\nAuto Scaling group: limit 4 → 6\nRunner: concurrent 4 → 6, limit 4 → 6\n/);
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
	assert.equal(groupOf(world).max, 6);
	assert.match(fileOn(world, config), /^max_instances = 6$/m);
	assert.match(fileOn(world, config), /^limit = 6$/m);
	const raised = await seen(world, driver, ({runner}) => runner.value?.metrics.figures.fleeting?.maxInstances === 6);
	assert.deepEqual(troublesOf(raised, world.clock.now()), []);
	assert.match(await done(world, driver, {do: 'undo'}), /^Undone, limit 6 → 4/);
	assert.deepEqual([fileOn(world, config), groupOf(world).max], [before, 4]);
});

test('another idle count is loaded while jobs run, and a worker is made ready', async () => {
	const world = await standing(3);
	const driver = await driverAt(world);
	world.outside.queueJobs(1, {seconds: 900});
	await seen(world, driver, counted(world, 'busy', 1));
	const {proposal, carryOut} = await driver.prepare({do: 'idle', count: 1}, await seen(world, driver, hasSettled));
	assert.match(proposal.details.join('\n'), /the runner loads it by itself; jobs that run go on/);
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
