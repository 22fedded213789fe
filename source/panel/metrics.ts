import {metricsRead} from '../steps/online.ts';
import type {WorkersCounted} from '../steps/worker-making.ts';
import {readPrometheus} from '../world/host/prometheus.ts';

/** Machines by the runner's own states. */
export type MachineCounts = NonNullable<WorkersCounted['states']>;

/** What the runner's `/metrics` tells. A figure that isn't there is undefined: not known is not 0. */
export type Metrics = {
	/** Jobs that it has taken and that haven't ended. */
	jobs: number | undefined;
	/** Those of them that have no machine yet: the runner calls them pending, though for GitLab they run. */
	preparing: number | undefined;
	concurrent: number | undefined;
	/** `limit` by short token; 0 is no limit. */
	limits: Record<string, number>;
	machines: MachineCounts | undefined;
	/** Jobs that waited for this runner when GitLab last gave it one: there is no such figure before a first job, and it isn't told anew when none comes. */
	queueSize: number | undefined;
	/** Answers to `request_job` by HTTP status, since the service started. */
	jobRequests: Record<string, number>;
	/** Machines made since the service started, and the mean seconds that took. */
	creation: {count: number; meanSeconds: number} | undefined;
	/** Failed jobs by GitLab's reason (`runner_system_failure`, `script_failure`), since the service started. */
	failedJobs: Record<string, number>;
	/** How often the service has loaded config.toml since it started. */
	configLoads: number | undefined;
	version: string | undefined;
	processState: string | undefined;
	/** Milliseconds since 1970. */
	startedAt: number | undefined;
	/** Lines that couldn't be read. */
	unread: string[];
};

const added = (one: MachineCounts, other: MachineCounts): MachineCounts => ({
	acquired: one.acquired + other.acquired,
	creating: one.creating + other.creating,
	idle: one.idle + other.idle,
	used: one.used + other.used,
	removing: one.removing + other.removing,
	stuck: one.stuck + other.stuck,
});

/** Jobs that wait are counted by the runner, and by some executors too: of one that is counted twice the larger number is right. */
const moreOf = (counted: number | undefined, waiting: readonly number[]): number | undefined =>
	waiting.length === 0 ? counted : Math.max(counted ?? 0, ...waiting);

/** Reads the text of `/metrics`, whose workers each executor counts in its own way. Never throws. */
export function metricsIn(text: string, countings: readonly ((metrics: ReturnType<typeof readPrometheus>) => WorkersCounted)[]): Metrics {
	const metrics = readPrometheus(text, [...metricsRead, 'process_start_time_seconds']);
	const {sum, by, word, unread} = metrics;
	const all = countings.map((counted) => counted(metrics));
	const states = all.flatMap((one) => one.states ?? []);
	const workers = all.find(({made}) => made) ?? all[0];
	const concurrent = sum('gitlab_runner_concurrent');
	const started = sum('process_start_time_seconds');
	const waiting = all.flatMap((one) => one.waiting ?? []);
	// Series of jobs exist only for states in use, so a runner that answers and names none runs none.
	const none = concurrent === undefined ? undefined : 0;
	return {
		jobs: sum('gitlab_runner_jobs') ?? none,
		preparing: moreOf(sum('gitlab_runner_jobs', {state: 'pending'}) ?? none, waiting),
		concurrent,
		limits: by('gitlab_runner_limit', 'runner'),
		machines: states.length === 0 ? undefined : states.reduce(added),
		queueSize: sum('gitlab_runner_job_queue_size'),
		jobRequests: by('gitlab_runner_api_request_statuses_total', 'status', {endpoint: 'request_job'}),
		creation: workers?.made,
		failedJobs: by('gitlab_runner_failed_jobs_total', 'failure_reason'),
		configLoads: sum('gitlab_runner_configuration_loaded_total'),
		version: word('gitlab_runner_version_info', 'version'),
		processState: word('gitlab_runner_process_state_info', 'state'),
		startedAt: started === undefined ? undefined : started * 1000,
		unread,
	};
}
