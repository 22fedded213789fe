#!/usr/bin/env node
import {readFileSync} from 'node:fs';
import {homedir, hostname, userInfo} from 'node:os';

/** Node versions this runs on: the intersection of what its libraries support (package.json's engines). */
const supported = (version: string): boolean => {
	const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
	if (major === 22) return minor > 22 || (minor === 22 && patch >= 2);
	if (major === 24) return minor >= 15;
	return major >= 26;
};

const argv = process.argv.slice(2);
const packageFile: {version: string} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Signals are this program's alone: a library that cleans up at one (conf brings such) sends it to us once more, which would count as the second. */
function aloneOn(name: NodeJS.Signals, handle: () => void): void {
	process.on(name, handle);
	process.on('newListener', (event: string | symbol, other: () => void) => {
		if (event === name) queueMicrotask(() => process.off(name, other));
	});
}

/** What nobody caught is a bug of ours: one sentence on screen, the stack in the log. */
async function bug(error: unknown): Promise<never> {
	const {foldersOf, realDisk} = await import('./disk/real.ts');
	const disk = realDisk(foldersOf(process.env, homedir()));
	disk.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
	process.stderr.write(
		`Something here isn't as this program expects. Run the same command again; it looks first and goes on. The details are in ${disk.logPath}.\n`,
	);
	process.exit(70);
}

async function main(): Promise<number> {
	if (!supported(process.versions.node)) {
		process.stderr.write(
			`gitlab-runner-aws needs Node.js 22.22.2, 24.15 or 26 and later, and this is ${process.versions.node}. Install a newer one from https://nodejs.org.\n`,
		);
		return 2;
	}
	if (argv.length === 1 && argv[0] === '--version') {
		process.stdout.write(`${packageFile.version}\n`);
		return 0;
	}
	if (argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? '')) {
		const {help} = await import('./command-line/help.ts');
		process.stdout.write(help());
		return 0;
	}
	const {enableCompileCache} = await import('node:module');
	enableCompileCache();
	const {run} = await import('./commands/run.ts');
	const env = {...process.env};
	for (const secret of ['GITLAB_RUNNER_TOKEN', 'GITLAB_TOKEN']) delete process.env[secret];
	return run({
		argv,
		env,
		version: packageFile.version,
		stdin: process.stdin,
		stdout: process.stdout,
		stderr: process.stderr,
		home: homedir(),
		platform: process.platform,
		who: `${userInfo().username}@${hostname()}`,
		shipped: new URL('../presets/', import.meta.url),
		onSignal: (handle) => {
			for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) aloneOn(name, () => handle(name));
			// Whoever read us has gone, such as `head`: nothing more is started, as when a terminal hangs up.
			process.stdout.once('error', () => handle('SIGHUP'));
			process.stdout.on('error', () => {});
		},
	});
}

process.on('uncaughtException', (error) => void bug(error));
process.exitCode = await main();
