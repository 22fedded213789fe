import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Asked} from '../../source/answers/question.ts';
import {Stopped} from '../../source/problem.ts';
import {fleetName, limit, machineOptions, region, runner, runnerToken, spot, spotPrice, tags} from './asked.ts';
import {plainUnderTest} from './streams.ts';

/** What a person types, line by line, at a question; gives the answer, and all that stood on the terminal. */
async function answered(asked: Asked, ...typed: readonly string[]): Promise<{answer: unknown; out: string}> {
	const {face, input, out} = plainUnderTest({interactive: true});
	input.write(typed.map((line) => `${line}\n`).join(''));
	return {answer: await face.ask(asked), out: out()};
}

const agreed = async (typed: readonly string[], word?: string): Promise<boolean> => {
	const {face, input} = plainUnderTest({interactive: true});
	input.write(typed.map((line) => `${line}\n`).join(''));
	return face.agree({says: 'All of ci goes.', details: ['manager i-1'], ...(word === undefined ? {} : {word})});
};

test('a text has its default and is judged by the question’s own validator', async () => {
	const {answer, out} = await answered(fleetName(), 'CI', 'ci');
	assert.match(out, /What is the fleet's name\?\nIt is in the name of all that is made\.\nAnswer \(Enter takes gitlab-runners; \? helps\): /);
	assert.match(out, /✖ It takes 2 to 24 lower-case letters/);
	assert.equal(answer, 'ci');
});

test('what stands before the cursor wraps between words in a narrow terminal, and leaves room to type', async () => {
	const {face, input, out} = plainUnderTest({interactive: true, columns: 40});
	input.write('ci\n');
	await face.ask(fleetName());
	assert.match(out(), /^Answer \(Enter takes gitlab-runners; \?\nhelps\): /m);
});

for (const [name, asked, typed, right] of [
	['a number’s default is taken by Enter', limit(), '', 10],
	['a number that isn’t whole is taken as it is', spotPrice(), '', 0.2],
	['a typed number is a number', limit(), '16', 16],
	['a boolean is taken by its letter', spot(), 'n', false],
	['a boolean is taken by its word', spot(), 'no', false],
	['a list is split at commas', machineOptions(), 'engine-opt=mtu=1400, amazonec2-monitoring', ['engine-opt=mtu=1400', 'amazonec2-monitoring']],
	['an object is typed as JSON', tags(), '{"CostCenter":"42"}', {CostCenter: '42'}],
	['Enter takes the default of a list', region(), '', 'eu-west-1'],
	['a choice is taken by its number', region(), '1', 'us-east-2'],
	['a choice is taken by its name', region(), 'US-EAST-2', 'us-east-2'],
	['another value than those offered can be typed', region(), 'ap-south-2', 'ap-south-2'],
	['a closed choice is one of those offered', runner(), '2', 'create'],
] as const) {
	test(name, async () => {
		assert.deepEqual((await answered(asked, typed)).answer, right);
	});
}

test('choices are numbered, each with what helps to choose it; one that can’t be taken says why, and isn’t', async () => {
	const {answer, out} = await answered(region(), '3', '1');
	assert.match(
		out,
		/ 1 {2}us-east-2, Ohio\n {2}2 {2}eu-west-1, Ireland \(default: the profile's\)\n {2}3 {2}af-south-1 \(not now: not enabled in this account\)/,
	);
	assert.match(out, /✖ not enabled in this account/);
	assert.equal(answer, 'us-east-2');
});

test('a part of a name lists those that have it, with numbers of their own', async () => {
	const {answer, out} = await answered(region(), 'west', '1');
	assert.match(out, /\? helps\): {3}1 {2}eu-west-1, Ireland/);
	assert.equal(answer, 'eu-west-1');
	const places = ['São Paulo', 'Ohio'].map((hint, at) => ({value: `region-${at}`, label: `region-${at}`, hint}));
	const wrong = (value: unknown): string | undefined => (places.some((one) => one.value === value) ? undefined : 'No.');
	assert.match(
		(await answered({...region(), choices: [...places, ...(region().choices ?? [])], wrong}, 'sao', '1')).out,
		/\? helps\): {3}1 {2}region-0, São Paulo/,
	);
});

test('of many choices the first are read out, and a part of a name finds the others', async () => {
	const choices = Array.from({length: 30}, (_, at) => ({value: `t3.${at}xlarge`, label: `t3.${at}xlarge`}));
	const {answer, out} = await answered(
		{question: region().question, choices, wrong: (value) => (choices.some((one) => one.value === value) ? undefined : 'No.')},
		'29x',
		'1',
	);
	assert.match(out, /20 {2}t3\.19xlarge\n {2}and 10 more: a part of a name lists those that have it\./);
	assert.equal(answer, 't3.29xlarge');
});

test('where the choice is closed nothing else is taken', async () => {
	const {answer, out} = await answered(runner(), 'mine', '3', '1');
	assert.equal(out.match(/It takes a number from 1 to 2, or a name\./g)?.length, 2);
	assert.equal(answer, 'token');
});

test('? says how it is answered, and its flag', async () => {
	const {answer, out} = await answered(limit(), '?', '3');
	assert.match(out, /The default comes from: as many as a small team uses\.\nAs a flag it is --limit\.\nCtrl-c leaves\./);
	assert.equal(answer, 3);
});

test('a secret is asked for once the echo is off, corrected by backspace, and refused with why', async () => {
	const prompts = (): number => out().split('Hidden while you type').length - 1;
	const raw: [isRaw: boolean, prompts: number][] = [];
	const {face, input, out} = plainUnderTest({interactive: true});
	Object.assign(input, {setRawMode: (isRaw: boolean) => raw.push([isRaw, prompts()])});
	input.write('nonsense\rglrt-abcdefghiX\u007fj\r');
	assert.equal(await face.ask(runnerToken()), 'glrt-abcdefghij');
	assert.match(out(), /✖ It takes a token that begins with glrt-/);
	assert.doesNotMatch(out(), /abcdef|nonsense/);
	assert.deepEqual(raw, [
		[true, 0],
		[false, 1],
		[true, 1],
		[false, 2],
	]);
});

test('ctrl-c while a secret is typed stops, and is no failure; so does the end of the input, and a stop from outside', async () => {
	const hidden = plainUnderTest({interactive: true});
	hidden.input.write('glrt-\u0003');
	await assert.rejects(hidden.face.ask(runnerToken()), Stopped);
	const ended = plainUnderTest({interactive: true});
	ended.input.end();
	await assert.rejects(ended.face.ask(limit()), Stopped);
	const stop = new AbortController();
	const asked = plainUnderTest({interactive: true, ended: stop.signal}).face.ask(limit());
	stop.abort();
	await assert.rejects(asked, Stopped);
});

test('what happens while somebody is asked is said once they have answered', async () => {
	const {face, input, out} = plainUnderTest({interactive: true});
	const asking = face.ask(limit());
	await new Promise((resolve) => setImmediate(resolve));
	face.emit({event: 'note', says: 'It happened meanwhile.'});
	assert.doesNotMatch(out(), /meanwhile/);
	input.write('7\n');
	assert.equal(await asking, 7);
	assert.match(out(), /! It happened meanwhile\./);
});

test('where a word is asked for, only that word agrees', async () => {
	assert.deepEqual([await agreed(['ci'], 'ci'), await agreed(['yes'], 'ci'), await agreed([''], 'ci')], [true, false, false]);
});

test('a proposal is agreed to with Enter or yes, and refused with no', async () => {
	assert.deepEqual([await agreed(['']), await agreed(['yes']), await agreed(['maybe', 'no'])], [true, true, false]);
});

test('nothing that is asked moves the cursor', async () => {
	for (const asked of [limit(), region(), spot(), runner(), fleetName()])
		assert.ok(!/[\r]/.test((await answered(asked, '?', '1', 'ci')).out.replaceAll('\u001b', '\r')));
});
