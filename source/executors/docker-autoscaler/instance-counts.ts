import type {WorkersCounted} from '../../steps/worker-making.ts';
import type {readPrometheus} from '../../world/host/prometheus.ts';

const sumOf = (counts: Readonly<Record<string, number>>, ...states: readonly string[]): number => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);

/**
 * Workers by the runner's own metrics, as its library for autoscaling counts instances and places for jobs (fleeting, taskscaler); a series is there only once the
 * runner has asked for a first job. An instance that runs and has no place for a job isn't ready yet; of those that have, as many are idle as their places.
 */
export function counted({by, sum}: ReturnType<typeof readPrometheus>): WorkersCounted {
	const instances = by('fleeting_provisioner_instances', 'state');
	const tasks = by('fleeting_taskscaler_tasks', 'state');
	const nothing = {states: undefined, made: undefined};
	if (Object.keys(instances).length === 0 && Object.keys(tasks).length === 0) return nothing;
	const each = Math.max(1, sum('fleeting_taskscaler_max_tasks_per_instance') ?? 1);
	const running = sumOf(instances, 'running');
	const ready = Math.min(running, Math.ceil(sumOf(tasks, 'idle', 'acquired', 'unavailable', 'unhealthy') / each));
	const idle = Math.min(ready, Math.floor(sumOf(tasks, 'idle') / each));
	const count = sum('fleeting_provisioner_instance_is_running_time_seconds_count') ?? 0;
	const seconds = sum('fleeting_provisioner_instance_is_running_time_seconds_sum') ?? 0;
	const readiness = sum('fleeting_taskscaler_task_instance_readiness_time_seconds_count') ?? 0;
	const readySeconds = sum('fleeting_taskscaler_task_instance_readiness_time_seconds_sum') ?? 0;
	return {
		states: {
			acquired: 0,
			creating: sumOf(instances, 'requested', 'creating', 'pending') + running - ready,
			idle,
			used: ready - idle,
			removing: sumOf(instances, 'deleting'),
			stuck: 0,
		},
		made: count > 0 ? {count, meanSeconds: seconds / count + (readiness > 0 ? readySeconds / readiness : 0)} : undefined,
		waiting: sumOf(tasks, 'pending'),
	};
}
