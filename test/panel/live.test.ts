import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {sizes} from '../faces/sizes.ts';
import {openTerminal} from '../pty/terminal.ts';

/** The panel on the simulated afternoon, so many times as fast, of a fleet with the usual executor or another. */
function open(t: TestContext, options: Parameters<typeof openTerminal>[2] = {}, speed = 100, executor = 'docker-autoscaler') {
	const terminal = openTerminal('../panel/live.ts', [String(speed), executor], options);
	t.after(() => terminal.close());
	return terminal;
}

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} the afternoon is seen live: machines grow, jobs run on them, the keys are at the bottom`, async (t) => {
		const machines = columns === 80 || columns === 200;
		const terminal = open(t, {columns, rows}, 100, machines ? 'docker+machine' : 'docker-autoscaler');
		// Not the first of them, since the demo's orphan soon stands before all.
		await terminal.until(machines ? /^ [› ] runner-\S+ +busy/m : /^ [› ] i-[0-9a-f]\S+ +busy/m);
		const lines = terminal.lines();
		assert.match(lines[0] ?? '', /^ gitlab-runners {2}us-east-2 {2}demo/);
		assert.match(lines.join('\n'), /jobs .*\d running/);
		assert.match(lines[rows - 1] ?? '', /↑↓ move .*q quit .*\? keys/);
	});
}

test('the whole afternoon comes by: full limit, a machine that AWS takes back, no capacity, an orphan', async (t) => {
	const terminal = open(t, {columns: 160, rows: 40}, 60);
	const wanted = [
		/The limit is 4 and all 4 machines are busy/,
		/lost its machine \d+ s ago: spot interruption/,
		/orphan +of no runner here/,
		/EC2 has no spot capacity for c5\.large/,
	];
	const left = new Set(wanted);
	const look = (most: number) => () => {
		for (const one of left) if (one.test(terminal.text())) left.delete(one);
		return left.size <= most;
	};
	for (const most of [3, 2, 1, 0]) await terminal.until(look(most)).catch((error: unknown) => assert.fail(`${[...left].join(' ')}: ${String(error)}`));
});

test('resized, it is drawn anew at once, with the cursor on its worker; too small, it says what it needs', async (t) => {
	const terminal = open(t, {columns: 120, rows: 40});
	await terminal.until(/› i-\S+ +busy/);
	for (const [columns, rows] of [
		[60, 20],
		[200, 60],
		[80, 24],
	] as const) {
		terminal.resize(columns, rows);
		await terminal.until(
			() => /q quit/.test(terminal.lines()[rows - 1] ?? '') && /^ gitlab-runners/.test(terminal.lines()[0] ?? '') && /› i-[0-9a-f]/.test(terminal.text()),
		);
	}
	terminal.resize(50, 10);
	await terminal.until(/This needs 40 columns[\s\S]*50 and 10\./);
});

test('the limit is raised from the panel, and the fleet grows', async (t) => {
	const terminal = open(t, {columns: 120, rows: 40});
	await terminal.until(/machines .*4 of 4/);
	terminal.press('+');
	await terminal.until(/The limit goes from 4 to 5 machines[\s\S]*Quota +10 of/);
	terminal.press('\r');
	// That it's done is told for six seconds, which are none at this speed; what it did stays.
	await terminal.until(/machines .*of 5/);
	await terminal.until(/limit 4 → 5, concurrent 4 → 5 by alice/);
	terminal.press('4');
	await terminal.until(/^ +limit = 5$/m);
});

test('q leaves the terminal as it was, exit 0; ctrl-c too, exit 130', async (t) => {
	const terminal = open(t);
	await terminal.until(/manager i-/);
	assert.equal(terminal.kind(), 'alternate');
	terminal.press('q');
	assert.equal(await terminal.ended(), 0);
	assert.equal(terminal.kind(), 'normal');
	assert.ok(terminal.raw().lastIndexOf('\u001b[?25h') > terminal.raw().lastIndexOf('\u001b[?25l'), 'the cursor is shown again');
	const other = open(t);
	await other.until(/manager i-/);
	other.press('\u0003');
	assert.equal(await other.ended(), 130);
});

test('an hour of the demo draws little, clears nothing, and does not grow', async (t) => {
	const terminal = open(t, {columns: 120, rows: 40}, 600);
	await terminal.until(/› i-[0-9a-f]/);
	const from = terminal.bytes();
	const drawn = terminal.raw().length;
	// 600 times as fast, an hour is six seconds: the clock in the head tells when it's over.
	await terminal.until(/t3\.small +(?:6\d|7\d|8\d|9\d) m|t3\.small +\d\.\d h/);
	const later = terminal.raw().slice(drawn);
	assert.ok(!later.includes('\u001b[2J'), 'the screen is never cleared');
	assert.ok(terminal.bytes() - from < 2_000_000, `${terminal.bytes() - from} bytes`);
	terminal.press('q');
	await terminal.ended();
	const [, minutes, before, after] = /(\d+) simulated minutes, memory (\d+) then (\d+) MB/.exec(terminal.text()) ?? [];
	assert.ok(Number(minutes) >= 50, terminal.text());
	assert.ok(Number(after) < Number(before) * 1.25, `${before} then ${after} MB`);
});

test('in a locale without Unicode and with NO_COLOR it is plain ASCII, uncoloured, with every state a word', async (t) => {
	const terminal = open(t, {columns: 120, rows: 40, env: {LANG: 'C', LC_ALL: 'C', NO_COLOR: '1'}});
	await terminal.until(/> i-[0-9a-f]\S+ +busy/);
	assert.match(terminal.text(), /^[\n -~]*$/);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
	assert.doesNotMatch(terminal.raw(), /\x1b\[(1|2|[39]\d)m/);
});

test('a screen reader hears workers as words', async (t) => {
	const terminal = open(t, {columns: 200, rows: 60, env: {INK_SCREEN_READER: 'true'}});
	await terminal.until(/i-[0-9a-f]\S+ +busy/);
	assert.doesNotMatch(terminal.text(), /[▁-█]/);
});
