import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** docker-machine's certificates are broken, which the first-use race does (facts §3.2), or missing while machines are made. */
export const certificates: Judge = (it) => {
	const held = holdingCode(it, 'certificates');
	// Before the first machine there are none, and docker-machine makes them then.
	if (it.host?.hasStore && !it.host.certificates && (held || it.host.machines.length > 0))
		return {
			id: 'certificates-missing',
			says: "docker-machine's certificates are missing on the manager, so no worker can be used.",
			source: 'host',
			key: 'repair',
			since: held?.since,
		};
	if (!held) return undefined;
	return {
		id: 'certificates',
		says: `docker-machine's certificates don't fit, so new workers can't be used${forTime(held.since, it.now)}.`,
		source: 'journal',
		key: 'repair',
		since: held.since,
	};
};
