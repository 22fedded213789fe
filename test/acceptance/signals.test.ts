import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {constants} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {after, before, type TestContext, test} from 'node:test';
import {promisify} from 'node:util';
import {DeleteParameterCommand} from '@aws-sdk/client-ssm';
import {until} from '../peers/poll.ts';
import {type Ran, shellCode} from '../peers/program.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {leftAsFound, openTerminal} from '../pty/terminal.ts';
import {type AccountOnMoto, accountAt, between, named, type Thing} from './account.ts';
import {changingCalls, type LaptopOnPeers, laptopIn} from './laptop.ts';

const signals = [
	['SIGTERM', 143],
	['SIGINT', 130],
	['SIGHUP', 129],
] as const;

let world: PeerWorld;
let account: AccountOnMoto;
let laptop: LaptopOnPeers;
let others: Thing[];
/** Ends of pipes that are held open. */
const writers: FileHandle[] = [];
/** A port of loopback that takes every connection and never says a word, and how many it has taken. */
let silent: {url: string; taken(): number; close(): void};

before(async () => {
	world = await startWorld({manager: false});
	account = accountAt(world);
	laptop = await laptopIn(world);
	others = await account.things();
	silent = await mute();
});
after(async () => {
	silent?.close();
	for (const writer of writers) await writer.close();
	await world?.stop();
});

async function mute(): Promise<typeof silent> {
	let taken = 0;
	const server = createServer(() => {
		taken++;
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const bound = server.address();
	return {url: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`, taken: () => taken, close: () => server.close()};
}

const tokenFrom = (file: string): string[] => ['setup', '--yes', '--region', 'us-east-1', '--token-file', file];

async function pipe(name: string): Promise<string> {
	const path = join(laptop.home, name);
	await promisify(execFile)('mkfifo', [path]);
	return path;
}

/** Waits until somebody reads a pipe, and then writes nothing. */
const opened = (path: string): Promise<unknown> =>
	until('the pipe to be read', async () => {
		try {
			writers.push(await open(path, constants.O_WRONLY | constants.O_NONBLOCK));
			return true;
		} catch {
			return undefined;
		}
	});

const setup = (): string[] => ['setup', '--yes', ...laptop.preset, ...laptop.tokenFile];
const standing = async (): Promise<string[]> => named(between(others, await account.things()).came);

type RunOptions = NonNullable<Parameters<LaptopOnPeers['built']>[1]>;
type SignalMoment = (said: () => string) => Promise<unknown>;

/** Runs the program and sends it a signal at each of these moments; `then` comes after the last. */
async function signalled(
	args: readonly string[],
	name: NodeJS.Signals,
	moments: readonly SignalMoment[],
	at: RunOptions = {},
	then?: SignalMoment,
): Promise<Ran> {
	let pid = 0;
	let said = '';
	const running = laptop.built(args, {
		...at,
		started: (started) => {
			pid = started;
		},
		said: (text) => {
			said = text.replaceAll(/\s+/g, ' ');
		},
	});
	for (const moment of moments) {
		await moment(() => said);
		process.kill(pid, name);
	}
	await then?.(() => said);
	return running;
}

const saying =
	(right: RegExp): SignalMoment =>
	(said) =>
		until(`${right}`, () => (right.test(said()) ? true : undefined));

const isAsked = async (): Promise<unknown> => {
	const before = silent.taken();
	return until('AWS to be asked', () => (silent.taken() > before ? true : undefined));
};

/** The record's call isn't answered, nor ever carried out, until what is given is called. */
function unanswered(): () => void {
	const end = Promise.withResolvers<void>();
	world.aws.faults([{action: 'PutParameter', until: end.promise, error: {status: 400, code: 'ValidationException', message: 'too late'}}]);
	return () => {
		world.aws.faults([]);
		end.resolve();
	};
}

const isWritten = (): Promise<unknown> => until('the record to be written', () => (changingCalls(world).includes('PutParameter') ? true : undefined));

const waits = saying(/Stopping: what is under way ends first\. Ctrl-c or the signal once more ends it at once\./);

for (const [name, code] of signals) {
	test(`${name} while AWS is silent and nothing is being changed: it ends at once with ${code}, and says that nothing is under way`, async () => {
		for (const args of [
			['status', '--fleet', 'ci'],
			['plan', '--fleet', 'ci'],
			['destroy', '--yes', '--fleet', 'ci'],
		]) {
			const ran = await signalled(args, name, [isAsked], {env: {AWS_ENDPOINT_URL: silent.url}});
			assert.deepEqual([args[0], shellCode(ran)], [args[0], code], ran.stderr);
			assert.match(ran.stderr, /Stopped while looking: no change is under way\.\s+Run the same command again to go on\./);
		}
	});

	test(`${name} in the middle of a change lets that end, ends with ${code}, and says what stands and how to go on`, async () => {
		world.aws.forget();
		const answered = Promise.withResolvers<void>();
		world.aws.faults([{action: 'PutParameter', until: answered.promise}]);
		const ran = await signalled(setup(), name, [isWritten], {}, async (said) => {
			await waits(said);
			answered.resolve();
		});
		world.aws.faults([]);
		assert.equal(shellCode(ran), code, ran.stderr);
		assert.match(ran.stderr, /Stopped after \d+ of \d+ steps\. What was made stays/);
		assert.match(ran.stderr.replaceAll(/\s+/g, ' '), /To go on: `gitlab-runner-aws setup --fleet gitlab-runners --region us-east-1`/);
		assert.deepEqual(changingCalls(world), ['PutParameter']);
		assert.deepEqual(await standing(), ['parameter /gitlab-runner-aws/gitlab-runners']);
		await account.ssm.send(new DeleteParameterCommand({Name: '/gitlab-runner-aws/gitlab-runners'}));
	});

	test(`${name} twice in the middle of a change that is never answered: it ends with ${code}, and says what stands`, async () => {
		world.aws.forget();
		const end = unanswered();
		const ran = await signalled(setup(), name, [isWritten, waits]);
		assert.equal(shellCode(ran), code, ran.stderr);
		assert.match(ran.stderr.replaceAll(/\s+/g, ' '), /Stopped after \d+ of \d+ steps\. What was made stays.*To go on: `gitlab-runner-aws setup/);
		end();
	});

	test(`${name} while a secret is still to come, by standard input or a pipe: it ends with ${code}`, async () => {
		const read = Promise.withResolvers<void>();
		const typed = await signalled(tokenFrom('-'), name, [() => read.promise], {input: 'x'.repeat(1_000_000), awaits: read.resolve});
		const path = await pipe(name);
		const piped = await signalled(tokenFrom(path), name, [() => opened(path)]);
		for (const ran of [typed, piped]) {
			assert.equal(shellCode(ran), code, ran.stderr);
			assert.match(ran.stderr, /Stopped while looking/);
		}
	});

	test(`${name} twice while something that can't be called off is waited for ends it too, with ${code} and a word`, async () => {
		const path = await pipe(`key-${name}`);
		const ran = await signalled([...setup(), '--key-pair', 'work', '--private-key', path], name, [() => opened(path), waits]);
		assert.equal(shellCode(ran), code, ran.stderr);
		assert.match(ran.stderr.replaceAll(/\s+/g, ' '), /Ended at once, in the middle of what was under way\. What was made stays.*Run the same command again/);
	});
}

/** A terminal in which setup has begun to make the record, which is never answered. */
async function runningIn(t: TestContext, more: readonly string[] = []) {
	world.aws.forget();
	const end = unanswered();
	const terminal = openTerminal('../../dist/cli.js', ['setup', ...laptop.preset, ...laptop.tokenFile, ...more], {
		columns: 120,
		rows: 40,
		env: laptop.env,
		shell: true,
	});
	t.after(() => {
		terminal.close();
		end();
	});
	return terminal;
}

test('on the screens of a real terminal, a second ctrl-c ends a run whose call is never answered, says what stands, and leaves the terminal as it was', async (t) => {
	const terminal = await runningIn(t);
	await terminal.until(/At most about \$/);
	terminal.press('\r');
	await isWritten();
	terminal.press('\x03');
	await terminal.until(/ctrl-c stop now/);
	terminal.press('\x03');
	await terminal.ended();
	leftAsFound(terminal, 130);
	assert.match(terminal.text().replaceAll(/\s+/g, ' '), /Stopped after \d+ of \d+ steps\. What was made stays.*To go on: `gitlab-runner-aws setup/);
});

test('before lines in a real terminal, a signal at a question ends it, and a second one ends a call that is never answered; the terminal is as it was', async (t) => {
	const asked = openTerminal('../../dist/cli.js', ['setup', '--plain', '--region', 'us-east-1'], {env: laptop.env, shell: true});
	t.after(() => asked.close());
	await asked.until(/Which executor/);
	asked.signal('SIGTERM');
	await asked.ended();
	leftAsFound(asked, 143);

	const terminal = await runningIn(t, ['--plain', '--yes']);
	await isWritten();
	terminal.press('\x03');
	await terminal.until(/Ctrl-c or\s+the signal once more ends it at once/);
	terminal.press('\x03');
	await terminal.ended();
	leftAsFound(terminal, 130);
});
