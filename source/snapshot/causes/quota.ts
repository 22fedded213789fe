import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode, wantsSpot, whereOf} from './refusals.ts';

/** The account may run no more vCPUs of this kind. */
export const quota: Judge = (it) => {
	const held = holdingCode(it, 'VcpuLimitExceeded', 'InstanceLimitExceeded', 'MaxSpotInstanceCountExceeded');
	if (!held) return undefined;
	const kind = held.refusal.code === 'MaxSpotInstanceCountExceeded' || (held.refusal.code !== 'VcpuLimitExceeded' && wantsSpot(it)) ? 'spot' : 'on-demand';
	const allowed = held.refusal.allowed === undefined ? `${kind} vCPU quota` : `quota of ${held.refusal.allowed} ${kind} vCPUs`;
	return {
		id: 'quota',
		says: `The account's ${allowed} in ${it.snapshot.region} is used up, so there's no more ${whereOf(it, held.refusal)}${forTime(held.since, it.now)}.`,
		source: 'journal',
		key: 'commands',
		since: held.since,
	};
};
