import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'node:test';
import {inOrder} from '../../source/answers/all.ts';
import {nearest} from '../../source/answers/nearest.ts';
import {flagOf} from '../../source/answers/question.ts';
import {commands, everywhere} from '../../source/commands/line/command-table.ts';
import {completions, isShell} from '../../source/commands/line/completions.ts';
import {commandHelp, help} from '../../source/commands/line/help.ts';

test('the help names every command and every flag of all commands, in 80 columns', () => {
	const text = help();
	for (const {name, does} of commands) assert.ok(text.includes(`  ${name} `) && text.includes(does.slice(0, 30)), name);
	for (const {flag} of everywhere) assert.ok(text.includes(`--${flag}`), flag);
	for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
});

test('the help of setup has every answer with its question and its default', async () => {
	const text = await commandHelp('setup');
	for (const {id, kind} of inOrder) assert.ok(text.includes(`  ${flagOf(id)}${kind === 'boolean' ? ',' : ' '}`), id);
	assert.match(text, /--limit MACHINES\n\s+How many workers may run at once\?[\s\S]*?Default: 10\./);
	assert.match(text, /--concurrent JOBS\n[\s\S]*?Default: the\s+limit\./);
	assert.match(text, /--token-file FILE\|-/);
});

test('the help of a command has its own flags and its examples, and not those of others', async () => {
	const text = await commandHelp('destroy');
	assert.match(text, /--drain-timeout DURATION/);
	assert.match(text, /gitlab-runner-aws destroy --fleet gitlab-runners/);
	assert.doesNotMatch(text, /--replace-manager|--worker-type/);
});

test('a name that is near is suggested, one that is far isn’t', () => {
	assert.equal(nearest('worker-typ', ['worker-type', 'worker-disk']), 'worker-type');
	assert.equal(nearest('xyzzy', ['setup', 'plan']), undefined);
	assert.equal(nearest('', []), undefined);
});

/** What bash would offer for a line, asked of bash itself. */
async function offeredByBash(words: readonly string[]): Promise<string[]> {
	const folder = await mkdtemp(join(tmpdir(), 'completions-'));
	try {
		await writeFile(join(folder, 'completions'), await completions('bash'));
		const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gitlab_runner_aws; printf "%s\\n" "\${COMPREPLY[@]}"`;
		return execFileSync('bash', ['-c', script, 'bash', join(folder, 'completions'), 'gitlab-runner-aws', ...words], {encoding: 'utf8', cwd: folder})
			.trim()
			.split('\n');
	} finally {
		await rm(folder, {recursive: true});
	}
}

test('bash offers commands, their words, their flags and fixed values', async () => {
	assert.deepEqual(
		await offeredByBash(['']),
		commands.map(({name}) => name),
	);
	assert.deepEqual(await offeredByBash(['pl']), ['plan']);
	assert.deepEqual(await offeredByBash(['presets', 's']), ['show', 'save']);
	assert.deepEqual(await offeredByBash(['setup', '--worker-t']), ['--worker-type', '--worker-types']);
	assert.deepEqual(await offeredByBash(['destroy', '--with']), ['--with-cache']);
	assert.deepEqual(await offeredByBash(['setup', '--with']), ['']);
	assert.deepEqual(await offeredByBash(['setup', '--no-s']), ['--no-spot']);
	assert.deepEqual(await offeredByBash(['setup', '--token-store', '']), ['manager', 'ssm']);
	assert.deepEqual(await offeredByBash(['setup', '--token-file', 'comp']), ['completions']);
	assert.deepEqual(await offeredByBash(['setup', '--fleet', '']), ['']);
});

test('zsh and fish get every command and every flag too', async () => {
	for (const shell of ['zsh', 'fish'] as const) {
		const script = await completions(shell);
		for (const {name} of commands) assert.match(script, new RegExp(`\\b${name}\\b`));
		for (const {id} of inOrder) assert.match(script, new RegExp(`(--|-l )${flagOf(id).slice(2)}\\b`), `${shell} ${id}`);
	}
	assert.equal(isShell('tcsh'), false);
});
