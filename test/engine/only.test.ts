import assert from 'node:assert/strict';
import {test} from 'node:test';
import {makePlan} from '../../source/engine/plan.ts';
import {runPlan} from '../../source/engine/run.ts';
import {executorOf} from '../../source/executors/list.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {planned, planOf, setUp, unlike} from './fleet.ts';

const allowed = {replaceManager: false, only: ['record', 'runner']} as const;

async function standing() {
	const world = simulatedWorld();
	await setUp(world, {secrets: {runnerToken: world.outside.token()}});
	return world;
}

test('a plan of some steps looks at these and at what they need, and at nothing else', async () => {
	const world = await standing();
	await planned(world, {flags: {limit: 4, concurrent: 4}}, async (context) => {
		const plan = await makePlan(executorOf(context.answers).steps, context, () => {}, allowed);
		assert.deepEqual([...plan.keys()].sort(), ['identity', 'images', 'network', 'record', 'runner']);
		assert.deepEqual(unlike(plan), {record: 'different', runner: 'different'});
	});
});

test('a run of some steps changes only these, each after those before it, and leaves what else isn’t as wanted', async () => {
	const world = await standing();
	const flags = {limit: 4, concurrent: 4, cacheDays: 30};
	const from = world.acts.length;
	await planned(world, {flags}, async (context, whole) => {
		const {problems} = await runPlan(executorOf(context.answers).steps, context, whole, () => {}, allowed);
		assert.deepEqual(problems, []);
	});
	assert.deepEqual(world.acts.slice(from), ['PutParameter', 'script write-config']);
	assert.deepEqual(unlike(await planOf(world, {flags})), {bucket: 'different'});
});
