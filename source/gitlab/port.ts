/** Whether GitLab knows a runner's token: `POST /api/v4/runners/verify`. */
export type Verified = {id?: number; tokenExpiresAt?: string};

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

export type RunnerMade = {id: number; token: string; tokenExpiresAt?: string};

/** A job that a runner ran or runs: `GET /api/v4/runners/:id/jobs`. */
export type JobSeen = {id: number; name: string; status: string; webUrl: string; project: string; createdAt: string};

/**
 * The calls of GitLab's REST API that are used here, against one GitLab.
 * Every method throws a `Problem`: `gitlab-unreachable`, `gitlab-certificate`, `runner-token-refused` (403 from verify),
 * `gitlab-token-refused` (401), `gitlab-not-allowed` (403), `gitlab-throttled` (429, `again`), `gitlab-failing` (5xx, `again`), `gitlab-not-found` (404).
 */
export type Gitlab = {
	readonly url: string;
	/** No system_id is sent, so that GitLab lists no phantom manager. */
	verify(token: string, signal?: AbortSignal): Promise<Verified>;
	version(signal?: AbortSignal): Promise<string | undefined>;
	createRunner(gitlabToken: string, runner: NewRunner, signal?: AbortSignal): Promise<RunnerMade>;
	/** Own runners of this GitLab user, for finding those that bear our mark. */
	runners(gitlabToken: string, signal?: AbortSignal): Promise<RunnerSeen[]>;
	runner(gitlabToken: string, id: number, signal?: AbortSignal): Promise<RunnerSeen>;
	deleteRunner(gitlabToken: string, id: number, signal?: AbortSignal): Promise<void>;
	jobs(gitlabToken: string, runnerId: number, signal?: AbortSignal): Promise<JobSeen[]>;
};

/** Makes the port for one GitLab; `ca` is a PEM bundle that is trusted besides the system's. */
export type GitlabAt = (url: string, ca?: string) => Gitlab;
