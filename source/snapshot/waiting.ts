import type {PendingJob, RunnerServed} from '../gitlab/port.ts';
import {age, many} from './formats.ts';
import {ageOf, isFresh} from './seen.ts';
import type {Snapshot} from './snapshot.ts';

/** Why a job that waits isn't one for a runner. */
type Unfit = {why: 'tag'; tags: string[]} | {why: 'untagged'} | {why: 'branch'; ref: string};

/** A pending job that no runner that is known takes. */
export type Unserved = {project: string; job: PendingJob; unfit: Unfit};

/** How many jobs wait. Not known is not 0. */
export type Waiting =
	| {known: true; jobs: number; unserved: readonly Unserved[]; from: 'gitlab' | 'runner'; fresh: boolean; says: string}
	| {known: false; unserved: readonly Unserved[]; says: string};

/** Whether a runner takes a job (facts §17.5): every tag is the runner's, an untagged job is welcome, and the branch is protected where it must be. */
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

function fromGitlab(snapshot: Snapshot, now: number): Waiting | undefined {
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

/** How many jobs wait: from GitLab's pending jobs by tags, else from the runner's queue metric with its age, else not known. */
export function waitingJobs(snapshot: Snapshot, now: number): Waiting {
	const told = fromGitlab(snapshot, now);
	if (told) return told;
	const queue = snapshot.runner.value?.metrics.queueSize;
	if (queue !== undefined)
		return {
			known: true,
			jobs: queue,
			unserved: [],
			from: 'runner',
			fresh: isFresh(snapshot.runner),
			says: `runner metrics, ${age(ageOf(snapshot.runner, now))} old`,
		};
	const why = snapshot.gitlab.problem
		? snapshot.gitlab.problem.message
		: snapshot.gitlab.value
			? 'GitLab lists no project of this runner that can be read.'
			: 'Give GITLAB_TOKEN to see them.';
	return {known: false, unserved: [], says: `Not known how many jobs wait. ${why}`};
}
