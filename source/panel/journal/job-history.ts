import type {LogEvent} from './events.ts';

/** A job that is over. Times are milliseconds since 1970. */
export type EndedJob = {
	job: number;
	project?: string | undefined;
	machine?: string | undefined;
	ok: boolean;
	/** Why it failed, in the runner's words. */
	error?: string | undefined;
	/** GitLab's reason: `runner_system_failure`, `script_failure`. */
	why?: string | undefined;
	seconds?: number | undefined;
	at: number;
};

/** Jobs as the log tells of them. */
export type JobHistory = {
	/** The last ones, newest last. */
	ended: readonly EndedJob[];
	/** When those were received that have no machine yet, by their ids. */
	taken: ReadonlyMap<number, number>;
	/** Seconds that jobs waited for their machine, newest last. */
	waits: readonly number[];
	/** Those of today (UTC) whose machine went while they ran, newest last. */
	lost: readonly EndedJob[];
};

/** Nothing told yet. */
export const noJobs: JobHistory = {ended: [], taken: new Map(), waits: [], lost: []};

const most = 50;
const mostLost = 500;
/** What has not come to a machine after this long never will: its end was in a part of the log that is gone. In milliseconds. */
const longestWait = 6 * 3_600_000;

/** What the runner says when Docker on a machine doesn't answer any more: the machine is gone, or its Docker is. */
const noDocker = /Cannot connect to the Docker daemon|error during connect:/;
/** Texts of which each line of a job that lost its machine holds one. */
export const lossWords: readonly string[] = ['Cannot connect to the Docker daemon', 'error during connect:'];

/** Whether a job ended because its machine no longer answered; whether the machine was gone, EC2 tells. */
const losesMachine = ({ok, machine, error = ''}: EndedJob): boolean => !ok && machine !== undefined && noDocker.test(error);

/** The beginning of AWS's day, which is UTC's. */
const dayOf = (at: number): number => Math.floor(at / 86_400_000) * 86_400_000;

const endedJob = ({job, project, machine, ok, error, why, seconds, at}: Extract<LogEvent, {is: 'job-ended'}>): EndedJob => ({
	job,
	...(project === undefined ? {} : {project}),
	...(machine === undefined ? {} : {machine}),
	ok,
	...(error === undefined ? {} : {error}),
	...(why === undefined ? {} : {why}),
	...(seconds === undefined ? {} : {seconds}),
	at,
});

/** What more of the log tells of jobs; `now` in milliseconds since 1970. Pure. */
export function jobsAfter(before: JobHistory, events: readonly LogEvent[], now: number): JobHistory {
	const taken = new Map(before.taken);
	const [ended, waits]: [EndedJob[], number[]] = [[], []];
	for (const event of events) {
		if (event.is === 'job-received' && !taken.has(event.job)) taken.set(event.job, event.at);
		else if (event.is === 'job-on-machine') {
			const since = taken.get(event.job);
			if (since !== undefined) waits.push((event.at - since) / 1000);
			taken.delete(event.job);
		} else if (event.is === 'job-ended') {
			taken.delete(event.job);
			ended.push(endedJob(event));
		} else if (event.is === 'service-started') taken.clear();
	}
	for (const [job, at] of taken) if (now - at > longestWait) taken.delete(job);
	const lost = [...before.lost, ...ended.filter(losesMachine)].filter(({at}) => at >= dayOf(now));
	return {
		ended: ended.length === 0 ? before.ended : [...before.ended, ...ended].slice(-most),
		taken,
		waits: waits.length === 0 ? before.waits : [...before.waits, ...waits].slice(-most),
		lost: lost.slice(-mostLost),
	};
}

/** How long a job usually waits for its machine, in seconds: the middle one of the last waits that weren't over at once. */
export function usualWait({waits}: JobHistory): number | undefined {
	const sorted = waits.filter((seconds) => seconds >= 1).toSorted((one, other) => one - other);
	return sorted[Math.floor(sorted.length / 2)];
}
