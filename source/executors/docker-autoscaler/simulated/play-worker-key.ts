import {textOf, type Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {locked} from '../../../simulated/host/running.ts';
import {workerKeyPath} from '../manager-paths.ts';
import type {WorkerKey, WorkerKeyOutcome} from '../scripts/worker-key.ts';
import {newWorkerKey, publicHalf} from './worker-key.ts';

/** The `worker-key` script. */
export function* workerKey(_given: WorkerKey, running: ScriptRun): Work<WorkerKeyOutcome> {
	return yield* locked(running, making(running));
}

function* making({machine, hosts}: ScriptRun): Work<WorkerKeyOutcome> {
	yield 250;
	const standing = textOf(machine, workerKeyPath);
	if (standing === undefined && machine.diskFreeGib <= 0)
		return {is: 'failed', code: 'disk-full', detail: `ssh-keygen: Saving key "${workerKeyPath}" failed: No space left on device`};
	machine.files.set(workerKeyPath, {text: standing ?? newWorkerKey(hosts.random), mode: 0o600});
	const publicKey = publicHalf(machine, workerKeyPath);
	if (publicKey === undefined) return {is: 'failed', code: 'command-failed', detail: `ssh-keygen: Load key "${workerKeyPath}": error in libcrypto`};
	return {is: 'ready', publicKey};
}
