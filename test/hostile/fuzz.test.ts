import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join as pathOf} from 'node:path';
import {PassThrough} from 'node:stream';
import {after, test} from 'node:test';
import fc from 'fast-check';
import {inOrder} from '../../source/answers/all.ts';
import {presetInText} from '../../source/answers/preset-form.ts';
import {wrongShape} from '../../source/answers/value.ts';
import {machineConfig} from '../../source/executors/docker-machine/config.ts';
import {dockerMachine, onWorker} from '../../source/executors/docker-machine/executor.ts';
import {isMachineName} from '../../source/executors/docker-machine/machine-names.ts';
import {jsonFace} from '../../source/faces/json/face.ts';
import {inkFace} from '../../source/faces/ui/face.tsx';
import {frameOf} from '../../source/faces/ui/frame.ts';
import {panelViews} from '../../source/faces/ui/panel/screen.ts';
import {textOf as rowText} from '../../source/faces/ui/row.ts';
import {reportText} from '../../source/faces/words/status-report.ts';
import {statusLines} from '../../source/faces/words/status-table.ts';
import {type AnswerKey, type Answers, isWorkerName} from '../../source/fleet.ts';
import {join} from '../../source/panel/live/join.ts';
import {statusOf} from '../../source/panel/live/status.ts';
import {isProblem, Problem} from '../../source/problem.ts';
import {mergeConfig} from '../../source/steps/config/merge.ts';
import {firstJobFile} from '../../source/steps/first-job.ts';
import {readRecord} from '../../source/steps/looks/record.ts';
import {isHostName} from '../../source/world/host/machine-name.ts';
import {asRoot, commandLine, quote} from '../../source/world/host/quote.ts';
import {printable, printableLines} from '../../source/world/printable.ts';
import {someAnswers, someFleet} from '../executors/docker-machine/some-answers.ts';
import {shown} from '../faces/shown.ts';
import {plainUnderTest, textOf} from '../faces/streams.ts';
import {now} from '../panel/seeing.ts';
import {about, panelView, screenOf, seenOf} from '../panel/shown.ts';
import {hostileSnapshot} from './snapshots.ts';
import {assertInert, canary, hostile, source, unseen} from './texts.ts';

/** The same texts in each run; another number tries others. */
const seed = Number(process.env.FUZZ_SEED ?? 20_261_125);
const runs = {seed, numRuns: 1000};
/** Texts that went through the ports and faces, in all tests together. */
let tried = 0;

const folder = mkdtempSync(pathOf(tmpdir(), 'hostile-'));
after(() => rmSync(folder, {recursive: true, force: true}));

/** Runs command lines by a shell in an empty folder, with nothing on its PATH but these stand-ins and what an attack would use; gives what they print. */
function inShell(script: string, standIns: readonly string[]): string {
	const [empty, programs] = [mkdtempSync(pathOf(folder, 'cwd-')), mkdtempSync(pathOf(folder, 'path-'))];
	for (const name of standIns) writeFileSync(pathOf(programs, name), '#!/bin/sh\n', {mode: 0o755});
	symlinkSync('/usr/bin/touch', pathOf(programs, 'touch'));
	mkdirSync(pathOf(empty, 'here'));
	const said = execFileSync('/bin/sh', [], {
		cwd: pathOf(empty, 'here'),
		env: {PATH: programs, HOME: empty},
		input: script,
		encoding: 'utf8',
		stdio: ['pipe', 'pipe', 'ignore'],
	});
	assert.deepEqual([...readdirSync(empty), ...readdirSync(pathOf(empty, 'here'))], ['here'], 'something was run');
	return said;
}

test(`texts that can’t be seen are shown by their number, all others stay as they are (seed ${seed})`, () => {
	fc.assert(
		fc.property(hostile, (text) => {
			tried += 1;
			assertInert(printable(text), 'one line');
			assert.ok(!printable(text).includes('\n'));
			assertInert(printableLines(text), 'lines');
			assert.equal(printableLines(text).split('\n').length, text.split('\n').length);
			assert.equal(printable(printable(text)), printable(text));
			if (!unseen.test(text)) assert.equal(printable(text), text);
			assertInert(new Problem({code: text, message: text, advice: text}).message, 'a problem');
		}),
		runs,
	);
});

test('whatever others wrote, no face of the panel sends more than text to a terminal', async (t) => {
	const texts = source(seed, 8000);
	const looks = [
		{colour: false, ascii: false},
		{colour: false, ascii: true},
	] as const;
	for (let round = 0; texts.given() < 4000; round += 1) {
		const snapshot = await hostileSnapshot(texts.next);
		const rows = join(snapshot, now);
		for (const look of looks) assertInert(statusLines(snapshot, rows, now, 40 + (round % 5) * 40, look).join('\n'), 'the table');
		assertInert(reportText(snapshot, rows, now), 'the report');
		assertInert(JSON.stringify(statusOf(snapshot, now, rows)), 'the document');
		const seen = seenOf(snapshot);
		const screens = [...panelViews.map((view) => screenOf({view})), ...rows.map(({key}) => ({is: 'panel-item' as const, on: key}))];
		for (const screen of screens)
			for (const row of frameOf(screen, panelView(seen, {columns: 60 + (round % 4) * 40}))) {
				assertInert(rowText(row), `a row of ${screen.is}`);
				assert.ok(!rowText(row).includes('\n'), 'a row is one line');
			}
		for (const {name} of rows) assert.ok(isHostName(name), `${JSON.stringify(name)} is no machine's name`);
	}
	tried += texts.given();
	t.diagnostic(`${texts.given()} texts, seed ${seed}`);
});

/** What Ink itself writes: begin and end of a frame, cursor, erasing, the screen, and our own six colours and bold. */
const inks = new RegExp(
	`${String.fromCharCode(27)}\\[(?:\\?(?:25|1049|2004|2026)[hl]|\\d*[ABCDEFGK]|[02]?J|(?:\\d+;\\d+)?H|(?:0|1|22|7|27|31|32|33|35|36|39|90)m)|\\r`,
	'g',
);

test('the bytes that Ink sends for it are its own and our colours', async () => {
	const texts = source(seed + 1, 4000);
	const stdin = Object.assign(new PassThrough(), {isTTY: true, setRawMode: () => stdin, ref: () => stdin, unref: () => stdin});
	const out = textOf();
	const stdout = Object.assign(out.stream, {isTTY: true, columns: 140, rows: 45});
	const face = inkFace({
		stdin: stdin as unknown as NodeJS.ReadStream,
		stdout: stdout as unknown as NodeJS.WriteStream,
		stderr: stdout as unknown as NodeJS.WriteStream,
		...{colour: true, ascii: false, yes: false, title: 'status', clock: {now: () => now}, onStop: () => undefined},
	});
	const snapshots = await Promise.all(Array.from({length: 3}, () => hostileSnapshot(texts.next)));
	/** Does something that changes the screen, and waits until it is drawn. */
	const drawn = async (change: () => void): Promise<void> => {
		const before = out.text().length;
		change();
		await shown(out.text, () => out.text().length > before);
	};
	const left = face.show.panel({
		about,
		async watch(tell, signal) {
			for (const snapshot of snapshots) {
				await drawn(() => tell(snapshot));
				for (const key of '23451') await drawn(() => stdin.write(key));
			}
			stdin.write('q');
			await new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));
		},
		prepare: () => Promise.reject(new Error('nothing is done')),
		moves: async () => [],
		shell: () => Promise.reject(new Error('no shell')),
		report: () => '',
	});
	await left;
	face.emit({event: 'note', says: printable(texts.next())});
	face.fail(new Problem({code: 'x', message: texts.next(), advice: texts.next()}));
	await face.close();
	assert.match(out.text(), /<U\+001B>/, 'what was hostile is on the screen, by its number');
	assertInert(out.text().replaceAll(inks, ''), "Ink's output");
	tried += texts.given();
});

test('lines and JSON of a run hold text only, whatever the ports told', () => {
	fc.assert(
		fc.property(hostile, hostile, hostile, (one, two, three) => {
			tried += 3;
			const [says, name, line] = [printable(one), printable(two), printable(three)];
			const {face, out, err} = plainUnderTest();
			const json = textOf();
			const both = [face, jsonFace({out: json.stream, yes: true, clock: {now: () => now}})];
			const problem = new Problem({code: two, message: one, advice: three});
			for (const each of both) {
				each.emit({event: 'plan.started', steps: [{name: 'bucket', title: 'Cache bucket'}]});
				each.emit({
					event: 'step.found',
					step: 'bucket',
					is: 'different',
					says,
					changes: [{what: name, from: says, to: line, how: 'live'}],
					notes: [{says: line, advice: says}],
				});
				each.emit({event: 'step.says', step: 'bucket', says});
				each.emit({event: 'step.line', step: 'bucket', line});
				each.emit({event: 'note', says});
				each.fail(problem);
			}
			for (const text of [out(), err(), json.text()]) assertInert(text, 'a face');
			for (const document of json.text().trimEnd().split('\n')) JSON.parse(document);
		}),
		{seed, numRuns: 300},
	);
});

test('no word that others wrote is run by a shell: here, on the manager, or on a worker', async () => {
	const words = fc.sample(hostile, {seed, numRuns: 3000}).filter((word) => !word.includes('\u0000') && word.isWellFormed());
	tried += words.length;
	const said = inShell(words.map((word) => `printf '%s\\0' ${quote(word)}`).join('\n'), []);
	assert.deepEqual(said.split('\u0000').slice(0, -1), words);
	// The manager's shell, then sudo, then docker-machine, which joins words for the worker's shell.
	const chain = 'sudo() { shift; "$@"; }; env() { shift 2; "$@"; }; docker-machine() { shift 2; eval "$*"; }; docker() { printf "%s\\0" "$5"; }';
	const asked = await Promise.all(
		words.slice(0, 500).map((word) => onWorker('ubuntu', {name: 'runner-a'}, commandLine('docker', 'run', '--rm', '--', 'x', word))),
	);
	const there = inShell([chain.replace('docker-machine()', 'machine()'), ...asked.map((line) => line.replace(' docker-machine ', ' machine '))].join('\n'), []);
	assert.deepEqual(there.split('\u0000').slice(0, -1), words.slice(0, 500));
	const names = await Promise.all(words.slice(0, 500).map((name) => onWorker('ubuntu', {name}, undefined)));
	inShell(names.join('\n'), ['sudo']);
	inShell(
		words
			.slice(0, 500)
			.map((word) => asRoot('ubuntu', 'cat', word))
			.join('\n'),
		['sudo'],
	);
});

const keys = inOrder.map(({id}) => id);

/** Answers of which some are hostile texts that their shapes let through. */
function passing(text: string): Partial<Record<AnswerKey, unknown>> {
	const forms = (key: AnswerKey): unknown[] =>
		[
			text,
			[text],
			{[text]: text},
			{gitlabRunner: text, dockerMachine: text},
			[`engine-opt=${text}`],
			`https://${text}`,
			`arn:aws:iam::123456789012:policy/${text}`,
		].filter((value) => wrongShape(key, value) === undefined);
	return Object.fromEntries(
		keys.flatMap((key) => (forms(key).length > 0 && !['fleet', 'region', 'executor', 'runner', 'tokenStore'].includes(key) ? [[key, forms(key)[0]]] : [])),
	);
}

test('no answer that has its shape is run by a shell in the commands by hand', () => {
	const names = ['aws', 'curl', 'grep', 'sha256sum', 'sudo', 'ssh-keygen', 'cloud-init', 'systemctl', 'chmod'];
	const lines = fc.sample(hostile, {seed, numRuns: 400}).flatMap((text) => {
		tried += 1;
		const answers = {...someAnswers(), ...passing(text)} as Answers;
		return dockerMachine.steps.flatMap((step) => (text.length < 80 ? (step.commands?.(answers, someFleet) ?? []) : []));
	});
	assert.ok(
		lines.some((line) => line.includes(canary)),
		'some hostile answers have their shape, such as a path',
	);
	inShell([...new Set(lines)].join('\n'), names);
});

test('only what can stand in a shell, in TOML and in an image’s name has the shape of an answer that stands there', () => {
	fc.assert(
		fc.property(hostile, (text) => {
			tried += 1;
			for (const key of [
				'dockerImage',
				'engineInstall',
				'sshUser',
				'workerSshUser',
				'gitlabUrl',
				'project',
				'access',
				'workerProfile',
				'sshAddress',
				'fleet',
				'region',
			] as const)
				for (const value of [text, `https://${text}`, `a${text}`]) if (wrongShape(key, value) === undefined) assert.match(value, /^[\w.:/@%~+=,[\]-]+$/, key);
			for (const key of keys)
				for (const value of [text, [text], {[text]: text}]) if (wrongShape(key, value) === undefined) assertInert(JSON.stringify(value), key);
		}),
		runs,
	);
});

test('a name that others wrote is a runner’s only if it is one whole', () => {
	fc.assert(
		fc.property(hostile, hostile, (before, between) => {
			tried += 2;
			for (const name of [before, `runner-abc123def-${between}-1700000000-deadbeef`, `${before}runner-abc-${someFleet.name}-1700000000-deadbeef`]) {
				if (isMachineName(name)) assert.match(name, /^[A-Za-z0-9.-]+$/);
				if (isWorkerName(someFleet, name)) assert.match(name, /^runner-[a-z0-9-]+$/);
			}
		}),
		runs,
	);
});

test('what others wrote in config.toml stays theirs, byte for byte, and none of it becomes ours', () => {
	const wanted = {answers: someAnswers(), fleet: someFleet, bucket: 'cache', config: machineConfig(['amazonec2-region=us-east-2'])};
	const standing = mergeConfig(undefined, {...wanted, token: {token: 'glrt-ours'}}).text;
	fc.assert(
		fc.property(hostile, hostile, hostile, (name, key, value) => {
			tried += 3;
			if (![name, key, value].every((text) => text.isWellFormed())) return;
			const toml = (text: string): string =>
				JSON.stringify(text)
					.replaceAll('\u007f', '\\u007f')
					.replace(/[\u0080-\u009f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
			const theirs = `${standing}\n[[runners]]\nname = ${toml(name)}\ntoken = ${toml(value)}\n${toml(`k${key}`)} = ${toml(value)}\n`;
			const {text, changes, yours} = mergeConfig(theirs, {...wanted, answers: someAnswers({limit: 7})});
			assert.match(text, /token = "glrt-ours"/);
			assert.equal(text.split('[[runners]]').length - 1 - (JSON.stringify([name, key, value]).split('[[runners]]').length - 1) >= 2, true);
			for (const told of [...yours, ...changes.map(({what, from, to}) => `${what} ${from} ${to}`)]) assertInert(told, 'what is told of it');
		}),
		{seed, numRuns: 300},
	);
});

test('a preset or a record that others wrote is either refused in words, or holds only answers of their shapes', () => {
	fc.assert(
		fc.property(hostile, fc.constantFrom(...keys), hostile, (text, key, description) => {
			tried += 2;
			const content = JSON.stringify({version: 1, description, answers: {[key]: text, [text]: text}});
			const alone = JSON.stringify({version: 1, description, answers: {[key]: text}});
			for (const one of [content, alone, text, `${content}${text}`]) {
				for (const read of [() => presetInText(one, 'This preset'), () => readRecord({region: 'us-east-2', name: 'x'}, one)]) {
					try {
						assertInert(JSON.stringify(read()), 'what was read');
					} catch (error) {
						if (!isProblem(error)) throw error;
						assertInert(error.message, 'the problem');
						assert.notEqual(error.fault, 'bug');
					}
				}
			}
		}),
		runs,
	);
});

test('the file of the first job names the runner’s tags as YAML reads them, one each', () => {
	fc.assert(
		fc.property(hostile, (tag) => {
			tried += 1;
			const [line = '', ...more] = firstJobFile([printable(tag)], 'alpine:latest', false)
				.split('\n')
				.slice(2);
			assert.ok(line.startsWith('  tags: ['));
			assert.deepEqual(more, ['  script:', '    - echo "Hello from AWS"', '']);
			const told = line.slice('  tags: ['.length, -1);
			assert.equal(told.startsWith('"') ? JSON.parse(told) : told, printable(tag));
		}),
		runs,
	);
});

test('ten thousand texts at least were tried', (t) => {
	t.diagnostic(`${tried} hostile texts, seed ${seed}`);
	assert.ok(tried >= 10_000, String(tried));
});
