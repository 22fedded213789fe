import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {Socket} from 'node:net';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import * as z from 'zod';
import {python} from './here.ts';

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

type Answer = {code: number; stdout: string; stderr: string};

const answerLine = z.union([
	z.object({id: z.number(), error: z.string()}),
	z.object({id: z.number(), code: z.number(), stdout: z.string(), stderr: z.string()}),
]);

/** The process that starts commands for this one (see starter.py). It keeps this one alive only while a command runs, and ends with it. */
function startStarter(): (asked: object) => Promise<Answer> {
	const starter = spawn(python, ['-I', '-S', '-X', 'utf8', fileURLToPath(new URL('starter.py', import.meta.url))], {stdio: ['pipe', 'pipe', 'inherit']});
	const streams = [starter.stdin, starter.stdout].filter((stream) => stream instanceof Socket);
	const waiting = new Map<number, PromiseWithResolvers<Answer>>();
	const settle = (id: number): PromiseWithResolvers<Answer> | undefined => {
		const asked = waiting.get(id);
		waiting.delete(id);
		if (waiting.size === 0) for (const stream of streams) stream.unref();
		return asked;
	};
	const fail = (error: Error): void => {
		for (const id of waiting.keys()) settle(id)?.reject(error);
	};
	starter.once('error', fail).once('exit', () => fail(new Error('The process that starts commands has ended')));
	starter.unref();
	createInterface(starter.stdout).on('line', (line) => {
		const {id, ...answer} = answerLine.parse(JSON.parse(line));
		if ('error' in answer) settle(id)?.reject(new Error(answer.error));
		else settle(id)?.resolve(answer);
	});
	let last = 0;
	return (asked) => {
		last += 1;
		const answer = Promise.withResolvers<Answer>();
		waiting.set(last, answer);
		for (const stream of streams) stream.ref();
		starter.stdin.write(`${JSON.stringify({id: last, ...asked})}\n`);
		return answer.promise;
	};
}

let start: ReturnType<typeof startStarter> | undefined;

/** Runs a command to its end, with a limit. */
export async function run(command: string, args: readonly string[], limitMs = 240_000, input = ''): Promise<Answer> {
	start ??= startStarter();
	return start({argv: [command, ...args], env: process.env, input, limit: limitMs / 1000});
}
