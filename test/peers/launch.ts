import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';

/** A process of ours, with what it has written so far. */
export type Launched = {
	child: ChildProcess;
	output(): string;
	/** Resolves with the exit code, or the signal's name. */
	ended: Promise<number | string>;
	kill(): Promise<void>;
};

const running = new Set<ChildProcess>();

process.on('exit', () => {
	for (const child of running) {
		child.kill('SIGKILL');
	}
});

/** Linux's setpriv starts a process that dies with us, even if we are killed. */
const setpriv = '/usr/bin/setpriv';
const bound = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL'] : [];

/** Starts a process that dies with us. */
export function launch(command: string, args: readonly string[], env?: Record<string, string>): Launched {
	const [file = command, ...words] = [...bound, command, ...args];
	const child = spawn(file, words, {
		stdio: ['ignore', 'pipe', 'pipe'],
		env: env ?? {PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8'},
	});
	let written = '';
	const keep = (chunk: string): void => {
		written = (written + chunk).slice(-100_000);
	};
	child.stdout.setEncoding('utf8').on('data', keep);
	child.stderr.setEncoding('utf8').on('data', keep);
	running.add(child);
	const ended = new Promise<number | string>((resolve) => {
		child.once('error', (error) => {
			running.delete(child);
			written += String(error);
			resolve('error');
		});
		child.once('exit', (code, signal) => {
			running.delete(child);
			resolve(code ?? signal ?? 'unknown');
		});
	});
	return {
		child,
		output: () => written,
		ended,
		async kill() {
			child.kill('SIGKILL');
			await ended;
			child.stdout.destroy();
			child.stderr.destroy();
		},
	};
}

/** Runs a command to its end, with a limit. */
export async function run(
	command: string,
	args: readonly string[],
	limitMs = 240_000,
	input?: string,
): Promise<{code: number; stdout: string; stderr: string}> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, [...args], {stdio: ['pipe', 'pipe', 'pipe'], timeout: limitMs, killSignal: 'SIGKILL'});
		let stdout = '';
		let stderr = '';
		child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
			stdout += chunk;
		});
		child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
			stderr += chunk;
		});
		child.once('error', reject);
		child.once('close', (code) => resolve({code: code ?? -1, stdout, stderr}));
		child.stdin.on('error', () => undefined);
		child.stdin.end(input);
	});
}
