import type {LogEvent} from './events.ts';
import {dayOf} from './starts.ts';

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
	/** Those of today (UTC) whose machine went while they ran, newest last. */
	lost: readonly EndedJob[];
};

/** Nothing told yet. */
export const noJobs: JobHistory = {ended: [], lost: []};

const most = 50;
const mostLost = 500;

/** What the runner says when Docker on a machine doesn't answer any more: the machine is gone, or its Docker is. */
const noDocker = /Cannot connect to the Docker daemon|error during connect:/;
/** Texts of which each line of a job that lost its machine holds one. */
export const lossWords: readonly string[] = ['Cannot connect to the Docker daemon', 'error during connect:'];

/** Whether a job ended because its machine no longer answered; whether the machine was gone, EC2 tells. */
const losesMachine = ({ok, machine, error = ''}: EndedJob): boolean => !ok && machine !== undefined && noDocker.test(error);

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
	const ended = events.flatMap((event) => (event.is === 'job-ended' ? endedJob(event) : []));
	const lost = [...before.lost, ...ended.filter(losesMachine)].filter(({at}) => at >= dayOf(now));
	return {ended: ended.length === 0 ? before.ended : [...before.ended, ...ended].slice(-most), lost: lost.slice(-mostLost)};
}
