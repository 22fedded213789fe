import type {Download, Install, InstallOutcome} from '../../world/host/scripts/install.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {unknownToThisWorld} from '../cloud/refusal.ts';
import {textOf, unitPath, versionOf, type Work} from './machine.ts';
import {stopGracefully} from './play-service.ts';
import type {ScriptRun} from './plays.ts';
import {installedConfig} from './runner-save.ts';
import {locked} from './running.ts';
import {startService} from './unit.ts';

/** Bytes of a program, about as they are. */
const sizeOf = (program: string): number => (program === 'gitlab-runner' ? 122_737_024 : program === 'registry' ? 20_971_520 : 27_262_976);

/** Milliseconds that a mebibyte takes. */
const perMebibyte = 35;

type Failed = Extract<InstallOutcome, {is: 'failed'}>;
const failed = (code: string, detail: string): Failed => ({is: 'failed', code, detail});

/** Jobs that still run when a service's time to drain is over: what ends an install. */
class StillBusy extends Error {}

/** The `install` script. */
export function* install(given: Install, running: ScriptRun): Work<InstallOutcome> {
	const boot = yield* waitForBoot(given, running);
	if (boot) return boot;
	try {
		return yield* locked(running, bringAbout(given, running));
	} catch (error) {
		if (error instanceof StillBusy) return failed('drain-slow', error.message);
		throw error;
	}
}

export function* waitForBoot({bootSeconds}: Pick<Install, 'bootSeconds'>, {machine, hosts, say}: ScriptRun): Work<Failed | undefined> {
	say({says: 'first boot ending'});
	if (machine.faults.cloudInit === 'slow') {
		yield bootSeconds * 1000;
		return failed('boot-slow', 'status: running');
	}
	const begun = hosts.clock.now();
	yield 200;
	for (let left = machine.instance.initialisedAt - hosts.clock.now(); left > 0; left = machine.instance.initialisedAt - hosts.clock.now()) {
		yield Math.min(10_000, left);
		if (left > 10_000) say({says: `first boot ending, ${Math.round((hosts.clock.now() - begun) / 1000)} s so far`});
	}
	if (machine.faults.cloudInit === 'error') return failed('boot-failed', 'status: error detail: Failed to run module scripts_user');
	if (machine.faults.cloudInit === 'degraded') say({says: 'first boot ended with errors that it got over: status: done'});
	return undefined;
}

const unitText = (program: string) =>
	`[Unit]\nDescription=GitLab Runner\n\n[Service]\nExecStart=${program} "run" "--config" "${paths.config}" "--working-directory" "/home/gitlab-runner" "--service" "gitlab-runner" "--user" "gitlab-runner"\nRestart=always\nRestartSec=120\n`;

function* bringAbout(given: Install, running: ScriptRun): Work<InstallOutcome> {
	const {machine, hosts, plays} = running;
	const {files} = machine;
	const executor = plays.find((one) => one.executor === given.executor);
	if (!executor) throw unknownToThisWorld(`the executor ${given.executor}`);
	const wasActive = machine.service.active === 'active';
	files.set(paths.dropIn, {text: given.dropIn, mode: 0o644});
	for (const {path, text} of given.files) files.set(path, {text, mode: 0o644});
	const wanted = given.downloads.filter((one) => versionOf(machine, one.path) !== one.version);
	const trouble = yield* fetchAll(wanted, running);
	if (trouble) return trouble;
	const program = given.downloads.find(({name}) => name === 'gitlab-runner')?.path;
	function* stop(): Work<void> {
		const jobs = machine.process ? yield* stopGracefully(Math.max(1, given.drainSeconds), running) : undefined;
		if (jobs !== undefined) throw new StillBusy(String(jobs));
	}
	if (wanted.some(({name}) => name === 'gitlab-runner')) yield* stop();
	for (const {name, version, path} of wanted) {
		running.say({says: `${name} ${version} installing`});
		yield 400;
		files.set(path, {text: `${name} ${version}`, mode: 0o755});
	}
	if (program !== undefined && !textOf(machine, unitPath)?.includes(`ExecStart=${program} `)) {
		// `gitlab-runner install` saves a file of its own where none is.
		if (!files.has(paths.config)) files.set(paths.config, {text: installedConfig, mode: 0o600});
		files.set(unitPath, {text: unitText(program), mode: 0o644});
		machine.service.enabled = true;
	}
	const why = yield* executor.prepare(given, running, stop);
	yield 500;
	if (wasActive && machine.service.active !== 'active') startService(hosts, machine);
	return why === undefined ? {is: 'done'} : failed('command-failed', why);
}

export function* fetchAll(wanted: readonly Download[], {hosts, machine, say}: ScriptRun): Work<Failed | undefined> {
	const {faults} = machine;
	const first = wanted[0];
	if (!first) return undefined;
	if (faults.downloads === 'unreachable') {
		yield 96_000;
		return failed('download-failed', `${first.sha256 === undefined ? first.checksums : first.url}: <urlopen error timed out>`);
	}
	yield 600;
	const most = Math.max(...wanted.map(({name}) => sizeOf(name)));
	const step = 8 * 1_048_576;
	for (let seen = 0; seen < most; seen += step) {
		const parts = wanted.map(({name}) => Math.min(step, Math.max(0, sizeOf(name) - seen)));
		const {pace} = hosts.cloud.account;
		yield pace ? (parts.reduce((sum, part) => sum + part, 0) / pace.bytesPerSecond) * 1000 : 8 * perMebibyte;
		for (const {name, version} of wanted) {
			if (seen < sizeOf(name)) say({download: `${name} ${version}`, bytes: Math.min(sizeOf(name), seen + step), of: sizeOf(name)});
		}
		if (seen / 1_073_741_824 > machine.diskFreeGib)
			return failed(
				'disk-full',
				`[Errno 28] No space left on device: '${first.path}'; ${Math.floor(machine.diskFreeGib * 1024)} MiB are free in /usr/local/bin`,
			);
	}
	const wrong = wanted.find(({name}) => name === faults.checksum);
	if (!wrong) return undefined;
	return failed('checksum-wrong', `${wrong.url} has SHA-256 ${'5'.repeat(64)}, and release.sha256 says ${'a'.repeat(64)}`);
}
