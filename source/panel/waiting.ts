import type {PendingJob, RunnerServed} from '../world/gitlab/port.ts';
import {isOff, refusedToken, unanswered} from './causes/asking.ts';
import {age, many} from './formats.ts';
import {runnerRuns} from './jobs-now.ts';
import {makersIn} from './makers.ts';
import type {Metrics} from './metrics.ts';
import {ageOf, isFresh} from './seen.ts';
import type {RunnerSees, Snapshot} from './snapshot.ts';

/** Why a job that waits isn't one for a runner. */
type Unfit = {why: 'tag'; tags: string[]} | {why: 'untagged'} | {why: 'branch'; ref: string};

/** A pending job that no runner that is known takes. */
export type Unserved = {project: string; job: PendingJob; unfit: Unfit};

/** How many jobs wait. Not known is not 0. */
export type WaitingJobs =
	| {known: true; jobs: number; unserved: readonly Unserved[]; from: 'gitlab' | 'runner'; fresh: boolean; says: string}
	| {known: false; unserved: readonly Unserved[]; says: string};

/** Whether a runner takes a job: every tag is the runner's, an untagged job is welcome, and the branch is protected where it must be. */
function unfitFor(runner: RunnerServed, job: PendingJob): Unfit | undefined {
	const missing = job.tags.filter((tag) => !runner.tags.includes(tag));
	if (missing.length > 0) return {why: 'tag', tags: missing};
	if (job.tags.length === 0 && !runner.runUntagged) return {why: 'untagged'};
	if (runner.accessLevel === 'ref_protected' && job.protected === false) return {why: 'branch', ref: job.ref};
	return undefined;
}

/** How long a job may wait before nobody's taking it is worth a word, in milliseconds. */
const patience = 60_000;

const isAvailable = (runner: RunnerServed): boolean => !runner.paused && runner.online !== false;

function fromGitlab(snapshot: Snapshot, now: number): WaitingJobs | undefined {
	const seen = snapshot.gitlab.value;
	if (!seen) return undefined;
	let jobs = 0;
	const unserved: Unserved[] = [];
	for (const {project, jobs: pending} of seen.pending) {
		for (const job of pending) {
			const unfit = unfitFor(seen.runner, job);
			if (!unfit) jobs += 1;
			else if (now - Date.parse(job.createdAt) > patience && !seen.others?.some((other) => isAvailable(other) && !unfitFor(other, job)))
				unserved.push({project, job, unfit});
		}
	}
	const fresh = isFresh(snapshot.gitlab);
	const unreadable = seen.unreadable.length > 0 ? `, ${many(seen.unreadable.length, 'project')} can't be read` : '';
	const old = fresh ? '' : `, ${age(ageOf(snapshot.gitlab, now))} old`;
	if (seen.pending.length === 0) return undefined;
	return {known: true, jobs, unserved, from: 'gitlab', fresh, says: `GitLab, ${many(seen.pending.length, 'project')}${unreadable}${old}`};
}

/** Why the runner asks GitLab for no jobs, so that nothing it tells says whether any wait; undefined where it asks, as far as is known. */
function whySilent(snapshot: Snapshot, now: number): string | undefined {
	const asking = {snapshot, now, history: snapshot.journal.value};
	if (runnerRuns(snapshot) === false) return "the runner doesn't run, so nobody asks GitLab";
	if (isOff(asking)) return 'the runner has switched itself off, and asks GitLab for none';
	if (refusedToken(asking)) return "GitLab refuses the runner's token";
	return unanswered(asking) ? "GitLab doesn't answer the runner" : undefined;
}

/** Whether the runner has room for one more job, by its own figures: it asks GitLab then, and only then. */
function hasRoom({jobs, concurrent, machines, limits}: Metrics, snapshot: Snapshot): boolean {
	if (jobs === undefined || concurrent === undefined || jobs >= concurrent || !machines) return false;
	if (machines.idle + machines.acquired > 0) return true;
	// With an idle count it asks only while a machine is idle.
	if (makersIn(snapshot).some(({idleCount = 0, scheduled}) => idleCount > 0 || scheduled)) return false;
	const all = Object.values(limits);
	const total = machines.creating + machines.used + machines.removing + machines.stuck;
	return all.includes(0) || total < all.reduce((sum, limit) => sum + limit, 0);
}

/** A runner with room asks at least this often, also where GitLab holds its answers back (long polling), in milliseconds. */
const asksWithin = 60_000;

/** Whether GitLab had no job for the runner when it last asked: it has room, is answered "none" (204), and was given none for as long as it may wait to ask. */
function hasNone({metrics}: RunnerSees, snapshot: Snapshot, now: number): boolean {
	const {'201': given = 0, '204': none = 0} = metrics.jobRequests;
	const {value: history} = snapshot.journal;
	if (none === 0 || !isFresh(snapshot.runner) || !hasRoom(metrics, snapshot)) return false;
	const last = history?.received.at(-1);
	return last === undefined ? given === 0 || history !== undefined : now - last > asksWithin;
}

function fromRunner(snapshot: Snapshot, now: number): WaitingJobs | undefined {
	const {runner, journal} = snapshot;
	if (!runner.value) return undefined;
	const old = age(ageOf(runner, now));
	const base = {known: true, unserved: [], from: 'runner'} as const;
	if (hasNone(runner.value, snapshot, now))
		return {...base, jobs: 0, fresh: true, says: `the runner asks, and GitLab has none for it; runner metrics, ${old} old`};
	const {queueSize: jobs} = runner.value.metrics;
	if (jobs === undefined) return undefined;
	const given = journal.value?.received.at(-1);
	const late = given === undefined ? 0 : now - given;
	return {
		...base,
		jobs,
		fresh: isFresh(runner) && late <= asksWithin,
		says: `runner metrics, ${late > asksWithin ? `as of the last job it was given ${age(late / 1000)} ago` : `${old} old`}`,
	};
}

/** How many jobs wait: from GitLab's pending jobs by tags, else from what the runner's requests for jobs were answered, with its age, else not known. */
export function waitingJobs(snapshot: Snapshot, now: number): WaitingJobs {
	const told = fromGitlab(snapshot, now);
	if (told) return told;
	const silent = whySilent(snapshot, now);
	const seen = silent === undefined ? fromRunner(snapshot, now) : undefined;
	if (seen) return seen;
	const why = snapshot.gitlab.problem
		? snapshot.gitlab.problem.message
		: snapshot.gitlab.value
			? 'GitLab lists no project of this runner that can be read.'
			: 'Give GITLAB_TOKEN to see them.';
	return {known: false, unserved: [], says: `Not known how many jobs wait${silent === undefined ? '' : `: ${silent}`}. ${why}`};
}
