import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingRefusal} from './refusals.ts';

/** Docker Hub refuses more pulls: 100 in 6 hours an address (facts §13), and workers behind one NAT share theirs. */
export const dockerHub: Judge = (it) => {
	// New machines come up all the same: it's over once a job ends well.
	const held = holdingRefusal(
		it,
		({code}) => code === 'docker-hub',
		({succeededAt = 0}, at) => succeededAt > at,
	);
	if (!held) return undefined;
	return {
		id: 'docker-hub',
		says: `Docker Hub refuses more pulls from the workers' address${forTime(held.since, it.now)} (toomanyrequests).`,
		source: 'journal',
		key: 'config',
		since: held.since,
	};
};
