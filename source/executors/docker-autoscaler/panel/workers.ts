import {markKeys, names} from '../../../fleet.ts';
import {once} from '../../../panel/once.ts';
import type {RowState} from '../../../panel/rows.ts';
import type {GroupMember} from '../../../panel/scaling-groups.ts';
import {isFresh} from '../../../panel/seen.ts';
import type {HostSeen, Snapshot} from '../../../panel/snapshot.ts';
import type {FoundWorker, StateDetail, StateSeen, WorkerView} from '../../../panel/workers.ts';
import type {ConfigFacts} from '../../../steps/config/facts.ts';
import {type Instance, lives} from '../../../steps/looks/account.ts';
import type {HostPart} from '../../scripts.ts';

/** A worker that setup tries goes within the hour, as does whatever else a setup has only begun, in milliseconds. */
export const longestSetup = 3_600_000;

/** The tag by which EC2 says of which Auto Scaling group an instance is. */
export const groupTag = 'aws:autoscaling:groupName';

/** Whether an instance bears a fleet's mark as a worker and was launched by an Auto Scaling group. */
export const isMarkedMember = ({tags}: Instance): boolean => tags[markKeys.part] === 'worker' && tags[groupTag] !== undefined;

/** Whether an instance is a worker that setup tries: it bears a fleet's mark, in the group that this fleet's setup has for that alone. */
const isTried = (instance: Instance): boolean =>
	isMarkedMember(instance) && instance.tags[groupTag] === names.testGroup({name: instance.tags[markKeys.fleet] ?? '', region: ''});

/** EC2 and the group are asked one after the other, so what is younger than this may be in only one of them, in milliseconds. */
const betweenLooks = 120_000;
/** An instance that hasn't had a job and is younger than this may still be on its way to be ready, in milliseconds. */
const longestReady = 600_000;

const told = (state: RowState, detail?: string): StateDetail => ({state, detail});

const groupOf = ({instance, member}: StateSeen): string | undefined => member?.group ?? instance?.tags[groupTag];

/** What is being launched: EC2's word, else the group's. */
function launching({instance, member}: StateSeen): StateDetail | undefined {
	if (instance?.state === 'pending') return told('creating', 'pending');
	if (member?.state.startsWith('Pending'))
		return told('creating', member.state === 'Pending' ? 'entering service' : `${member.state.toLowerCase()} in its group`);
	return undefined;
}

/** An instance that no runner of this manager can use. */
function strayed(seen: StateSeen, groups: ReadonlySet<string> | undefined): StateDetail | undefined {
	const {host, groups: scaling, instance, member, now, otherManagers} = seen;
	const group = groupOf(seen);
	if (host.value === undefined) return told('unknown', host.problem ? "the manager can't be asked" : 'asking the manager');
	if (instance && isTried(instance)) return now - instance.launchedAt < longestSetup ? told('creating', 'tried by setup') : told('orphan', 'left by a setup');
	if (groups === undefined) return told('unknown', "config.toml can't be read");
	if (group === undefined || !groups.has(group))
		return otherManagers ? told('unknown', 'maybe of another manager of this fleet') : told('orphan', 'of no runner here');
	if (member || !isFresh(scaling) || instance === undefined) return undefined;
	return (scaling.at ?? now) - instance.launchedAt < betweenLooks ? told('creating', 'just launched') : told('orphan', 'not in its group');
}

/** An instance in service of which the log tells nothing that would settle it. */
function withoutStory({counts, instance, hasLooseJobs, now}: StateSeen): StateDetail {
	const age = now - (instance?.launchedAt ?? now);
	if (counts && counts.creating > 0 && age < longestReady && (counts.idle === 0 || age < betweenLooks)) return told('creating', 'not ready yet');
	if (counts && counts.idle + counts.creating === 0 && counts.used > 0) return told('busy');
	return hasLooseJobs() ? told('unknown', 'busy or idle') : told('idle');
}

function stateOf(seen: StateSeen, groups: ReadonlySet<string> | undefined): StateDetail {
	const {busy, instance, member, story} = seen;
	if (instance?.state === 'shutting-down' || member?.state.startsWith('Terminating')) return told('removing', story?.reason || instance?.stateReason);
	if (instance?.state === 'stopped' || instance?.state === 'stopping') return told('stopped', instance.stateReason);
	if (story?.removingAt !== undefined) return told('removing', story.reason || undefined);
	const outdated = member?.isOutdated ? 'of an older template' : undefined;
	if (busy) return told('busy', outdated);
	// What no runner here asked for is none of those that are being made.
	const group = groupOf(seen);
	const isAsked = groups === undefined || group === undefined || groups.has(group);
	const other = (isAsked ? launching(seen) : undefined) ?? strayed(seen, groups);
	if (other) return other;
	if (story?.failedAt !== undefined) return told('failed', story.refusal?.code ?? 'never ready');
	// The runner's own list of jobs no longer holds the one that the log named.
	const now = story?.job === undefined ? withoutStory(seen) : told('idle');
	return now.detail === undefined ? told(now.state, outdated) : now;
}

/** What instances are doing; those of a group that no runner of config.toml has are orphans. */
function stateBy(facts: ConfigFacts | undefined): (seen: StateSeen) => StateDetail {
	const groups = facts && new Set(facts.runners.flatMap(({group}) => group ?? []));
	return (seen) => stateOf(seen, groups);
}

declare module '../../../panel/snapshot.ts' {
	interface HostOfExecutors {
		/** The newest version of the plugin that is installed; undefined where none is. */
		fleetingPlugin: string | undefined;
		/** The key by which the runner gets on to workers is there. */
		workerKey: boolean;
		/** The plugin's process runs: it begins with a runner's first request for a job. */
		pluginRuns: boolean;
	}
}

const executor = 'docker-autoscaler';

/** Groups of the runners that have this executor; undefined while config.toml isn't known. */
const configured = ({host}: Snapshot): string[] | undefined =>
	host.value?.config?.facts?.runners.flatMap(({executor: is, group}) => (is === executor && group !== undefined ? [group] : []));

/** Groups that instances of the fleet are in, whatever config.toml says by now. */
const inhabited = ({ec2, fleet}: Snapshot): string[] =>
	fleet === undefined
		? []
		: (ec2.value?.instances ?? []).flatMap((instance) =>
				lives(instance) && isMarkedMember(instance) && instance.tags[markKeys.fleet] === fleet ? (instance.tags[groupTag] ?? []) : [],
			);

const groups = (snapshot: Snapshot): string[] => [...new Set([...(configured(snapshot) ?? []), ...inhabited(snapshot)])];

/** A group's members by their instances' ids. */
const membersOf = once((members: readonly GroupMember[]): ReadonlyMap<string, GroupMember> => {
	const byId = new Map<string, GroupMember>();
	for (const member of members) byId.set(member.instanceId, member);
	return byId;
});

/** Whether an instance is a worker of this manager's or this fleet's. */
function owns(snapshot: Snapshot): (instance: Instance) => boolean {
	const {fleet, region} = snapshot;
	const groupsHere = new Set(configured(snapshot));
	const workerKey = fleet === undefined ? undefined : names.workerKey({name: fleet, region});
	return ({keyName, tags}) => {
		const group = tags[groupTag];
		if (group !== undefined && groupsHere.has(group)) return true;
		return fleet !== undefined && tags[markKeys.fleet] === fleet && tags[markKeys.part] === 'worker' && (group !== undefined || keyName === workerKey);
	};
}

/** Instances of the manager's groups, by EC2 or, where that doesn't tell of one, by its group. */
function found(snapshot: Snapshot, before?: readonly FoundWorker[]): FoundWorker[] {
	const {ec2, group: scaling} = snapshot;
	const isOurs = owns(snapshot);
	const members = (scaling.value?.groups ?? []).map((one) => membersOf(one.members));
	const workers: FoundWorker[] = [];
	let untold = members.reduce((sum, {size}) => sum + size, 0);
	for (const instance of ec2.value?.instances ?? []) {
		const {id} = instance;
		let member: GroupMember | undefined;
		for (const some of members) member ??= some.get(id);
		if (member) untold -= 1;
		if (instance.state === 'terminated' || !(member || isOurs(instance))) continue;
		// Mostly it is where it was.
		const known = before?.[workers.length];
		const isAgain = known?.instance === instance && known.member === member;
		workers.push(isAgain ? known : {executor, name: id, machine: undefined, instance, member, createdAt: undefined});
	}
	if (untold === 0) return workers;
	const told = new Set([ec2.value?.manager?.id, ...(ec2.value?.instances ?? []).map(({id}) => id)]);
	for (const [id, member] of members.flatMap((some) => [...some]))
		if (!told.has(id)) workers.push({executor, name: id, machine: undefined, instance: undefined, member, createdAt: undefined});
	return workers;
}

/** docker-autoscaler's workers: the instances of its runners' Auto Scaling groups, each called by its id, as the runner's log does. */
export const view: WorkerView = {
	hostSeen: ({fleetingPlugin, pluginRuns, workerKey}: HostPart) => ({fleetingPlugin, pluginRuns, workerKey}),
	noWay: ({workerKey}: HostSeen, worker) => (workerKey ? undefined : `The manager has no key for workers, so there is no way into ${worker} from there.`),
	groups,
	filters: ({groups: known}) => (known.length === 0 ? [] : [{name: `tag:${groupTag}`, values: [...known]}]),
	nameOf: (instance) => (isMarkedMember(instance) ? instance.id : undefined),
	isWorkerName: (name) => /^i-[0-9a-f]{8,17}$/.test(name),
	found,
	ended: (snapshot) =>
		(snapshot.ec2.value?.instances ?? [])
			.filter(({state}) => state === 'terminated')
			.filter(owns(snapshot))
			.map((instance) => ({executor, name: instance.id, machine: undefined, instance, createdAt: undefined})),
	foundBy: ({group}) => (group.value?.groups ?? []).map(({members}) => members),
	stateBy,
};
