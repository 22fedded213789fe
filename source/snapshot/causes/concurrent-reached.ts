import {many} from '../formats.ts';
import type {Judge} from './cause.ts';

/** As many jobs as `concurrent` allows over all runners of the manager; machines may well be free. */
export const concurrentReached: Judge = ({metrics, config, snapshot}) => {
	const concurrent = metrics?.concurrent ?? config?.concurrent;
	const jobs = metrics?.jobs ?? snapshot.runner.value?.jobs.length;
	if (concurrent === undefined || jobs === undefined || jobs < concurrent) return undefined;
	return {id: 'concurrent', says: `concurrent is ${concurrent} and ${many(jobs, 'job runs', 'jobs run')}.`, source: 'runner', key: 'raise-limit'};
};
