import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {sizes} from '../faces/sizes.ts';
import {openTerminal} from './terminal.ts';

function open(t: TestContext, scenario: string, options: Parameters<typeof openTerminal>[2] = {}) {
	const terminal = openTerminal('replay.ts', [scenario], options);
	t.after(() => terminal.close());
	return terminal;
}

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} the run fills the terminal: header on top, steps, waterfall, keys at the bottom`, async (t) => {
		const terminal = open(t, 'run', {columns, rows});
		await terminal.until(/waiting for SSH/);
		const lines = terminal.lines();
		assert.match(lines[0] ?? '', /^ set up › run .*us-east-2 · gitlab-runners/);
		assert.match(terminal.text(), /create ▇+ 6 s/);
		assert.match(terminal.text(), /Waiting for SSH to be available/);
		assert.match(lines[rows - 1] ?? '', /l whole log .*ctrl-c stop/);
	});
}

test('ctrl-c once stops after the call under way; the main screen comes back with what was done and what comes next', async (t) => {
	const terminal = open(t, 'run');
	await terminal.until(/waiting for SSH/);
	assert.equal(terminal.kind(), 'alternate');
	terminal.press('\x03');
	assert.equal(await terminal.ended(), 130);
	assert.equal(terminal.kind(), 'normal');
	assert.ok(terminal.raw().includes('\x1b[?1049l'));
	assert.ok(terminal.raw().lastIndexOf('\x1b[?25h') > terminal.raw().lastIndexOf('\x1b[?25l'), 'the cursor is shown again');
	assert.match(terminal.text(), /✔ cache bucket: made, 90-day lifecycle, 1\.2 s/);
	assert.match(terminal.text(), /✖ runner, after 28 s: alice may not create the manager/);
	assert.match(terminal.text(), /gitlab-runner-aws destroy --fleet gitlab-runners/);
	assert.match(terminal.text(), /stops: 1/);
});

test('ctrl-c twice stops now, and the screen says so in between', async (t) => {
	const terminal = open(t, 'run-hard');
	await terminal.until(/waiting for SSH/);
	terminal.press('\x03');
	await terminal.until(/set up › stopping after this call/);
	await terminal.until(/ctrl-c stop now/);
	terminal.press('\x03');
	assert.equal(await terminal.ended(), 130);
	assert.match(terminal.text(), /stops: 2/);
});

test('resized, it is drawn anew at once; too small, it says what it needs; large again, all is back', async (t) => {
	const terminal = open(t, 'run', {columns: 120, rows: 40});
	await terminal.until(/waiting for SSH/);
	for (const [columns, rows] of [
		[60, 20],
		[200, 60],
		[80, 24],
	] as const) {
		terminal.resize(columns, rows);
		await terminal.until(() => /ctrl-c stop/.test(terminal.lines()[rows - 1] ?? '') && /^ set up › run/.test(terminal.lines()[0] ?? ''));
		assert.equal(terminal.text().match(/set up › run/g)?.length, 1, terminal.text());
	}
	terminal.resize(50, 10);
	await terminal.until(/This needs 40 columns[\s\S]*50 and 10\./);
	terminal.resize(80, 24);
	await terminal.until(/waiting for SSH/);
});

test('questions are answered with keys, bursts and pastes; a secret is never on the screen', async (t) => {
	const terminal = open(t, 'ask');
	await terminal.until(/› eu-west-1/);
	terminal.press('\r');
	await terminal.until(/What is the fleet's name/);
	terminal.press('ci\r');
	await terminal.until(/How many workers at most/);
	terminal.press('\r');
	await terminal.until(/What you type is hidden/);
	terminal.press('\x1b[200~glrt-abcdefghij\x1b[201~');
	await terminal.until(/•{15}/);
	assert.ok(!terminal.raw().includes('abcdef'));
	terminal.press('\r');
	await terminal.until(/Type ci to agree/);
	terminal.press('ci\r');
	assert.equal(await terminal.ended(), 0);
	assert.match(terminal.text().replaceAll('\n', ''), /\{"answers":\["eu-west-1","ci",10,"glrt-abcdefghij"\],"agreed":true\}/);
});

test('ctrl-c in a question ends without a stop of any work', async (t) => {
	const terminal = open(t, 'ask');
	await terminal.until(/› eu-west-1/);
	terminal.press('\x03');
	assert.equal(await terminal.ended(), 130);
	assert.equal(terminal.kind(), 'normal');
	assert.match(terminal.text(), /stops: 0/);
});

test('what is watched is left with q', async (t) => {
	const terminal = open(t, 'watch');
	await terminal.until(/Waiting for the first job\./);
	terminal.press('q');
	assert.equal(await terminal.ended(), 0);
	assert.match(terminal.text(), /! It was left\./);
});

test('with NO_COLOR nothing is coloured, and every state is still a word', async (t) => {
	const terminal = open(t, 'run', {env: {NO_COLOR: '1'}});
	await terminal.until(/waiting for SSH/);
	terminal.press('\x03');
	await terminal.ended();
	// biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
	assert.doesNotMatch(terminal.raw(), /\x1b\[(1|2|[39]\d)m/);
});

test('in a locale without Unicode the glyphs are ASCII', async (t) => {
	const terminal = open(t, 'run', {env: {LANG: 'C', LC_ALL: 'C'}});
	await terminal.until(/waiting for SSH/);
	assert.match(terminal.text(), /^[\n -~]*$/);
	assert.match(terminal.text(), /\* cache bucket/);
});

test('a screen reader hears the steps as words', async (t) => {
	const terminal = open(t, 'run', {env: {INK_SCREEN_READER: 'true'}});
	await terminal.until(/test machine +waiting for SSH/);
	assert.doesNotMatch(terminal.text(), /│|┌/);
});

test('with --yes nobody is asked: the default is taken, what was agreed to is said, and what has no default names its way', async (t) => {
	const terminal = open(t, 'yes', {columns: 200});
	assert.equal(await terminal.ended(), 0);
	assert.match(terminal.text(), /All of ci goes\. \(agreed by --yes\)/);
	assert.match(terminal.text(), /"answer":"eu-west-1","agreed":true,"refused":\{"code":"unanswered"/);
});
