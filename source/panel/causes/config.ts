import {forTime, many} from '../formats.ts';
import {runnerRuns} from '../jobs-now.ts';
import {once} from '../once.ts';
import {countRows} from '../rows.ts';
import type {Case, CauseRow} from './cause.ts';

/** When the limit was reached: the newest begin of a machine or a job, milliseconds since 1970. */
const fullSince = once((rows: Case['rows']): number | undefined => {
	let newest = 0;
	for (const {state, createdAt, job} of rows)
		if (state === 'busy' || state === 'creating') newest = Math.max(newest, createdAt ?? 0, state === 'busy' ? (job?.since ?? 0) : 0);
	return newest === 0 ? undefined : newest;
});

const counted = ['busy', 'idle', 'creating', 'failed', 'stopped'] as const;

/** What config.toml says, and the limits in it. */
export const configCauses: readonly CauseRow[] = [
	{
		// The runner can't load config.toml, so the one before stays in force: as long as it runs.
		id: 'config-refused',
		rank: 'unasked',
		source: 'journal',
		key: 'config',
		tells: ({history, snapshot, now}) => {
			const held = history?.configRefused;
			if (!held || runnerRuns(snapshot) === false) return undefined;
			const why = held.detail?.replace(/\.$/, '') || 'it says no more';
			return {says: `GitLab Runner can't load config.toml${forTime(held.since, now)}, so the one before stays in force: ${why}.`, since: held.since};
		},
	},
	{
		// More machines than the limit allows, each with an instance that is paid for: it was lowered, or something else makes them. Where lost ones are replaced
		// there are more for a while, and no more jobs.
		id: 'over-limit',
		rank: 'hampered',
		source: 'ec2',
		key: 'wait',
		tells: ({limit, limitWithReplacements = limit, metrics, rows}) => {
			if (limit === undefined || rows.length <= limit) return undefined;
			const {all, ...states} = countRows(rows.filter(({instanceState}) => instanceState === 'running' || instanceState === 'pending'));
			const managed = all - states.orphan - states.unknown - states.removing;
			const busy = Math.min(states.busy, metrics?.jobs ?? states.busy);
			if (managed <= limit || (busy <= limit && managed <= (limitWithReplacements ?? limit))) return undefined;
			const then = states.busy > limit ? ' Those that are busy go once their jobs have ended.' : '';
			const told = counted.flatMap((state) => (states[state] > 0 ? [`${states[state]} ${state}`] : []));
			return `${many(managed, 'machine')} run, ${managed - limit} more than the limit of ${limit} allows: ${told.join(', ')}.${then}`;
		},
	},
	{
		// As many machines as the limit allows, and none of them is free.
		id: 'limit',
		rank: 'full',
		source: 'host',
		key: 'raise-limit',
		tells: (it) => {
			const {limit, machines, idle, removing = 0, now, metrics} = it;
			if (limit === undefined || machines === undefined || machines < limit || (idle ?? 0) > 0) return undefined;
			const since = fullSince(it.rows);
			const all = machines === 1 ? 'its one machine is' : `all ${many(machines, 'machine')} are`;
			const busy = removing > 0 ? 'busy, being made or being removed' : 'busy or being made';
			return {says: `The limit is ${limit} and ${all} ${busy}${forTime(since, now)}.`, since, source: metrics ? 'runner' : 'host'};
		},
	},
	{
		// As many jobs as `concurrent` allows over all runners of the manager; machines may well be free.
		id: 'concurrent',
		rank: 'full',
		source: 'runner',
		key: 'raise-limit',
		tells: ({metrics, config, snapshot}) => {
			const concurrent = metrics?.concurrent ?? config?.concurrent;
			const jobs = metrics?.jobs ?? snapshot.runner.value?.jobs.length;
			if (concurrent === undefined || jobs === undefined || jobs < concurrent) return undefined;
			return `concurrent is ${concurrent} and ${many(jobs, 'job runs', 'jobs run')}.`;
		},
	},
	{
		// Machines idle, but the runner asks GitLab for one job at a time.
		id: 'request-concurrency',
		rank: 'full',
		source: 'runner',
		key: 'config',
		tells: ({runner, idle, waiting}) => {
			if (runner?.requestConcurrency !== 1 || idle === undefined || idle === 0) return undefined;
			if (waiting.known && waiting.jobs < 2) return undefined;
			return `${many(idle, 'machine idles', 'machines idle')}, but the runner asks GitLab for one job at a time (request_concurrency is 1).`;
		},
	},
];
