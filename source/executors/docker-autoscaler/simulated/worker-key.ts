import {type Machine, textOf, type Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {publicKeyOf} from '../../../simulated/host/public-key.ts';
import {locked} from '../../../simulated/host/running.ts';
import {workerKeyPath} from '../manager-paths.ts';
import type {WorkerKey, WorkerKeyOutcome} from '../scripts/worker-key.ts';

const [begins, ends] = ['-----BEGIN OPENSSH PRIVATE KEY-----', '-----END OPENSSH PRIVATE KEY-----'];

/** A text with its length before it, as SSH writes it. */
function prefixed(part: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(part.length);
	return Buffer.concat([length, part]);
}

/** Makes an ed25519 key as a file of this world holds it: the public half alone is in it. */
function newWorkerKey(random: () => number): string {
	const point = Buffer.from(Array.from({length: 32}, () => Math.floor(random() * 256)));
	const half = Buffer.concat([prefixed(Buffer.from('ssh-ed25519')), prefixed(point)]).toString('base64');
	return `${begins}\n${half}\n${ends}\n`;
}

/** The public half of a key on a machine, as `ssh-keygen -y` tells it without the comment; undefined where none is, or none that can be read. */
export function publicHalf(machine: Machine, path: string): string | undefined {
	const text = textOf(machine, path);
	if (text === undefined) return undefined;
	const [first, half = '', last] = text.trim().split('\n');
	const isOurs = first === begins && last === ends && half.startsWith('AAAAC3NzaC1lZDI1NTE5');
	return isOurs ? `ssh-ed25519 ${half}` : publicKeyOf(text, undefined);
}

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
