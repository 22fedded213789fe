import {isWithin, periodFields} from '../../../simulated/host/periods.ts';
import {type RunnerEntry, tableOf} from '../../../simulated/host/runner-config.ts';
import {booleanAt, numberAt, type Table, tablesAt, textAt, textsAt} from '../../../world/host/toml.ts';

/** How the runner gets on to a worker. Times are in milliseconds. */
export type WorkerDoor = {user: string; keyPath: string | undefined; port: number; timeout: number; isStatic: boolean; isExternal: boolean};

/** `[runners.autoscaler]` as a scaler goes by it from its start to its end. Times are in milliseconds. */
export type AutoscalerSettings = {
	plugin: string;
	/** Of the plugin's own: the Auto Scaling group, and AWS's shared config file, root's where none is named. */
	group: string;
	configFile: string;
	/** Jobs at a time on an instance, and in all of its life; 0 is no limit. */
	capacity: number;
	maxUse: number;
	maxInstances: number;
	readyCommand: string | undefined;
	/** Between two looks at the group: usually, and while something is expected. */
	updates: {usual: number; expecting: number};
	deletesAtEnd: {retries: number; interval: number} | undefined;
	keepsState: boolean;
	/** Heartbeats that an instance may miss. */
	failureThreshold: number;
	door: WorkerDoor;
};

/** What a policy wants to be idle, in jobs. */
type IdlePolicy = {idleCount: number; idleTime: number; scaleFactor: number; scaleFactorLimit: number; isPreemptive: boolean};

/** The plugin asks for no more instances than these. */
const ceiling = 1000;

const units: Record<string, number> = {h: 3_600_000, m: 60_000, s: 1000, ms: 1};

/** A duration as Go writes it (`1h5m0s`), in milliseconds; a number stands for nanoseconds. */
function durationAt(table: Table, key: string): number | undefined {
	const text = textAt(table, key);
	if (text === undefined) {
		const nanoseconds = numberAt(table, key);
		return nanoseconds === undefined ? undefined : nanoseconds / 1_000_000;
	}
	return [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
}

const autoscalerOf = ({table}: RunnerEntry): Table => tableOf(table, 'autoscaler');

/** Whether an entry says at all how its workers are made. */
export const hasAutoscaler = (entry: RunnerEntry): boolean => Object.keys(autoscalerOf(entry)).length > 0;

function doorOf(connector: Table): WorkerDoor {
	return {
		user: textAt(connector, 'username') ?? '',
		keyPath: textAt(connector, 'key_path') || undefined,
		port: numberAt(connector, 'protocol_port') || 22,
		timeout: durationAt(connector, 'timeout') ?? 600_000,
		isStatic: booleanAt(connector, 'use_static_credentials') === true,
		isExternal: booleanAt(connector, 'use_external_addr') === true,
	};
}

/** Reads what a scaler of this entry starts by (docs/facts.md, "docker-autoscaler: config.toml"). */
export function settingsOf(entry: RunnerEntry): AutoscalerSettings {
	const autoscaler = autoscalerOf(entry);
	const plugin = tableOf(autoscaler, 'plugin_config');
	const deletes = booleanAt(autoscaler, 'delete_instances_on_shutdown') === true;
	return {
		plugin: textAt(autoscaler, 'plugin') ?? '',
		group: textAt(plugin, 'name') ?? '',
		configFile: textAt(plugin, 'config_file') || '/root/.aws/config',
		capacity: Math.max(1, numberAt(autoscaler, 'capacity_per_instance') ?? 1),
		maxUse: numberAt(autoscaler, 'max_use_count') ?? 0,
		maxInstances: Math.min(ceiling, numberAt(autoscaler, 'max_instances') || ceiling),
		readyCommand: textAt(autoscaler, 'instance_ready_command') || undefined,
		updates: {usual: durationAt(autoscaler, 'update_interval') ?? 60_000, expecting: durationAt(autoscaler, 'update_interval_when_expecting') ?? 2000},
		deletesAtEnd: deletes
			? {retries: numberAt(autoscaler, 'shutdown_deletion_retries') ?? 3, interval: durationAt(autoscaler, 'shutdown_deletion_interval') ?? 10_000}
			: undefined,
		keepsState: booleanAt(tableOf(autoscaler, 'state_storage'), 'enabled') === true,
		failureThreshold: numberAt(autoscaler, 'failure_threshold') ?? 3,
		door: doorOf(tableOf(autoscaler, 'connector_config')),
	};
}

/** How long a job waits for an instance in each of its preparations: taken from the entry that the job came by. */
export const acquireTimeoutOf = (entry: RunnerEntry): number => durationAt(autoscalerOf(entry), 'instance_acquire_timeout') || 900_000;

/** Whether an instance is called over SSH before a job gets it. */
export const hasHeartbeats = ({table}: RunnerEntry): boolean => booleanAt(tableOf(table, 'feature_flags'), 'FF_USE_FLEETING_ACQUIRE_HEARTBEATS') === true;

/** The policy at a time: the last one that matches. Periods that can't be read match nothing; none is: nothing is to be idle. */
export function policyAt(entry: RunnerEntry, now: number): IdlePolicy {
	const matching = tablesAt(autoscalerOf(entry), 'policy').findLast((policy) => {
		const periods = textsAt(policy, 'periods');
		const timezone = textAt(policy, 'timezone') || undefined;
		return periods.length === 0 || periods.some((period) => isWithin(period, periodFields.five, timezone, now));
	});
	const policy = matching ?? {};
	const idleCount = numberAt(policy, 'idle_count') ?? 0;
	return {
		idleCount,
		idleTime: durationAt(policy, 'idle_time') ?? 300_000,
		scaleFactor: numberAt(policy, 'scale_factor') ?? 0,
		scaleFactorLimit: numberAt(policy, 'scale_factor_limit') || Number.POSITIVE_INFINITY,
		isPreemptive: booleanAt(policy, 'preemptive_mode') ?? idleCount > 0,
	};
}
