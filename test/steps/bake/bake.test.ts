import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import {bake} from '../../../source/commands/bake.ts';
import type {Happening} from '../../../source/engine/events.ts';
import type {World} from '../../../source/simulated/world.ts';
import {scaled} from '../../executors/docker-autoscaler/panel/scaled.ts';
import {someFleet} from '../../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from '../../panel/at-laptop.ts';

const args = (...words: string[]): string[] => ['bake', ...words, '--fleet', someFleet.name, '--region', someFleet.region];

/** What somebody at a laptop meets who bakes; `code` is the exit code. */
export async function baked(world: World, words: readonly string[] = [], more: Parameters<typeof sessionAt>[3] = {}) {
	const face = hearing();
	const code = await bake(sessionAt(world, args(...words), face, more));
	return {code, face};
}

const steps = (events: readonly Happening[], event: 'step.done' | 'step.failed'): string[] => events.flatMap((one) => (one.event === event ? [one.step] : []));

for (const [executor, answers] of Object.entries({'docker+machine': {}, 'docker-autoscaler': scaled})) {
	suite(`${executor}: bake`, () => {
		test('an image is baked, a worker that starts from it is proven, and workers start from it', async () => {
			const world = await standing(2, {}, answers);
			const {code, face} = await baked(world);
			assert.deepEqual([code, face.problems.map(({message, advice}) => `${message} ${advice}`)], [0, []]);
			assert.deepEqual(steps(face.events, 'step.done'), ['bake-builder', 'bake-image', 'bake-use']);
		});
	});
}
