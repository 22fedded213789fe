import {textOf, type Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {readConfig} from '../../../simulated/host/runner-config.ts';
import {locked} from '../../../simulated/host/running.ts';
import type {Install} from '../../../world/host/scripts/install.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import type {ServiceRequest} from '../../../world/host/scripts/service.ts';
import type {RemoveWorker, RemoveWorkerOutcome} from '../scripts/remove-worker.ts';
import {removeMachine} from './docker-machine.ts';
import {dockerOn} from './driver-calls.ts';
import {certificatePaths, hasCertificates, storeOf} from './store.ts';

/** Makes the certificates where there are none, as the `install` script does: while no runner works, which would make them too. */
export function* makeCertificates(_given: Install, {machine, say}: ScriptRun, stop: () => Work<void>): Work<undefined> {
	if (hasCertificates(machine)) return undefined;
	const read = readConfig(textOf(machine, paths.config) ?? '');
	// A runner of another executor makes no machines, and goes on.
	if ('config' in read && read.config.entries.some(({executor}) => executor === 'docker+machine')) yield* stop();
	say({says: "docker-machine's certificates being made"});
	yield 1500;
	for (const path of certificatePaths) machine.files.set(path, {text: 'PEM', mode: 0o600});
	return undefined;
}

/** Removes from store and EC2 the machines that this fleet's runner named. */
export function* takeAway({fleet = '', names: also = []}: ServiceRequest, {machine, hosts, say}: ScriptRun): Work<number> {
	const ours = new RegExp(`^runner-[a-z0-9-]{1,9}-${fleet}-\\d{9,11}-[0-9a-f]{8}$`);
	const names = storeOf(machine).filter(({name}) => ours.test(name) || also.includes(name));
	if (names.length > 0) say({says: names.length > 1 ? `${names.length} machines going` : '1 machine going'});
	let count = 0;
	for (const {instanceId, name} of names) {
		const docker = dockerOn(hosts, machine);
		const removed = (yield* removeMachine(docker, name)) || (instanceId === '' && (yield* removeMachine(docker, name, 'by force')));
		say({line: removed ? `${name} removed` : `${name} not removed`});
		count += Number(removed);
	}
	return count;
}

/** The `remove-worker` script. */
export function* removeWorker(given: RemoveWorker, running: ScriptRun): Work<RemoveWorkerOutcome> {
	return yield* locked(running, taking(given, running));
}

function* taking({name}: RemoveWorker, {machine, hosts, say}: ScriptRun): Work<RemoveWorkerOutcome> {
	if (!storeOf(machine).some((one) => one.name === name)) return {is: 'gone'};
	say({says: 'instance ending'});
	return (yield* removeMachine(dockerOn(hosts, machine), name)) ? {is: 'removed'} : {is: 'failed', detail: `Error removing host "${name}"`};
}
