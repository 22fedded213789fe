import type {WorkersCounted} from '../../steps/worker-making.ts';
import type {readPrometheus} from '../../world/host/prometheus.ts';

const stateNames = {acquired: 'acquired', creating: 'creating', idle: 'idle', used: 'used', removing: 'removing', 'stuck-on-removing': 'stuck'} as const;

/** Machines by GitLab Runner's own metrics. `target_*` labels are summed over: they are empty for EC2, and absent before gitlab-runner 19.1. */
export function counted({by, sum}: ReturnType<typeof readPrometheus>): WorkersCounted {
	const told = by('gitlab_runner_autoscaling_machine_states', 'state', {executor: 'docker+machine'});
	const states = {acquired: 0, creating: 0, idle: 0, used: 0, removing: 0, stuck: 0};
	for (const [name, state] of Object.entries(stateNames)) states[state] = told[name] ?? 0;
	const count = sum('gitlab_runner_autoscaling_machine_creation_duration_seconds_count') ?? 0;
	const seconds = sum('gitlab_runner_autoscaling_machine_creation_duration_seconds_sum') ?? 0;
	return {
		states: Object.keys(told).length === 0 ? undefined : states,
		made: count > 0 ? {count, meanSeconds: seconds / count} : undefined,
	};
}
