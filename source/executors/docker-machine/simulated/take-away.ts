import type {Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import type {ServiceRequest} from '../../../world/host/scripts/service.ts';
import {removeMachine} from './docker-machine.ts';
import {dockerOn} from './driver-calls.ts';
import {certificatePaths, storeOf} from './store.ts';

/** Makes the certificates, as the `install` script does. */
export function* makeCertificates({machine, say}: ScriptRun): Work<void> {
	say({says: "docker-machine's certificates being made"});
	yield 1500;
	for (const path of certificatePaths) machine.files.set(path, {text: 'PEM', mode: 0o600});
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
