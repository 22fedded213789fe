import {StringDecoder} from 'node:string_decoder';
import * as z from 'zod';
import {Problem} from '../../problem.ts';
import {printableIn} from '../printable.ts';
import {exec, type OpenConnection} from './exec.ts';
import type {Connection, Outcome, ScriptProgress} from './port.ts';
import {asRoot} from './quote.ts';
import {resultOf, type Script} from './script.ts';

/** Cuts a stream of bytes into lines, across chunks and characters of several bytes. `end` gives what is left without a newline. */
function lineCutter(line: (text: string) => void): {take(chunk: Buffer): void; end(): void} {
	const decoder = new StringDecoder('utf8');
	let rest = '';
	const cut = (text: string): void => {
		const lines = (rest + text).split('\n');
		rest = lines.pop() ?? '';
		for (const each of lines) line(each.replace(/\r$/, ''));
	};
	return {
		take: (chunk) => cut(decoder.write(chunk)),
		end() {
			cut(decoder.end());
			if (rest !== '') line(rest);
			rest = '';
		},
	};
}

/** The last lines of a text that says much, for a message. */
const tail = (text: string): string => text.trim().split('\n').slice(-3).join('; ');

const progress = z.union([
	z.strictObject({line: z.string()}),
	z.strictObject({says: z.string()}),
	z.strictObject({stage: z.string()}),
	z.strictObject({download: z.string(), bytes: z.number(), of: z.number().optional()}),
]);
const last = z.strictObject({result: z.unknown()});

/** One line of a script's output: its result, or progress; anything else that it prints is a line of a tool below. */
function read(text: string): {result: unknown} | {said: ScriptProgress} | undefined {
	if (text.trim() === '') return undefined;
	try {
		const value: unknown = JSON.parse(text);
		const ended = last.safeParse(value);
		if (ended.success) return {result: ended.data.result};
		const said = progress.safeParse(value);
		if (said.success) return {said: said.data};
	} catch {
		return {said: {line: text}};
	}
	return {said: {line: text}};
}

/**
 * What runs in the script's stead until it has come: stdin begins with a line that says how many bytes the script's text has, then comes the text,
 * and all that is left is the script's own input. sudo logs each command line that it is given, and a panel asks every few seconds.
 */
const bootstrap = "import sys;i=sys.stdin.buffer;exec(compile(i.read(int(i.readline())),'script','exec'))";

/**
 * Runs a script as root on an open connection: its text and its input over stdin, its output as it comes.
 * Throws `script-failed` with its last words on stderr when it ends without a result, and `ssh-closed`.
 */
async function runScript<Input, Result>(
	line: OpenConnection,
	user: string,
	script: Script<Input, Result>,
	input: Input,
	said: (progress: ScriptProgress) => void = () => undefined,
): Promise<Result> {
	let result: {value: unknown} | undefined;
	let stderr = '';
	const cutter = lineCutter((text) => {
		const heard = read(text);
		if (!heard) return;
		if ('result' in heard) result = {value: heard.result};
		else said(printableIn(heard.said));
	});
	const code = await exec(line, asRoot(user, 'python3', '-c', bootstrap), {
		stdin: `${Buffer.byteLength(script.text)}\n${script.text}${JSON.stringify(input)}`,
		onStdout: cutter.take,
		onStderr: (chunk) => {
			stderr = (stderr + chunk.toString('utf8')).slice(-8192);
		},
	});
	cutter.end();
	if (!result) {
		throw new Problem({
			code: 'script-failed',
			message: `\`${script.name}\` on ${line.destination} ended without a result${code === undefined ? '' : `, exit code ${code}`}: ${tail(stderr) || 'it said nothing'}.`,
			advice: /password is required|not allowed|not in the sudoers/.test(stderr)
				? 'The login user needs `sudo` without a password there.'
				: 'Run the same command again; it looks first and goes on.',
			fault: 'outside',
		});
	}
	const judged = resultOf(script, result.value);
	if (judged.success) return judged.data;
	throw new Problem({
		code: 'script-failed',
		message: `\`${script.name}\` on ${line.destination} gave a result of another shape: ${z.prettifyError(judged.error).split('\n').join(' ')}`,
		fault: 'bug',
		cause: judged.error,
	});
}

/** Exit code by which our own command says that there is no such file. */
const missing = 44;
const readText = `[ -e "$1" ] || exit ${missing}; exec cat -- "$1"`;
/** Gathers all that a command prints. */
async function gathered(line: OpenConnection, command: string, stdin?: string): Promise<Outcome> {
	const [out, err] = [new StringDecoder('utf8'), new StringDecoder('utf8')];
	let [stdout, stderr] = ['', ''];
	const code = await exec(line, command, {
		...(stdin === undefined ? {} : {stdin}),
		onStdout: (chunk) => {
			stdout += out.write(chunk);
		},
		onStderr: (chunk) => {
			stderr += err.write(chunk);
		},
	});
	return {code, stdout: stdout + out.end(), stderr: stderr + err.end()};
}

const failed = (line: OpenConnection, what: string, {code, stderr}: Outcome): Problem =>
	new Problem({code: 'file-failed', message: `${what} on ${line.destination}: ${tail(stderr) || `exit code ${code}`}.`, fault: 'outside'});

/** The port's verbs over an open connection whose user is `user`. */
export function connectionOver(line: OpenConnection, user: string, close: () => Promise<void>): Connection {
	return {
		script: (script, input, said) => runScript(line, user, script, input, said),
		run: (command, stdin) => gathered(line, command, stdin),
		async read(path) {
			const outcome = await gathered(line, asRoot(user, 'sh', '-c', readText, 'sh', path));
			if (outcome.code === missing) return undefined;
			if (outcome.code !== 0) throw failed(line, `${path} can't be read`, outcome);
			return outcome.stdout;
		},
		close,
	};
}
