import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {shipped} from './peers/shipped.ts';

let home: string;
before(async () => {
	home = await mkdtemp(join(tmpdir(), 'gra-outputs-'));
});
after(() => rm(home, {recursive: true, force: true}));

const env = () => ({PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', CI: 'false', AWS_EC2_METADATA_DISABLED: 'true'});

/** Runs the program with readers that are gone before it says its first word, or that stay; gives what those that stay have read. */
async function heardBy(args: readonly string[], gone: readonly ('stdout' | 'stderr')[]) {
	const child = spawn(process.execPath, [shipped, ...args], {env: env(), stdio: ['ignore', 'pipe', 'pipe']});
	const heard = {stdout: '', stderr: ''};
	for (const name of ['stdout', 'stderr'] as const) {
		if (gone.includes(name)) child[name].destroy();
		else child[name].on('data', (chunk) => (heard[name] += String(chunk)));
	}
	const [code, signal] = await once(child, 'close');
	return {code, signal, ...heard};
}

const commands = [
	['help'],
	['--version'],
	['--help'],
	['completions', 'bash'],
	['policy', '--plain'],
	['presets', '--json'],
	['demo', '--plain'],
	['demo', '--json'],
];

test('whoever reads the output and has enough of it, such as `head`, is no trouble: it ends quietly, and is never a bug', async () => {
	for (const args of commands) {
		const {code, signal, stderr} = await heardBy(args, ['stdout']);
		assert.deepEqual([args, stderr, signal], [args, '', null]);
		assert.ok(code === 0 || code === 129, `${args.join(' ')} ends with ${code}`);
	}
});

test('with both outputs unread it ends quietly too', async () => {
	for (const args of commands) {
		const {code} = await heardBy(args, ['stdout', 'stderr']);
		assert.ok(code === 0 || code === 129, `${args.join(' ')} ends with ${code}`);
	}
});

test('complaints that nobody reads leave the exit code as it is', async () => {
	for (const [args, expected] of [
		[['status', '--plain'], 2],
		[['presets', 'show', 'nowhere', '--plain'], 2],
		[['setup', '--plain'], 2],
		[['nonsense'], 2],
	] as const) {
		const {code} = await heardBy(args, ['stderr']);
		assert.deepEqual([args, code], [args, expected]);
	}
});

test('an output that cannot be written, such as a file on a full disk, is told, and the exit code says so', {skip: process.platform !== 'linux'}, async () => {
	for (const args of commands) {
		const child = spawn('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, shipped, ...args], {env: env(), stdio: ['ignore', 'ignore', 'pipe']});
		let stderr = '';
		child.stderr.on('data', (chunk) => (stderr += String(chunk)));
		const [code] = await once(child, 'close');
		assert.deepEqual([args, code, stderr], [args, 1, "What this says can't be written: standard output fails (ENOSPC).\n"]);
	}
});

test('nothing of it is logged as a bug', async () => {
	const log = await readFile(join(home, '.local/state/gitlab-runner-aws/log'), 'utf8');
	assert.doesNotMatch(log, /EPIPE|ENOSPC|still open at the end/);
});
