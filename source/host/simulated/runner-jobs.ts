import type {Job} from '../../gitlab/simulated.ts';
import {type RunnerEntry, shortToken} from './runner-config.ts';
import type {Runner} from './worker.ts';

/** What the log says of a job in each of its lines. */
export const ofJob = ({id, project}: Job) => ({job: id, project: 4711, project_full_path: project});

/** GitLab has given a job: it runs, and counts from now on. */
export function beginJob({hosts, machine, process, note}: Runner, job: Job, entry: RunnerEntry): void {
	const {clock, gitlab} = hosts;
	const runnerId = gitlab.serves(entry.url, entry.token)?.id;
	Object.assign(job, {state: 'running', startedAt: clock.now(), manager: machine.instance.id, ...(runnerId === undefined ? {} : {runnerId})});
	process.jobs.push(job);
	process.totals.jobs += 1;
	const who = {runner: shortToken(entry.token), runner_name: entry.name};
	note('info', 'Checking for jobs... received', {job: job.id, repo_url: `${entry.url}/${job.project}.git`, ...who});
	note('info', 'Added job to processing list', {...ofJob(job), time_in_queue_seconds: Math.round((clock.now() - job.queuedAt) / 1000)});
}

/** How a job ended. `failed`: why, in the runner's words; by the system unless it's the job's own doing. */
export type Ended = {is: 'success'} | {is: 'failed'; reason: string; own?: boolean};

/** A job is over. */
export function endJob(runner: Runner, job: Job, ended: Ended): void {
	const {hosts, process, note} = runner;
	const now = hosts.clock.now();
	const begin = ended.is === 'failed' ? `Job failed${ended.own ? '' : ' (system failure)'}: ` : '';
	Object.assign(job, {state: ended.is, endedAt: now, ...(ended.is === 'failed' ? {reason: begin + ended.reason} : {})});
	process.jobs.splice(process.jobs.indexOf(job), 1);
	const about = {
		...ofJob(job),
		...(job.worker === undefined ? {} : {name: job.worker}),
		duration_s: (now - (job.startedAt ?? now)) / 1000,
		'job-status': ended.is,
	};
	if (ended.is === 'success') note('info', 'Job succeeded', about);
	else note('warning', begin.trim(), {...about, error: ended.reason});
	note('info', 'Removed job from processing list', ofJob(job));
	if (ended.is === 'failed') process.totals.failed += 1;
	runner.ended();
}
