import {spawnSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Problem} from '../problem.ts';

export type Shell = {
	address: string;
	port: number;
	user: string;
	keyPath: string;
	/** The host's public keys as `/etc/ssh/ssh_host_*_key.pub` holds them, read over a connection that was verified. */
	hostKeys: string[];
	/** The command for the other side; none opens a shell. */
	command: string[];
	/** Whether the other side gets a terminal. */
	terminal: boolean;
};

/** A shell whose files are ready: `run` hands it the terminal until it ends and gives its exit code, the remote's or 255; `close` takes the files away. */
export type ReadyShell = {run(): number; close(): Promise<void>};

/** Readies OpenSSH's `ssh`, whose host key is checked against those given. `privateKey` is for a key that isn't kept on this laptop. */
export async function readyShell({
	address,
	port,
	user,
	keyPath,
	privateKey,
	hostKeys,
	command,
	terminal,
}: Shell & {privateKey?: string | undefined}): Promise<ReadyShell> {
	const folder = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-'));
	const known = join(folder, 'known_hosts');
	const name = port === 22 ? address : `[${address}]:${port}`;
	await writeFile(known, hostKeys.map((key) => `${name} ${key}\n`).join(''), {mode: 0o600});
	const key = privateKey === undefined ? keyPath : join(folder, 'key');
	if (privateKey !== undefined) await writeFile(key, privateKey, {mode: 0o600});
	const options = [`UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'LogLevel=ERROR'].flatMap((option) => ['-o', option]);
	const args = [
		...options,
		'-i',
		key,
		'-p',
		String(port),
		...(terminal ? ['-t'] : []),
		`${user}@${address}`,
		...(command.length > 0 ? ['--', ...command] : []),
	];
	return {
		run() {
			const ended = spawnSync('ssh', args, {stdio: 'inherit'});
			if (ended.error)
				throw new Problem({
					code: 'no-ssh',
					message: `OpenSSH's \`ssh\` can't be started: ${ended.error.message}.`,
					advice: 'Install it, such as with `apt install openssh-client`.',
					cause: ended.error,
				});
			return ended.status ?? 255;
		},
		close: () => rm(folder, {recursive: true, force: true}),
	};
}

/**
 * Hands the terminal to OpenSSH's `ssh` until it ends, and gives its exit code: the remote's, or 255. The host key is checked against those given.
 * Throws a Problem where there is no `ssh`.
 */
export async function openShell(shell: Shell): Promise<number> {
	const ready = await readyShell(shell);
	try {
		return ready.run();
	} finally {
		await ready.close();
	}
}
