import {globSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {run} from 'node:test';
import {spec} from 'node:test/reporters';
import {fileURLToPath} from 'node:url';
import {bundled} from './bundled.ts';
import {look, type Peer, tell} from './peers/here.ts';
import {startForking} from './peers/moto.ts';
import {evenShares, leftOut, longestFirst, needsOf} from './peers/needs.ts';

// Runs the tests that can run on this computer: of all files, or of those that are named, or with --on-machine of those that use the manager's machine, which
// is all that a user without rights can't run. One line says what is left out; with CI=true nothing may be.

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const demandsAll = process.env.CI === 'true';
// Tests find the same surroundings everywhere: a terminal's kind and size, no colour, no CI, where Ink draws nothing, and the React that is shipped (its
// build for developers takes a fifth longer).
Object.assign(process.env, {TERM: 'xterm-256color', COLUMNS: '100', LINES: '24', FORCE_COLOR: '0', NODE_ENV: 'production', CI: 'false'});
/** Files that run at once. Those that take long wait four times as long as they work. */
const concurrency = availableParallelism() * 6;
const onMachine = process.argv[2] === '--on-machine';
const named = process.argv.slice(onMachine ? 3 : 2);
const files = named.length > 0 ? named : globSync('test/**/*.test.{ts,tsx}').toSorted();

const lacking = await look();
const needs = await needsOf(files);
const said = leftOut(needs.values(), lacking);
if (said !== undefined && demandsAll) {
	process.stderr.write(`With CI=true all tests must run. ${said}\n`);
	process.exit(1);
}
tell(lacking);
const peersOf = (file: string): Peer[] => [...(needs.get(file)?.all ?? []), ...(needs.get(file)?.some ?? [])];
const able = longestFirst(needs)
	.filter((file) => [...(needs.get(file)?.all ?? [])].every((peer) => !lacking.has(peer)))
	.filter((file) => !onMachine || peersOf(file).includes('machine'));
const needsPeers = (file: string): boolean => peersOf(file).length > 0;
const forking = able.some((file) => peersOf(file).some((peer) => peer === 'machine' || peer === 'moto')) ? await startForking() : undefined;
const scripts = await bundled(able);
const light = able.filter((file) => !needsPeers(file));
const shares = await scripts.together(evenShares(light, needs, availableParallelism()));

run({
	files: [...shares, ...able.filter(needsPeers).map(scripts.of)],
	concurrency,
	execArgv: ['--import', './test/untracked.ts', '--enable-source-maps', '--max-semi-space-size=32'],
})
	.on('test:fail', () => {
		process.exitCode = 1;
	})
	.compose(spec)
	.on('end', async () => {
		await Promise.all([scripts.remove(), forking?.stop()]);
		if (said !== undefined) process.stdout.write(`${said}\n`);
	})
	.pipe(process.stdout);
