import {runnerProgram, systemIdOf, versionOf} from '../../../simulated/host/machine.ts';
import {labels} from '../../../simulated/host/metrics.ts';
import type {Provider, Runner} from '../../../simulated/host/runner.ts';
import {type RunnerEntry, shortToken} from '../../../simulated/host/runner-config.ts';
import type {RunnerProcess} from '../../../simulated/host/worker.ts';
import {numberAt} from '../../../world/host/toml.ts';
import {hasAutoscaler, settingsOf} from './autoscaler-settings.ts';
import {canStart, PluginFailure} from './fleeting-plugin.ts';
import {type JobsOnInstances, jobsOnInstances} from './jobs-on-instances.ts';
import {type Scaler, startScaler} from './scaler.ts';

/** A scaler's lines of `/metrics` (docs/facts.md, "docker-autoscaler: metrics"). */
function scalerMetrics({counted, plugin: _plugin, pool, settings, who}: Scaler, systemId: string): string[] {
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

type Working = {scaler: Scaler; jobs: JobsOnInstances};

const plugins = new WeakMap<RunnerProcess, ReadonlyMap<string, Working>>();

/** Whether a runner's process has a plugin running. */
export const hasPlugin = (process: RunnerProcess | undefined): boolean => process !== undefined && (plugins.get(process)?.size ?? 0) > 0;

/** From this version on scalers are known by their runner's id, where config.toml has it. */
const keyedById = [19, 2];

function knowsIds(version: string): boolean {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	return major > (keyedById[0] ?? 0) || (major === keyedById[0] && minor >= (keyedById[1] ?? 0));
}

/** Milliseconds that providers get to end in, where config.toml says nothing of it. */
const shutdownTimeout = 30_000;

/** Makes the part of a runner's process that runs jobs on the instances of Auto Scaling groups: one scaler a runner, begun with its first request for a job. */
export function scalersOf(runner: Runner): Provider {
	const {clock} = runner.hosts;
	const {machine, process, note} = runner;
	const working = new Map<string, Working>();
	/** What couldn't be processed, by entry and by kind. */
	const failures = new Map<string, {who: Record<string, string>; type: string; count: number}>();
	let endsBy: number | undefined;
	plugins.set(process, working);

	function keyOf({table, token, url}: RunnerEntry): string {
		const id = numberAt(table, 'id') ?? 0;
		return id > 0 && knowsIds(versionOf(machine, runnerProgram) ?? '') ? `${url} ${id}` : token;
	}

	function count(entry: RunnerEntry, type: string): void {
		const who = {runner: shortToken(entry.token), runner_name: entry.name, system_id: systemIdOf(machine)};
		const known = failures.get(`${who.runner} ${type}`) ?? {who, type, count: 0};
		failures.set(`${who.runner} ${type}`, {...known, count: known.count + 1});
	}

	function fail(entry: RunnerEntry, why: string): undefined {
		count(entry, 'other');
		const error = `failed to update executor: initializing taskscaler: ${why}`;
		note('warning', 'Failed to process runner', {builds: process.jobs.length, error, executor: entry.executor, runner: shortToken(entry.token)});
	}

	function begun(entry: RunnerEntry): Working | undefined {
		const key = keyOf(entry);
		const known = working.get(key);
		if (known) return known;
		if (!hasAutoscaler(entry)) return fail(entry, 'executor requires autoscaler config');
		try {
			const jobs: JobsOnInstances = jobsOnInstances(runner, () => scaler);
			const scaler = startScaler(runner, entry, key, jobs);
			const made = {scaler, jobs};
			working.set(key, made);
			scaler.scale();
			return made;
		} catch (error) {
			if (!(error instanceof PluginFailure)) throw error;
			return fail(entry, error.message);
		}
	}

	function acquire(entry: RunnerEntry): ReturnType<Provider['acquire']> {
		const one = begun(entry);
		if (!one) return undefined;
		if (!one.scaler.reserve()) {
			count(entry, 'no_free_executor');
			return undefined;
		}
		return (job) => {
			one.scaler.unreserve();
			if (job) one.jobs.want(job, entry);
		};
	}

	/** The providers end: instances stay, unless they are to go with the runner. */
	function drain(): boolean {
		if (working.size === 0) return false;
		if (endsBy === undefined) {
			note('info', 'Shutting down executor providers', {});
			const seconds = numberAt(process.config?.table ?? {}, 'shutdown_timeout') ?? 0;
			endsBy = clock.now() + (seconds > 0 ? seconds * 1000 : shutdownTimeout);
			for (const {scaler} of working.values()) scaler.close();
		}
		const leaving = [...working.values()].some(({scaler: {pool, settings}}) => settings.deletesAtEnd && pool.instances.size > 0);
		if (!leaving) return false;
		if (clock.now() < endsBy) return true;
		note('warning', 'Executor providers shutdown timeout exceeded', {});
		return false;
	}

	return {
		get workers() {
			return new Map([...working.values()].flatMap(({scaler}) => [...scaler.pool.instances]));
		},
		canServe: () => true,
		isAble: (entry) => working.has(keyOf(entry)) || canStart({cloud: runner.hosts.cloud, machine, now: clock.now}, settingsOf(entry)),
		adopt() {},
		keepIdle(entry) {
			const known = working.get(keyOf(entry));
			known?.scaler.learn(entry);
			known?.scaler.scale();
		},
		acquire,
		review() {
			for (const {jobs} of working.values()) jobs.review();
		},
		drain,
		stop() {
			for (const {jobs, scaler} of working.values()) {
				jobs.stop();
				scaler.stop();
			}
		},
		metrics: () => [
			...[...working.values()].flatMap(({scaler}) => scalerMetrics(scaler, systemIdOf(machine))),
			...[...failures.values()].map(
				({count: times, type, who}) => `gitlab_runner_worker_processing_failures_total${labels({...who, failure_type: type})} ${times}`,
			),
		],
	};
}
