import {stateOf} from '../../../simulated/cloud/account.ts';
import type {Machine} from '../../../simulated/host/machine.ts';
import type {Caller} from '../../../simulated/host/manager-calls.ts';
import {reaches} from '../../../simulated/host/manager-calls.ts';
import type {WorkerDoor} from './autoscaler-settings.ts';
import {publicHalf} from './worker-key.ts';

/** The public half of the key that a door opens with; undefined where it has none that can be read. */
const keyOf = (machine: Machine, {keyPath}: Pick<WorkerDoor, 'keyPath'>): string | undefined =>
	keyPath === undefined ? undefined : publicHalf(machine, keyPath);

/**
 * Why this manager doesn't get on to a worker over SSH at this moment, in Go's words; undefined where it does. The worker's group must let the manager in,
 * its key pair must be the manager's own key, and its user the image's.
 */
export function shut(caller: Caller, region: string, instanceId: string, door: Pick<WorkerDoor, 'keyPath' | 'port' | 'user'>): string | undefined {
	const known = caller.cloud.account.regions.get(region);
	const instance = known?.instances.get(instanceId);
	const image = instance && known?.images.get(instance.imageId);
	if (!instance || !image) return `instance ${instanceId} is gone`;
	const address = `${instance.privateIp}:${door.port}`;
	const now = caller.now();
	if (stateOf(instance, now) !== 'running' || !reaches(caller, region, instanceId, door.port)) return `dial tcp ${address}: i/o timeout`;
	if (door.port !== 22 || now < instance.bootedAt) return `dial tcp ${address}: connect: connection refused`;
	const key = keyOf(caller.machine, door);
	if (door.user === image.user && key !== undefined && key === instance.publicKey) return undefined;
	return 'ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain';
}

/** How the connector tells that it gave up. */
export const gaveUp = (why: string, timeout: number): string => {
	const minutes = Math.floor(timeout / 60_000);
	return `dial ssh: after retrying ${Math.max(1, Math.floor(timeout / 10_000))} times during ${minutes > 0 ? `${minutes}m` : ''}${Math.round(timeout / 1000) % 60}s timeout: ${why}`;
};
