import type {Source} from '../../fleet.ts';

/** Whether GitLab knows a runner's token: `POST /api/v4/runners/verify`. */
type VerifiedToken = {id?: number; tokenExpiresAt?: string};

/** A runner as `GET /api/v4/runners/:id` tells. Times are ISO 8601. */
export type RunnerSeen = {
	id: number;
	description: string;
	online?: boolean;
	paused: boolean;
	contactedAt?: string;
	tags: string[];
	runUntagged: boolean;
	maintenanceNote?: string;
};

/** What a new runner is to be: the fields of `POST /api/v4/user/runners`. */
export type NewRunner = {
	in: {project: number | string} | {group: number | string} | 'instance';
	description: string;
	tags: string[];
	runUntagged: boolean;
	/** Carries the mark, so that a runner no manager ever held can be found again. At most 1,024 characters. */
	maintenanceNote: string;
};

type RunnerMade = {id: number; token: string; tokenExpiresAt?: string};

/** A job that a runner ran or runs: `GET /api/v4/runners/:id/jobs`. */
export type JobSeen = {id: number; name: string; status: string; webUrl: string; project: string};

/**
 * The calls of GitLab's REST API that are used here, against one GitLab.
 * Every method throws a `Problem`: `gitlab-unreachable`, `gitlab-certificate`, `runner-token-refused` (403 from verify),
 * `gitlab-token-refused` (401), `gitlab-not-allowed` (403), `gitlab-throttled` (429, `again`), `gitlab-failing` (5xx, `again`), `gitlab-not-found` (404).
 */
export type Gitlab = {
	readonly url: string;
	/** No system_id is sent, so that GitLab lists no phantom manager. */
	verify(token: string, signal?: AbortSignal): Promise<VerifiedToken>;
	createRunner(gitlabToken: string, runner: NewRunner, signal?: AbortSignal): Promise<RunnerMade>;
	/** Own runners of this GitLab user, for finding those that bear our mark. */
	runners(gitlabToken: string, signal?: AbortSignal): Promise<RunnerSeen[]>;
	runner(gitlabToken: string, id: number, signal?: AbortSignal): Promise<RunnerSeen>;
	deleteRunner(gitlabToken: string, id: number, signal?: AbortSignal): Promise<void>;
	jobs(gitlabToken: string, runnerId: number, signal?: AbortSignal): Promise<JobSeen[]>;
};

/** Makes the ports for one GitLab; `ca` is a PEM bundle that is trusted besides the system's, `said` tells who named the URL (`named.ts` says what hangs on it). */
export type GitlabAt = (url: string, ca?: string, said?: Source) => WholeGitlab;

/** All calls of one GitLab's. */
export type WholeGitlab = Gitlab & GitlabPanel & GitlabTrial;

/** A runner as `GET /api/v4/runners/:id` tells it, with what decides which jobs it takes. */
export type RunnerServed = RunnerSeen & {
	accessLevel?: 'not_protected' | 'ref_protected';
	runnerType?: 'instance_type' | 'group_type' | 'project_type';
	/** Paths of the projects it is for; a group's or an instance's runner has none here. */
	projects?: string[];
	/** Ids of the groups it is for. */
	groups?: number[];
};

/** A manager of a runner: `GET /api/v4/runners/:id/managers`. Times are ISO 8601. */
export type RunnerManager = {contactedAt?: string};

/** A job that a runner runs now: `GET /api/v4/runners/:id/jobs?status=running&order_by=id&sort=desc`. */
export type RunningOnRunner = {id: number; name: string; stage?: string; project: string; webUrl: string};

/** A job that waits: `GET /api/v4/projects/:id/jobs?scope[]=pending`. */
export type PendingJob = {
	id: number;
	name: string;
	webUrl: string;
	tags: string[];
	ref: string;
	/** Whether its branch or tag is protected, where that could be read. */
	protected?: boolean;
	createdAt: string;
	/** Seconds it waits, by GitLab's count. */
	queuedSeconds?: number;
};

/**
 * The calls of GitLab's REST API that only the panel makes. They throw the same Problems as `Gitlab`'s. Scopes: `read_api` for what is looked at
 * (`manage_runner` is enough for the runner itself, its managers and its jobs), `manage_runner` for `pause`, or `api`.
 */
export type GitlabPanel = {
	served(gitlabToken: string, runnerId: number, signal?: AbortSignal): Promise<RunnerServed>;
	managers(gitlabToken: string, runnerId: number, signal?: AbortSignal): Promise<RunnerManager[]>;
	running(gitlabToken: string, runnerId: number, signal?: AbortSignal): Promise<RunningOnRunner[]>;
	/** Paths of a group's projects, subgroups included, the most recently active first; at most `limit`. */
	groupProjects(gitlabToken: string, groupId: number, limit: number, signal?: AbortSignal): Promise<string[]>;
	/**
	 * `project` is a path. The first 100 are enough. With `protection` the jobs' branches and tags are looked at as well, a call for each, at most ten:
	 * it is worth asking only for a runner that takes protected ones alone.
	 */
	pendingJobs(gitlabToken: string, project: string, signal?: AbortSignal, asks?: {protection?: boolean}): Promise<PendingJob[]>;
	/** Pauses the runner, or lets it take jobs again. Throws `gitlab-not-allowed` without the scope `manage_runner` or the role. */
	pause(gitlabToken: string, runnerId: number, paused: boolean, signal?: AbortSignal): Promise<void>;
};

/** A project, as far as a trial needs to know it; `path` is with its namespace. */
export type TrialProject = {id: number; path: string; namespaceId: number; description: string; defaultBranch?: string};

/** A job of a trial's pipeline. Times are ISO 8601. */
export type TrialJob = {
	id: number;
	name: string;
	status: string;
	createdAt: string;
	startedAt?: string;
	failureReason?: string;
};

/**
 * The calls of GitLab's REST API with which a runner is tried: a project or a branch is made, what is committed there begins a pipeline, its jobs are
 * looked at, and all of it is deleted again. They throw the same Problems as `Gitlab`'s, and `gitlab-refused` (400 and other statuses). Scope: `api`.
 */
export type GitlabTrial = {
	/** By id or path; undefined where there is none. */
	project(gitlabToken: string, named: number | string, signal?: AbortSignal): Promise<TrialProject | undefined>;
	/** Those that the user is a member of and whose path ends with this name, or with it and a number. */
	projectsNamed(gitlabToken: string, name: string, signal?: AbortSignal): Promise<TrialProject[]>;
	/** A private one, with the instance's own runners where that's wanted; without a namespace it's the user's own. */
	createProject(
		gitlabToken: string,
		wanted: {name: string; namespaceId?: number | undefined; description: string; sharedRunners: boolean},
		signal?: AbortSignal,
	): Promise<TrialProject>;
	/** Lets a project's runner take jobs of another project too. Throws `gitlab-not-allowed` where it's locked. */
	enableRunner(gitlabToken: string, project: number, runnerId: number, signal?: AbortSignal): Promise<void>;
	/** Commits one file; a branch that isn't there is made, from another where that is named. Gives the commit, for which GitLab makes a pipeline. */
	commit(
		gitlabToken: string,
		project: number,
		wanted: {branch: string; from?: string | undefined; path: string; text: string; message: string},
		signal?: AbortSignal,
	): Promise<string>;
	/** Those of a branch, the newest first. */
	pipelines(gitlabToken: string, project: number, branch: string, signal?: AbortSignal): Promise<{id: number; commit: string}[]>;
	/** Oldest first. */
	pipelineJobs(gitlabToken: string, project: number, pipeline: number, signal?: AbortSignal): Promise<TrialJob[]>;
	/** The lines of a job's log so far, without colours. */
	trace(gitlabToken: string, project: number, job: number, signal?: AbortSignal): Promise<string[]>;
	/** With its jobs, logs and artifacts. Gone already is well. */
	deletePipeline(gitlabToken: string, project: number, pipeline: number, signal?: AbortSignal): Promise<void>;
	deleteBranch(gitlabToken: string, project: number, branch: string, signal?: AbortSignal): Promise<void>;
	/** `later`: GitLab keeps what is deleted for some days. */
	deleteProject(gitlabToken: string, project: number, signal?: AbortSignal): Promise<'gone' | 'later'>;
};
