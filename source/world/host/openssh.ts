import {spawn, spawnSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {constants, tmpdir} from 'node:os';
import {join} from 'node:path';
import {Problem, Stopped} from '../../problem.ts';
import {unwritable} from '../laptop/refused-by-disk.ts';

type OpensshShell = {
	address: string;
	port: number;
	user: string;
	keyPath: string;
	/** For a key that isn't kept on this laptop: it's in a file of its own until the shell ends. */
	privateKey?: string | undefined;
	/** The host's public keys as `/etc/ssh/ssh_host_*_key.pub` holds them, read over a connection that was verified. */
	hostKeys: string[];
	/** The command line that the other side's shell runs; none opens a shell. What others wrote is quoted in it (`host/quote.ts`), since ssh quotes nothing. */
	command?: string | undefined;
	/** Whether the other side gets a terminal. */
	terminal: boolean;
};

/** A shell whose files are ready: `run` hands it the terminal until it ends and gives its exit code, the remote's or 255; `close` takes the files away. */
type ReadyShell = {run(): number; close(): Promise<void>};

/** Ends a shell that runs: `soft` asks it to end, `hard` kills it. */
type ShellSignals = {readonly soft: AbortSignal; readonly hard: AbortSignal};

/** What ssh is started with, and what takes its files away. */
type Ready = {args: string[]; close(): Promise<void>};

const noSsh = (cause: Error): Problem =>
	new Problem({
		code: 'no-ssh',
		message: `OpenSSH's \`ssh\` can't be started: ${cause.message}.`,
		advice: 'Install it, such as with `apt install openssh-client`.',
		cause,
	});

/** A folder for files that ssh reads, with these in it. Throws a Problem where there is no room for it. */
async function folderWith(files: Record<string, string>): Promise<{folder: string; close(): Promise<void>}> {
	let folder: string | undefined;
	const close = async (): Promise<void> => {
		if (folder !== undefined) await rm(folder, {recursive: true, force: true});
	};
	try {
		folder = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-'));
		for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, {mode: 0o600});
		return {folder, close};
	} catch (error) {
		await close().catch(() => undefined);
		throw unwritable(folder ?? tmpdir(), error, 'TMPDIR');
	}
}

async function ready({address, port, user, keyPath, privateKey, hostKeys, command, terminal}: OpensshShell): Promise<Ready> {
	const name = port === 22 ? address : `[${address}]:${port}`;
	const known = {known_hosts: hostKeys.map((key) => `${name} ${key}\n`).join('')};
	const {folder, close} = await folderWith({...known, ...(privateKey === undefined ? {} : {key: privateKey})});
	const options = [`UserKnownHostsFile=${join(folder, 'known_hosts')}`, 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'LogLevel=ERROR'];
	const args = [
		...options.flatMap((option) => ['-o', option]),
		'-i',
		privateKey === undefined ? keyPath : join(folder, 'key'),
		'-p',
		String(port),
		...(terminal ? ['-t'] : []),
		`${user}@${address}`,
		...(command === undefined ? [] : ['--', command]),
	];
	return {args, close};
}

/** A shell's exit code as a shell's user knows it: 128 and the signal that ended it, where one did. */
const codeOf = (status: number | null, signal: NodeJS.Signals | null): number => status ?? (signal === null ? 255 : 128 + constants.signals[signal]);

/** Readies OpenSSH's `ssh`, whose host key is checked against those given, for a program that goes on after it: everything here stands still meanwhile. */
export async function readyShell(shell: OpensshShell): Promise<ReadyShell> {
	const {args, close} = await ready(shell);
	return {
		run() {
			const ended = spawnSync('ssh', args, {stdio: 'inherit'});
			if (ended.error) throw noSsh(ended.error);
			return codeOf(ended.status, ended.signal);
		},
		close,
	};
}

/**
 * Hands the terminal to OpenSSH's `ssh` until it ends, and gives its exit code: the remote's, or 255. The host key is checked against those given.
 * Signals reach it, so that nothing hangs because it does. Throws a Problem where there is no `ssh`.
 */
export async function openShell(shell: OpensshShell, {soft, hard}: ShellSignals): Promise<number> {
	const {args, close} = await ready(shell);
	const over = new AbortController();
	try {
		if (soft.aborted) throw new Stopped();
		return await new Promise<number>((resolve, reject) => {
			const child = spawn('ssh', args, {stdio: 'inherit'});
			child.once('error', (error) => reject(noSsh(error)));
			child.once('exit', (status, signal) => resolve(codeOf(status, signal)));
			soft.addEventListener('abort', () => child.kill('SIGTERM'), {signal: over.signal});
			hard.addEventListener('abort', () => child.kill('SIGKILL'), {signal: over.signal});
		});
	} finally {
		over.abort();
		await close();
	}
}
