import assert from 'node:assert/strict';
import {cp, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {after, before} from 'node:test';
import {pathToFileURL} from 'node:url';
import type {Asked} from '../../source/answers/question.ts';
import {someAnswers} from '../executors/docker-machine/some-answers.ts';
import {plainUnderTest} from '../faces/streams.ts';
import {typeChecked} from '../type-checked.ts';
import {asking, emptyCloud} from './stub.ts';

/** All that a new answer takes: its record beside those of its topic, a line in the list of questions, and a row of config.toml, where it stands. */
const added: readonly [file: string, beside: string, more: string][] = [
	[
		'source/answers/jobs.ts',
		'export const dockerImage = ',
		`export const outputLimit = question('outputLimit', count(1, 1_000_000, 'kB'))({
	title: "How long may a job's log get?",
	help: 'What comes after that is cut off.',
	kind: 'number',
	unit: 'kB',
	change: 'live',
	default: 4096,
});

`,
	],
	['source/answers/all.ts', '\tjobs.dockerImage,', '\tjobs.outputLimit,\n'],
	[
		'source/steps/config/fields.ts',
		"\t{path: 'runners.unhealthy_requests_limit'",
		"\t{path: 'runners.output_limit', answer: 'outputLimit', absent: [4096n], write: ({answers}) => whole(answers.outputLimit)},\n",
	],
];

let copy = '';

before(async () => {
	copy = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-answer-'));
	for (const name of ['source', 'package.json', 'tsconfig.json']) await cp(resolve(name), join(copy, name), {recursive: true});
	await symlink(resolve('node_modules'), join(copy, 'node_modules'));
	for (const [file, beside, more] of added) {
		const text = await readFile(join(copy, file), 'utf8');
		assert.equal(text.split(beside).length, 2, `${file} holds ${beside} once`);
		// What an absent one means is known already.
		const free = text.replace("\t{path: 'runners.output_limit', absent: [4096n]},\n", '');
		await writeFile(
			join(copy, file),
			free.replace(beside, () => more + beside),
		);
	}
});

after(() => rm(copy, {recursive: true, force: true}));

/** A module of the copy, which is of the same type as the one here. */
const of = <Module>(path: string): Promise<Module> => import(pathToFileURL(join(copy, 'source', path)).href);

const all = () => of<typeof import('../../source/answers/all.ts')>('answers/all.ts');

/** Its record, whose key nobody here knows. */
async function question() {
	const {inOrder} = await all();
	const found = inOrder.find(({id}) => `${id}` === 'outputLimit');
	assert.ok(found);
	return found;
}

const given = (value: unknown) => JSON.parse(JSON.stringify({region: 'us-east-2', outputLimit: value}));

test('a new answer is its record, a line in the list and a row of config.toml: the type of all answers follows', async () => {
	await typeChecked(copy);
});

test('its flag is read and judged, its help says what it is, and every shell completes it', async () => {
	const {parse} = await of<typeof import('../../source/commands/line/argv.ts')>('commands/line/argv.ts');
	const {commandHelp} = await of<typeof import('../../source/commands/line/help.ts')>('commands/line/help.ts');
	const {completions} = await of<typeof import('../../source/commands/line/completions.ts')>('commands/line/completions.ts');
	assert.deepEqual(parse(['setup', '--output-limit', '8192']).given, {outputLimit: 8192});
	assert.throws(() => parse(['setup', '--output-limit', 'long']), {message: '--output-limit is "long". It takes a whole number from 1 to 1,000,000 kB.'});
	assert.match(await commandHelp('setup'), /--output-limit KB\n\s+How long may a job's log get\?/);
	assert.match(await commandHelp('setup'), /Default:\s+4096\./);
	for (const shell of ['bash', 'zsh', 'fish'] as const) assert.match(await completions(shell), /output-limit/);
});

test('a preset holds it, and is refused where it holds something else', async () => {
	const {presetIn} = await of<typeof import('../../source/answers/preset-form.ts')>('answers/preset-form.ts');
	assert.deepEqual(presetIn({version: 1, description: '', answers: given(8192)}, 'it').answers, given(8192));
	assert.throws(() => presetIn({version: 1, description: '', answers: given('long')}, 'it'), /outputLimit is "long"\. It takes a whole number/);
});

test('the review shows it with where it came from, and the record tells a change of it', async () => {
	const {settle, answersSeen} = await of<typeof import('../../source/answers/walk.ts')>('answers/walk.ts');
	const {changesBetween} = await of<typeof import('../../source/steps/recorded.ts')>('steps/recorded.ts');
	const rows = async (value?: number) =>
		answersSeen(await settle({flag: value === undefined ? {} : given(value)}, asking({profileRegion: 'us-east-2'}))).filter(
			({key}) => `${key}` === 'outputLimit',
		);
	assert.deepEqual(
		(await rows()).map(({value, source}) => [value, source]),
		[['4096 kB', 'default']],
	);
	assert.deepEqual(
		(await rows(8192)).map(({value, source}) => [value, source]),
		[['8192 kB', 'flag']],
	);
	assert.deepEqual(changesBetween(given(4096), given(8192)), [{what: 'outputLimit', from: '4096', to: '8192', how: 'live'}]);
});

test('whoever is asked everything is asked for it, and a prompt takes it as a number', async () => {
	const {interview} = await of<typeof import('../../source/answers/interview.ts')>('answers/interview.ts');
	const {plainFace} = await of<typeof import('../../source/faces/plain/face.ts')>('faces/plain/face.ts');
	const put: Asked[] = [];
	const ask = async (asked: Asked) => {
		put.push(asked);
		return asked.default?.value;
	};
	await interview({layers: {flag: {region: 'us-east-2'}}, asking: asking({cloud: emptyCloud()}), everything: true, ask});
	const asked = put.find(({question: {id}}) => `${id}` === 'outputLimit');
	assert.ok(asked);
	const {face, input, out} = plainUnderTest({interactive: true}, plainFace);
	input.write('8192\n');
	assert.equal(await face.ask(asked), 8192);
	assert.match(out(), /How long may a job's log get\?[\s\S]*In kB \(/);
});

test('it is written into config.toml, and read there again', async () => {
	const {mergeConfig} = await of<typeof import('../../source/steps/config/merge.ts')>('steps/config/merge.ts');
	const {readAnswers} = await of<typeof import('../../source/steps/config/answers.ts')>('steps/config/answers.ts');
	const {machineConfig} = await of<typeof import('../../source/executors/docker-machine/config.ts')>('executors/docker-machine/config.ts');
	const {id} = await question();
	const {text} = mergeConfig(undefined, {
		answers: {...someAnswers({}), ...given(8192)},
		fleet: {name: 'gitlab-runners', region: 'us-east-2'},
		bucket: undefined,
		config: machineConfig(),
		token: {token: 'glrt-aaaaaaaaaaaaaaaaaaaa'},
	});
	assert.match(text, /^\s*output_limit = 8192$/m);
	assert.equal(readAnswers(text, [machineConfig()]).answers[id], 8192);
});
