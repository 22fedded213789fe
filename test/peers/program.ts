import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import {shipped} from './shipped.ts';

export type Ran = {code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string};

export type Running = {
	/** Its standard input, which is no terminal. */
	input?: string;
	/** Its standard input stays open after that, and nothing more ever comes; called once the program has read what there was. */
	awaits?: () => void;
	started?: (pid: number) => void;
	/** Hears all that it has said so far, on both of its outputs, whenever it says more. */
	said?: (text: string) => void;
	/** Makes another command line of its own, for a place that isn't this one; its process stays the same. */
	inside?: (command: readonly string[]) => [file: string, args: string[]];
};

/** Runs the program as a person's shell would, in a complete environment of its own. */
export function program(args: readonly string[], env: Record<string, string>, running: Running = {}): Promise<Ran> {
	const {input = '', awaits, inside = ([file = '', ...rest]) => [file, rest], said, started} = running;
	return new Promise((resolve, reject) => {
		const [file, words] = inside([process.execPath, shipped, ...args]);
		const child = spawn(file, words, {env, stdio: ['pipe', 'pipe', 'pipe'], timeout: 240_000});
		let stdout = '';
		let stderr = '';
		child.stdout.on('data', (chunk) => {
			stdout += String(chunk);
			said?.(stdout + stderr);
		});
		child.stderr.on('data', (chunk) => {
			stderr += String(chunk);
			said?.(stdout + stderr);
		});
		// It may have ended without having read all of it.
		child.stdin.on('error', () => {});
		child.once('error', reject);
		child.once('close', (code, signal) => resolve({code, signal, stdout, stderr}));
		if (awaits) child.stdin.write(input, awaits);
		else child.stdin.end(input);
		if (child.pid !== undefined) started?.(child.pid);
	});
}

/** The exit code that a shell gives: 128 and the signal's number for a program that a signal ended. */
export const shellCode = ({code, signal}: Ran): number => code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
