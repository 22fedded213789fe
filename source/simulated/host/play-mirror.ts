import type {InstallMirror, InstallMirrorOutcome} from '../../world/host/scripts/install-mirror.ts';
import type {MirrorAnswer, RemoveMirrorOutcome, WriteMirrorLoginOutcome} from '../../world/host/scripts/mirror.ts';
import {mirror, mirrorTexts} from '../../world/host/scripts/mirror-paths.ts';
import {nothingServed, stoppedUnit, textOf, type Work} from './machine.ts';
import {fetchAll, waitForBoot} from './play-software.ts';
import type {ScriptRun} from './plays.ts';
import {locked} from './running.ts';

const failed = (code: string, detail: string): Extract<InstallMirrorOutcome, {is: 'failed'}> => ({is: 'failed', code, detail});

/** The `install-mirror` script. */
export function* installMirror(given: InstallMirror, running: ScriptRun): Work<InstallMirrorOutcome> {
	const boot = yield* waitForBoot(given, running);
	return boot ?? (yield* locked(running, bringing(given, running)));
}

function* bringing(given: InstallMirror, running: ScriptRun): Work<InstallMirrorOutcome> {
	const {hosts, machine, say} = running;
	const {download, files} = given;
	if (textOf(machine, download.path) === undefined || textOf(machine, mirror.version)?.trim() !== download.version) {
		const trouble = yield* fetchAll([download], running);
		if (trouble) return trouble;
		if (machine.mirror) machine.mirror.service = stoppedUnit(true);
		machine.files.set(download.path, {text: `registry ${download.version}`, mode: 0o755});
		machine.files.set(mirror.version, {text: `${download.version}\n`, mode: 0o644});
	}
	const mount = files.find(({path}) => path.endsWith(mirror.mount));
	if (machine.mirror?.diskGib === undefined || textOf(machine, mount?.path ?? '') !== mount?.text) {
		const free = machine.diskFreeGib + (machine.mirror?.diskGib ?? 0);
		const gib = Math.floor(Math.min(given.diskMib, free * 1024 - given.leaveMib) / 1024);
		if (gib * 1024 < given.leastMib)
			return failed(
				'disk-full',
				`${Math.floor(free * 1024)} MiB are free in /var/lib, and the mirror needs ${given.leastMib} beside the ${given.leaveMib} that stay free`,
			);
		say({says: `${gib} GiB being set aside`});
		yield 800;
		machine.diskFreeGib = free - gib;
		machine.mirror = {diskGib: gib, service: stoppedUnit(true), served: nothingServed()};
	}
	const state = machine.mirror;
	if (files.some(({path, text}) => textOf(machine, path) !== text)) {
		state.service = stoppedUnit(true);
		for (const {path, text, mode} of files) machine.files.set(path, {text, mode});
	}
	yield 900;
	say({says: 'waiting until it answers'});
	yield 600;
	if (machine.faults.mirror !== undefined) {
		state.service = {...stoppedUnit(true), active: 'activating', result: 'exit-code', status: 1, restarts: 3, since: hosts.clock.now()};
		return failed('mirror-silent', machine.faults.mirror);
	}
	if (state.service.active !== 'active') state.service = {...stoppedUnit(true), active: 'active', since: hosts.clock.now()};
	return {is: 'done', diskGib: state.diskGib ?? 0};
}

/** The `remove-mirror` script. */
export function* removeMirror(_given: object, running: ScriptRun): Work<RemoveMirrorOutcome> {
	return yield* locked(running, removing(running));
}

function* removing({machine}: ScriptRun): Work<RemoveMirrorOutcome> {
	yield 1500;
	machine.diskFreeGib += machine.mirror?.diskGib ?? 0;
	machine.mirror = undefined;
	for (const path of [...mirrorTexts, mirror.login, mirror.version, mirror.program]) machine.files.delete(path);
	yield 300;
	return {is: 'gone'};
}

/** The `write-mirror-login` script. */
export function* writeMirrorLogin({text}: {text?: string | undefined}, running: ScriptRun): Work<WriteMirrorLoginOutcome> {
	return yield* locked(running, writing(text, running));
}

function* writing(text: string | undefined, {hosts, machine}: ScriptRun): Work<WriteMirrorLoginOutcome> {
	yield 200;
	if (text === undefined) machine.files.delete(mirror.login);
	else machine.files.set(mirror.login, {text, mode: 0o600});
	if (!machine.mirror) return {is: 'failed', detail: `Failed to restart ${mirror.service}.service: Unit ${mirror.service}.service not found.`};
	machine.mirror.service = {...stoppedUnit(true), active: 'active', since: hosts.clock.now()};
	return {is: 'written'};
}

/** The `look-at-mirror` script: mirrors of others are set from outside. */
export function* lookAtMirror({url}: {url: string}, {hosts}: ScriptRun): Work<MirrorAnswer> {
	yield 150;
	const known = hosts.mirrors.get(url);
	if (known === undefined) yield 5000;
	return known === undefined ? {silent: '[Errno -2] Name or service not known'} : {status: known};
}
