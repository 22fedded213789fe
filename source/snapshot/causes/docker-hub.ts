import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Docker Hub refuses more pulls: 100 in 6 hours an address (facts §13), and workers behind one NAT share theirs. */
export const dockerHub: Judge = (it) => {
	const held = holdingCode(it, 'docker-hub');
	if (!held) return undefined;
	return {
		id: 'docker-hub',
		says: `Docker Hub refuses more pulls from the workers' address${forTime(held.since, it.now)} (toomanyrequests).`,
		source: 'journal',
		key: 'config',
		since: held.since,
	};
};
