import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import type {OperationName} from '../../source/world/cloud/port.ts';
import {planOf, problemsIn, type SetupWish, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {launchedManagers, noneAtAll, oneOfEach, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** Operations that a run of setup and one of destroy make. */
async function operations(): Promise<{setup: OperationName[]; destroy: OperationName[]; changing: Set<OperationName>}> {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const begun = world.calls.length;
	await takeAway(world, {withCache: true});
	const namesOf = (calls: World['calls']) => [...new Set(calls.map(({name}) => name))];
	const changing = new Set(world.calls.filter((call) => call.changing).map(({name}) => name));
	return {setup: namesOf(world.calls.slice(0, begun)), destroy: namesOf(world.calls.slice(begun)), changing};
}

async function endsWell(world: World, what: string, fleets = 1): Promise<void> {
	const made = await setUp(world, withToken(world));
	assert.deepEqual([what, problemsIn(made)], [what, []]);
	assert.deepEqual([what, standing(world), launchedManagers(world)], [what, oneOfEach, fleets]);
	assert.deepEqual([what, unlike(await planOf(world))], [what, {}]);
}

async function goesWell(world: World, what: string): Promise<void> {
	const {result, left} = await takeAway(world, {withCache: true});
	assert.deepEqual([what, result.problems.map(({message}) => message), left, standing(world)], [what, [], [], noneAtAll]);
}

test('a connection that drops after the call was carried out, at any changing call of a setup, still ends in one of each', async () => {
	const {setup, changing} = await operations();
	for (const name of setup.filter((one) => changing.has(one))) {
		for (const nth of [1, 2]) {
			const world = simulatedWorld();
			world.faults.dropAfter(name, nth);
			await endsWell(world, `${name}, call ${nth}`);
		}
	}
});

test('a connection that drops after the call was carried out, at any changing call of a destroy, still leaves nothing', async () => {
	const {destroy, changing} = await operations();
	for (const name of destroy.filter((one) => changing.has(one))) {
		const world = simulatedWorld();
		await standingFleet(world, withToken(world));
		world.faults.dropAfter(name);
		await goesWell(world, name);
	}
});

test('a call that is lost on its way, or throttled twice, whichever it is, is made again and nothing is doubled', async () => {
	const {setup} = await operations();
	for (const name of setup) {
		const world = simulatedWorld();
		world.faults.dropBefore(name);
		world.faults.throttle(name, 2);
		await endsWell(world, name);
	}
});

test('a destroy outlasts throttling of whichever call', async () => {
	const {destroy} = await operations();
	for (const name of destroy) {
		const world = simulatedWorld();
		await standingFleet(world, withToken(world));
		world.faults.throttle(name, 2);
		await goesWell(world, name);
	}
});

test('where AWS shows new things only after half a minute, all is still made once', async () => {
	for (const seed of [1, 2, 3]) {
		const world = simulatedWorld({lagMs: 30_000, seed});
		await endsWell(world, `seed ${seed}`);
		await goesWell(world, `seed ${seed}`);
	}
});

test('in a region whose S3 drops the tags of a new bucket, the bucket is marked all the same', async () => {
	const world = simulatedWorld();
	world.outside.dropBucketTags('us-east-2');
	await endsWell(world, 'tags dropped');
});

test('a fleet of the same name can be made again right after its destroy, though AWS rests the record’s name', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	await goesWell(world, 'the first');
	await endsWell(world, 'the second', 2);
});

test('an SSH connection that drops at whichever script of a setup or a destroy is opened again, and jobs end well', async () => {
	for (let nth = 1; nth <= 12; nth++) {
		const world = simulatedWorld();
		world.faults.cutAtScript(nth);
		const made = await setUp(world, withToken(world));
		assert.deepEqual([nth, problemsIn(made), standing(world)], [nth, [], oneOfEach]);
		assert.deepEqual([nth, unlike(await planOf(world))], [nth, {}]);
		world.outside.queueJobs(2, {seconds: 300});
		await world.clock.sleep(60_000);
		world.faults.cutAtScript(1 + (nth % 3));
		await goesWell(world, `script ${nth}`);
		assert.deepEqual([nth, world.jobs.map(({state}) => state)], [nth, ['success', 'success']]);
	}
});
