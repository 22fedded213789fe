import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode, wantsSpot, whereOf} from './refusals.ts';

/** EC2 has no machine of this type in this zone to give, or doesn't offer it there. */
export const noCapacity: Judge = (it) => {
	const held = holdingCode(it, 'InsufficientInstanceCapacity', 'UnfulfillableCapacity', 'Unsupported', 'InsufficientHostCapacity');
	if (!held) return undefined;
	const where = whereOf(it, held.refusal);
	const since = forTime(held.since, it.now);
	const base = {source: 'journal', key: 'move', since: held.since} as const;
	if (held.refusal.code === 'Unsupported') return {...base, id: 'not-offered', says: `EC2 doesn't offer ${where}${since}.`};
	return {...base, id: 'no-capacity', says: `EC2 has no ${wantsSpot(it) ? 'spot ' : ''}capacity for ${where}${since}.`};
};
