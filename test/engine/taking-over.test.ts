import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import {presetIn} from '../../source/answers/preset-form.ts';
import {presetsIn} from '../../source/answers/presets.ts';
import {plan} from '../../source/commands/plan.ts';
import {presets} from '../../source/commands/presets.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {region, standingFleet} from './fleet.ts';

/** What saving a preset of a standing manager tells, and the preset. */
async function saved(t: TestContext, ...more: string[]) {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	const own = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-presets-'));
	t.after(() => rm(own, {recursive: true}));
	const heard = hearing();
	const kept = presetsIn({own, shipped: new URL('../../presets/', import.meta.url).pathname});
	const args = ['presets', 'save', 'theirs', '--from', manager, '--region', region, ...more];
	assert.equal(await presets(sessionAt(world, args, heard, {presets: kept})), 0);
	const told = heard.events.find((event) => event.event === 'document') ?? assert.fail('no document');
	const {answers} = presetIn(JSON.parse(await readFile(join(own, 'theirs.json'), 'utf8')), 'it');
	return {world, answers, value: told.value, events: heard.events, file: join(own, 'theirs.json'), kept};
}

test('a manager’s config.toml becomes a preset of another executor, with a line on each of its options and how the way over ends', async (t) => {
	const {answers, events, value} = await saved(t, '--executor', 'docker-autoscaler');
	assert.deepEqual([answers.executor, answers.limit, answers.workerType, answers.machineOptions], ['docker-autoscaler', 10, 'c5.large', undefined]);
	const lines = Array.isArray(value) ? value.map(String) : assert.fail('no lines');
	assert.ok(lines.some((line) => /^mapped: \d+$/.test(line)));
	assert.ok(
		lines.some((line) => /mapped +runners\.limit = 10: the answer limit$/.test(line)),
		lines.join('\n'),
	);
	assert.ok(lines.some((line) => /not needed +runners\.machine\.MachineDriver = amazonec2: AWS makes the workers$/.test(line)));
	const notes = events.flatMap((event) => (event.event === 'note' ? [event.says] : []));
	assert.ok(notes.some((says) => /drained by its owner: take its entry out of \[\[runners\]\]/.test(says)));
	assert.ok(notes.some((says) => /`docker-machine rm -y NAME`/.test(says)));
	const ended = events.find((event) => event.event === 'ended');
	assert.match(JSON.stringify(ended), /setup --preset theirs --fleet NEW-NAME --token-file FILE/);
});

test('a script gets the options as data; without another executor the preset is of the one that is there', async (t) => {
	const {answers, value} = await saved(t, '--json');
	assert.equal(answers.executor, 'docker+machine');
	const options = Array.isArray(value) ? value : assert.fail('no list');
	assert.deepEqual(
		options.find(({option}) => option === 'runners.limit'),
		{option: 'runners.limit', value: '10', is: 'mapped', answer: 'limit', says: 'the answer limit'},
	);
});

test('from that preset a fleet beside it can be made: nothing is in its way', async (t) => {
	const {world, file, kept} = await saved(t, '--executor', 'docker-autoscaler');
	const heard = hearing();
	const code = await plan(sessionAt(world, ['plan', '--preset', file, '--fleet', 'beside', '--region', region], heard, {presets: kept}));
	const blocked = heard.events.flatMap((event) => (event.event === 'step.found' && event.is === 'blocked' ? [`${event.step}: ${event.says}`] : []));
	assert.deepEqual({code, blocked}, {code: 3, blocked: []});
	assert.ok(heard.events.some((event) => event.event === 'step.found' && `${event.step}` === 'group' && event.is === 'missing'));
});
