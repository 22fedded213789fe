import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import type {Walk} from '../../source/answers/walk.ts';
import {forgetDraft, keepDraft, keptDraft} from '../../source/commands/draft.ts';
import {parse} from '../../source/commands/line/argv.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {settingsIn} from '../../source/world/laptop/settings.ts';
import {asking} from '../answers/stub.ts';

/** A laptop on which somebody runs `setup` with these flags, at the simulated world's time. */
async function laptop(t: TestContext) {
	const folder = await mkdtemp(join(tmpdir(), 'draft-'));
	t.after(() => rm(folder, {recursive: true}));
	const {clock} = simulatedWorld();
	const world = {clock, timeZone: () => 'Europe/Berlin'};
	const settings = settingsIn(folder);
	return {folder, settings, session: (...flags: string[]) => ({settings, world, demo: false, ...parsedOf(flags)})};
}

function parsedOf(flags: string[]) {
	const parsed = parse(['setup', ...flags]);
	return {parsed, options: parsed.options};
}

const walkOf = (typed: Walk['layers']['typed'], more: Partial<Walk> = {}): Walk => ({
	layers: typed ? {typed} : {},
	everything: false,
	left: [],
	asking: asking(),
	...more,
});

test('whoever leaves the questions is offered their answers next time, those kept at their defaults among them, until a setup is agreed to', async (t) => {
	const {session} = await laptop(t);
	assert.equal(await keptDraft(session()), undefined);
	assert.equal(await keepDraft(session(), walkOf({region: 'us-east-2', limit: 7}, {left: ['image']})), 3);
	const draft = await keptDraft(session());
	assert.deepEqual([draft?.answers, draft?.left], [{region: 'us-east-2', limit: 7}, ['image']]);
	assert.match(draft?.says ?? '', /^3 answers of \d\d:\d\d \(us-east-2\)$/);
	await forgetDraft(session());
	assert.equal(await keptDraft(session()), undefined);
});

test('whoever answered nothing leaves nothing, and takes no draft of before away', async (t) => {
	const {session} = await laptop(t);
	await keepDraft(session(), walkOf({limit: 7}));
	assert.equal(await keepDraft(session(), walkOf(undefined)), 0);
	assert.equal((await keptDraft(session()))?.answers.limit, 7);
});

test('a draft is offered only to whoever could mean it: not for another fleet or region, nor beside a preset', async (t) => {
	const {session} = await laptop(t);
	await keepDraft(session(), walkOf({region: 'us-east-2', fleet: 'ci'}));
	assert.ok(await keptDraft(session('--fleet', 'ci')));
	assert.ok(await keptDraft(session('--limit', '3')));
	for (const flags of [
		['--fleet', 'other'],
		['--region', 'eu-west-1'],
		['--preset', 'small'],
	])
		assert.equal(await keptDraft(session(...flags)), undefined, flags.join(' '));
});

test('no secret gets into a draft, and none is taken from one; what isn’t an answer is left out', async (t) => {
	const {session, folder, settings} = await laptop(t);
	await keepDraft(session(), walkOf({limit: 7, runnerConfig: {environment: ['TOKEN=glrt-abcdefghijklmnop']}} as never));
	assert.doesNotMatch(await readFile(join(folder, 'settings.json'), 'utf8'), /abcdefgh/);
	await settings.remember({
		draft: {at: new Date(0).toISOString(), answers: {limit: 7, fleet: 'AWS key AKIAIOSFODNN7EXAMPLE', nonsense: 1}, left: ['image', 'nonsense']},
	});
	const draft = await keptDraft(session());
	assert.deepEqual([draft?.answers, draft?.left], [{limit: 7}, ['image']]);
});

test('a draft that somebody wrote over is no draft, and the preferences beside it stand', async (t) => {
	const {session, folder, settings} = await laptop(t);
	await writeFile(join(folder, 'settings.json'), JSON.stringify({presetsUsed: {small: '2026-11-23T23:50:00.000Z'}, draft: {at: 7}}));
	assert.equal(await keptDraft(session()), undefined);
	assert.deepEqual((await settings.read()).presetsUsed, {small: '2026-11-23T23:50:00.000Z'});
});
