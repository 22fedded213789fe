import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import test, {suite} from 'node:test';
import {flagOf, inOrder, questions} from '../../source/answers/all.ts';
import {nearest} from '../../source/answers/nearest.ts';
import {parse} from '../../source/commands/line/argv.ts';
import {commands, everywhere} from '../../source/commands/line/command-table.ts';
import {completions, isShell, type Shell} from '../../source/commands/line/completions.ts';
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

/** What a laptop remembers, as the completions ask the program for it. */
const laptop: Record<string, string> = {preset: 'small mine', 'own-preset': 'mine', profile: 'acme-dev acme-ci', fleet: 'ci'};

/** Each shell's own way to say what it offers for a line. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: These are the shells' own.
const shells: Record<Shell, {given: string; ran: readonly string[]}> = {
	bash: {
		given: 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gitlab_runner_aws; printf "%s\\n" "${COMPREPLY[@]}"',
		ran: ['bash', '-c'],
	},
	// zsh completes in its line editor alone, so what the script calls there says what it was called with.
	zsh: {
		given: `compdef() {}; _files() { print -l -- \${words[CURRENT]}*(N) }; compset() { words[CURRENT]=\${words[CURRENT]#*=} }
			compadd() { shift; for one in "$@"; do [[ $one == \${words[CURRENT]}* ]] && print -r -- $one; done; true }
			source "$1"; shift; words=("$@"); CURRENT=$#; _gitlab_runner_aws; true`,
		ran: ['zsh', '-f', '-c'],
	},
	fish: {given: 'source $argv[1]; complete -C (string join " " -- $argv[2..])', ran: ['fish', '--no-config', '-c']},
};

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: See above.

/** Whether this machine has the shell. */
const isHere = (shell: Shell): boolean => spawnSync(shell, ['--version']).status === 0;

/** What a shell offers for a line, asked of the shell itself. */
async function offeredBy(shell: Shell, words: readonly string[]): Promise<string[]> {
	const folder = await mkdtemp(join(tmpdir(), 'completions-'));
	try {
		await writeFile(join(folder, 'completions'), await completions(shell));
		const remembers = Object.entries(laptop).map(([kind, names]) => `${kind}) printf '%s\\n' ${names} ;;`);
		await writeFile(join(folder, 'gitlab-runner-aws'), `#!/bin/sh\ncase "$3" in ${remembers.join(' ')} esac\n`, {mode: 0o755});
		const {given, ran} = shells[shell];
		const [command = '', ...before] = [...ran, given, ...(shell === 'fish' ? [] : ['shell'])];
		const [script, ...line] = [join(folder, 'completions'), 'gitlab-runner-aws', ...words];
		const env = {PATH: `${folder}${delimiter}${process.env.PATH}`, HOME: folder, LANG: 'C.UTF-8'};
		const said = execFileSync(command, [...before, ...(shell === 'fish' ? ['--', script] : [script]), ...line], {encoding: 'utf8', cwd: folder, env});
		return said
			.split('\n')
			.map((one) => one.replace(/\t.*/, '').trim())
			.filter(Boolean)
			.sort();
	} finally {
		await rm(folder, {recursive: true});
	}
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
	if (!isHere(shell)) continue;
	suite(`completions for ${shell}`, () => {
		const offers = async (...words: string[]) => offeredBy(shell, words);

		test('commands and their words', async () => {
			assert.deepEqual(await offers(''), commands.map(({name}) => name).sort());
			assert.deepEqual(await offers('pl'), ['plan']);
			assert.deepEqual(await offers('presets', 's'), ['save', 'show']);
			assert.deepEqual(await offers('help', 'se'), ['setup']);
		});

		test('the flags that a command takes, and no others', async () => {
			assert.deepEqual(await offers('setup', '--ssh-add'), ['--ssh-address']);
			assert.deepEqual(await offers('destroy', '--with'), ['--with-cache']);
			for (const [command, flag] of [
				['setup', '--with'],
				['destroy', '--worker'],
				['policy', '--reg'],
				['completions', '--reg'],
				['demo', '--private'],
			] as const)
				assert.deepEqual(await offers(command, flag), [], `${command} ${flag}`);
			assert.ok((await offers('setup', '--no-s')).includes('--no-spot'));
		});

		test('values that are the same in every account', async () => {
			assert.deepEqual(await offers('setup', '--token-store', ''), ['manager', 'ssm']);
			assert.deepEqual(await offers('setup', '--region', 'us-w'), ['us-west-1', 'us-west-2']);
			assert.deepEqual(await offers('setup', '--image', 'ubuntu-24'), ['ubuntu-24.04']);
			assert.deepEqual(await offers('setup', '--cache', ''), ['create', 'none']);
			assert.deepEqual(await offers('setup', '--security-group', ''), ['create']);
			assert.deepEqual(await offers('status', '--manager', ''), ['choose']);
		});

		test('what this laptop remembers: presets, profiles, fleets', async () => {
			assert.deepEqual(await offers('presets', 'show', ''), ['mine', 'small']);
			assert.deepEqual(await offers('presets', 'rm', ''), ['mine']);
			assert.deepEqual(await offers('setup', '--preset', 'sm'), ['small']);
			assert.deepEqual(await offers('status', '--profile', ''), ['acme-ci', 'acme-dev']);
			assert.deepEqual(await offers('destroy', '--fleet', ''), ['ci']);
		});

		test('files, and nothing where nothing is known', async () => {
			assert.deepEqual(await offers('setup', '--token-file', 'comp'), ['completions']);
			assert.deepEqual(await offers('setup', '--subnet', 'subnet-'), []);
		});
	});
}

test('bash completes a value behind an equals sign, which it takes for a word of its own', async () => {
	assert.deepEqual(await offeredBy('bash', ['setup', '--region', '=', 'us-w']), ['us-west-1', 'us-west-2']);
	assert.deepEqual(await offeredBy('bash', ['setup', '--token-store', '=']), ['manager', 'ssm']);
});

test('each shell gets every command and the flag of every answer, whether this machine has it or not', async () => {
	for (const shell of ['bash', 'zsh', 'fish'] as const) {
		const script = await completions(shell);
		for (const {name} of commands) assert.match(script, new RegExp(`\\b${name}\\b`));
		for (const {id} of inOrder) assert.match(script, new RegExp(`(--|-l )${flagOf(id).slice(2)}\\b`), `${shell} ${id}`);
	}
});

test('no other shell than these is known', () => {
	assert.equal(isShell('tcsh'), false);
});

test('commands that look at no fleet list no answers of one', async () => {
	for (const name of ['completions', 'policy', 'demo', 'help'] as const)
		assert.doesNotMatch(await commandHelp(name), /--(region|private-key|ssh-address)/, name);
	assert.match(await commandHelp('status'), /--private-key/);
});

test('an answer that is written in a form of its own has an example in its help, which is read as it stands', async () => {
	const {example = ''} = questions.schedule;
	assert.ok((await commandHelp('setup')).includes(example));
	assert.equal(parse(['setup', '--schedule', example.slice(1, -1)]).given.schedule?.[0]?.idleCount, 2);
});
