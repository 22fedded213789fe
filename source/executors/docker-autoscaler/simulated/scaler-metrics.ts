import {labels} from '../../../simulated/host/metrics.ts';
import type {Scaler} from './scaler.ts';

/** A scaler's lines of `/metrics` (docs/facts.md, "docker-autoscaler: metrics"). */
export function scalerMetrics({counted, plugin: _plugin, pool, settings, who}: Scaler, systemId: string): string[] {
	const own = {...who, system_id: systemId};
	const {desired, operations, readiness, scaled, tasks} = counted();
	const series = (name: string, value: number, more: Record<string, string> = {}): string => `fleeting_${name}${labels({...own, ...more})} ${value}`;
	const summed = (name: string, {count, seconds}: {count: number; seconds: number}): string[] => [
		series(`${name}_count`, count),
		series(`${name}_sum`, Math.round(seconds * 1000) / 1000),
	];
	const states = {requested: pool.requested(), creating: 0, pending: 0, running: 0, deleting: 0};
	for (const {state} of pool.instances.values()) states[state] += 1;
	return [
		...Object.entries(states).map(([state, count]) => series('provisioner_instances', count, {state})),
		series('provisioner_max_instances', settings.maxInstances),
		series('provisioner_missed_updates_total', pool.missed()),
		...summed('provisioner_instance_is_running_time_seconds', pool.spans.running),
		...summed('provisioner_instance_life_duration_seconds', pool.spans.lives),
		...Object.entries(tasks).map(([state, count]) => series('taskscaler_tasks', count, {state})),
		...[...operations].map(([operation, count]) => series('taskscaler_task_operations_total', count, {operation})),
		...Object.entries(scaled).map(([operation, count]) => series('taskscaler_scale_operations_total', count, {operation})),
		series('taskscaler_desired_instances', desired),
		series('taskscaler_max_tasks_per_instance', settings.capacity),
		series('taskscaler_max_use_count_per_instance', settings.maxUse),
		...summed('taskscaler_task_instance_readiness_time_seconds', readiness),
	];
}
