import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openTerminal} from './terminal.ts';

/** What a person at a terminal of lines types, each once what they wait for has been said since the last. */
async function typed(terminal: ReturnType<typeof openTerminal>, steps: readonly (readonly [waitsFor: RegExp, types: string])[]): Promise<void> {
	let from = 0;
	for (const [waitsFor, types] of steps) {
		await terminal.until(() => waitsFor.test(terminal.raw().slice(from)));
		from = terminal.raw().length;
		terminal.press(`${types}\r`);
	}
}

const question = (title: RegExp): RegExp => new RegExp(`${title.source}[\\s\\S]*helps\\): $`);

/** A whole visit: a question back and forth, a blocked answer that is mended, the run, the first job left, an act of the panel, its undo, the end of it all. */
const visit = [
	[question(/Which region\?/), ''],
	[question(/Which executor/), 'docker+machine'],
	[question(/Which image does the manager start from\?/), '?'],
	[/As a flag it is --image\.[\s\S]*:plan +says what is found so far[\s\S]*helps\): $/, 'debian-12'],
	[question(/Which security group/), '<'],
	[/Which image[\s\S]*Enter keeps debian-12; \? helps\): $/, 'ubuntu-24.04-arm64'],
	[question(/Which security group/), '1'],
	[question(/Which key pair/), ''],
	[question(/caches go\?/), '2'],
	[question(/Which instance type are the workers\?/), ''],
	[question(/Are the workers spot instances\?/), 'no'],
	[question(/How many workers/), '3'],
	[question(/Where does the runner in GitLab come from\?/), ''],
	[question(/Review of gitlab-runners in us-east-2: something is blocked[\s\S]*images: blocked: [\s\S]*:fix takes use t4g\.small instead/), 'yes'],
	[/Nothing is made while something is blocked[\s\S]*helps\): $/, ':fix'],
	[
		question(/Review of gitlab-runners in us-east-2: this is what is made\.[\s\S]*At most about[\s\S]*spot +no \(chosen\)[\s\S]*limit +3 machines/),
		'worker disk',
	],
	[question(/How big is a worker's disk\?/), '30'],
	[question(/worker disk +30 GiB \(chosen\)/), 'yes'],
	[/Two\s+jobs\s+run\s+in\s+a\s+private\s+project[\s\S]*Go on\?[^\n]*$/, 'no'],
	[/Waiting for the first job[\s\S]*Press Enter to leave it\./, ''],
	[/is set up in us-east-2[\s\S]*machines: [\s\S]*What next\?[^\n]*$/, 'limit 5'],
	[/Record: limit 3 . 5[\s\S]*Go on\?[^\n]*$/, 'yes'],
	[/limit 3 . 5, concurrent 3 . 5: in config\.toml[\s\S]*What next\?[^\n]*$/, 'undo'],
	[/limit 5 . 3[\s\S]*Go on\?[^\n]*$/, ''],
	[/limit 5 . 3[\s\S]*What next\?[^\n]*$/, 'nonsense'],
	[/"nonsense" is nothing that can be done[\s\S]*What next\?[^\n]*$/, 'leave'],
	[/Type gitlab-runners to agree[^\n]*$/, 'gitlab-runners'],
] as const satisfies Parameters<typeof typed>[1];

test('setup, an act of the panel and destroy with --plain: lines and answers, and nothing moves the cursor', async (t) => {
	const terminal = openTerminal('../../dist/cli.js', ['demo', '--plain'], {columns: 100, rows: 50, env: {NO_COLOR: '1'}});
	t.after(() => terminal.close());
	await typed(terminal, visit);
	assert.equal(await terminal.ended(), 0);
	assert.match(terminal.raw(), /Nothing in us-east-2 bears the mark of gitlab-runners/);
	// Of all that terminals understand only the ends of lines are there.
	assert.deepEqual([...new Set(terminal.raw().match(/\p{Cc}/gu))].sort(), ['\n', '\r']);
	assert.doesNotMatch(terminal.raw(), /\r(?!\r*\n)/);
	assert.equal(terminal.kind(), 'normal');
});

test('a dumb terminal, as Emacs has one, gets the same questions without asking for them, in ASCII, and ctrl-c says how to begin again', async (t) => {
	const terminal = openTerminal('../../dist/cli.js', ['demo'], {columns: 100, rows: 50, env: {TERM: 'dumb', LANG: 'C'}});
	t.after(() => terminal.close());
	await typed(terminal, visit.slice(0, 3));
	await terminal.until(() => /As a flag it is --image/.test(terminal.raw()));
	terminal.press('\x03');
	assert.equal(await terminal.ended(), 130);
	assert.match(terminal.raw(), /Nothing was made or changed\./);
	assert.doesNotMatch(terminal.raw(), /same\s+command/);
	assert.match(terminal.raw(), /^[\n\r -~]*$/);
});
