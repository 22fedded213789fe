import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {planOf, problemsIn, setUp, takeAway, unlike} from './fleet.ts';
import {oneOfEach, standing} from './seen.ts';

const minutes = (count: number) => count * 60_000;

for (const [ahead, says] of [
	[minutes(20), '20 minutes ahead of'],
	[minutes(-20), '20 minutes behind'],
	[minutes(60 * 30), '30 hours ahead of'],
	[minutes(-60 * 30), '30 hours behind'],
] as const)
	test(`on a laptop whose clock is ${says} AWS's a fleet is set up, seen and taken away as on any other, and the clock is told`, async () => {
		const world = simulatedWorld();
		world.outside.setClock(ahead);
		const first = await setUp(world, {secrets: {runnerToken: world.outside.token()}});
		assert.deepEqual(problemsIn(first), []);
		assert.deepEqual(standing(world), oneOfEach);
		assert.ok(first.plan.get('identity')?.notes?.some((note) => note.says === `This machine's clock is ${says} AWS's, so AWS's is used here.`));
		assert.deepEqual(unlike(await planOf(world)), {});
		const {left} = await takeAway(world, {withCache: true});
		assert.deepEqual(left, []);
	});
