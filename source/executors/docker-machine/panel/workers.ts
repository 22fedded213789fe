import {isWorkerName} from '../../../fleet.ts';
import {once} from '../../../panel/once.ts';
import type {RowState} from '../../../panel/rows.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import type {FoundWorker, StateDetail, StateSeen, StoredMachine, WorkerView} from '../../../panel/workers.ts';
import type {ConfigFacts} from '../../../steps/config/facts.ts';
import {type Instance, workerPattern} from '../../../steps/looks/account.ts';
import {inNames, isNamedBy, madeAt} from '../../../world/host/machine-name.ts';
import {isMachineName, unmanagedBy} from '../machine-names.ts';
import {hostSeen} from './stored-machines.ts';

/** docker-machine gives up a create after an hour. */
const longestCreate = 3_600_000;
/** Between two looks a machine may be in one and not yet in the other, in milliseconds. */
const betweenLooks = 180_000;

/** How a row says that it is in docker-machine's store and that no runner looks after it. */
export const unmanagedDetail = 'no runner manages it';

const told = (state: RowState, detail?: string): StateDetail => ({state, detail});

/** An instance that isn't in the store of the manager that made it. */
function withoutMachine(seen: StateSeen, instance: Instance): StateDetail {
	if (seen.host.value === undefined) return told('unknown', seen.host.problem ? "the manager can't be asked" : 'asking the manager');
	if (!seen.host.value.hasStore) return told('unknown', "the manager's docker-machine store isn't there");
	if ((seen.host.at ?? 0) - instance.launchedAt < betweenLooks) return told('creating', 'just launched');
	if (seen.otherManagers) return told('unknown', 'maybe of another manager of this fleet');
	if (seen.host.value.unreadMachines.includes(seen.name)) return told('unknown', "its file on the manager can't be read");
	return told('orphan', 'not managed');
}

/** A machine of which the log tells nothing that would settle it. */
function withoutStory({counts, hasLooseJobs, instance, machine, createdAt, now}: StateSeen): StateDetail {
	const age = now - (createdAt ?? instance?.launchedAt ?? now);
	if (!instance && machine?.instanceId === '') return age < longestCreate ? told('creating', 'no instance yet') : told('unknown', 'no instance');
	if (instance?.state === 'pending') return told('creating', 'pending');
	if (age < betweenLooks && counts && counts.creating > 0) return told('creating');
	if (counts && counts.idle + counts.creating + counts.removing + counts.acquired === 0 && counts.used > 0) return told('busy');
	return hasLooseJobs() ? told('unknown', 'busy or idle') : told('idle');
}

function stateOf(seen: StateSeen, isUnmanaged: (name: string, now: number) => boolean): StateDetail {
	const {instance, machine, story} = seen;
	if (instance?.state === 'shutting-down') return told('removing', story?.reason ?? instance.stateReason);
	if (story?.removingAt !== undefined) return told('removing', story.reason);
	if (instance?.state === 'stopped' || instance?.state === 'stopping') return told('stopped', instance.stateReason);
	if (instance && !machine) return withoutMachine(seen, instance);
	if (seen.busy) return told('busy');
	const now = settledState(seen);
	return machine !== undefined && now.state !== 'creating' && isUnmanaged(seen.name, seen.now) ? told('orphan', unmanagedDetail) : now;
}

/** What a machine in the store is doing that runs no job. */
function settledState(seen: StateSeen): StateDetail {
	const {story} = seen;
	if (story?.failedAt !== undefined) return told('failed', story.refusal?.code ?? story.stage);
	if (story?.createdAt !== undefined || story?.jobEndedAt !== undefined) return told('idle');
	// The runner's own list of jobs no longer holds the one that the log named.
	if (story?.job !== undefined) return told('idle');
	if (story?.stage !== undefined) return told('creating', story.stage);
	return withoutStory(seen);
}

/** What machines are doing; those in the store that no runner of config.toml counts as its own are orphans. */
function stateBy(facts: ConfigFacts | undefined): (seen: StateSeen) => StateDetail {
	const isUnmanaged = facts ? unmanagedBy(facts.runners) : () => false;
	return (seen) => stateOf(seen, isUnmanaged);
}

const executor = 'docker+machine';
/** How long EC2 may not tell yet of an instance that it has just launched, in milliseconds. */
const late = 120_000;

/** The machine's name that an instance bears: its Name tag, or its key pair's name while a spot instance isn't tagged yet. */
const nameOf = once(({tags, keyName}: Instance): string | undefined => {
	const {Name: name} = tags;
	if (name !== undefined && madeAt(name) !== undefined) return name;
	return keyName !== undefined && madeAt(keyName) !== undefined ? keyName : undefined;
});

/** Whether a machine of this name is one of this manager's or this fleet's. */
function ownsName(snapshot: Snapshot): (name: string) => boolean {
	const runners = snapshot.host.value?.config?.facts?.runners ?? [];
	const fleet = snapshot.fleet === undefined ? undefined : {name: snapshot.fleet, region: snapshot.region};
	return (name) => runners.some(({shortToken}) => isNamedBy(shortToken, name)) || (fleet !== undefined && isWorkerName(fleet, name));
}

const isTerminated = (instance: Instance): boolean => instance.state === 'terminated';

/** Whether EC2 has told since that this machine's instance isn't there. */
function hasVanished(snapshot: Snapshot, machine: StoredMachine, instance: Instance | undefined): boolean {
	if (instance) return isTerminated(instance);
	const {value, at} = snapshot.ec2;
	if (!value || at === undefined || machine.instanceId === '') return false;
	return machine.createdAt === undefined || at - machine.createdAt > late;
}

/** Machines in docker-machine's store, and instances that bear the name of one of ours and aren't in it. */
function found(snapshot: Snapshot): FoundWorker[] {
	const instances = snapshot.ec2.value?.instances ?? [];
	const byId = new Map<string, Instance>();
	const byName = new Map<string, Instance>();
	const machines = snapshot.host.value?.machines ?? [];
	for (const instance of instances) {
		if (machines.length > 0) byId.set(instance.id, instance);
		const name = nameOf(instance);
		if (name !== undefined && !isTerminated(instance)) byName.set(name, instance);
	}
	const workers: FoundWorker[] = [];
	const taken = new Set<string>();
	for (const machine of machines) {
		const instance = machine.instanceId === '' ? byName.get(machine.name) : byId.get(machine.instanceId);
		if (instance) taken.add(instance.id);
		const {name, createdAt = madeAt(name)} = machine;
		if (!hasVanished(snapshot, machine, instance)) workers.push({executor, name, machine, instance, createdAt});
	}
	const owns = ownsName(snapshot);
	const manager = snapshot.ec2.value?.manager?.id;
	for (const [name, instance] of byName) {
		if (!taken.has(instance.id) && instance.id !== manager && owns(name)) workers.push({executor, name, machine: undefined, instance, createdAt: madeAt(name)});
	}
	return workers;
}

function ended(snapshot: Snapshot): FoundWorker[] {
	const owns = ownsName(snapshot);
	return (snapshot.ec2.value?.instances ?? []).filter(isTerminated).flatMap((instance): FoundWorker[] => {
		const name = nameOf(instance);
		return name !== undefined && owns(name) ? [{executor, name, machine: undefined, instance, createdAt: madeAt(name)}] : [];
	});
}

/** docker-machine's workers: machines of its store, and instances known by the names that GitLab Runner gives them. */
export const view: WorkerView = {
	hostSeen,
	groups: () => [],
	noWay: ({machines}, worker) =>
		machines.some(({name}) => name === worker) ? undefined : `docker-machine on the manager has no machine ${worker}, so there is no way into it from there.`,
	// A machine's key pair bears its name from the launch on; its Name tag comes later.
	filters: ({fleet, shortTokens}) => {
		const named = shortTokens.map(inNames).filter((token) => token !== '');
		const ofFleet = fleet === undefined ? [] : [workerPattern(fleet)];
		return [{name: 'key-name', values: named.length === 0 ? ['runner-*'] : [...named.map((token) => `runner-${token}-*`), ...ofFleet]}];
	},
	nameOf,
	isWorkerName: isMachineName,
	found,
	ended,
	foundBy: ({host}) => [host.value?.machines],
	stateBy,
};
