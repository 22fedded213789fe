import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Asked} from '../../source/answers/question.ts';
import {chosenManager} from '../../source/commands/open.ts';
import {presets} from '../../source/commands/presets.ts';
import {status} from '../../source/commands/status.ts';
import {unanswered} from '../../source/faces/words/unanswered.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {commandAt} from './command.ts';
import {region, standingFleet} from './fleet.ts';

test('which manager is meant is asked as a question of its own, and not as the one about the manager’s type', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	let put: Asked | undefined;
	const face = {
		...hearing(),
		ask: async (asked: Asked) => {
			put = asked;
			return manager;
		},
	};
	const session = {...sessionAt(world, ['status', '--region', region], face), interactive: true};
	assert.deepEqual(await chosenManager(session, 'choose', '--manager'), {id: manager, region});
	assert.ok(put);
	assert.equal(put.question.id, 'which');
	assert.equal(unanswered(put, 'json').advice, 'Name it with `--manager`.');
});

test('an id that is none is told with the flag that it was given by', async () => {
	const world = simulatedWorld();
	const saved = await commandAt(world, world, presets, ['presets', 'save', 'mine', '--from', 'i-123', '--region', region]);
	assert.match(saved.problems[0]?.message ?? '', /^`--from` takes an instance id .* not i-123\.$/);
	const seen = await commandAt(world, world, status, ['status', '--manager', 'i-123', '--region', region]);
	assert.match(seen.problems[0]?.message ?? '', /^`--manager` takes an instance id/);
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	const among = await commandAt(world, world, presets, ['presets', 'save', 'mine', '--from', 'choose', '--region', region]);
	assert.match(among.problems[0]?.advice ?? '', /^Name one, such as `--from i-[0-9a-f]+`\.$/);
});
