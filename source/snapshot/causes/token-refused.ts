import {forTime} from '../formats.ts';
import {refusedToken} from './asking.ts';
import type {Judge} from './cause.ts';

/** GitLab answers 403 to the runner's token: in the log, or in the metrics with no other answer beside it. */
export const tokenRefused: Judge = (it) => {
	const says = (since?: number) => `GitLab refuses the runner's token (403)${forTime(since, it.now)}: the runner is deleted there, or its token was reset.`;
	const told = refusedToken(it);
	if (told) return {id: 'token-refused', says: says(told.held.since), source: 'journal', key: 'repair', since: told.held.since};
	if (it.history?.forbidden) return undefined;
	const {'403': refused = 0, '201': given = 0, '204': none = 0} = it.metrics?.jobRequests ?? {};
	return refused > 0 && given + none === 0 ? {id: 'token-refused', says: says(), source: 'runner', key: 'repair'} : undefined;
};
