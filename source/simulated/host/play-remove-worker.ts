import type {RemoveWorker, RemoveWorkerOutcome} from '../../executors/docker-machine/scripts/remove-worker.ts';
import {removeMachine} from './docker-machine.ts';
import type {DockerMachine} from './docker-machine-calls.ts';
import {storeOf, type Work} from './machine.ts';
import {locked, type ScriptRun} from './running.ts';

/** The `remove-worker` script. */
export function* removeWorker(given: RemoveWorker, running: ScriptRun): Work<RemoveWorkerOutcome> {
	return yield* locked(running, taking(given, running));
}

function* taking({name}: RemoveWorker, {machine, hosts, say}: ScriptRun): Work<RemoveWorkerOutcome> {
	if (!storeOf(machine).some((one) => one.name === name)) return {is: 'gone'};
	say({says: 'instance ending'});
	const docker: DockerMachine = {cloud: hosts.cloud, machine, now: hosts.clock.now, random: hosts.random, say: () => {}, givenUp: () => undefined};
	return (yield* removeMachine(docker, name)) ? {is: 'removed'} : {is: 'failed', detail: `Error removing host "${name}"`};
}
