#!/usr/bin/env node
import {readFileSync, writeSync} from 'node:fs';
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
	const {start} = await import('./program.ts');
	await start({argv, version, root}, left);
}

await begin();
