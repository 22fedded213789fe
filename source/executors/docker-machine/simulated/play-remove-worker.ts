import type {Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {locked} from '../../../simulated/host/running.ts';
import type {RemoveWorker, RemoveWorkerOutcome} from '../scripts/remove-worker.ts';
import {removeMachine} from './docker-machine.ts';
import {dockerOn} from './driver-calls.ts';
import {storeOf} from './store.ts';

/** The `remove-worker` script. */
export function* removeWorker(given: RemoveWorker, running: ScriptRun): Work<RemoveWorkerOutcome> {
	return yield* locked(running, taking(given, running));
}

function* taking({name}: RemoveWorker, {machine, hosts, say}: ScriptRun): Work<RemoveWorkerOutcome> {
	if (!storeOf(machine).some((one) => one.name === name)) return {is: 'gone'};
	say({says: 'instance ending'});
	return (yield* removeMachine(dockerOn(hosts, machine), name)) ? {is: 'removed'} : {is: 'failed', detail: `Error removing host "${name}"`};
}
