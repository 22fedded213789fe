import type {Runner} from '../../../simulated/host/runner.ts';
import {type RunnerEntry, shortToken} from '../../../simulated/host/runner-config.ts';
import type {Fields, Level} from '../../../simulated/host/runner-log.ts';
import type {AutoscalerSettings} from './autoscaler-settings.ts';
import {type FleetingPlugin, PluginFailure, type PluginInstance} from './fleeting-plugin.ts';
import {freeSlots, type ScaledInstance} from './scaled-instance.ts';

/** What a pool's owner hears of. */
type PoolHears = {
	/** An instance has come to run: it is to be made ready. */
	runs(instance: ScaledInstance): void;
	/** Something has changed by which jobs may begin, or instances come or go. */
	changed(): void;
};

/** Instances of a group, as they are asked for, discovered, and ended: what fleeting's provisioner does. */
export type InstancePool = {
	readonly instances: ReadonlyMap<string, ScaledInstance>;
	/** Asked of AWS, and not discovered yet. */
	requested(): number;
	/** Looks that came to nothing. */
	missed(): number;
	/** Seconds from discovery to the end, by what is counted: their sum and number. */
	readonly spans: {running: {count: number; seconds: number}; lives: {count: number; seconds: number}};
	request(count: number): void;
	/** Ends instances; those that AWS doesn't take are tried again at the next look. */
	remove(instances: readonly ScaledInstance[], reason: string): void;
	/** An instance that had been given, ready to have another job, or not. */
	open: Set<ScaledInstance>;
	stop(): void;
};

/** Between two tries to end what AWS didn't end, and until it's asked again for what it refused, in milliseconds. */
const triesAgain = {ending: 60_000, asking: 10_000};

/** Looks at the group by and by, and keeps what it tells. */
export function instancePool(runner: Runner, plugin: FleetingPlugin, settings: AutoscalerSettings, entry: RunnerEntry, hears: PoolHears): InstancePool {
	const {clock} = runner.hosts;
	const instances = new Map<string, ScaledInstance>();
	const open = new Set<ScaledInstance>();
	const spans = {running: {count: 0, seconds: 0}, lives: {count: 0, seconds: 0}};
	const unended = new Set<ScaledInstance>();
	let requested = 0;
	let missed = 0;
	let asksFrom = 0;
	let endsFrom = 0;
	let isFirst = true;
	let next: (() => void) | undefined;
	let stopped = false;

	const who = {runner: shortToken(entry.token)};
	const say = (level: Level, subsystem: string, message: string, fields: Fields): void => runner.note(level, message, {...fields, ...who, subsystem});
	const fleeting = (level: Level, message: string, fields: Fields): void => say(level, 'taskscaler.fleeting', message, {group: plugin.id, ...fields});

	const isExpecting = (): boolean => requested > 0 || unended.size > 0 || [...instances.values()].some(({state}) => state !== 'running');

	function lookIn(ms: number): void {
		next?.();
		next = clock.at(clock.now() + ms, () => {
			if (stopped || !runner.lives()) return;
			look();
			hears.changed();
		});
	}

	function discover({id, isInterrupted, state}: PluginInstance): void {
		const cause = requested > 0 ? 'requested' : isFirst ? 'preexisted' : 'unexpected';
		if (cause === 'requested') requested -= 1;
		const now = clock.now();
		const instance: ScaledInstance = {
			id,
			cause,
			state: 'creating',
			seenAt: now,
			isReady: false,
			isDoomed: false,
			isInterrupted,
			misses: 0,
			busy: 0,
			used: 0,
			idleSince: now,
		};
		instances.set(id, instance);
		fleeting('info', 'instance discovery', {id, state, cause});
		become(instance, state);
	}

	function become(instance: ScaledInstance, state: ScaledInstance['state']): void {
		const before = instance.state;
		instance.state = state;
		if (before === state) return;
		if (state === 'running') {
			spans.running.count += 1;
			spans.running.seconds += (clock.now() - instance.seenAt) / 1000;
			hears.runs(instance);
		}
		if (state === 'deleting') lost(instance);
	}

	/** An instance goes that this pool hasn't ended. */
	function lost(instance: ScaledInstance): void {
		open.delete(instance);
		if (instance.isDoomed) return;
		instance.isDoomed = true;
		const {busy, id, used} = instance;
		const slots = `map[${Array.from({length: busy}, (_, at) => `${at}:true`).join(' ')}]`;
		say('error', 'taskscaler', 'instance unexpectedly removed', {instance: id, used, 'max-use-count': settings.maxUse, slots});
	}

	function prune(instance: ScaledInstance): void {
		lost(instance);
		unended.delete(instance);
		instances.delete(instance.id);
		const lifetime = clock.now() - instance.seenAt;
		spans.lives.count += 1;
		spans.lives.seconds += lifetime / 1000;
		fleeting('info', 'instance pruned', {id: instance.id, lifetime: runner.took(lifetime)});
	}

	function look(): void {
		try {
			const members = plugin.update();
			const listed = new Set(members.map(({id}) => id));
			for (const member of members) {
				const known = instances.get(member.id);
				if (!known) discover(member);
				else {
					known.isInterrupted ||= member.isInterrupted;
					if (freeSlots(known, settings) === 0) open.delete(known);
					if (known.state === member.state) continue;
					fleeting('info', 'instance update', {id: member.id, state: member.state});
					become(known, member.state);
				}
			}
			for (const instance of [...instances.values()]) if (!listed.has(instance.id)) prune(instance);
			isFirst = false;
		} catch (error) {
			if (!(error instanceof PluginFailure)) throw error;
			missed += 1;
			fleeting('error', 'reconcile', {err: error.message});
		}
		if (unended.size > 0 && clock.now() >= endsFrom) end([...unended]);
		lookIn(isExpecting() ? settings.updates.expecting : settings.updates.usual);
	}

	function end(going: readonly ScaledInstance[]): void {
		fleeting('info', 'decreasing instances', {amount: going.length});
		const {ended, failure} = plugin.decrease(going.map(({id}) => id));
		if (failure !== undefined) {
			endsFrom = clock.now() + triesAgain.ending;
			fleeting('error', 'decreasing instances', {amount: going.length, err: failure});
		}
		for (const instance of going) {
			if (ended.includes(instance.id)) {
				unended.delete(instance);
				instance.state = 'deleting';
			} else unended.add(instance);
		}
	}

	look();
	return {
		instances,
		open,
		spans,
		requested: () => requested,
		missed: () => missed,
		request(count) {
			if (clock.now() < asksFrom) return;
			fleeting('info', 'increase update', {pending: count, total_pending: requested + count, requesting: count});
			fleeting('info', 'increasing instances', {amount: count});
			try {
				plugin.increase(count);
			} catch (error) {
				if (!(error instanceof PluginFailure)) throw error;
				asksFrom = clock.now() + triesAgain.asking;
				fleeting('error', 'increasing instances failure', {err: error.message, num_requested: count, num_successful: 0});
				return;
			}
			requested += count;
			fleeting('info', 'increasing instances response', {num_requested: count, num_successful: count});
			lookIn(settings.updates.expecting);
		},
		remove(going, reason) {
			const staying = going.filter(({isDoomed}) => !isDoomed);
			if (staying.length === 0) return;
			for (const instance of staying) {
				instance.isDoomed = true;
				open.delete(instance);
				say('info', 'taskscaler', 'instance marked for removal', {instance: instance.id, reason});
			}
			end(staying);
			lookIn(settings.updates.expecting);
		},
		stop() {
			stopped = true;
			next?.();
		},
	};
}
