import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';

/** GitLab answers 403 to the runner's token: in the log, or in the metrics with no other answer beside it. */
export const tokenRefused: Judge = ({history, metrics, now}) => {
	const says = (since?: number) => `GitLab refuses the runner's token (403)${forTime(since, now)}: the runner is deleted there, or its token was reset.`;
	const held = history?.forbidden;
	if (held) return {id: 'token-refused', says: says(held.since), source: 'journal', key: 'repair', since: held.since};
	const {'403': refused = 0, '201': given = 0, '204': none = 0} = metrics?.jobRequests ?? {};
	return refused > 0 && given + none === 0 ? {id: 'token-refused', says: says(), source: 'runner', key: 'repair'} : undefined;
};
