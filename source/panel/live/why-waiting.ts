import {executors} from '../../executors/list.ts';
import type {RunnerFacts} from '../../steps/config/facts.ts';
import {awsCauses} from '../causes/aws.ts';
import type {Case, Cause, CauseRow, Rank} from '../causes/cause.ts';
import {configCauses} from '../causes/config.ts';
import {gitlabCauses} from '../causes/gitlab.ts';
import {jobCauses} from '../causes/jobs.ts';
import {managerCauses} from '../causes/manager.ts';
import {mirrorCauses} from '../causes/mirror.ts';
import {many, takes} from '../formats.ts';
import {type JobsNow, jobsNow, type Preparing} from '../jobs-now.ts';
import {makersIn} from '../makers.ts';
import type {Metrics} from '../metrics.ts';
import {once} from '../once.ts';
import {countRows, type WorkerRow} from '../rows.ts';
import {isFresh} from '../seen.ts';
import type {Snapshot} from '../snapshot.ts';
import {type WaitingJobs, waitingJobs} from '../waiting.ts';
import {workerNameOf, workersMade} from './executors.ts';
import {join} from './join.ts';

/** Whether jobs wait, and why, the cause to act on first coming first. */
export type WhyWaiting = {
	waiting: WaitingJobs;
	/** What the manager does with jobs now: those that run, and those that it has taken and that have no machine yet. */
	jobs: JobsNow;
	/** The question above the answers: `Why are 3 jobs waiting?` */
	asks: string;
	causes: readonly Cause[];
	/** What is wrong where no job waits, so that there is nothing to explain. */
	troubles: readonly Cause[];
};

/** Every cause, the sources in the order in which they're told within a rank. */
const causeRows: readonly CauseRow[] = [
	...jobCauses,
	...managerCauses,
	...mirrorCauses,
	...executors.flatMap(({name: executor, causes}) => causes.map((row) => ({...row, executor}))),
	...awsCauses,
	...configCauses,
	...gitlabCauses,
];

const byRank = Map.groupBy(causeRows, ({rank}) => rank);

const explained: ReadonlySet<string> = new Set(causeRows.flatMap(({refusals = []}) => refusals));

/** What keeps jobs from running: who asks for them comes first, then what keeps machines from being made and used. */
const hindrances: readonly Rank[] = ['unasked', 'unmade', 'unusable', 'hampered'];

/** What all runners that make machines may make together; undefined where one has no limit or nothing is known. */
function limitOf(runners: readonly RunnerFacts[], metrics: Metrics | undefined): number | undefined {
	const limits = metrics?.limits ?? {};
	const counting = runners.filter(({maxWorkers}) => maxWorkers === undefined);
	const told = runners.length === 0 ? Object.values(limits) : counting.map(({shortToken}) => limits[shortToken]).filter((limit) => limit !== undefined);
	// The metrics tell what is in force; config.toml what will be once it is loaded.
	const all = [...(told.length > 0 ? told : counting.map(({limit}) => limit ?? 0)), ...runners.flatMap(({maxWorkers}) => maxWorkers ?? [])];
	return all.length === 0 || all.includes(0) ? undefined : all.reduce((sum, one) => sum + one, 0);
}

/** The same with workers that are made in place of lost ones, by a group and by the runner. */
function withReplacements(runners: readonly RunnerFacts[], limit: number | undefined): number | undefined {
	const besides = runners.reduce((sum, {maxWorkers, withReplacements: most}) => sum + Math.max(0, (most ?? 0) - (maxWorkers ?? most ?? 0)), 0);
	return limit === undefined ? undefined : limit + besides;
}

/** The groups of its runners, without one in which a setup only tries a worker; all that are seen where config.toml isn't known. */
function groupsOf(snapshot: Snapshot): Case['groups'] {
	const seen = snapshot.group.value?.groups ?? [];
	const named = makersIn(snapshot).flatMap(({group}) => group ?? []);
	return named.length === 0 ? seen : seen.filter(({name}) => named.includes(name));
}

/** Picks out of a snapshot what causes are judged by. */
function caseOf(snapshot: Snapshot, now: number, rows: readonly WorkerRow[] = join(snapshot, now)): Case {
	const counts = countRows(rows);
	const makers = makersIn(snapshot);
	const metrics = snapshot.runner.value?.metrics;
	// A runner that doesn't answer any more isn't asked how many machines it has: what EC2 and the manager tell is newer.
	const told = isFresh(snapshot.runner) ? metrics?.machines : undefined;
	const limit = limitOf(makers, metrics);
	const hasRows = snapshot.host.value !== undefined;
	return {
		snapshot,
		now,
		rows,
		counts,
		waiting: waitingJobs(snapshot, now),
		manager: snapshot.ec2.value?.manager,
		instanceOf: (machine) => snapshot.ec2.value?.instances.find((one) => one.id === machine || workerNameOf(one) === machine),
		host: snapshot.host.value,
		metrics,
		history: snapshot.journal.value,
		gitlab: snapshot.gitlab.value,
		config: snapshot.host.value?.config?.facts,
		runner: makers[0],
		made: workersMade(snapshot),
		limit,
		limitWithReplacements: withReplacements(makers, limit),
		machines: told ? told.acquired + told.creating + told.idle + told.used + told.removing + told.stuck : hasRows ? counts.all - counts.orphan : undefined,
		creating: told?.creating ?? (hasRows ? counts.creating : undefined),
		// One that is acquired has no job yet: a request for one is under way.
		idle: (told && told.idle + told.acquired) ?? (hasRows ? counts.idle : undefined),
		removing: told?.removing ?? (hasRows ? counts.removing : undefined),
		groups: groupsOf(snapshot),
		explained,
	};
}

/** The executors that workers here are of. */
const executorsOf = once((rows: Case['rows']): readonly string[] =>
	executors.map(({name}) => name).filter((name) => rows.some(({executor}) => executor === name)),
);

/** Tells whether a cause is one of the executors that runners here have, or that workers here are of; where neither is known any may be. */
const concerning = once(({snapshot, rows}: Case): ((row: CauseRow) => boolean) => {
	const here = new Set<string>([...makersIn(snapshot).map(({executor}) => executor), ...executorsOf(rows)]);
	return ({executor}) => executor === undefined || here.size === 0 || here.has(executor);
});

/** The causes that hold, rank by rank. */
function holding(it: Case, ranks: readonly Rank[]): Cause[] {
	const concerns = concerning(it);
	return ranks
		.flatMap((rank) => byRank.get(rank) ?? [])
		.filter(concerns)
		.flatMap((row) => {
			const told = row.tells(it);
			if (told === undefined) return [];
			const {tells: _tells, refusals: _refusals, executor: _executor, ...cause} = row;
			return [{...cause, ...(typeof told === 'string' ? {says: told} : told)}];
		});
}

function askedOf(waiting: WaitingJobs, {jobs: preparing, longest}: Preparing): string {
	const jobs = waiting.known ? waiting.jobs + waiting.unserved.length : 0;
	const soFar = longest === undefined ? '' : `, ${takes(longest)} so far`;
	const forMachines = preparing === 1 ? 'is 1 job waiting for its machine' : `are ${many(preparing, 'job')} waiting for their machines`;
	if (jobs === 0 && preparing > 0) return `Why ${forMachines}${soFar}?${waiting.known ? '' : ` ${waiting.says}`}`;
	if (!waiting.known) return waiting.says;
	if (jobs === 0) return `No job waits (${waiting.says}).`;
	return jobs === 1 ? 'Why is 1 job waiting?' : `Why are ${many(jobs, 'job')} waiting?`;
}

/** What is wrong with the fleet, whether jobs wait or not: empty is healthy, as far as is known. */
export const troublesOf = (snapshot: Snapshot, now: number, rows?: readonly WorkerRow[]): readonly Cause[] =>
	holding(caseOf(snapshot, now, rows), [...hindrances, 'mishap']);

/** Why jobs wait: every cause that holds, the one to act on first coming first. Pure; never throws. */
export function whyWaiting(snapshot: Snapshot, now: number, rows?: readonly WorkerRow[]): WhyWaiting {
	const it = caseOf(snapshot, now, rows);
	const {waiting} = it;
	const jobs = jobsNow(snapshot, it.counts, now);
	// What was told before the runner fell silent says nothing of now.
	const preparing = isFresh(snapshot.runner) ? (jobs.preparing ?? {jobs: 0}) : {jobs: 0};
	const none = waiting.known && waiting.jobs === 0 && waiting.fresh;
	const ranks: readonly Rank[] = none
		? [...(preparing.jobs > 0 ? [...hindrances, 'coming' as const, 'mishap' as const] : []), 'unserved']
		: [...hindrances, 'full', 'coming', 'unserved', 'mishap'];
	const causes = holding(it, ranks);
	return {waiting, jobs, asks: askedOf(waiting, preparing), causes, troubles: causes.length === 0 ? holding(it, [...hindrances, 'mishap']) : []};
}
