import {isWorkerName} from '../fleet.ts';
import type {Instance} from '../steps/looks/account.ts';
import type {RunningJob} from './job-list.ts';
import type {MachineStory} from './journal/history.ts';
import {isNamedBy, madeAt} from './machine-name.ts';
import type {Machine} from './machines.ts';
import {usdPerHour} from './price.ts';
import type {Row, RowJob} from './rows.ts';
import type {Snapshot} from './snapshot.ts';
import {type StateSeen, stateOf} from './row-state.ts';

/** How long EC2 may not tell yet of an instance that it has just launched, in milliseconds. */
const late = 120_000;

/** A worker as found: its machine in docker-machine's store, its instance, or both. */
type Worker = {name: string; machine: Machine | undefined; instance: Instance | undefined};

/** The machine's name that an instance bears: its Name tag, or its key pair's name while a spot instance isn't tagged yet (facts §3.5). */
export function machineNameOf(instance: Instance): string | undefined {
	const {Name: name} = instance.tags;
	if (name !== undefined && madeAt(name) !== undefined) return name;
	return instance.keyName !== undefined && madeAt(instance.keyName) !== undefined ? instance.keyName : undefined;
}

/** Whether a machine of this name is one of this manager's or this fleet's. */
export function ownsName(snapshot: Snapshot): (name: string) => boolean {
	const runners = snapshot.host.value?.config?.facts?.runners ?? [];
	const fleet = snapshot.fleet === undefined ? undefined : {name: snapshot.fleet, region: snapshot.region};
	return (name) => runners.some(({shortToken}) => isNamedBy(shortToken, name)) || (fleet !== undefined && isWorkerName(fleet, name));
}

const isGone = (instance: Instance): boolean => instance.state === 'terminated';

/** Whether EC2 has told since that this machine's instance isn't there. */
function hasVanished(snapshot: Snapshot, machine: Machine, instance: Instance | undefined): boolean {
	if (instance) return isGone(instance);
	const {value, at} = snapshot.ec2;
	if (!value || at === undefined || machine.instanceId === '') return false;
	return machine.createdAt === undefined || at - machine.createdAt > late;
}

function workersIn(snapshot: Snapshot): Worker[] {
	const instances = snapshot.ec2.value?.instances ?? [];
	const byId = new Map<string, Instance>();
	const byName = new Map<string, Instance>();
	for (const instance of instances) {
		byId.set(instance.id, instance);
		const name = machineNameOf(instance);
		if (name !== undefined && !isGone(instance)) byName.set(name, instance);
	}
	const workers: Worker[] = [];
	const taken = new Set<string>();
	const machines = snapshot.host.value?.machines ?? [];
	for (const machine of machines) {
		const instance = machine.instanceId === '' ? byName.get(machine.name) : byId.get(machine.instanceId);
		if (instance) taken.add(instance.id);
		if (!hasVanished(snapshot, machine, instance)) workers.push({name: machine.name, machine, instance});
	}
	const owns = ownsName(snapshot);
	const manager = snapshot.ec2.value?.manager?.id;
	for (const [name, instance] of byName) {
		if (!taken.has(instance.id) && instance.id !== manager && owns(name)) workers.push({name, machine: undefined, instance});
	}
	return workers;
}

function joiningJobs(snapshot: Snapshot) {
	const listed = new Map<number, RunningJob>((snapshot.runner.value?.jobs ?? []).map((job) => [job.id, job]));
	const named = new Map((snapshot.gitlab.value?.running ?? []).map((job) => [job.id, job]));
	const listedAt = snapshot.runner.value ? snapshot.runner.at : undefined;
	/** The job that a machine runs: the log's last word, unless the runner's own list, read later, doesn't hold it any more. */
	const runs = (story: MachineStory | undefined): number | undefined => {
		if (story?.job === undefined || story.jobEndedAt !== undefined) return undefined;
		const over = listedAt !== undefined && !listed.has(story.job) && listedAt > (story.jobAt ?? 0) + 10_000;
		return over ? undefined : story.job;
	};
	const describe = (id: number, story: MachineStory | undefined): RowJob => {
		const job = listed.get(id);
		const known = named.get(id);
		return {
			id,
			name: known?.name,
			project: job?.project ?? known?.project ?? story?.project,
			stage: job?.stage,
			seconds: job?.seconds,
			url: job?.url ?? known?.webUrl,
		};
	};
	return {runs, describe, listed, isKnown: listedAt !== undefined};
}

const zoneOf = ({machine, instance}: Worker): string | undefined => instance?.zone ?? (machine && machine.region !== '' && machine.zone !== '' ? machine.region + machine.zone : undefined);

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function rowOf(worker: Worker, seen: StateSeen, job: RowJob | undefined, snapshot: Snapshot): Row {
	const {name, machine, instance} = worker;
	const {now} = seen;
	const createdAt = machine?.createdAt ?? madeAt(name) ?? instance?.launchedAt;
	const type = instance?.type ?? filled(machine?.type);
	const zone = zoneOf(worker);
	const spot = instance ? instance.spotRequestId !== undefined || machine?.spot === true : machine?.spot;
	// Nothing is paid before there is an instance.
	const paid = instance !== undefined || (machine !== undefined && machine.instanceId !== '');
	const publicAddress = instance ? instance.publicIp !== undefined : machine?.privateOnly !== true;
	const price = paid ? usdPerHour({type, zone, spot, diskGib: machine?.diskGib, publicAddress}, snapshot.prices.value) : undefined;
	const from = instance?.launchedAt ?? createdAt;
	const {state, detail} = stateOf(seen);
	return {
		key: name,
		name,
		state,
		detail,
		job,
		type,
		zone,
		instanceId: instance?.id ?? filled(machine?.instanceId),
		instanceState: instance?.state,
		address: instance?.privateIp ?? filled(machine?.privateIp) ?? filled(machine?.ip),
		spot,
		createdAt,
		ageSeconds: createdAt === undefined ? undefined : Math.max(0, (now - createdAt) / 1000),
		usdPerHour: price,
		spentUsd: price === undefined || from === undefined ? undefined : (price * Math.max(0, now - from)) / 3_600_000,
	};
}

/** Newest first, then by name: an order that no change of state disturbs. */
const byAge = (a: Row, b: Row): number => (b.createdAt ?? 0) - (a.createdAt ?? 0) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** Job, machine, instance and price of each worker, joined from whatever sources have told. Pure; never throws. `now` is milliseconds since 1970. */
export function join(snapshot: Snapshot, now: number): Row[] {
	const workers = workersIn(snapshot);
	const stories = snapshot.journal.value?.machines;
	const jobs = joiningJobs(snapshot);
	const running = workers.map(({name}) => jobs.runs(stories?.get(name)));
	const linked = new Set(running);
	const loose = jobs.isKnown ? [...jobs.listed.keys()].some((id) => !linked.has(id)) : true;
	const counts = snapshot.runner.value?.metrics.machines;
	const rows = workers.map((worker, index) => {
		const story = stories?.get(worker.name);
		const id = running[index];
		const seen: StateSeen = {...worker, story, busy: id !== undefined, looseJobs: loose, counts, host: snapshot.host, otherManagers: (snapshot.ec2.value?.otherManagers.length ?? 0) > 0, now};
		return rowOf(worker, seen, id === undefined ? undefined : jobs.describe(id, story), snapshot);
	});
	return rows.sort(byAge);
}
