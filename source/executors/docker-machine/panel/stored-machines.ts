import * as z from 'zod';
import {keeping} from '../../../panel/seen.ts';
import type {HostOfExecutors, HostSeen} from '../../../panel/snapshot.ts';
import type {StoredMachine} from '../../../panel/workers.ts';
import {isHostName, madeAt} from '../../../world/host/machine-name.ts';
import type {HostPart} from '../../scripts.ts';

declare module '../../../panel/snapshot.ts' {
	interface HostOfExecutors {
		/** docker-machine's store is there. */
		hasStore: boolean;
		machines: readonly StoredMachine[];
		/** Machines whose files couldn't be read. */
		unreadMachines: readonly string[];
		/** docker-machine's certificates are there. */
		certificates: boolean;
	}
}

/** Fields of docker-machine's `config.json`, picked on the manager: access keys stand in that file and never leave it. */
const pickedMachine = z.object({
	name: z.string(),
	instanceId: z.string().default(''),
	ip: z.string().default(''),
	privateIp: z.string().default(''),
	type: z.string().default(''),
	region: z.string().default(''),
	zone: z.string().default(''),
	spot: z.boolean().optional(),
	diskGib: z.number().optional(),
	privateOnly: z.boolean().optional(),
});

/** Newest first, as rows are: joining finds them in order, and putting in order what is so already costs little. */
const byAge = (one: StoredMachine, other: StoredMachine): number => (other.createdAt ?? 0) - (one.createdAt ?? 0) || (one.name < other.name ? -1 : 1);

/** Reads what was picked, newest first; names of those that couldn't be read are given back. Never throws. */
export function readMachines(picked: readonly unknown[]): {machines: StoredMachine[]; unread: string[]} {
	const machines: StoredMachine[] = [];
	const unread: string[] = [];
	for (const one of picked) {
		const read = pickedMachine.safeParse(one);
		// docker-machine makes none of another name, so what is called otherwise was put there by somebody.
		if (read.success && isHostName(read.data.name)) machines.push({...read.data, createdAt: madeAt(read.data.name)});
		else unread.push(nameOf(one));
	}
	return {machines: machines.sort(byAge), unread};
}

const nameOf = (one: unknown): string =>
	typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string' ? one.name : 'a machine without a name';

type StoreSeen = Pick<HostOfExecutors, 'hasStore' | 'machines' | 'unreadMachines' | 'certificates'>;

/** docker-machine's store on the manager, as a round told it. */
export function hostSeen({hasStore, certificates, machines: picked, unreadMachines}: HostPart, before: HostSeen | undefined): StoreSeen {
	const {machines, unread} = readMachines(picked);
	return {hasStore, certificates, machines: keeping(before?.machines, machines, ({name}) => name), unreadMachines: [...unreadMachines, ...unread]};
}
