#!/usr/bin/env node
import {readFileSync, writeSync} from 'node:fs';
import {homedir, hostname, userInfo} from 'node:os';
import {helpText} from './commands/line/help-text.ts';

/** Node versions this runs on: the intersection of what its libraries support (package.json's engines). */
const supported = (version: string): boolean => {
	const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
	if (major === 22) return minor > 22 || (minor === 22 && patch >= 2);
	if (major === 24) return minor >= 15;
	return major >= 26;
};

const argv = process.argv.slice(2);
const root = new URL('../', import.meta.url);
const {version}: {version: string} = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** What is known without anything being loaded: the version, and the help. */
function known([word = '', ...more]: readonly string[]): string | undefined {
	if (more.length > 0) return undefined;
	if (word === '--version' || word === '-v') return `${version}\n`;
	return ['--help', '-h', 'help'].includes(word) ? helpText : undefined;
}

/** Prints a text without Node's streams, which take longer to make than all else; gives what couldn't be printed so. */
function printed(text: string): string {
	const bytes = Buffer.from(text);
	let done = 0;
	try {
		while (done < bytes.length) done += writeSync(1, bytes, done);
	} catch {
		// A reader that is slow or gone, a full disk: the program knows what is to be done.
	}
	return bytes.subarray(done).toString();
}

/** Milliseconds that leaving the terminal as it was found may take where the process ends at once. */
const closingTime = 250;
/** Milliseconds after the work's end until the process ends with whatever is still open. */
const lingering = 500;

/** What the system says of this user, or nothing: a container's user may have no entry in passwd, nor a HOME. */
function told(what: () => string): string | undefined {
	try {
		return what() || undefined;
	} catch {
		return undefined;
	}
}

/** The person's folder; where there is none, the root, as containers have it. */
function homeFolder(): string {
	const known = [told(homedir), told(() => userInfo().homedir)];
	return known.find((folder) => folder?.startsWith('/') || /^[A-Za-z]:\\/.test(folder ?? '')) ?? '/';
}

const userName = (): string => told(() => userInfo().username) ?? process.env.USER ?? `user ${process.getuid?.() ?? ''}`.trim();

/** Signals are this program's alone: a library that cleans up at one (conf brings such) sends it to us once more, which would count as the second. */
function aloneOn(name: NodeJS.Signals, handle: () => void): void {
	process.on(name, handle);
	process.on('newListener', (event: string | symbol, other: () => void) => {
		if (event === name) queueMicrotask(() => process.off(name, other));
	});
}

/** Whether the work has ended, so that there's nothing left to stop but the process. */
let isOver = false;

const closers: (() => Promise<void>)[] = [];

/** The signals that end this program, by their exit codes. */
const endings = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143} as const;

/** Whether the system still works on something that can't be called off: a named pipe that nobody writes to, a name server that is silent. */
const isHeldUp = (): boolean => process.getActiveResourcesInfo().some((name) => /^(FSReq|GetAddrInfo)/.test(name));

/** Ends the process. Node's own way waits for what holds the system up; where that is so, the signal that was sent ends it, as it ends any program. */
function exit(code: number): never {
	for (const [signal, itsCode] of Object.entries(endings)) {
		if (code !== itsCode || !isHeldUp()) continue;
		process.removeAllListeners(signal);
		process.kill(process.pid, signal);
	}
	process.exit(code);
}

/** Leaves the terminal as it was found, as far as that goes within a moment, and ends the process. */
async function end(code: number, says = ''): Promise<never> {
	const late = new Promise((resolve) => setTimeout(resolve, closingTime));
	await Promise.race([Promise.allSettled(closers.map((close) => close())), late]);
	if (says !== '') process.stderr.write(says);
	exit(code);
}

/** Adds to the log, and gives its path; undefined where it can't be written. Never throws. */
async function logged(text: string): Promise<string | undefined> {
	try {
		const {foldersOf, realDisk} = await import('./world/laptop/disk/real.ts');
		const disk = realDisk(foldersOf(process.env, homeFolder()));
		disk.log(text);
		return disk.logPath;
	} catch {
		return undefined;
	}
}

let isBroken = false;

/** What nobody caught is a bug of ours: one sentence on screen, the stack in the log. Another one on the way there ends the process at once. */
async function bug(error: unknown): Promise<never> {
	if (isBroken) exit(70);
	isBroken = true;
	const path = await logged(error instanceof Error ? (error.stack ?? error.message) : String(error));
	return end(70, `${await sorry(error, path)}\n`);
}

/** What is said of an error that nobody caught. Where this program was upgraded or removed meanwhile, the words for it may be gone as well. */
async function sorry(error: unknown, logPath: string | undefined): Promise<string> {
	try {
		const [{toProblem}, {detailsWords}] = await Promise.all([import('./problem.ts'), import('./commands/session.ts')]);
		const {advice, fault, message} = toProblem(error);
		return fault === 'bug' ? `Something here isn't as this program expects. ${advice} ${detailsWords(logPath)}` : `${message} ${advice}`;
	} catch {
		return 'A part of gitlab-runner-aws is gone: it was upgraded or removed while it ran. Start it again; it looks first and goes on.';
	}
}

/** Who hears once nobody reads us. */
const hearers: (() => void)[] = [];
let isRead = true;
/** Why nothing can be written, where that isn't for want of a reader. */
let unwritten: string | undefined;

/**
 * Whoever read us has gone, such as `head` or a terminal that hung up: nothing more is started, and there's nothing to say. Anything else that keeps
 * the output from being written, such as a full disk, is told.
 */
function notRead(error: NodeJS.ErrnoException): void {
	if (isRead && error.code !== 'EPIPE' && error.code !== 'EIO') unwritten = error.code ?? error.message;
	goneUnread();
}

/** Nothing more is started. */
function goneUnread(): void {
	if (!isRead) return;
	isRead = false;
	for (const hear of hearers) hear();
}

async function main(): Promise<number> {
	const {enableCompileCache} = await import('node:module');
	enableCompileCache();
	const {run} = await import('./commands/run.ts');
	// AWS's own library can't do without.
	process.env.HOME = homeFolder();
	const env = {...process.env};
	for (const secret of ['GITLAB_RUNNER_TOKEN', 'GITLAB_TOKEN']) delete process.env[secret];
	return run({
		argv,
		env,
		version,
		stdin: process.stdin,
		stdout: process.stdout,
		stderr: process.stderr,
		home: homeFolder(),
		platform: process.platform,
		who: `${userName()}@${hostname()}`,
		shipped: new URL('presets/', root),
		onSignal: (handle) => {
			for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) aloneOn(name, () => (isOver ? exit(endings[name]) : handle(name)));
		},
		onUnread: (handle) => hearers.push(handle),
		atEnd: (close) => closers.push(close),
		end: (code) => void end(code),
		suspend: process.platform === 'win32' ? undefined : suspend,
	});
}

/** Stops this process and those it's run by, as the terminal itself would; once woken, the terminal may have another size, which Node asks for at this signal. */
function suspend(): void {
	process.kill(0, 'SIGTSTP');
	process.kill(process.pid, 'SIGWINCH');
}

/** What was opened is closed by whoever opened it. If something isn't, the process ends all the same, and the log says what it was, unless the system is held up. */
function leave(code: number): void {
	isOver = true;
	process.exitCode = code;
	const atLast = async (): Promise<void> => {
		const wasStopped = Object.values(endings).some((one) => one === code);
		// A slow reader still gets all of it, and what the system works on comes to its end where nobody is in a hurry.
		if (process.stdout.writableLength + process.stderr.writableLength > 0 || (isHeldUp() && !wasStopped)) return leave(code);
		if (!isHeldUp()) await logged(`still open at the end: ${process.getActiveResourcesInfo().join(', ')}`);
		exit(code);
	};
	setTimeout(() => void atLast(), lingering).unref();
}

/** Runs the program: the command that these words are, or, where `text` is given, what is still to be printed. */
async function start(text?: string): Promise<void> {
	process.on('uncaughtException', (error) => void bug(error));
	process.stdout.on('error', notRead);
	// A terminal that hung up ends its input. In a mode where ctrl-d ends nothing, nothing else does; where it can't be set back, that's no trouble of ours.
	if (process.stdin.isTTY)
		process.stdin
			.on('end', () => {
				if (process.stdin.isRaw) goneUnread();
			})
			.on('error', goneUnread);
	// Where complaints go nowhere, there is nobody to tell.
	process.stderr.on('error', () => {});
	process.on('exit', () => {
		if (unwritten === undefined) return;
		process.stderr.write(`What this says can't be written: standard output fails (${unwritten}).\n`);
		process.exitCode = 1;
	});
	if (text === undefined) leave(await main());
	else process.stdout.write(text);
}

async function begin(): Promise<void> {
	if (!supported(process.versions.node)) {
		process.stderr.write(
			`gitlab-runner-aws needs Node.js 22.22.2, 24.15 or 26 and later, and this is ${process.versions.node}. Install a newer one from https://nodejs.org.\n`,
		);
		process.exitCode = 2;
		return;
	}
	const text = known(argv);
	const left = text && printed(text);
	if (left === '') return;
	await start(left);
}

await begin();
