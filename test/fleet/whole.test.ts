import assert from 'node:assert/strict';
import {test} from 'node:test';
import {planExit} from '../../source/engine/plan.ts';
import {simulatedWorld} from '../../source/simulated.ts';
import {planOf, problemsIn, setUp, takeAway, unlike} from './fleet.ts';
import {actsSince, depth, noneAtAll, oneOfEach, onlyTheBucket, rules, standing} from './seen.ts';

test('an empty account becomes a fleet whose runner takes jobs, with exactly one of each', async () => {
	const world = simulatedWorld();
	const made = await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	assert.deepEqual(problemsIn(made), []);
	assert.deepEqual(standing(world), oneOfEach);
	assert.deepEqual(rules(world), [
		'gitlab-runners-manager 22 203.0.113.7/32',
		'gitlab-runners-workers 22 gitlab-runners-manager',
		'gitlab-runners-workers 2376 gitlab-runners-manager',
	]);
	assert.equal(world.takers(), 1);
});

test('the same again changes nothing, asks for no token, and is at most four round trips deep', async () => {
	const world = simulatedWorld();
	await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	const [acts, calls] = [world.acts.length, world.calls.length];
	const again = await setUp(world);
	assert.deepEqual(problemsIn(again), []);
	assert.deepEqual(unlike(again.plan), {});
	assert.deepEqual(actsSince(world, acts), []);
	assert.ok(depth(world.calls.slice(calls)) <= 4, `${depth(world.calls.slice(calls))} round trips`);
});

test('destroy leaves the cache bucket and no more, and with the cache nothing', async () => {
	const world = simulatedWorld();
	await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	const gone = await takeAway(world);
	assert.deepEqual(gone.result.problems, []);
	assert.deepEqual(standing(world), onlyTheBucket);
	assert.deepEqual(
		gone.left.filter(({goes}) => goes),
		[],
	);
	await takeAway(world, {withCache: true});
	assert.deepEqual(standing(world), noneAtAll);
	assert.equal(planExit(await planOf(world, {secrets: {runnerToken: world.outside.token()}})), 3);
});
