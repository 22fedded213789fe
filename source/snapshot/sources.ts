import type {Clock} from '../clock.ts';
import type {Cloud, CloudAt} from '../cloud/port.ts';
import type {Connection} from '../host/port.ts';
import {panelScript} from '../host/scripts/panel.ts';
import {Problem, Stopped, toProblem} from '../problem.ts';
import type {Instance} from '../steps/looks/account.ts';
import {readDenial} from './decode.ts';
import {failing, good, off, type Seen, type Trouble} from './seen.ts';
import {nothingSeen, type Snapshot, type SourceName, sourceTitles, type Ticks} from './snapshot.ts';
import {type Known, lookAtEc2, lookAtLeftovers, type Watched} from './sources/ec2.ts';
import {type GitlabAsked, lookAtGitlab} from './sources/gitlab.ts';
import {hostSeen, runnerSees} from './sources/host.ts';
import {beginReading, goOn, nextOf, type Reading} from './sources/journal.ts';
import {keeping} from './sources/keep.ts';
import {follow, type Loop, notYet} from './sources/pace.ts';
import {lookAtPrices} from './sources/prices.ts';
import {lookAtRecord} from './sources/record.ts';

export type {Watched} from './sources/ec2.ts';

/** What the panel looks through: ports only, so that the demo's world serves as well. */
export type PanelPorts = {
	cloud: Cloud;
	cloudAt: CloudAt;
	clock: Clock;
	/** Opens the one connection to the manager that is then held; asked again once it is lost. */
	connect(manager: Instance, signal: AbortSignal): Promise<Connection>;
	/** Absent without a GitLab token. */
	gitlab?: (GitlabAsked & {runnerId?: number | undefined}) | undefined;
	/** Parses config.toml; may throw. */
	toml(text: string): unknown;
};

/** Seconds between two looks of each source. */
type Paces = Record<'ec2' | 'leftovers' | 'host' | 'gitlab' | 'prices' | 'record', number>;

const usualPaces: Paces = {ec2: 5, leftovers: 60, host: 5, gitlab: 10, prices: 300, record: 30};

export type Watching = {signal: AbortSignal; emit(snapshot: Snapshot): void; paces?: Partial<Paces>};

/** What all sources share: the snapshot as it grows. */
type Growing = {
	now(): number;
	get(): Snapshot;
	set(more: Partial<Snapshot>): void;
	fail(names: readonly SourceName[], problem: Problem | Trouble): void;
};

function growing(clock: Clock, first: Snapshot, emit: (snapshot: Snapshot) => void): Growing {
	let snapshot = first;
	const set = (more: Partial<Snapshot>) => {
		snapshot = {...snapshot, ...more};
		emit(snapshot);
	};
	return {
		now: () => clock.now(),
		get: () => snapshot,
		set,
		fail: (names, problem) =>
			set(Object.fromEntries(names.map((name) => [name, failing<unknown>(snapshot[name] satisfies Seen<unknown>, problem, clock.now())]))),
	};
}

const knownTo = ({host}: Snapshot): Known => ({
	shortTokens: (host.value?.config?.facts?.runners ?? []).map(({shortToken}) => shortToken).filter((token) => token !== ''),
	instanceIds: (host.value?.machines ?? []).map(({instanceId}) => instanceId).filter((id) => id !== ''),
});

function ec2Loops({cloud}: PanelPorts, watched: Watched, shared: Growing, paces: Paces): Loop[] {
	return [
		{
			title: sourceTitles.ec2,
			seconds: paces.ec2,
			limit: 30,
			look: async () => {
				const seen = await lookAtEc2(cloud, watched, knownTo(shared.get()));
				const instances = keeping(shared.get().ec2.value?.instances, seen.instances, ({id}) => id);
				shared.set({ec2: good({...seen, instances}, shared.now())});
			},
			failed: (problem) => shared.fail(['ec2'], problem),
		},
		{
			title: sourceTitles.leftovers,
			seconds: paces.leftovers,
			limit: 60,
			look: async () => {
				const seen = await lookAtLeftovers(cloud);
				shared.set({leftovers: good(seen, shared.now())});
			},
			failed: (problem) => shared.fail(['leftovers'], problem),
		},
	];
}

/** Decodes refusals that nobody has decoded yet, once each: who may not decode sees the refusal as it is. */
function decoding({cloud}: PanelPorts, shared: Growing): () => Promise<void> {
	const tried = new Set<string>();
	return async () => {
		const encoded = shared.get().journal.value?.refused.at(-1)?.refusal.encoded;
		if (encoded === undefined || tried.has(encoded)) return;
		tried.add(encoded);
		try {
			const {DecodedMessage} = await cloud.call('DecodeAuthorizationMessage', {EncodedMessage: encoded});
			const denial = readDenial(DecodedMessage ?? '');
			if (denial) shared.set({denials: {...shared.get().denials, [encoded]: denial}});
		} catch (error) {
			// Its own right is often missing, and that is no trouble of the fleet's.
			if (!(error instanceof Problem)) throw error;
		}
	};
}

const hostParts = ['host', 'runner', 'journal'] as const;

/** The manager over one held connection: one script a round, once the journal's past has been read. */
function hostLoop(ports: PanelPorts, shared: Growing, paces: Paces): {loop: Loop; close(): Promise<void>} {
	let held: {connection: Connection; of: string} | undefined;
	let last: string | undefined;
	let reading: Reading | undefined;
	let begun = false;
	let ticks: Ticks | undefined;
	const decode = decoding(ports, shared);
	const drop = async () => {
		const {connection} = held ?? {};
		held = undefined;
		begun = false;
		await connection?.close();
	};
	const hold = async (signal: AbortSignal): Promise<Connection> => {
		const {ec2} = shared.get();
		const manager = ec2.value?.manager;
		if (held && (manager === undefined || manager.id === held.of)) return held.connection;
		await drop();
		if (!ec2.value && !ec2.problem) throw notYet('Where the manager is');
		if (!manager) throw new Problem({code: 'no-manager', message: ec2.value ? 'There is no manager to ask.' : "EC2 hasn't told where the manager is."});
		if (manager.state !== 'running') throw new Problem({code: 'manager-not-running', message: `The manager ${manager.id} is ${manager.state}.`});
		const connection = await ports.connect(manager, signal);
		if (signal.aborted) {
			await connection.close();
			throw new Stopped();
		}
		// Another manager has a journal of its own.
		if (last !== manager.id) reading = undefined;
		last = manager.id;
		ticks = undefined;
		held = {connection, of: manager.id};
		return connection;
	};
	const tell = (next: Reading) => {
		reading = next;
		shared.set({journal: good(next.history, shared.now()), log: next.log});
	};
	/** The past is read beside the rounds, so that nobody waits for it. */
	const begin = async (connection: Connection) => {
		if (begun) return;
		begun = true;
		try {
			const first = await beginReading(connection, shared.now());
			if (held?.connection === connection) tell(first);
		} catch (error) {
			if (held?.connection !== connection) return;
			begun = false;
			shared.fail(['journal'], toProblem(error));
		}
	};
	const look = async (signal: AbortSignal) => {
		const connection = await hold(signal);
		if (!reading) void begin(connection);
		const asked = reading;
		const told = await connection.script(panelScript, {host: true, ...(asked ? {journal: nextOf(asked)} : {})});
		if (signal.aborted || !told.host) return;
		const runner = runnerSees(told.host);
		const host = good(hostSeen(told.host, ports.toml, {ticks, seen: shared.get().host.value}), shared.now());
		ticks = told.host.ticks;
		shared.set({host, runner: 'sees' in runner ? good(runner.sees, shared.now()) : failing(shared.get().runner, runner.trouble, shared.now())});
		if (!asked || !told.journal) return;
		try {
			tell(goOn(asked, told.journal, shared.now()));
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			shared.fail(['journal'], error);
		}
		await decode();
	};
	const failed = (problem: Problem) => {
		shared.fail(hostParts, problem);
		// Whatever it was, the next round begins with a connection that works.
		void drop().catch(() => undefined);
	};
	return {loop: {title: sourceTitles.host, seconds: paces.host, limit: 30, look, failed}, close: drop};
}

function gitlabLoop({gitlab}: PanelPorts, shared: Growing, paces: Paces): Loop | undefined {
	if (!gitlab) return undefined;
	return {
		title: sourceTitles.gitlab,
		seconds: paces.gitlab,
		limit: 30,
		look: async (signal) => {
			const {host} = shared.get();
			const runnerId = gitlab.runnerId ?? host.value?.config?.facts?.runners.find(({id}) => id !== undefined)?.id;
			if (runnerId === undefined && !host.value && !host.problem) throw notYet('Which runner it is in GitLab');
			if (runnerId === undefined)
				throw new Problem({code: 'runner-unknown', message: "Which runner it is in GitLab isn't known, since config.toml names no id or can't be read."});
			const sees = await lookAtGitlab(gitlab, runnerId, signal);
			shared.set({gitlab: good(sees, shared.now())});
		},
		failed: (problem) => shared.fail(['gitlab'], problem),
	};
}

/** Types that something is, or is to be, paid for. */
function typesIn({ec2, host}: Snapshot): {workers: string[]; all: string[]} {
	const configured = (host.value?.config?.facts?.runners ?? []).flatMap(({options}) => options['instance-type'] ?? []);
	const workers = [...new Set([...(ec2.value?.instances ?? []).map(({type}) => type), ...configured])].filter((type) => type !== '').sort();
	const manager = ec2.value?.manager?.type;
	return {workers, all: [...new Set([...workers, ...(manager === undefined ? [] : [manager])])]};
}

/** Prices change seldom, but a type that is new here is asked for at once. */
function pricesLoop({cloud, cloudAt}: PanelPorts, shared: Growing, paces: Paces): Loop {
	let asked: {types: string; at: number} | undefined;
	return {
		title: sourceTitles.prices,
		seconds: Math.min(10, paces.prices),
		limit: 60,
		look: async () => {
			const types = typesIn(shared.get());
			if (types.all.length === 0) throw notYet('What has a price');
			const now = shared.now();
			if (asked?.types === types.all.join() && now - asked.at < paces.prices * 1000) return;
			const {prices, trouble} = await lookAtPrices(cloud, cloudAt, types, shared.get().prices.value, now);
			asked = trouble ? undefined : {types: types.all.join(), at: now};
			const seen = good(prices, shared.now());
			shared.set({prices: trouble ? failing(seen, trouble, shared.now()) : seen});
		},
		failed: (problem) => shared.fail(['prices'], problem),
	};
}

function recordLoop({cloud}: PanelPorts, watched: Watched, shared: Growing, paces: Paces): Loop | undefined {
	if (!('fleet' in watched)) return undefined;
	const {fleet} = watched;
	return {
		title: sourceTitles.record,
		seconds: paces.record,
		limit: 30,
		look: async () => {
			const versions = await lookAtRecord(cloud, fleet);
			shared.set({record: good(versions, shared.now())});
		},
		failed: (problem) => shared.fail(['record'], problem),
	};
}

/**
 * Looks through all ports until the signal is aborted, and tells a snapshot each time a source has told or failed.
 * Each source has its own pace, failure and age; none waits for another. No call changes anything. Never rejects.
 */
export async function watchSources(ports: PanelPorts, watched: Watched, {signal, emit, paces: given}: Watching): Promise<void> {
	const paces = {...usualPaces, ...given};
	const fleet = 'fleet' in watched ? watched.fleet.name : undefined;
	const first: Snapshot = {
		...nothingSeen(ports.cloud.region, fleet),
		...(ports.gitlab ? {} : {gitlab: off('Give GITLAB_TOKEN to see jobs that wait.')}),
		...(fleet === undefined ? {record: off('This manager belongs to no fleet of ours, so it has no record.')} : {}),
	};
	const shared = growing(ports.clock, first, (snapshot) => {
		if (!signal.aborted) emit(snapshot);
	});
	const host = hostLoop(ports, shared, paces);
	const loops = [
		...ec2Loops(ports, watched, shared, paces),
		host.loop,
		gitlabLoop(ports, shared, paces),
		pricesLoop(ports, shared, paces),
		recordLoop(ports, watched, shared, paces),
	];
	await Promise.all(loops.map((loop) => loop && follow(loop, ports.clock, signal)));
	await host.close().catch(() => undefined);
}
