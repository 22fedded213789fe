import {age} from '../formats.ts';
import type {Judge} from './cause.ts';

/** After three refused or unanswered requests a runner switches itself off for an hour; a restart forgets it (facts §17.3). */
export const switchedOff: Judge = ({history, now}) => {
	const held = history?.unhealthy;
	if (!held || (held.until !== undefined && held.until < now)) return undefined;
	const until = held.until === undefined ? 'for an hour' : `and asks again in ${age((held.until - now) / 1000)}`;
	return {
		id: 'switched-off',
		says: `The runner switched itself off as unhealthy ${age((now - held.since) / 1000)} ago ${until}; a restart is quicker once GitLab answers it.`,
		source: 'journal',
		key: 'restart',
		since: held.since,
	};
};
