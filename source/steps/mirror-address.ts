import type {Looking} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import {mirror} from '../world/host/scripts/mirror-paths.ts';
import {currentManager} from './looks/host.ts';

/** Where a manager's own mirror is, for its workers. */
export const mirrorOn = (privateIp: string): string => `http://${privateIp}:${mirror.port}`;

/** Whether a URL is that of some manager's own mirror: what another mirror's is stays a person's. */
export const isManagersMirror = (url: string): boolean => new RegExp(`^http://\\d+\\.\\d+\\.\\d+\\.\\d+:${mirror.port}$`).test(url);

/**
 * The mirror that workers are pointed at; undefined where they have none, or none is known yet. A manager's own is at that manager's private address, so
 * workers of another manager get another: whoever still has the one before asks Docker Hub where it doesn't answer.
 */
export async function mirrorUrl(context: Looking, {registryMirror}: Pick<Answers, 'registryMirror'>): Promise<string | undefined> {
	if (registryMirror === 'none') return undefined;
	if (registryMirror !== 'create') return registryMirror.replace(/\/$/, '');
	const address = (await currentManager(context))?.privateIp;
	return address === undefined ? undefined : mirrorOn(address);
}
