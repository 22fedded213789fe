import type {Machine} from '../../../simulated/host/machine.ts';
import type {Caller} from '../../../simulated/host/manager-calls.ts';
import type {Runner} from '../../../simulated/host/runner.ts';
import {type RunnerEntry, shortToken} from '../../../simulated/host/runner-config.ts';
import {type AutoscalerSettings, policyAt, settingsOf} from './autoscaler-settings.ts';
import {type FleetingPlugin, startPlugin} from './fleeting-plugin.ts';
import {type InstancePool, instancePool} from './instance-pool.ts';
import {makeReady} from './make-ready.ts';
import {freeSlots, lostSlots, type ScaledInstance, slotsOfNew} from './scaled-instance.ts';

/** What a scaler counts, as its metrics tell it. */
type Counted = {
	tasks: {idle: number; pending: number; acquired: number; reserved: number; unavailable: number; unhealthy: number};
	/** Operations on tasks and on the number of instances, by name. */
	operations: Map<string, number>;
	scaled: {up: number; down: number};
	readiness: {count: number; seconds: number};
	/** Instances that are wanted at this moment. */
	desired: number;
};

/** Scales a group by the jobs of one runner, and gives their instances: what taskscaler does. */
export type Scaler = {
	readonly settings: AutoscalerSettings;
	readonly plugin: FleetingPlugin;
	readonly pool: InstancePool;
	/** The runner's entry that it goes by: as it started, with the policy of the newest. */
	readonly who: {runner: string; runner_name: string};
	readonly caller: Caller;
	counted(): Counted;
	/** Takes the policy of an entry anew. */
	learn(entry: RunnerEntry): void;
	/** Asks for instances that are wanting, and ends those that are too many. */
	scale(): void;
	/** Keeps a slot for a job that GitLab is asked for; whether there is one, now or by and by. */
	reserve(): boolean;
	unreserve(): void;
	/** A slot for a job; undefined where none is free now. */
	take(): ScaledInstance | undefined;
	give(instance: ScaledInstance): void;
	/** An instance didn't answer before a job got it. */
	missedHeartbeat(instance: ScaledInstance): void;
	/** It scales no more; where its instances are to go with the runner, they begin to. */
	close(): void;
	stop(): void;
};

/** Jobs that a scaler works for. */
export type Demand = {
	/** Jobs that wait for a slot. */
	waiting(): number;
	/** A slot may be free: those that wait get it. */
	serve(): void;
};

type Left = {idle: ReadonlySet<string>; busy: ReadonlySet<string>};
const stored = new WeakMap<Machine, Map<string, Left>>();

/** What state_storage keeps on a manager of the scaler before, by its key. */
const storedOn = (machine: Machine): Map<string, Left> => {
	const known = stored.get(machine) ?? new Map<string, Left>();
	stored.set(machine, known);
	return known;
};

const noData = 'no data on pre-existing instance so removing for safety';
const hadAcquisition = 'pre-existing instance has acquisition so removing for safety';
/** How long nothing is asked for after so many instances that couldn't be made ready, in milliseconds. */
const backoff = (failures: number): number => Math.min(300_000, 1000 * 2 ** failures);
/** An instance that misses its heartbeat is tried again after so many milliseconds. */
const heartbeatAgain = 5000;

/** Starts plugin and scaler of an entry; throws `PluginFailure` where they can't work. `key`: what it is known by. */
export function startScaler(runner: Runner, first: RunnerEntry, key: string, demand: Demand): Scaler {
	const {hosts, machine, note} = runner;
	const {clock} = hosts;
	const settings = settingsOf(first);
	const caller: Caller = {cloud: hosts.cloud, machine, now: clock.now};
	const who = {runner: shortToken(first.token), runner_name: first.name};
	const before = settings.keepsState ? storedOn(machine).get(key) : undefined;
	const operations = new Map<string, number>();
	const scaled = {up: 0, down: 0};
	const readiness = {count: 0, seconds: 0};
	let entry = first;
	let reserved = 0;
	let desired = 0;
	let failures = 0;
	let growsFrom = 0;
	let isLooking = true;
	let isClosed = false;

	const count = (operation: string): void => void operations.set(operation, (operations.get(operation) ?? 0) + 1);
	const plugin = startPlugin(caller, settings, (level, message, fields) => note(level, message, {...fields, runner: who.runner, subsystem: 'fleeting-plugin'}));
	note('info', 'plugin initialized', {
		'build info': `sha=${plugin.version}; ref=refs/tags/v${plugin.version}`,
		runner: who.runner,
		subsystem: 'taskscaler',
		version: plugin.version,
	});
	const unready: ScaledInstance[] = [];
	const pool = instancePool(runner, plugin, settings, first, {
		runs: (instance) => (isLooking ? unready.push(instance) : prepare(instance)),
		changed: () => {
			demand.serve();
			scale();
		},
	});
	isLooking = false;
	for (const instance of unready) prepare(instance);

	/** Those of before are ended, unless what was known of them was kept; any other is made ready. */
	function prepare(instance: ScaledInstance): void {
		if (instance.cause !== 'preexisted') {
			const end = (err?: string): void => (err === undefined ? ready(instance) : notReady(instance, err));
			makeReady(instance.id, {caller, plugin, settings, later: (ms, then) => later(instance, ms, then)}, end);
		} else if (before?.idle.has(instance.id)) ready(instance);
		else notReady(instance, before?.busy.has(instance.id) ? hadAcquisition : noData);
	}

	function later(instance: ScaledInstance, ms: number, then: () => void): void {
		clock.at(clock.now() + ms, () => {
			if (runner.lives() && !instance.isDoomed && pool.instances.get(instance.id) === instance) then();
		});
	}

	function ready(instance: ScaledInstance): void {
		failures = 0;
		readiness.count += 1;
		readiness.seconds += (clock.now() - instance.seenAt) / 1000;
		Object.assign(instance, {isReady: true, idleSince: clock.now()});
		if (freeSlots(instance, settings) > 0) pool.open.add(instance);
		demand.serve();
		scale();
	}

	function notReady(instance: ScaledInstance, err: string): void {
		note('error', 'ready up preparation failed', {err, instance: instance.id, runner: who.runner, subsystem: 'taskscaler'});
		if (instance.cause !== 'preexisted') {
			failures += 1;
			growsFrom = clock.now() + backoff(failures);
		}
		pool.remove([instance], 'ready up preparation failed');
		scale();
	}

	/** Slots that are free now or will be by themselves, those that jobs have, and those that nobody gets any more. */
	function slots(): {free: number; acquired: number; lost: number; staying: number} {
		const sums = {free: pool.requested() * slotsOfNew(settings), acquired: 0, lost: 0, staying: pool.requested()};
		for (const instance of pool.instances.values()) {
			sums.acquired += instance.busy;
			if (instance.isDoomed) continue;
			sums.free += freeSlots(instance, settings);
			sums.lost += lostSlots(instance, settings);
			sums.staying += 1;
		}
		return sums;
	}

	function idleWanted(acquired: number): number {
		const {idleCount, scaleFactor, scaleFactorLimit} = policyAt(entry, clock.now());
		return Math.max(idleCount, Math.min(Math.ceil(scaleFactor * (acquired + demand.waiting())), scaleFactorLimit));
	}

	function scale(): void {
		if (isLooking || isClosed || !runner.lives()) return;
		const {acquired, free, lost, staying} = slots();
		const idle = idleWanted(acquired);
		const wanting = demand.waiting() + idle - free;
		desired = Math.min(settings.maxInstances, staying + Math.max(0, Math.ceil(wanting / slotsOfNew(settings))));
		if (wanting <= 0) {
			shrink(free, idle);
			return;
		}
		const room = settings.maxInstances - pool.instances.size - pool.requested();
		const most = Math.min(room, desired - staying);
		if (most <= 0 || clock.now() < growsFrom) return;
		const info = `{InstanceCount:${pool.instances.size} MaxInstanceCount:${settings.maxInstances} Acquired:${acquired} UnavailableCapacity:${lost} Pending:${demand.waiting()} Reserved:${reserved} IdleCount:${idle} CapacityPerInstance:${settings.capacity}}`;
		note('info', 'required scaling change', {required: most, 'capacity-info': info, runner: who.runner, subsystem: 'taskscaler'});
		scaled.up += 1;
		pool.request(most);
	}

	/** Ends instances that have been idle for too long, as long as enough slots stay free. */
	function shrink(free: number, idle: number): void {
		const {idleTime} = policyAt(entry, clock.now());
		let left = free;
		const going: ScaledInstance[] = [];
		for (const instance of pool.open) {
			const own = freeSlots(instance, settings);
			if (instance.busy > 0 || clock.now() - instance.idleSince < idleTime || left - own < idle) continue;
			left -= own;
			going.push(instance);
		}
		if (going.length === 0) return;
		scaled.down += 1;
		pool.remove(going, 'instance exceeded max idle time');
	}

	return {
		settings,
		plugin,
		pool,
		who,
		caller,
		learn(newest) {
			entry = newest;
		},
		scale,
		counted() {
			const all = [...pool.instances.values()];
			const {acquired, lost} = slots();
			const idle = [...pool.open].reduce((sum, instance) => sum + freeSlots(instance, settings), 0);
			return {
				tasks: {idle, pending: demand.waiting(), acquired, reserved, unavailable: lost, unhealthy: all.filter(({misses}) => misses > 0).length},
				operations,
				scaled,
				readiness,
				desired,
			};
		},
		reserve() {
			const {acquired, lost} = slots();
			const taken = demand.waiting() + reserved;
			const open = [...pool.open].reduce((sum, instance) => sum + freeSlots(instance, settings), 0);
			const possible = settings.maxInstances * settings.capacity - acquired - lost - taken;
			const isPreemptive = policyAt(entry, clock.now()).isPreemptive;
			if (possible <= 0) {
				count('reserve_iop_capacity_failure');
				return false;
			}
			if (isPreemptive && open - taken <= 0) {
				count('reserve_available_capacity_failure');
				return false;
			}
			reserved += 1;
			count('reserve');
			return true;
		},
		unreserve() {
			reserved -= 1;
			count('unreserve');
		},
		take() {
			const [instance] = pool.open;
			if (!instance) return undefined;
			instance.busy += 1;
			instance.used += 1;
			if (freeSlots(instance, settings) === 0) pool.open.delete(instance);
			count('acquire');
			return instance;
		},
		give(instance) {
			instance.busy -= 1;
			instance.idleSince = clock.now();
			count('release');
			const isUsedUp = settings.maxUse > 0 && instance.used >= settings.maxUse;
			if (isUsedUp && instance.busy === 0) pool.remove([instance], `instance reached its max use count of ${settings.maxUse}`);
			else if (instance.isInterrupted && instance.busy === 0) pool.remove([instance], 'instance is unavailable');
			else if (freeSlots(instance, settings) > 0) pool.open.add(instance);
			demand.serve();
			scale();
		},
		missedHeartbeat(instance) {
			instance.busy -= 1;
			instance.used -= 1;
			instance.misses += 1;
			pool.open.delete(instance);
			note('warning', 'instance heartbeat failed', {instance: instance.id, failures: instance.misses, runner: who.runner, subsystem: 'taskscaler'});
			if (instance.misses >= settings.failureThreshold) pool.remove([instance], 'instance failed heartbeat');
			later(instance, heartbeatAgain, () => {
				if (freeSlots(instance, settings) > 0) pool.open.add(instance);
				demand.serve();
			});
		},
		close() {
			isClosed = true;
			if (settings.deletesAtEnd) pool.remove([...pool.instances.values()], 'shutdown');
		},
		stop() {
			pool.stop();
			const all = [...pool.instances.values()].filter(({isDoomed, isReady}) => isReady && !isDoomed);
			const ids = (isBusy: boolean) => new Set(all.filter(({busy}) => busy > 0 === isBusy).map(({id}) => id));
			if (settings.keepsState) storedOn(machine).set(key, {idle: ids(false), busy: ids(true)});
		},
	};
}
