import {paths} from '../../world/host/scripts/paths.ts';
import type {WriteConfig, WriteConfigOutcome} from '../../world/host/scripts/write-config.ts';
import {credentialsPath, digest, keysPath, runnerProgram, systemIdPath, textOf, versionOf, type Work} from './machine.ts';
import type {ScriptRun} from './plays.ts';
import {bareKey} from './public-key.ts';
import {unregisterRunner} from './runner-commands.ts';
import {lint} from './runner-config.ts';
import {locked, noticeConfig} from './running.ts';

const hashOf = (text: string | undefined) => (text === undefined ? undefined : digest(text));

/** The `write-config` script. */
export function* writeConfig(given: WriteConfig, running: ScriptRun): Work<WriteConfigOutcome> {
	return yield* locked(running, writing(given, running));
}

function* writing(given: WriteConfig, {machine, hosts}: ScriptRun): Work<WriteConfigOutcome> {
	const {files} = machine;
	yield 300;
	if (hashOf(textOf(machine, paths.config)) !== given.from) return {is: 'changed-meanwhile'};
	const wrong = lint(given.text);
	if (wrong !== undefined) return {is: 'refused', detail: `FATAL: ${wrong}`};
	if (machine.diskFreeGib <= 0) return {is: 'failed', code: 'disk-full', detail: '[Errno 28] No space left on device'};
	yield 400;
	if (given.ca) files.set(given.ca.path, {text: given.ca.text, mode: 0o644});
	if (given.systemId !== undefined) files.set(systemIdPath, {text: given.systemId, mode: 0o600});
	const standing = textOf(machine, paths.config);
	if (hashOf(standing) !== given.from) return {is: 'changed-meanwhile'};
	if (standing !== undefined && standing !== given.text) files.set(`${paths.config}.previous`, {text: standing, mode: 0o600});
	files.set(paths.config, {text: given.text, mode: 0o600});
	noticeConfig({machine, hosts});
	return {is: 'written', hash: digest(given.text)};
}

/** The `authorize-key` script. */
export function* authorizeKey({user, publicKey}: {user: string; publicKey: string}, running: ScriptRun): Work<{added: boolean}> {
	return yield* locked(running, authorizing(user, publicKey, running));
}

function* authorizing(user: string, publicKey: string, {machine}: ScriptRun): Work<{added: boolean}> {
	yield 200;
	const standing = textOf(machine, keysPath(user)) ?? '';
	if (standing.split('\n').some((line) => bareKey(line) === bareKey(publicKey))) return {added: false};
	machine.files.set(keysPath(user), {text: `${standing}${publicKey.trim()}\n`, mode: 0o600});
	return {added: true};
}

/** The `unregister` script: GitLab forgets this manager of the runner, the runner stays there. */
export function* unregister({runnerName}: {runnerName: string}, running: ScriptRun): Work<{lines: string[]; code: number}> {
	return yield* locked(running, unregistering(runnerName, running));
}

function* unregistering(runnerName: string, {machine, hosts}: ScriptRun): Work<{lines: string[]; code: number}> {
	yield 900;
	if (versionOf(machine, runnerProgram) === undefined) return {lines: ['gitlab-runner not found'], code: 127};
	return unregisterRunner(hosts, machine, runnerName);
}

/** The `write-credentials` script. */
export function* writeCredentials({section}: {section: string}, running: ScriptRun): Work<{is: 'written'}> {
	return yield* locked(running, writingCredentials(section, running));
}

function* writingCredentials(section: string, {machine}: ScriptRun): Work<{is: 'written'}> {
	yield 200;
	machine.files.set(credentialsPath, {text: section, mode: 0o600});
	return {is: 'written'};
}
