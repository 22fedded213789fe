import {forTime, many} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Workers run, but the manager never gets in. */
export const sshNever: Judge = (it) => {
	const held = holdingCode(it, 'ssh-never');
	if (!held) return undefined;
	return {
		id: 'ssh-never',
		says: `New workers don't answer the manager's SSH${forTime(held.since, it.now)} (${many(held.count, 'machine')}): the security group, the user or the route isn't right.`,
		source: 'journal',
		key: 'config',
		since: held.since,
	};
};
