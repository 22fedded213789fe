import {forTime, many} from '../formats.ts';
import {countRows} from '../rows.ts';
import type {Case, Judge} from './cause.ts';

/** When the last place was taken: the newest begin of a machine or a job, milliseconds since 1970. */
const fullSince = ({rows}: Case): number | undefined => {
	let newest = 0;
	for (const {state, createdAt, job} of rows) {
		if (state !== 'busy' && state !== 'creating') continue;
		newest = Math.max(newest, createdAt ?? 0, state === 'busy' ? (job?.since ?? 0) : 0);
	}
	return newest === 0 ? undefined : newest;
};

const counted = ['busy', 'idle', 'creating', 'failed', 'stopped'] as const;

/** More machines than the limit allows, each with an instance that is paid for: it was lowered, or something else makes them. */
export const overLimit: Judge = ({limit, rows}) => {
	const {all, ...states} = countRows(rows.filter(({instanceState}) => instanceState === 'running' || instanceState === 'pending'));
	const managed = all - states.orphan - states.unknown - states.removing;
	if (limit === undefined || managed <= limit) return undefined;
	const then = states.busy > limit ? ' Those that are busy go once their jobs have ended.' : '';
	const told = counted.flatMap((state) => (states[state] > 0 ? [`${states[state]} ${state}`] : []));
	return {
		id: 'over-limit',
		says: `${many(managed, 'machine')} run, ${managed - limit} more than the limit of ${limit} allows: ${told.join(', ')}.${then}`,
		source: 'ec2',
		key: 'wait',
	};
};

/** As many machines as the limit allows, and none of them is free. */
export const limitReached: Judge = (it) => {
	const {limit, machines, idle, removing = 0, now, metrics} = it;
	if (limit === undefined || machines === undefined || machines < limit || (idle ?? 0) > 0) return undefined;
	const since = fullSince(it);
	const all = machines === 1 ? 'its one machine is' : `all ${many(machines, 'machine')} are`;
	return {
		id: 'limit',
		says: `The limit is ${limit} and ${all} ${removing > 0 ? 'busy, being made or being removed' : 'busy or being made'}${forTime(since, now)}.`,
		source: metrics ? 'runner' : 'host',
		key: 'raise-limit',
		since,
	};
};
