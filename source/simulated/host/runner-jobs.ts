import type {BucketState} from '../cloud/account.ts';
import {questionsOf} from '../cloud/policy/questions.ts';
import {judgeRole} from '../cloud/rights.ts';
import type {Job} from '../gitlab/gitlab.ts';
import {type CacheHeard, type FailureReason, imageTakes, jobImage} from '../gitlab/state.ts';
import {credentialsPath, type Hosts, textOf} from './machine.ts';
import {pulls} from './mirror.ts';
import type {Runner} from './runner.ts';
import {type RunnerEntry, shortToken} from './runner-config.ts';
import type {Fields} from './runner-log.ts';

/** Where the runner keeps a job's cache (GitLab Runner, "Distributed runners caching"). */
const keyOf = ({cache, token}: RunnerEntry): string => `${cache?.path ?? ''}/runner/${shortToken(token)}/project/4711/default`;

/** Whether whoever signs the cache's URLs may do this: the manager's role, or the person whose keys root's credentials file has. */
function may({hosts: {clock, cloud}, machine}: Runner, bucket: BucketState, action: string, resource: string): boolean {
	if (textOf(machine, credentialsPath)?.includes('aws_access_key_id')) return true;
	const {account} = cloud;
	const scope = {partition: 'aws', account: account.id, region: bucket.region, known: () => undefined};
	const keys = action.startsWith('kms:') ? {'kms:ViaService': `s3.${bucket.region}.amazonaws.com`} : {};
	return questionsOf({action, resource, keys}, scope).every(
		(question) => judgeRole(account, machine.instance.profileName, question, clock.now()) === 'allowed',
	);
}

const arnOf = ({name}: BucketState, key = ''): string => `arn:aws:s3:::${name}${key && `/${key}`}`;

/** What S3 answers to a job that asks for its cache; undefined where the runner has none. */
function askForCache(runner: Runner, entry: RunnerEntry): CacheHeard | undefined {
	if (!entry.cache) return undefined;
	const bucket = runner.hosts.cloud.account.buckets.get(entry.cache.bucket);
	if (!bucket) return 'none yet';
	const key = keyOf(entry);
	const isRead = may(runner, bucket, 's3:GetObject', arnOf(bucket, key)) && (bucket.key === undefined || may(runner, bucket, 'kms:Decrypt', bucket.key));
	if (bucket.objects.some((object) => object.key === key)) return isRead ? 'restored' : 'received: 403 Forbidden';
	// S3 tells that an object is missing only to who may list the bucket; the question has no prefix.
	return isRead && may(runner, bucket, 's3:ListBucket', arnOf(bucket)) ? 'none yet' : 'received: 403 Forbidden';
}

/** A job that went well leaves its cache, where it may. */
function leaveCache(runner: Runner, entry: RunnerEntry): void {
	const bucket = entry.cache && runner.hosts.cloud.account.buckets.get(entry.cache.bucket);
	if (!bucket) return;
	const key = keyOf(entry);
	const isWritten =
		may(runner, bucket, 's3:PutObject', arnOf(bucket, key)) && (bucket.key === undefined || may(runner, bucket, 'kms:GenerateDataKey', bucket.key));
	if (isWritten && !bucket.objects.some((object) => object.key === key)) bucket.objects.push({key, versionId: 'null', size: 4096});
}

/** What the log says of a job in each of its lines. */
export const ofJob = ({id, project}: Job) => ({job: id, project: 4711, project_full_path: project});

/** GitLab gives up a job of which no runner has told anything for so long, in milliseconds. */
const stuckAfter = 3_600_000;

/** GitLab has given a job: it runs, and counts from now on. */
export function beginJob({hosts, machine, process, note}: Runner, job: Job, entry: RunnerEntry): void {
	const {clock, gitlab} = hosts;
	const runnerId = gitlab.serves(entry.url, entry.token)?.id;
	const left = gitlab.waitingFor(entry.url, entry.token).filter((one) => one !== job).length;
	process.takenBy.set(job.id, shortToken(entry.token));
	process.queued.set(shortToken(entry.token), left);
	Object.assign(job, {state: 'running', startedAt: clock.now(), manager: machine.instance.id, ...(runnerId === undefined ? {} : {runnerId})});
	process.jobs.push(job);
	process.totals.jobs += 1;
	const who = {runner: shortToken(entry.token), runner_name: entry.name};
	note('info', 'Checking for jobs... received', {job: job.id, repo_url: `${entry.url}/${job.project}.git`, ...who});
	note('info', 'Added job to processing list', {
		...ofJob(job),
		queue_depth: 1,
		queue_size: left,
		time_in_queue_seconds: Math.round((clock.now() - job.queuedAt) / 1000),
	});
}

/** Its runner's process has ended without a word: GitLab believes it to run until it has heard nothing of it for an hour. */
export function abandonJob({clock, gitlab}: Hosts, job: Job): void {
	clock.at(clock.now() + stuckAfter, () => {
		if (job.state === 'running') failJob(gitlab, job, {at: clock.now(), reason: 'stuck_or_timeout_failure', why: 'stuck_or_timeout_failure'});
	});
}

/** GitLab takes a job as failed. */
export function failJob(gitlab: Hosts['gitlab'], job: Job, {at, reason, why}: {at: number; reason: string; why: FailureReason}): void {
	Object.assign(job, {state: 'failed', endedAt: at, reason, failureReason: why});
	gitlab.ended(job);
}

/** How a job ended. `failed`: why, in the runner's words, and GitLab's reason. */
export type JobEnding = {is: 'success'} | {is: 'failed'; reason: string; why: FailureReason};

/** What the log calls a failure. */
const failedWords = (why: FailureReason): string => `Job failed${why === 'runner_system_failure' ? ' (system failure)' : ''}: `;

/** A job is over; `named`: what its executor adds to every line of it; `released`: its place is free then. */
export function endJob(runner: Runner, job: Job, ended: JobEnding, named: Fields = {}, released: () => void = () => {}): void {
	const {hosts, process, note} = runner;
	const now = hosts.clock.now();
	Object.assign(job, {state: ended.is, endedAt: now});
	if (ended.is === 'failed') Object.assign(job, {reason: failedWords(ended.why) + ended.reason, failureReason: ended.why});
	process.jobs.splice(process.jobs.indexOf(job), 1);
	const about = {
		...ofJob(job),
		...named,
		duration_s: (now - (job.startedAt ?? now)) / 1000,
		'job-status': ended.is,
	};
	if (ended.is === 'success') note('info', 'Job succeeded', about);
	else {
		note('warning', failedWords(ended.why) + ended.reason, {...about, error: ended.reason, failure_reason: ended.why});
		process.failed.set(ended.why, (process.failed.get(ended.why) ?? 0) + 1);
	}
	note('info', 'Removed job from processing list', ofJob(job));
	process.takenBy.delete(job.id);
	hosts.gitlab.ended(job);
	released();
	runner.ended();
}

const refusedPull = `failed to pull image "${jobImage}" with specified policies [always]: Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit (manager.go:250:1s)`;

/** Whether the image that a worker was launched from has the image that jobs run in. */
const isImageHeld = ({cloud}: Hosts, instanceId: string | undefined): boolean =>
	[...cloud.account.regions.values()].some(({images, instances}) => {
		const launched = images.get(instances.get(instanceId ?? '')?.imageId ?? '');
		return launched?.contents?.pulled.includes(jobImage) === true;
	});

/** Runs a job on the instance that it has got, and tells how it ended; gives what calls it off. */
export function runJob(runner: Runner, job: Job, entry: RunnerEntry, instanceId: string | undefined, over: (ended: JobEnding) => void): () => void {
	const {hosts} = runner;
	if (isImageHeld(hosts, instanceId)) job.isImageHeld = true;
	const heard = askForCache(runner, entry);
	if (heard !== undefined) job.cache = heard;
	const mayPull = job.isImageHeld ? !hosts.dockerHubRefuses : pulls(hosts, runner.machine);
	const takes = job.seconds * 1000 - (job.isImageHeld ? imageTakes.pulled - imageTakes.held : 0);
	return hosts.clock.at(hosts.clock.now() + (mayPull && !hosts.jobsFail ? Math.max(imageTakes.held, takes) : imageTakes.pulled), () => {
		const without = job.trial?.needsCache === true && heard !== 'restored' ? {reason: 'exit code 1', why: 'script_failure' as const} : undefined;
		const refused = hosts.jobsFail ?? (mayPull ? without : {reason: refusedPull, why: 'runner_external_dependency_failure' as const});
		if (!refused) leaveCache(runner, entry);
		over(refused ? {is: 'failed', ...refused} : {is: 'success'});
	});
}
