import assert from 'node:assert/strict';
import {test} from 'node:test';
import {join} from '../../source/panel/live/join.ts';
import {troublesOf, whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {countRows, spentOfRow} from '../../source/panel/rows.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {World} from '../../source/simulated/world.ts';
import {standing, watched} from './watched.ts';

test('an afternoon on the simulated world: machines come, jobs run, the limit is reached, and looking changes nothing', async () => {
	const world = await standing({limit: 2, concurrent: 2});
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
	const world = await standing({limit: 4, concurrent: 4});
	for (const zone of ['a', 'b', 'c']) world.outside.capacity('c5.large', `us-east-2${zone}`, 'none-on-spot');
	world.outside.queueJobs(1, {seconds: 600});
	const seen = await watched(world, (snapshot) => why(world, snapshot).some(({id}) => id === 'no-capacity'));
	assert.match(why(world, seen).find(({id}) => id === 'no-capacity')?.says ?? '', /^EC2 has no spot capacity for c5\.large in us-east-2a/);
});

test('a machine that AWS takes back is told of, and is gone from the rows', async () => {
	const world = await standing({limit: 1, concurrent: 1});
	world.outside.queueJobs(1, {seconds: 3000});
	const busy = await watched(world, (snapshot) => countRows(join(snapshot, world.clock.now())).busy === 1);
	const taken = join(busy, world.clock.now()).find(({state}) => state === 'busy');
	world.outside.interruptSpot(taken?.instanceId ?? '');
	await watched(
		world,
		(snapshot) =>
			troublesOf(snapshot, world.clock.now()).some(({id}) => id === 'machine-lost') &&
			!join(snapshot, world.clock.now()).some(({name, state}) => name === taken?.name && state === 'busy'),
	);
});
