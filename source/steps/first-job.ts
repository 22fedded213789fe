import {retryLost} from '../answers/workers.ts';
import type {Context} from '../engine/step.ts';
import {factsScript} from '../executors/scripts.ts';
import {ifAnswered} from '../problem.ts';
import type {JobSeen} from '../world/gitlab/port.ts';
import {isPreparing, readJobList} from '../world/host/job-list.ts';
import {readPrometheus} from '../world/host/prometheus.ts';
import {until} from '../world/laptop/clock.ts';
import {standingToken} from './config/standing.ts';
import {currentManager, lookAtHost} from './looks/host.ts';
import {metricsRead} from './online.ts';
import {connectTo} from './reaching.ts';
import type {WorkerMaking} from './worker-making.ts';

/** A text that YAML reads as it stands: a word, and none of those that mean true, false or nothing. GitLab reads YAML 1.1, which has more of them. */
const isPlain = (text: string): boolean => /^[a-z][\w.-]*$/i.test(text) && !/^(y|yes|n|no|true|false|on|off|null)$/i.test(text);

/** The smallest `.gitlab-ci.yml` that this runner takes, with its tags where it has some; on spot workers the job is run again once one was taken back. */
export const firstJobFile = (tags: readonly string[], image: string, isSpot: boolean): string =>
	[
		'hello:',
		`  image: ${image}`,
		...(tags.length === 0 ? [] : [`  tags: [${tags.map((tag) => (isPlain(tag) ? tag : JSON.stringify(tag))).join(', ')}]`]),
		...(isSpot ? [`  ${retryLost}`] : []),
		'  script:',
		'    - echo "Hello from AWS"',
		'',
	].join('\n');

/** Something seen of the first job; a `job.seen` event less its name. */
type FirstJobSeen = {says: string; status: string; url?: string};
type FirstJobEnd = {passed: boolean; seconds: number; url?: string | undefined};

/** Given up after an hour. */
const patience = {pause: 3000, tries: 1200};
const ended = ['success', 'failed', 'canceled', 'skipped'];

/** The tags that jobs need for this runner: GitLab's own word where it may be asked, else the answers'. */
export async function runnerTags(context: Context, runnerId: number | undefined): Promise<string[]> {
	const {answers, gitlab, secrets, signal} = context;
	if (secrets.gitlabToken === undefined || runnerId === undefined) return answers.runner === 'create' ? answers.runnerTags : [];
	return (await gitlab.runner(secrets.gitlabToken, runnerId, signal)).tags;
}

type Sight = FirstJobSeen & {ended?: boolean};

/** The runner's jobs in GitLab, oldest first; undefined without a token that may ask. */
async function jobsInGitlab({gitlab, secrets, signal}: Context, runnerId: number | undefined): Promise<JobSeen[] | undefined> {
	if (secrets.gitlabToken === undefined || runnerId === undefined) return undefined;
	const answer = await ifAnswered(gitlab.jobs(secrets.gitlabToken, runnerId, signal));
	return 'result' in answer ? answer.result.toSorted((one, other) => one.id - other.id) : undefined;
}

const sightOf = (job: JobSeen): Sight => ({
	says: `job ${job.name} of ${job.project}: ${job.status}`,
	status: job.status,
	url: job.webUrl,
	ended: ended.includes(job.status),
});

/** What the manager itself tells: machines being made, jobs under way, jobs counted. */
async function onManager(context: Context, {counted}: WorkerMaking): Promise<(Sight & {done: number; failed: number}) | undefined> {
	const manager = await currentManager(context);
	if (!manager) return undefined;
	const connection = await connectTo(context, manager);
	const {jobs = '', metrics = ''} = await connection.script(factsScript, {verify: false});
	const [job] = readJobList(jobs).jobs;
	const read = readPrometheus(metrics, metricsRead);
	const {sum} = read;
	const counts = {done: (sum('gitlab_runner_jobs_total') ?? 0) - (job ? 1 : 0), failed: sum('gitlab_runner_failed_jobs_total') ?? 0};
	if (!job) return {...counts, says: 'waiting for a job', status: 'waiting'};
	// Until its machine is there a job is pending to the runner, though it runs for GitLab.
	if ((counted(read).states?.creating ?? 0) > 0 || isPreparing(job)) return {...counts, url: job.url, says: 'machine being made', status: 'preparing'};
	return {...counts, url: job.url, says: `job running: ${(job.stage || 'started').replaceAll('_', ' ')}`, status: 'running'};
}

/**
 * Watches until the first job has ended, telling each thing that is new. Undefined when an hour goes by without one; rejects with `Stopped` when the
 * person leaves. Jobs that ended before it begins don't count.
 */
export async function watchFirstJob(context: Context, making: WorkerMaking, tell: (seen: FirstJobSeen) => void): Promise<FirstJobEnd | undefined> {
	const {answers, clock, fleet} = context;
	const begun = clock.now();
	const manager = await currentManager(context);
	const config = manager && (await lookAtHost(context, manager)).config;
	const runnerId = config && standingToken(config.text, {answers, fleet, config: making.config})?.id;
	const [before, earlier] = await Promise.all([onManager(context, making), jobsInGitlab(context, runnerId)]);
	const over = new Set(earlier?.filter(({status}) => ended.includes(status)).map(({id}) => id));
	let last = '';
	let started: number | undefined;
	const endSeen = async (): Promise<FirstJobEnd | undefined> => {
		const [jobs, seen] = await Promise.all([jobsInGitlab(context, runnerId), onManager(context, making)]);
		const job = jobs?.find(({id}) => !over.has(id));
		const told = job && sightOf(job);
		const now: FirstJobSeen | undefined = told ?? seen;
		if (now && now.status !== 'waiting') started ??= clock.now();
		const seconds = Math.round((clock.now() - (started ?? begun)) / 1000);
		if (told?.ended) return {passed: told.status === 'success', seconds, url: told.url};
		if (!jobs && seen && before && seen.done > before.done && seen.status === 'waiting') return {passed: seen.failed === before.failed, seconds};
		if (now && now.says !== last) {
			last = now.says;
			tell({says: now.says, status: now.status, ...(now.url === undefined ? {} : {url: now.url})});
		}
		return undefined;
	};
	return until(context, patience, endSeen, (end) => end !== undefined);
}
