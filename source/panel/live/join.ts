import {executors} from '../../executors/list.ts';
import type {ConfigFacts} from '../../steps/config/facts.ts';
import {diskUsd} from '../../steps/prices.ts';
import {runnerRuns} from '../jobs-now.ts';
import type {MachineStory} from '../journal/history.ts';
import type {PaidMachine} from '../paid.ts';
import {usdPerHour} from '../price.ts';
import {describe, type Jobs, jobsIn, runs, stillSays} from '../row-jobs.ts';
import type {RowJob, WorkerRow} from '../rows.ts';
import type {Prices, Snapshot} from '../snapshot.ts';
import type {FoundWorker, StateDetail, StateSeen} from '../workers.ts';

const workersIn = (snapshot: Snapshot): FoundWorker[] => executors.flatMap(({view}) => view.found(snapshot));

const zoneOf = ({machine, instance, member}: FoundWorker): string | undefined =>
	instance?.zone ?? (machine && machine.region !== '' && machine.zone !== '' ? machine.region + machine.zone : member?.zone);

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** What a worker costs an hour: one whose instance ends costs nothing any more, one that is stopped no more than its disk. */
function usdNow(paid: Parameters<typeof usdPerHour>[0], state: WorkerRow['instanceState'], prices: Prices | undefined): number | undefined {
	if (state === 'shutting-down') return 0;
	return state === 'stopping' || state === 'stopped' ? diskUsd(paid.diskGib ?? 0) : usdPerHour(paid, prices);
}

function rowOf(
	worker: FoundWorker,
	{state, detail}: StateDetail,
	job: RowJob | undefined,
	prices: Prices | undefined,
	paid: PaidMachine | undefined,
): WorkerRow {
	const {executor, name, machine, instance, member} = worker;
	const createdAt = worker.createdAt ?? instance?.launchedAt;
	const type = instance?.type ?? filled(machine?.type) ?? member?.type;
	const zone = zoneOf(worker);
	const spot = instance ? instance.spotRequestId !== undefined || machine?.spot === true : machine?.spot;
	// Nothing is paid before there is an instance.
	const isPaid = instance !== undefined || member !== undefined || (machine !== undefined && machine.instanceId !== '');
	const publicAddress = instance ? instance.publicIp !== undefined : machine?.privateOnly !== true;
	return {
		key: name,
		name,
		executor,
		state,
		detail,
		job,
		type,
		zone,
		instanceId: instance?.id ?? filled(machine?.instanceId) ?? member?.instanceId,
		instanceState: instance?.state,
		address: instance?.privateIp ?? filled(machine?.privateIp) ?? filled(machine?.ip),
		spot,
		createdAt,
		paid,
		usdPerHour: isPaid
			? usdNow({type, zone, spot, diskGib: machine?.diskGib ?? member?.diskGib ?? paid?.diskGib, publicAddress}, instance?.state, prices)
			: undefined,
	};
}

/** Newest first, then by name: an order that no change of state disturbs. */
const byAge = (a: WorkerRow, b: WorkerRow): number => (b.createdAt ?? 0) - (a.createdAt ?? 0) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** A row and all that it was made from. */
type KeptRow = {
	row: WorkerRow;
	worker: FoundWorker;
	story: MachineStory | undefined;
	prices: Prices | undefined;
	paid: PaidMachine | undefined;
	facts: ConfigFacts | undefined;
	job: RowJob | undefined;
};

/** Whether a state holds until one of the row's own sources tells something else; the others also change with time and with what is told of other rows. */
function isSettled({row: {state}, job, story}: KeptRow): boolean {
	if (state === 'busy') return job !== undefined;
	if (state === 'idle') return story?.createdAt !== undefined || story?.jobEndedAt !== undefined;
	return state === 'removing' || state === 'failed' || state === 'stopped';
}

const isSame = (
	before: KeptRow | undefined,
	{machine, instance, member}: FoundWorker,
	story: MachineStory | undefined,
	prices: Prices | undefined,
	paid: PaidMachine | undefined,
	facts: ConfigFacts | undefined,
): before is KeptRow =>
	before !== undefined &&
	before.worker.machine === machine &&
	before.worker.instance === instance &&
	before.worker.member === member &&
	before.story === story &&
	before.prices === prices &&
	before.paid === paid &&
	before.facts === facts &&
	isSettled(before);

/** Remembers the last thing made, and makes it anew only when one of the things it is made from is another. */
function once<Made>(): (from: readonly unknown[], make: () => Made) => Made {
	let last: {from: readonly unknown[]; made: Made} | undefined;
	return (from, make) => {
		if (last?.from.length === from.length && last.from.every((one, index) => one === from[index])) return last.made;
		last = {from, made: make()};
		return last.made;
	};
}

/** Workers as they were joined last, in their own order and in the rows'. */
type Joined = {workers: readonly FoundWorker[]; kept: readonly KeptRow[]; order: readonly number[]; rows: readonly WorkerRow[]};

function rowsIn(order: readonly number[], kept: readonly KeptRow[]): readonly WorkerRow[] {
	const rows: WorkerRow[] = [];
	for (const index of order) {
		const one = kept[index];
		if (one) rows.push(one.row);
	}
	return rows;
}

/** The same workers in the same places, none of them older or younger than it was. */
const isAsBefore = (kept: readonly KeptRow[], before: Joined): boolean =>
	kept.length === before.kept.length &&
	kept.every(({row}, index) => {
		const known = before.kept[index]?.row;
		return known !== undefined && known.key === row.key && known.createdAt === row.createdAt;
	});

function inOrder(workers: readonly FoundWorker[], kept: readonly KeptRow[], before: Joined): Joined {
	// What rows are ordered by is the workers' own, so the order holds as long as they do, or say the same of it.
	const order =
		before.workers === workers || isAsBefore(kept, before)
			? before.order
			: kept
					.map(({row}, index) => ({row, index}))
					.sort((one, other) => byAge(one.row, other.row))
					.map(({index}) => index);
	return {workers, kept, order, rows: rowsIn(order, kept)};
}

/**
 * Joins snapshot after snapshot: a row whose sources tell the same stays the same object, and so do the rows as a whole.
 * What it gives depends on the snapshot and the time alone.
 */
export function joiner(): (snapshot: Snapshot, now: number) => readonly WorkerRow[] {
	const workersOnce = once<FoundWorker[]>();
	const statesOnce = once<ReadonlyMap<string, (seen: StateSeen) => StateDetail>>();
	const jobsOnce = once<Pick<Jobs, 'listed' | 'named'>>();
	let joined: Joined = {workers: [], kept: [], order: [], rows: []};
	/** What all rows came from, while all of them hold until one of these is another. */
	let settledOn: readonly unknown[] | undefined;
	return (snapshot, now) => {
		const {ec2, host, runner, gitlab, journal, prices, fleet} = snapshot;
		const own = executors.flatMap(({view}) => view.foundBy(snapshot));
		const from = [ec2.value?.instances, ec2.value?.manager?.id, ec2.at === undefined, host.value?.config?.facts, fleet, ...own];
		const workers = workersOnce(hasYoung(joined.workers) ? [...from, ec2.at] : from, () => workersIn(snapshot));
		// A runner that doesn't run has no job, whatever its log said last.
		const listedAt = runner.value ? runner.at : runnerRuns(snapshot) === false ? host.at : undefined;
		const jobs: Jobs = {...jobsOnce([runner.value?.jobs, gitlab.value?.running], () => jobsIn(snapshot)), listedAt};
		const facts = host.value?.config?.facts;
		const states = statesOnce([facts], () => new Map(executors.map(({name, view}) => [name, view.stateBy(facts)])));
		const all = [workers, jobs.listed, jobs.named, jobs.listedAt, journal.value?.machines, prices.value, snapshot.paid.machines];
		if (settledOn?.every((one, index) => one === all[index])) return joined.rows;
		const stories = workers.map(({name}) => journal.value?.machines.get(name));
		const running = stories.map((story) => runs(story, jobs));
		const shared = sharedSeen(snapshot, jobs, running, now);
		// Mostly a worker is where it was, whatever else is told of it.
		const isInPlace = workers.length === joined.workers.length && workers.every(({name}, index) => name === joined.workers[index]?.name);
		const byName = isInPlace ? undefined : new Map(joined.kept.map((one) => [one.worker.name, one]));
		let changed = byName !== undefined;
		const kept = workers.map((worker, index) => {
			const [story, id] = [stories[index], running[index]];
			const paid = snapshot.paid.machines.get(worker.name);
			const before = byName ? byName.get(worker.name) : joined.kept[index];
			if (isSame(before, worker, story, prices.value, paid, facts) && stillSays(before.job, id, story, jobs)) return before;
			const job = id === undefined ? undefined : describe(id, story, jobs);
			changed = true;
			const state = states.get(worker.executor)?.({...shared, ...worker, story, busy: id !== undefined}) ?? {state: 'unknown', detail: undefined};
			return {row: rowOf(worker, state, job, prices.value, paid), worker, story, prices: prices.value, paid, facts, job};
		});
		if (changed) joined = inOrder(workers, kept, joined);
		settledOn = kept.every(isSettled) ? all : undefined;
		return joined.rows;
	};
}

/** Machines whose instance EC2 may only just not tell of yet: with time alone they vanish. */
const hasYoung = (workers: readonly FoundWorker[]): boolean =>
	workers.some(({machine, instance}) => machine !== undefined && machine.instanceId !== '' && !instance);

function sharedSeen(
	snapshot: Snapshot,
	jobs: Jobs,
	running: readonly (number | undefined)[],
	now: number,
): Omit<StateSeen, keyof FoundWorker | 'story' | 'busy'> {
	const linked = new Set(running);
	let looseJobs = jobs.listedAt === undefined;
	for (const id of jobs.listed.keys()) looseJobs ||= !linked.has(id);
	return {
		looseJobs,
		counts: snapshot.runner.value?.metrics.machines,
		host: snapshot.host,
		groups: snapshot.group,
		otherManagers: (snapshot.ec2.value?.otherManagers.length ?? 0) > 0,
		now,
	};
}

/** Job, machine, instance and price of each worker, joined from whatever sources have told. Pure; never throws. `now` is milliseconds since 1970. */
export const join = (snapshot: Snapshot, now: number): readonly WorkerRow[] => joiner()(snapshot, now);
