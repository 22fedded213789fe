import {forTime, many} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Workers have Docker, but the manager never reaches it there. */
export const dockerNever: Judge = (it) => {
	const held = holdingCode(it, 'docker-never');
	if (!held) return undefined;
	return {
		id: 'docker-never',
		says: `Docker on new workers doesn't answer the manager on port 2376${forTime(held.since, it.now)} (${many(held.count, 'machine')}): the security group or the route isn't right.`,
		source: 'journal',
		key: 'config',
		since: held.since,
	};
};
