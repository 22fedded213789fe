import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {sizes} from '../faces/sizes.ts';
import {leftAsFound, openTerminal} from './terminal.ts';

const key = {enter: '\r', left: '\x1b[D', up: '\x1b[A', down: '\x1b[B', escape: '\x1b', ctrlC: '\x03'} as const;

function open(t: TestContext, program: string, args: string[], options: Parameters<typeof openTerminal>[2] = {}) {
	const terminal = openTerminal(program, args, options);
	t.after(() => terminal.close());
	return {
		...terminal,
		/** Presses, then waits for words. */
		async and(keys: string, right: RegExp) {
			terminal.press(keys);
			await terminal.until(right);
		},
		lastLine: () => terminal.lines().findLast((line) => line.trim() !== '') ?? '',
	};
}

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} a failed step is tried again with r while another works, a pause names the login, and the end of it is left with q`, async (t) => {
		const {until, and, lines, press, ended, text} = open(t, 'replay.ts', ['helped'], {columns, rows});
		await until(/✖ runner: alice may not create the[\s\S]*waiting for SSH/);
		assert.match(lines()[rows - 1] ?? '', /^ r try runner again {2}← change runner .*\? help {2}ctrl-c stop/);
		await and('l', /set up › log[\s\S]*← +back|set up › log[\s\S]*Launching instance/);
		await and(key.escape, /r try runner again/);
		await and('?', /── help[\s\S]*try runner again[\s\S]*whole log/);
		await and(key.escape, /r try runner again/);
		await and(key.up, /esc follow|› ?✔ software|›✔ software/);
		await and(key.escape, /›⠙ test machine|›. test machine/);
		await and('r', /Paused, \d+ s: 4 of 7 done/);
		assert.match(
			text().replace(/\s+/g, ' '),
			/has expired \(ExpiredToken\)\. L runs `aws sso login --profile acme-dev`\. A login elsewhere is noticed within seconds/,
		);
		assert.match(lines()[rows - 1] ?? '', /^ L log in {2}r look again now .*\? help {2}ctrl-c stop/);
		await and('r', /✖ test machine: alice may not/);
		assert.match(lines()[rows - 1] ?? '', /^ r try again {2}← change worker type/);
		press(key.left);
		assert.equal(await ended(), 0);
		assert.match(text(), /\{"change":"workerType"\}/);
	});

	test(`at ${columns}x${rows} home is whole, and each key of its hint line does what it says`, async (t) => {
		for (const [keys, choice] of [
			[key.enter, '{"do":"open","fleet":{"name":"gitlab-runners","region":"us-east-2"}}'],
			['n', '{"do":"setup"}'],
			[`${key.down}${key.down}${key.enter}`, '{"do":"setup"}'],
			['l', '{"do":"again"}'],
			[`${key.down}r`, '{"do":"repair","fleet":{"name":"linux-spot","region":"eu-west-1"}}'],
			['q', '{"do":"quit"}'],
		] as const) {
			const {until, press, lines, ended, text} = open(t, 'replay.ts', ['home'], {columns, rows});
			await until(/› gitlab-runners {3}us-east-2 {3}✔ manager i-0ab1[\s\S]*Presets[\s\S]*small +used yesterday/);
			assert.match(text().replace(/\s+/g, ' '), /! af-south-1: alice may not look there: AWS refused ssm:GetParametersByPath\./);
			assert.match(text().replace(/\s+/g, ' '), /manager i-0ab1 t3\.small running/);
			assert.match(lines()[rows - 1] ?? '', /^ ↵ open {2}n set up a new fleet .*q quit {2}\? keys *$/);
			press(keys);
			assert.equal(await ended(), 0);
			assert.ok(text().replaceAll('\n', '').includes(choice), text());
		}
	});

	test(`at ${columns}x${rows} the end is whole: its commands can be copied, p saves, q leaves`, async (t) => {
		const {until, and, lines, press, ended, text} = open(t, 'replay.ts', ['end'], {columns, rows});
		await until(/What comes next/);
		const joined = text()
			.replace(/ \\\n\s+/g, ' ')
			.split('\n')
			.map((line) => line.trim());
		for (const word of ['plan', 'ssh', 'destroy']) assert.ok(joined.includes(`gitlab-runner-aws ${word} --fleet gitlab-runners --region us-east-2`), text());
		assert.match(text(), /✔ Your first job passed, 1 m 52 s/);
		assert.match(lines()[rows - 1] ?? '', /^ q ↵ quit {2}p save as preset {2}\? keys *$/);
		await and('?', /── keys[\s\S]*save as preset/);
		await and(key.escape, /What comes next/);
		await and('p', /What is the preset called/);
		await and(key.enter, /Preset gitlab-runners is saved/);
		press('q');
		assert.equal(await ended(), 0);
	});
}

for (const scenario of ['helped', 'home', 'end'] as const) {
	test(`resized at any moment the ${scenario} screen is drawn anew, once and whole`, async (t) => {
		const {until, resize, lines, text} = open(t, 'replay.ts', [scenario], {columns: 120, rows: 40});
		const last = {helped: /r try runner again.*ctrl-c stop/, home: /↵ open.*q quit.*\? keys/, end: /q ↵ quit.*\? keys/}[scenario];
		await until(last);
		for (const [columns, rows] of [...sizes, [80, 24]] as const) {
			resize(columns, rows);
			await until(() => last.test(lines()[rows - 1] ?? '') && /^ set up › /.test(lines()[0] ?? ''));
			assert.equal(text().match(/set up › /g)?.length, 1, text());
		}
		resize(39, 11);
		await until(/This needs 40 columns/);
		resize(60, 20);
		await until(last);
	});
}

/** The demo's setup up to a screen: all of it by Enter. */
async function demoTo({until, and}: ReturnType<typeof open>, screen: 'run' | 'watch' | 'end'): Promise<void> {
	await until(/Which region/);
	await and(key.enter, /Which executor/);
	await and(key.enter, /Which image/);
	for (const right of [/Which security/, /Which key pair/, /caches go/, /instance type are/, /spot inst/, /How many/, /Where does the runner/])
		await and(key.enter, right);
	await and(key.enter, /Review: this is what Enter makes/);
	// What it costs is told once everything is looked at: before that Enter only says that it isn't.
	await until(/[Aa]t most\s+about/);
	await and(key.enter, /of \d+ done/);
	if (screen === 'run') return;
	await until(/Two\s+jobs\s+run\s+in\s+a\s+private\s+project/);
	await (screen === 'watch' ? and(key.escape, /Waiting for the first job/) : and(key.enter, /What comes next/));
}

for (const screen of ['run', 'watch', 'end'] as const) {
	for (const [end, code] of [
		['SIGTERM', 143],
		['SIGHUP', 129],
		['ctrl-c', 130],
	] as const) {
		test(`${end} at the ${screen} screen ends with ${code} after saying what stands, and the terminal is as it was`, async (t) => {
			const terminal = open(t, '../../dist/cli.js', ['demo'], {shell: true, columns: 80, rows: 24});
			await demoTo(terminal, screen);
			if (end === 'ctrl-c') terminal.press(key.ctrlC);
			else terminal.signal(end);
			await terminal.ended();
			leftAsFound(terminal, code);
			const left = terminal.raw().slice(terminal.raw().lastIndexOf('\x1b[?1049l'));
			assert.match(left, screen === 'run' ? /Stopped after \d+ of \d+ steps/ : /gitlab-runners is set up in us-east-2/);
			assert.doesNotMatch(left, screen === 'run' ? /is set up|same\s+command/ : /Stopped/);
		});
	}
}

for (const errorsElsewhere of [false, true]) {
	test(`a terminal that is closed ends the program with 129, ${errorsElsewhere ? 'also where its standard error is another' : 'at the run screen too'}`, async (t) => {
		const terminal = open(t, '../../dist/cli.js', ['demo'], {errorsElsewhere});
		if (errorsElsewhere) await terminal.until(/Which region/);
		else await demoTo(terminal, 'run');
		terminal.hangUp();
		assert.equal(await terminal.exited, 129);
	});
}

test('back from the last question to the first and forward again keeps every answer', async (t) => {
	const {until, and, text} = open(t, '../../dist/cli.js', ['demo'], {columns: 120, rows: 60});
	await until(/› us-east-2/);
	assert.match(text(), /This is a demo on a simulated AWS/);
	await and(key.enter, /Which executor/);
	await and(key.enter, /Which image[\s\S]*› ubuntu-24/);
	await and(key.down, /› ubuntu-22/);
	for (const right of [/Which security/, /Which key pair/, /caches go/]) await and(key.enter, right);
	await and(key.down, /› (No|none)/i);
	await and(key.enter, /instance type are/);
	await and(key.enter, /spot inst/);
	await and(key.down, /› no/i);
	await and(key.enter, /How many/);
	await and(key.enter, /Where does the runner/);
	for (const right of [
		/How many/,
		/spot inst[\s\S]*› no/i,
		/instance type are/,
		/caches go[\s\S]*› (No|none)/i,
		/Which key pair/,
		/Which security/,
		/Which image[\s\S]*› ubuntu-22/,
	])
		await and(key.left, right);
	await and(key.left, /Which executor/);
	await and(key.left, /Which region[\s\S]*› us-east-2/);
	for (const right of [
		/Which executor/,
		/Which image[\s\S]*› ubuntu-22/,
		/Which security/,
		/Which key pair/,
		/caches go[\s\S]*› (No|none)/i,
		/instance type are/,
		/spot inst[\s\S]*› no/i,
	])
		await and(key.enter, right);
	await and(key.enter, /How many/);
	await and(key.enter, /Where does the runner/);
	await and(key.enter, /Review: this is what Enter makes/);
	for (const answer of [/image +ubuntu-22\.04 +\(chosen\)/, /cache +none +\(chosen\)/, /spot +no +\(chosen\)/]) assert.match(text(), answer);
});
