import {markKeys, names} from '../../../fleet.ts';
import type {GroupMember} from '../../../panel/scaling-groups.ts';
import type {HostSeen, Snapshot} from '../../../panel/snapshot.ts';
import type {FoundWorker, WorkerView} from '../../../panel/workers.ts';
import {type Instance, lives} from '../../../steps/looks/account.ts';
import type {HostPart} from '../../scripts.ts';
import {groupTag, isMarkedMember} from './marked-members.ts';
import {stateBy} from './worker-state.ts';

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

/** Members of groups by their instances' ids, as long as the groups tell the same. */
const byInstance = new WeakMap<readonly GroupMember[], ReadonlyMap<string, GroupMember>>();

function membersOf(members: readonly GroupMember[]): ReadonlyMap<string, GroupMember> {
	const known = byInstance.get(members) ?? new Map(members.map((member) => [member.instanceId, member]));
	byInstance.set(members, known);
	return known;
}

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
function found(snapshot: Snapshot): FoundWorker[] {
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
		if (instance.state !== 'terminated' && (member || isOurs(instance)))
			workers.push({executor, name: id, machine: undefined, instance, member, createdAt: undefined});
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
