import {age} from '../formats.ts';
import type {Judge} from './cause.ts';

/** A runner that works asks every few seconds: ten minutes of silence say that it doesn't. GitLab's own `online` holds for two hours (facts §17.5). */
const silence = 600_000;

/** GitLab hasn't heard from any manager of this runner lately. */
export const runnerOffline: Judge = ({gitlab, now}) => {
	if (!gitlab) return undefined;
	const times = [gitlab.runner.contactedAt, ...gitlab.managers.map(({contactedAt}) => contactedAt)].flatMap((at) => (at === undefined ? [] : [Date.parse(at)]));
	const last = times.length === 0 ? undefined : Math.max(...times);
	if (last === undefined)
		return {id: 'runner-never', says: `GitLab has never heard from runner ${gitlab.runner.description}.`, source: 'gitlab', key: 'restart'};
	if (now - last < silence) return undefined;
	return {
		id: 'runner-offline',
		says: `GitLab last heard from runner ${gitlab.runner.description} ${age((now - last) / 1000)} ago.`,
		source: 'gitlab',
		key: 'restart',
		since: last,
	};
};
