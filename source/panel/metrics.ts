import {readPrometheus} from '../world/host/prometheus.ts';

/** Machines by docker+machine's own states. The counts of several runners on one manager are merged there. */
export type MachineCounts = {acquired: number; creating: number; idle: number; used: number; removing: number; stuck: number};

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
	creationsFailed: number | undefined;
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

const machineStates = {acquired: 'acquired', creating: 'creating', idle: 'idle', used: 'used', removing: 'removing', 'stuck-on-removing': 'stuck'} as const;

function machineCounts(byState: Record<string, number>): MachineCounts | undefined {
	if (Object.keys(byState).length === 0) return undefined;
	const counts = {acquired: 0, creating: 0, idle: 0, used: 0, removing: 0, stuck: 0};
	for (const [state, key] of Object.entries(machineStates)) counts[key] = byState[state] ?? 0;
	return counts;
}

/** Reads the text of `/metrics`. `target_*` labels are summed over: they are empty for EC2, and absent before gitlab-runner 19.1. Never throws. */
export function readMetrics(text: string): Metrics {
	const {sum, by, word, unread} = readPrometheus(text, ['gitlab_runner_', 'process_start_time_seconds']);
	const made = sum('gitlab_runner_autoscaling_machine_creation_duration_seconds_count') ?? 0;
	const took = sum('gitlab_runner_autoscaling_machine_creation_duration_seconds_sum') ?? 0;
	const concurrent = sum('gitlab_runner_concurrent');
	const started = sum('process_start_time_seconds');
	// Series of jobs exist only for states in use, so a runner that answers and names none runs none.
	const none = concurrent === undefined ? undefined : 0;
	return {
		jobs: sum('gitlab_runner_jobs') ?? none,
		preparing: sum('gitlab_runner_jobs', {state: 'pending'}) ?? none,
		concurrent,
		limits: by('gitlab_runner_limit', 'runner'),
		machines: machineCounts(by('gitlab_runner_autoscaling_machine_states', 'state', {executor: 'docker+machine'})),
		queueSize: sum('gitlab_runner_job_queue_size'),
		jobRequests: by('gitlab_runner_api_request_statuses_total', 'status', {endpoint: 'request_job'}),
		creation: made > 0 ? {count: made, meanSeconds: took / made} : undefined,
		creationsFailed: sum('gitlab_runner_autoscaling_actions_total', {action: 'creation-failed'}),
		failedJobs: by('gitlab_runner_failed_jobs_total', 'failure_reason'),
		configLoads: sum('gitlab_runner_configuration_loaded_total'),
		version: word('gitlab_runner_version_info', 'version'),
		processState: word('gitlab_runner_process_state_info', 'state'),
		startedAt: started === undefined ? undefined : started * 1000,
		unread,
	};
}
