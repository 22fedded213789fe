import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseConfig} from '../../source/executors/docker-machine/config-document.ts';
import {names} from '../../source/fleet.ts';
import {simulatedWorld, type World} from '../../source/simulated.ts';
import {join} from '../../source/snapshot/join.ts';
import {countRows, spentOfRow} from '../../source/snapshot/rows.ts';
import type {Snapshot} from '../../source/snapshot/snapshot.ts';
import {watchSources} from '../../source/snapshot/sources.ts';
import {whyWaiting} from '../../source/snapshot/why-waiting.ts';
import {laptopOver, problems} from '../executors/laptop.ts';
import {someAnswers, someFleet} from '../executors/some-answers.ts';

/** A world in which a fleet with this limit has just been set up. */
async function standing(limit: number): Promise<World> {
	const world = simulatedWorld();
	const laptop = laptopOver(({answers}) => ({...world, cloud: world.cloudAt(answers.region)}));
	assert.deepEqual(problems(await laptop.setup({answers: someAnswers({limit, concurrent: limit}), secrets: {runnerToken: world.tokens.runner}})), []);
	return world;
}

/** Watches the world until a snapshot fits; after ten simulated minutes it never will. */
async function watched(world: World, fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
	const stop = new AbortController();
	const cloud = world.cloudAt(someFleet.region);
	const until = world.clock.now() + 600_000;
	let found: Snapshot | undefined;
	let last: Snapshot | undefined;
	const privateKey = (await world.disk.key(names.keyFile(someFleet, '123456789012'))) ?? '';
	await watchSources(
		{
			cloud,
			cloudAt: world.cloudAt,
			clock: world.clock,
			connect: (manager) => world.host.connect({address: manager.publicIp ?? '', port: 22, user: 'ubuntu', privateKey, trust: () => true}),
			toml: (text) => parseConfig(text, 'config.toml'),
		},
		{fleet: someFleet},
		{
			signal: stop.signal,
			emit: (snapshot) => {
				last = snapshot;
				if (fits(snapshot)) found = snapshot;
				if (found || world.clock.now() > until) stop.abort();
			},
		},
	);
	return (
		found ??
		assert.fail(
			JSON.stringify(last && {rows: join(last, until), why: whyWaiting(last, until), host: last.host.problem, journal: last.journal.problem}, undefined, 1),
		)
	);
}

test('an afternoon on the simulated world: machines come, jobs run, the limit is reached, and looking changes nothing', async () => {
	const world = await standing(2);
	const done = world.acts.length;
	const idle = await watched(
		world,
		({host, runner, journal, prices}) => host.value !== undefined && runner.value !== undefined && journal.value !== undefined && prices.value !== undefined,
	);
	// The test machine of the setup is just going.
	assert.ok(join(idle, world.clock.now()).every(({name, state}) => name.startsWith('runner-test-') && state === 'removing'));
	world.outside.queueJobs(5, {seconds: 3000});
	await watched(
		world,
		(snapshot) =>
			countRows(join(snapshot, world.clock.now())).creating > 0 &&
			whyWaiting(snapshot, world.clock.now()).causes.some(({id}) => id === 'cold-start' || id === 'limit'),
	);
	const full = await watched(
		world,
		(snapshot) =>
			countRows(join(snapshot, world.clock.now())).busy === 2 &&
			snapshot.prices.problem === undefined &&
			join(snapshot, world.clock.now()).every(({usdPerHour}) => usdPerHour !== undefined),
	);
	const rows = join(full, world.clock.now());
	assert.ok(rows.every((row) => row.job !== undefined && row.type && row.zone && (spentOfRow(row, world.clock.now()) ?? 0) > 0));
	assert.equal(whyWaiting(full, world.clock.now()).causes[0]?.id, 'limit');
	assert.equal(world.acts.length, done);
});

const why = (world: World, snapshot: Snapshot) => whyWaiting(snapshot, world.clock.now()).causes;

test('without spot capacity the panel says so, with type and zone', async () => {
	const world = await standing(4);
	for (const zone of ['a', 'b', 'c']) world.outside.capacity('c5.large', `us-east-2${zone}`, 'none-on-spot');
	world.outside.queueJobs(1, {seconds: 600});
	const seen = await watched(world, (snapshot) => why(world, snapshot).some(({id}) => id === 'no-capacity'));
	assert.match(why(world, seen).find(({id}) => id === 'no-capacity')?.says ?? '', /^EC2 has no spot capacity for c5\.large in us-east-2a/);
});

test('a machine that AWS takes back is told of, and is gone from the rows', async () => {
	const world = await standing(1);
	world.outside.queueJobs(1, {seconds: 3000});
	const busy = await watched(world, (snapshot) => countRows(join(snapshot, world.clock.now())).busy === 1);
	const taken = join(busy, world.clock.now()).find(({state}) => state === 'busy');
	world.outside.interruptSpot(taken?.instanceId ?? '');
	await watched(
		world,
		(snapshot) =>
			why(world, snapshot).some(({id}) => id === 'spot-interrupted') &&
			!join(snapshot, world.clock.now()).some(({name, state}) => name === taken?.name && state === 'busy'),
	);
});
