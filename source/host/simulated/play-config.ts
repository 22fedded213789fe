import {paths} from '../scripts/paths.ts';
import type {WriteConfig, WriteConfigOutcome} from '../scripts/write-config.ts';
import {digest, keysPath, programs, systemIdPath, textOf, versionOf, type Work} from './machine.ts';
import {bareKey} from './public-key.ts';
import {lint, readConfig} from './runner-config.ts';
import {locked, type Running} from './running.ts';

const hashOf = (text: string | undefined) => (text === undefined ? undefined : digest(text));

/** The `write-config` script. */
export function* writeConfig(given: WriteConfig, running: Running): Work<WriteConfigOutcome> {
	return yield* locked(running, writing(given, running));
}

function* writing(given: WriteConfig, {machine, hosts}: Running): Work<WriteConfigOutcome> {
	const {files} = machine;
	yield 300;
	if (hashOf(textOf(machine, paths.config)) !== given.from) return {is: 'changed-meanwhile'};
	const wrong = lint(given.text);
	if (wrong !== undefined) return {is: 'refused', detail: `FATAL: ${wrong}`};
	if (machine.diskFreeGib <= 0) return {is: 'failed', code: 'disk-full', detail: '[Errno 28] No space left on device'};
	yield 400;
	if (given.ca) files.set(given.ca.path, {text: given.ca.text, mode: 0o644});
	if (given.systemId !== undefined && !files.has(systemIdPath)) files.set(systemIdPath, {text: given.systemId, mode: 0o600});
	const standing = textOf(machine, paths.config);
	if (hashOf(standing) !== given.from) return {is: 'changed-meanwhile'};
	if (standing !== undefined && standing !== given.text) files.set(`${paths.config}.previous`, {text: standing, mode: 0o600});
	files.set(paths.config, {text: given.text, mode: 0o600});
	noticeConfig({machine, hosts});
	return {is: 'written', hash: digest(given.text)};
}

/** A running service sees a new file within 3 s (facts §4.7). */
export function noticeConfig({machine, hosts}: Pick<Running, 'machine' | 'hosts'>): void {
	const {process} = machine;
	if (!process) return;
	hosts.clock.at(hosts.clock.now() + 3000, () => {
		if (machine.process !== process) return;
		process.reload();
		process.dispatch();
		hosts.review();
	});
}

/** The `authorize-key` script. */
export function* authorizeKey({user, publicKey}: {user: string; publicKey: string}, running: Running): Work<{added: boolean}> {
	return yield* locked(running, authorizing(user, publicKey, running));
}

function* authorizing(user: string, publicKey: string, {machine}: Running): Work<{added: boolean}> {
	yield 200;
	const standing = textOf(machine, keysPath(user)) ?? '';
	if (standing.split('\n').some((line) => bareKey(line) === bareKey(publicKey))) return {added: false};
	machine.files.set(keysPath(user), {text: `${standing}${publicKey.trim()}\n`, mode: 0o600});
	return {added: true};
}

/** The `unregister` script: GitLab forgets this manager of the runner, the runner stays there (facts §1.3). */
export function* unregister({runnerName}: {runnerName: string}, running: Running): Work<{lines: string[]; code: number}> {
	return yield* locked(running, unregistering(runnerName, running));
}

function* unregistering(runnerName: string, {machine, hosts}: Running): Work<{lines: string[]; code: number}> {
	yield 900;
	if (versionOf(machine, programs.runner) === undefined) return {lines: ['gitlab-runner not found'], code: 127};
	const text = textOf(machine, paths.config) ?? '';
	const read = readConfig(text);
	const entry = 'config' in read ? read.config.entries.find(({name}) => name === runnerName) : undefined;
	if (!entry) return {lines: [`FATAL: could not find a runner with the name '${runnerName}'`], code: 1};
	const {status} = hosts.gitlab.verify(entry.url, entry.token, textOf(machine, entry.caPath ?? ''));
	if (status !== 200 && status !== 403) return {lines: [`ERROR: Unregistering runner manager from GitLab failed  status=${status}`], code: 1};
	// The real one takes the entry out of the file too; which of several it was is of no more use here.
	if ('config' in read && read.config.entries.length === 1)
		machine.files.set(paths.config, {text: text.slice(0, Math.max(0, text.indexOf('[[runners]]'))), mode: 0o600});
	return {lines: ['Unregistering runner manager from GitLab succeeded'], code: 0};
}
