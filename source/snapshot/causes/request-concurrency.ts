import {many} from '../formats.ts';
import type {Judge} from './cause.ts';

/** Machines idle, but the runner asks GitLab for one job at a time (facts §4.2). */
export const requestConcurrency: Judge = ({runner, idle, waiting}) => {
	if (runner?.requestConcurrency !== 1 || idle === undefined || idle === 0) return undefined;
	if (waiting.known && waiting.jobs < 2) return undefined;
	return {
		id: 'request-concurrency',
		says: `${many(idle, 'machine idles', 'machines idle')}, but the runner asks GitLab for one job at a time (request_concurrency is 1).`,
		source: 'runner',
		key: 'config',
	};
};
