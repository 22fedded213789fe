import type {GitlabAt, RunnerSeen} from '../../world/gitlab/port.ts';
import type {Laptop} from '../laptop.ts';

/** A runner as the simulated GitLab keeps it. Times are milliseconds since 1970. */
export type RunnerKept = {
	id: number;
	token: string;
	description: string;
	tags: string[];
	runUntagged: boolean;
	note: string;
	paused: boolean;
	/** It can't be given to another project. */
	locked?: boolean;
	/** How long a token of it holds, in seconds, where GitLab lets tokens end; and when the one that it has ends. */
	tokenSeconds?: number;
	tokenExpiresAt?: number;
	contactedAt?: number;
	/** A project's runner unless said otherwise; of a group's, the ids of the groups. */
	type?: 'instance_type' | 'group_type' | 'project_type';
	groups?: number[];
	accessLevel?: 'not_protected' | 'ref_protected';
	/** Managers that asked for jobs with its token. */
	managers?: {systemId: string; version: string; contactedAt: number}[];
};

/** How a GitLab does, to whoever calls it. */
export type GitlabHealth = 'up' | 'unreachable' | 'certificate' | 'failing' | 'throttled';

/** What a job hears of its cache: only a 404 means to the runner that there is none (gitlab-runner 19.4, commands/helpers/cache_extractor.go). */
export type CacheHeard = 'restored' | 'none yet' | 'received: 403 Forbidden';

/** The image that jobs run in. */
export const jobImage = 'alpine:latest';

/** Milliseconds until a job's image is there: it is pulled, or Docker only asks whether it has the newest. */
export const imageTakes = {pulled: 4000, held: 500};

/** Why a job failed, as GitLab calls it. */
export type FailureReason = 'script_failure' | 'runner_system_failure' | 'runner_external_dependency_failure' | 'stuck_or_timeout_failure';

/** How often a job's .gitlab-ci.yml has it run again, and after which failures. */
export type Retry = {max: number; when: readonly FailureReason[]};

/** One job as GitLab, its runner and the tests know it. Times are milliseconds since 1970. */
export type Job = {
	id: number;
	name: string;
	project: string;
	/** How long its script takes, in seconds. */
	seconds: number;
	tags: string[];
	/** The pipeline of a trial that it belongs to, and whether it fails without its cache. */
	trial?: {pipeline: TrialPipeline; needsCache: boolean};
	/** The branch; `main` where it is absent. */
	ref?: string;
	state: 'pending' | 'running' | 'success' | 'failed';
	queuedAt: number;
	startedAt?: number;
	/** When it first had a worker. */
	workerAt?: number;
	/** Whether the worker's disk had the image that jobs run in from the beginning. */
	isImageHeld?: boolean;
	endedAt?: number;
	/** Instance id of the manager that took it. */
	manager?: string;
	/** Name of the machine that it ran on. */
	worker?: string;
	runnerId?: number;
	/** What it heard when it asked for its cache; absent where its runner has none. */
	cache?: CacheHeard;
	/** Why it failed, in GitLab Runner's words. */
	reason?: string;
	failureReason?: FailureReason;
	retry?: Retry;
	/** How many jobs of its name failed before it and were tried again. */
	retries?: number;
};

/** The id of the next job, or of one of those that come then. */
export const nextJobId = (jobs: readonly Job[], place = 0): number => 9000 + jobs.length + place;

/** The new job by which GitLab tries a failed one again, where its `retry` says so (docs/facts.md, "GitLab's API"). */
export function retried(
	{failureReason, name, project, ref, retries = 0, retry, seconds, state, tags}: Job,
	jobs: readonly Job[],
	now: number,
): Job | undefined {
	if (state !== 'failed' || !retry || failureReason === undefined || !retry.when.includes(failureReason) || retries >= retry.max) return undefined;
	const id = nextJobId(jobs);
	return {id, name, project, seconds, tags, retry, retries: retries + 1, state: 'pending', queuedAt: now, ...(ref === undefined ? {} : {ref})};
}

/** A project as whoever makes and deletes projects meets it. `runners` are the ids of a project's runners that it has. */
export type TrialKept = {id: number; path: string; description: string; runners: Set<number>; branches: Set<string>; pipelines: Map<string, TrialPipeline>};

/** A pipeline; a job that isn't the first waits for the one before it. */
export type TrialPipeline = {id: number; project: TrialKept; branch: string; jobs: Job[]; waiting: Job[]};

/** What a manager's request for a job meets: an HTTP status, or -100 and the Go error where no answer came. */
export type JobAnswer = {status: number; detail?: string; job?: Job};

/** Who a manager says it is. */
type Heard = {systemId: string; version: string};

/** The simulated GitLab: what it knows, and what managers ask of it. */
export type SimulatedGitlab = {
	url: string;
	health: GitlabHealth;
	/** What managers meet where it is another thing than everybody else: their network or their trust is at fault. */
	managersMeet: GitlabHealth | undefined;
	/** How long GitLab takes to answer a manager's request for a job, in milliseconds. */
	latency: number;
	/** PEM that callers must trust, or undefined: any. */
	ca: string | undefined;
	runners: Map<number, RunnerKept>;
	/** Personal access tokens with their scopes. */
	tokens: Map<string, string[]>;
	jobs: Job[];
	/** Projects that are deleted stay for some days. */
	keepsDeleted: boolean;
	/** Projects that trials made or named, by their ids. */
	trials: Map<number, TrialKept>;
	/** Puts a job into the queue, of which runners hear soon. */
	queue(job: Job): void;
	/** Called with each job that is put there. */
	whenQueued: ((job: Job) => void)[];
	/** A job has ended: in a pipeline the next one begins, and one that failed is tried again where its `retry` says so. */
	ended(job: Job): void;
	/** Paths of projects that are there besides those with jobs. */
	projects: Set<string>;
	/** Branches that are protected, in every project. */
	protectedRefs: Set<string>;
	/** What `gitlab-runner verify` of a manager meets: an HTTP status, or -100 for none. */
	verify(url: string, token: string, ca: string | undefined): {status: number; runner?: RunnerKept};
	/** The runner of a token, when GitLab would give it jobs. */
	serves(url: string, token: string): RunnerKept | undefined;
	/** Jobs that wait for the runner of a token, the oldest first. */
	waitingFor(url: string, token: string): Job[];
	/** A manager asks for a job: the oldest that its runner may take, which is not yet marked as taken. */
	request(url: string, token: string, ca: string | undefined, by: Heard): JobAnswer;
	/** A manager gets another token for one that it has, which no longer holds then; undefined where GitLab doesn't know it or isn't there. */
	renew(url: string, token: string): {token: string; expiresAt: number | undefined} | undefined;
	/** A manager's word, be it a request or news of a job that it runs. */
	hear(runner: RunnerKept, by: Heard): void;
	/** Every token that laptops sent, to whichever URL, with the authority that they trusted for it. */
	sent: {url: string; token: string; ca: string | undefined}[];
	/** Called before GitLab answers a laptop, so that it has heard from its managers. */
	whenAsked: (() => void)[];
	at(laptop: Laptop): GitlabAt;
};

/** A time as GitLab writes it. */
export const isoTime = (at: number) => new Date(at).toISOString();

/** Two hours without a word, and GitLab calls a runner offline. */
const offlineAfter = 7_200_000;

/** A runner as the port tells it. */
export const seen = (runner: RunnerKept, now: number): RunnerSeen => ({
	id: runner.id,
	description: runner.description,
	online: runner.contactedAt !== undefined && now - runner.contactedAt < offlineAfter,
	paused: runner.paused,
	...(runner.contactedAt === undefined ? {} : {contactedAt: isoTime(runner.contactedAt)}),
	tags: [...runner.tags],
	runUntagged: runner.runUntagged,
	maintenanceNote: runner.note,
});
