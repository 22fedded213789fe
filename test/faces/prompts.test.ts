import assert from 'node:assert/strict';
import {test} from 'node:test';
import {render} from '@inquirer/testing';
import type {Asked} from '../../source/answers/ask.ts';
import {Stopped} from '../../source/problem.ts';
import {fleetName, limit, machineOptions, region, runner, runnerToken, spot, spotPrice, tags} from './asked.ts';
import {plainOver} from './streams.ts';

type Prompt = Parameters<typeof render<unknown, Asked>>[0];

const asking: Prompt = (asked, context) => plainOver(context).ask(asked);
const agreeing =
	(word?: string): Prompt =>
	(_asked, context) =>
		plainOver(context).agree({says: 'All of ci goes.', details: ['manager i-1'], ...(word === undefined ? {} : {word})});

test('a text has its default and is judged by the question’s own validator', async () => {
	const {answer, events, getScreen, nextRender} = await render(asking, fleetName());
	await nextRender();
	assert.match(getScreen(), /What is the fleet's name\? \(gitlab-runners\)/);
	events.type('CI');
	events.keypress('enter');
	await nextRender();
	assert.match(getScreen(), /It takes 2 to 24 lower-case letters/);
	for (let key = 0; key < 2; key++) events.keypress('backspace');
	events.type('ci');
	events.keypress('enter');
	assert.equal(await answer, 'ci');
});

for (const [name, asked, typed, right] of [
	['a number’s default is taken by Enter', limit(), '', 10],
	['a number that isn’t whole is taken as it is', spotPrice(), '', 0.2],
	['a typed number is a number', limit(), '16', 16],
	['a boolean is taken by its letter', spot(), 'n', false],
	['a list is split at commas', machineOptions(), 'engine-opt=mtu=1400, amazonec2-monitoring', ['engine-opt=mtu=1400', 'amazonec2-monitoring']],
	['an object is typed as JSON', tags(), '{"CostCenter":"42"}', {CostCenter: '42'}],
	['a choice begins at its default', region(), '', 'eu-west-1'],
	['a closed choice is one of those offered', runner(), '', 'token'],
] as const) {
	test(name, async () => {
		const {answer, events, nextRender} = await render(asking, asked);
		await nextRender();
		// An editable default stands in brackets, so that typing replaces it.
		if (typed) events.type(typed);
		events.keypress('enter');
		assert.deepEqual(await answer, right);
	});
}

test('another value than those offered can be typed, but not where the choice is closed', async () => {
	const {answer, events, getScreen, nextRender} = await render(asking, region());
	await nextRender();
	assert.match(getScreen(), /not enabled in this account/);
	events.keypress('down');
	events.keypress('down');
	await nextRender();
	assert.match(getScreen(), /❯ Another, typed…|> Another, typed…/);
	events.keypress('enter');
	await nextRender();
	events.type('ap-south-2');
	events.keypress('enter');
	assert.equal(await answer, 'ap-south-2');
	const closed = await render(asking, runner());
	await closed.nextRender();
	assert.doesNotMatch(closed.getScreen(), /Another/);
	closed.events.keypress('enter');
	await closed.answer;
});

test('a secret is not echoed', async () => {
	const {answer, events, getFullOutput, nextRender} = await render(asking, runnerToken());
	await nextRender();
	events.type('glrt-abcdefghij');
	events.keypress('enter');
	assert.equal(await answer, 'glrt-abcdefghij');
	assert.doesNotMatch(await getFullOutput({raw: true}), /abcdef/);
});

test('ctrl-c in a question stops, and is no failure', async () => {
	const {answer, events, nextRender} = await render(asking, limit());
	await nextRender();
	events.keypress({name: 'c', ctrl: true});
	await assert.rejects(answer, Stopped);
});

test('where a word is asked for, only that word agrees', async () => {
	for (const [typed, agreed] of [
		['ci', true],
		['yes', false],
		['', false],
	] as const) {
		const {answer, events, nextRender} = await render(agreeing('ci'), limit());
		await nextRender();
		if (typed) events.type(typed);
		events.keypress('enter');
		assert.equal(await answer, agreed);
	}
});

test('a proposal is agreed to with Enter', async () => {
	const {answer, events, nextRender} = await render(agreeing(), limit());
	await nextRender();
	events.keypress('enter');
	assert.equal(await answer, true);
});
