import {type Machine, textOf} from '../../../simulated/host/machine.ts';
import {publicKeyOf} from '../../../simulated/host/public-key.ts';

const [begins, ends] = ['-----BEGIN OPENSSH PRIVATE KEY-----', '-----END OPENSSH PRIVATE KEY-----'];

/** A text with its length before it, as SSH writes it. */
function prefixed(part: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(part.length);
	return Buffer.concat([length, part]);
}

/** Makes an ed25519 key as a file of this world holds it: the public half alone is in it. */
export function newWorkerKey(random: () => number): string {
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
