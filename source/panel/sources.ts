import {executors} from '../executors/list.ts';
import {Problem} from '../problem.ts';
import {lookAtLeftovers} from '../steps/looks/leftovers.ts';
import {bareUrl} from '../world/gitlab/url.ts';
import {monthOf} from './journal/spans.ts';
import {allMade} from './live/executors.ts';
import {hourMs} from './paid.ts';
import {failing, good, keeping, off} from './seen.ts';
import {nothingSeen, type Snapshot, type SourceName, sourceTitles} from './snapshot.ts';
import {type KnownToPanel, lookAtEc2, type Watched} from './sources/ec2.ts';
import {lookAtGitlab, withPull} from './sources/gitlab.ts';
import {groupsIn, lookAtGroups} from './sources/group.ts';
import {type Growing, growing, type PanelPorts} from './sources/growing.ts';
import {hostLoop} from './sources/host-loop.ts';
import {follow, type Loop, notYet} from './sources/pace.ts';
import {lookAtPrices} from './sources/prices.ts';
import {lookAtRecord} from './sources/record.ts';

export type {Watched} from './sources/ec2.ts';
export type {PanelPorts} from './sources/growing.ts';

/** Seconds between two looks of each source. */
type Paces = Record<'ec2' | 'group' | 'leftovers' | 'host' | 'gitlab' | 'prices' | 'record', number>;

const usualPaces: Paces = {ec2: 5, group: 5, leftovers: 60, host: 5, gitlab: 10, prices: 300, record: 30};

/** Until when to look, and whom to tell; where `without` names sources, they aren't looked at. */
export type Watching = {
	signal: AbortSignal;
	emit(snapshot: Snapshot): void;
	paces?: Partial<Paces>;
	without?: readonly ('leftovers' | 'prices' | 'record')[];
	/** What an earlier watch knew to have been paid for. */
	paid?: Snapshot['paid'] | undefined;
};

const knownTo = (snapshot: Snapshot): KnownToPanel => {
	const {ec2, host, journal} = snapshot;
	return {
		lost: (journal.value?.jobs.lost ?? []).flatMap(({machine}) => machine ?? []),
		spotEnds: ec2.value?.spotEnds ?? {},
		disks: ec2.value?.disks ?? {},
		shortTokens: (host.value?.config?.facts?.runners ?? []).map(({shortToken}) => shortToken).filter((token) => token !== ''),
		instanceIds: executors.flatMap(({leftovers}) => (host.value && leftovers.kept(host.value)?.instanceIds) ?? []),
		groups: groupsIn(snapshot),
	};
};

/** The loop of one source: `limit` is how many seconds a look of it may take. */
const loopOf = (name: keyof Paces & SourceName, shared: Growing, paces: Paces, limit: number, look: Loop['look']): Loop => ({
	title: sourceTitles[name],
	seconds: paces[name],
	limit,
	look,
	failed: (problem) => shared.fail([name], problem),
});

function ec2Loop({cloud}: PanelPorts, watched: Watched, shared: Growing, paces: Paces): Loop {
	return loopOf('ec2', shared, paces, 30, async () => {
		const seen = await lookAtEc2(cloud, watched, knownTo(shared.get()));
		const instances = keeping(shared.get().ec2.value?.instances, seen.instances, ({id}) => id);
		shared.set({ec2: good({...seen, instances}, shared.now())});
	});
}

/** Whose runners have none isn't asked about, and who can't say which they are neither. */
function groupLoop({cloud}: PanelPorts, shared: Growing, paces: Paces): Loop {
	return loopOf('group', shared, paces, 30, async () => {
		const {group, host} = shared.get();
		const names = groupsIn(shared.get());
		if (names.length > 0) {
			const seen = await lookAtGroups(cloud, names, group.value, shared.now());
			shared.set({group: good(seen, shared.now())});
			return;
		}
		if (!host.value && !host.problem) throw notYet('Which group workers are in');
		const why = host.value ? 'No runner here has its workers in an Auto Scaling group.' : "The manager can't be asked which group its workers are in.";
		if (group.off !== why) shared.set({group: off(why)});
	});
}

function leftoversLoop({cloud}: PanelPorts, shared: Growing, paces: Paces): Loop {
	return loopOf('leftovers', shared, paces, 60, async () => {
		const seen = await lookAtLeftovers(cloud);
		shared.set({leftovers: good(seen, shared.now())});
	});
}

const otherGitlab = (theirs: string, ours: string): Problem =>
	new Problem({
		code: 'gitlab-other',
		message: `config.toml on the manager names ${theirs} as its GitLab, and the token given here is for ${ours}, so nothing was asked.`,
		advice: "Where the manager's is the right one, name it with `--gitlab-url`.",
	});

function gitlabLoop({gitlab}: PanelPorts, shared: Growing, paces: Paces): Loop | undefined {
	if (!gitlab) return undefined;
	return loopOf('gitlab', shared, paces, 30, async (signal) => {
		const {host} = shared.get();
		const known = (host.value?.config?.facts?.runners ?? []).filter(({id}) => id !== undefined);
		// The id of another GitLab's runner is a stranger's here.
		const ours = known.find(({url}) => gitlab.url === undefined || url === undefined || bareUrl(url) === gitlab.url);
		if (gitlab.url !== undefined && known[0]?.url !== undefined && !ours) throw otherGitlab(known[0].url, gitlab.url);
		const runnerId = gitlab.runnerId ?? ours?.id;
		if (runnerId === undefined && !host.value && !host.problem) throw notYet('Which runner it is in GitLab');
		if (runnerId === undefined)
			throw new Problem({code: 'runner-unknown', message: "Which runner it is in GitLab isn't known, since config.toml names no id or can't be read."});
		const sees = await lookAtGitlab(gitlab, runnerId, signal);
		const pulls = await withPull(gitlab, shared.get().gitlab.value?.pulls, shared.get().journal.value, signal);
		shared.set({gitlab: good({...sees, ...(pulls ? {pulls} : {})}, shared.now())});
	});
}

/** Types that something is, or is to be, paid for. */
export function typesIn({ec2, group, host, region}: Snapshot): {workers: string[]; all: string[]} {
	const configured = allMade({group, host, region}).map(({type}) => type);
	const workers = [...new Set([...(ec2.value?.instances ?? []).map(({type}) => type), ...configured])].filter((type) => type !== '').sort();
	const manager = ec2.value?.manager?.type;
	return {workers, all: [...new Set([...workers, ...(manager === undefined ? [] : [manager])])]};
}

/** Prices change seldom, but a type that is new here is asked for at once, and so is the price of an hour that has begun. */
function pricesLoop({cloud, cloudAt}: PanelPorts, shared: Growing, paces: Paces): Loop {
	let asked: {types: string; at: number} | undefined;
	return {
		...loopOf('prices', shared, paces, 60, async () => {
			const types = typesIn(shared.get());
			if (types.all.length === 0) throw notYet('What has a price');
			const now = shared.now();
			const known = asked?.types === types.all.join() ? asked.at : undefined;
			if (known !== undefined && now - known < paces.prices * 1000 && !shared.get().paid.asks) return;
			// A machine's hour over the turn of the month began before it.
			const from = Math.max(known ?? 0, monthOf(now) - hourMs);
			const {prices, trouble} = await lookAtPrices(cloud, cloudAt, types, shared.get().prices.value, {from, now});
			asked = trouble ? undefined : {types: types.all.join(), at: now};
			const seen = good(prices, shared.now());
			shared.set({prices: trouble ? failing(seen, trouble, shared.now()) : seen});
		}),
		seconds: Math.min(10, paces.prices),
	};
}

function recordLoop({cloud}: PanelPorts, watched: Watched, shared: Growing, paces: Paces): Loop | undefined {
	if (!('fleet' in watched)) return undefined;
	const {fleet} = watched;
	return loopOf('record', shared, paces, 30, async () => {
		const versions = await lookAtRecord(cloud, fleet);
		shared.set({record: good(versions, shared.now())});
	});
}

/**
 * Looks through all ports until the signal is aborted, and tells a snapshot each time a source has told or failed.
 * Each source has its own pace, failure and age; none waits for another. No call changes anything. Never rejects.
 */
export async function watchSources(ports: PanelPorts, watched: Watched, {signal, emit, paces: given, without = [], paid}: Watching): Promise<void> {
	const paces = {...usualPaces, ...given};
	const fleet = 'fleet' in watched ? watched.fleet.name : undefined;
	const first: Snapshot = {
		...nothingSeen(ports.cloud.region, fleet),
		...(paid ? {paid} : {}),
		...(ports.gitlab ? {} : {gitlab: off('Give GITLAB_TOKEN to see jobs that wait.')}),
		...(fleet === undefined ? {record: off('This manager belongs to no fleet of ours, so it has no record.')} : {}),
		...Object.fromEntries(without.map((name) => [name, off('It was not asked.')])),
	};
	const shared = growing(ports.clock, first, (snapshot) => {
		if (!signal.aborted) emit(snapshot);
	});
	const host = hostLoop(ports, shared, paces.host);
	const loops: Record<keyof Paces, Loop | undefined> = {
		ec2: ec2Loop(ports, watched, shared, paces),
		group: groupLoop(ports, shared, paces),
		leftovers: leftoversLoop(ports, shared, paces),
		host: host.loop,
		gitlab: gitlabLoop(ports, shared, paces),
		prices: pricesLoop(ports, shared, paces),
		record: recordLoop(ports, watched, shared, paces),
	};
	for (const name of without) loops[name] = undefined;
	await Promise.all(Object.values(loops).map((loop) => loop && follow(loop, ports.clock, signal)));
	await host.close().catch(() => undefined);
}
