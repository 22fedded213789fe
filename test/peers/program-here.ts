import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {hostname, userInfo} from 'node:os';
import {PassThrough, Writable} from 'node:stream';
import type {Ran} from './program.ts';

const {version}: {version: string} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** What AWS's own library and Node read of a process's environment by themselves. */
const readByProcess = /^(AWS_|HOME$|TZ$|LANG$)/;

/** How many run now. */
let runs = 0;

/** Hears all that is written to it. */
function output(heard: (text: string) => void): NodeJS.WriteStream {
	const stream = new Writable({
		decodeStrings: false,
		write(chunk, _encoding, written) {
			heard(String(chunk));
			written();
		},
	});
	return stream as unknown as NodeJS.WriteStream;
}

/**
 * Runs the program in the tests' own process, on the same ports as the built one and in the same environment. Once its code is warm a run takes a third of the
 * work of a process of its own, in which most is read and compiled anew. What is the process's is not in it: signals, and what the program leaves open.
 */
export async function programHere(args: readonly string[], env: Record<string, string>, heard: (text: string) => void = () => undefined): Promise<Ran> {
	const {run} = await import('../../source/commands/run.ts');
	const mine = Object.entries(env).filter(([name]) => readByProcess.test(name));
	assert.ok(runs === 0 || process.env.AWS_ENDPOINT_URL === env.AWS_ENDPOINT_URL, 'runs at one time have the same AWS');
	Object.assign(process.env, Object.fromEntries(mine));
	const said = {stdout: '', stderr: ''};
	const writing = (which: 'stdout' | 'stderr') =>
		output((text) => {
			said[which] += text;
			heard(said.stdout + said.stderr);
		});
	const stdin = new PassThrough();
	stdin.end();
	runs++;
	try {
		const code = await run({
			argv: [...args],
			env: {...env},
			version,
			stdin: stdin as unknown as NodeJS.ReadStream,
			stdout: writing('stdout'),
			stderr: writing('stderr'),
			home: env.HOME ?? '/',
			platform: process.platform,
			who: `${userInfo().username}@${hostname()}`,
			shipped: new URL('../../presets/', import.meta.url),
			onSignal: () => undefined,
			onUnread: () => undefined,
			atEnd: () => undefined,
			end: (code) => assert.fail(`the process would end now, with ${code}`),
		});
		return {code, signal: null, ...said};
	} finally {
		runs--;
	}
}
