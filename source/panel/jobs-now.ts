import {isPreparing, type RunningJob} from '../world/host/job-list.ts';
import {type UnitIs, unitIs} from '../world/host/unit.ts';
import {usualWait} from './journal/starts.ts';
import type {Counts} from './rows.ts';
import {isFresh} from './seen.ts';
import type {Snapshot, SourceName} from './snapshot.ts';

// A job as the panel has it is a job as the runner lists it.
export {isPreparing, type RunningJob};

/** Jobs that wait for the machine that is made for them; in GitLab they run already. Times are seconds. */
export type Preparing = {
	jobs: number;
	/** How long the oldest of them waits so far. */
	longest?: number | undefined;
	/** How long a job usually waits so. */
	usual?: number | undefined;
};

/** What the manager does with jobs; not known is undefined. */
export type JobsNow = {running: number | undefined; preparing: Preparing | undefined; source: SourceName};

/** How the runner's service is, as far as the manager tells. */
export const serviceIs = ({host}: Pick<Snapshot, 'host'>): UnitIs | undefined => host.value && unitIs(host.value.service);

/** Whether the runner's process is there, as far as the manager tells; undefined where it doesn't. */
export function runnerRuns(snapshot: Pick<Snapshot, 'host'>): boolean | undefined {
	const is = serviceIs(snapshot);
	return is === undefined || is === 'unknown' ? undefined : is !== 'crashed' && is !== 'stopped';
}

/** How long a job has been with the runner, in seconds: its list says so as of the last look. */
export const secondsOf = ({seconds}: RunningJob, {runner}: Pick<Snapshot, 'runner'>, now: number): number | undefined =>
	seconds === undefined ? undefined : seconds + Math.max(0, now - (runner.at ?? now)) / 1000;

function longest(snapshot: Snapshot, now: number): number | undefined {
	const listed = (snapshot.runner.value?.jobs ?? []).filter(isPreparing).flatMap((job) => secondsOf(job, snapshot, now) ?? []);
	if (listed.length > 0) return Math.max(...listed);
	const taken = [...(snapshot.journal.value?.starts.taken.values() ?? [])];
	return taken.length === 0 ? undefined : (now - Math.min(...taken)) / 1000;
}

/** How many jobs run and how many wait for their machine, by the runner's own metrics, else by the machines; none where the service doesn't run. */
export function jobsNow(snapshot: Snapshot, counts: Counts, now: number): JobsNow {
	const {runner, host, journal} = snapshot;
	const jobs = runner.value?.metrics.jobs;
	if (jobs === undefined) {
		if (runnerRuns(snapshot) === false) return {running: 0, preparing: {jobs: 0}, source: 'host'};
		return {running: host.value ? counts.busy : undefined, preparing: undefined, source: 'host'};
	}
	const pending = runner.value?.metrics.preparing ?? 0;
	const usual = journal.value && usualWait(journal.value.starts);
	return {
		running: jobs - pending,
		preparing: pending === 0 ? {jobs: 0} : {jobs: pending, longest: isFresh(runner) ? longest(snapshot, now) : undefined, usual},
		source: 'runner',
	};
}
