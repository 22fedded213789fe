import {executors} from '../../executors/list.ts';
import type {ConfigFacts} from '../../steps/config/facts.ts';
import {diskUsd} from '../../steps/prices.ts';
import {runnerRuns} from '../jobs-now.ts';
import type {MachineStory} from '../journal/history.ts';
import type {PaidMachine} from '../paid.ts';
import {usdPerHour} from '../price.ts';
import {hasLooseJobs, type Jobs, jobOn, listedIn, namedIn} from '../row-jobs.ts';
import type {RowJob, WorkerRow} from '../rows.ts';
import type {Prices, Snapshot} from '../snapshot.ts';
import type {FoundWorker, StateDetail, StateSeen} from '../workers.ts';

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

/** What rows are made from besides their workers. */
type RowsTold = {
	listed: Jobs['listed'];
	named: Jobs['named'];
	listedAt: number | undefined;
	stories: ReadonlyMap<string, MachineStory> | undefined;
	prices: Prices | undefined;
	paid: ReadonlyMap<string, PaidMachine>;
	facts: ConfigFacts | undefined;
};

const isToldAgain = (one: RowsTold, other: RowsTold): boolean =>
	one.listed === other.listed &&
	one.named === other.named &&
	one.listedAt === other.listedAt &&
	one.stories === other.stories &&
	one.prices === other.prices &&
	one.paid === other.paid &&
	one.facts === other.facts;

/** A row and what of its own it was made from; job and price are in it. */
type KeptRow = {
	row: WorkerRow;
	worker: FoundWorker;
	story: MachineStory | undefined;
	/** Its state holds until one of its own sources tells something else; other states also change with time and with what is told of other rows. */
	isSettled: boolean;
};

function isSettled(state: WorkerRow['state'], job: RowJob | undefined, story: MachineStory | undefined): boolean {
	if (state === 'busy') return job !== undefined;
	if (state === 'idle') return story?.createdAt !== undefined || story?.jobEndedAt !== undefined;
	return state === 'removing' || state === 'failed' || state === 'stopped';
}

const isSameWorker = (one: FoundWorker, other: FoundWorker): boolean =>
	one === other || (one.machine === other.machine && one.instance === other.instance && one.member === other.member);

/** Remembers the last thing made, and makes it anew only when one of the things it is made from is another. */
function once<Made>(): (from: readonly unknown[], make: (last: Made | undefined) => Made) => Made {
	let last: {from: readonly unknown[]; made: Made} | undefined;
	return (from, make) => {
		if (last?.from.length === from.length && last.from.every((one, index) => one === from[index])) return last.made;
		last = {from, made: make(last?.made)};
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

const orderOf = (kept: readonly KeptRow[]): readonly number[] =>
	kept
		.map(({row}, index) => ({row, index}))
		.sort((one, other) => byAge(one.row, other.row))
		.map(({index}) => index);

/**
 * Joins snapshot after snapshot: a row whose sources tell the same stays the same object, and so do the rows as a whole.
 * What it gives depends on the snapshot and the time alone.
 */
export function joiner(): (snapshot: Snapshot, now: number) => readonly WorkerRow[] {
	const foundOnce = executors.map(({view}) => ({view, once: once<FoundWorker[]>()}));
	const workersOnce = once<{workers: readonly FoundWorker[]; hasYoung: boolean}>();
	const statesOnce = once<ReadonlyMap<string, (seen: StateSeen) => StateDetail>>();
	const listedOnce = once<Jobs['listed']>();
	const namedOnce = once<Jobs['named']>();
	let joined: Joined = {workers: [], kept: [], order: [], rows: []};
	let hasYoung = false;
	let toldBefore: RowsTold | undefined;
	/** All rows hold until something else is told. */
	let allSettled = false;

	function workersIn(snapshot: Snapshot): readonly FoundWorker[] {
		const {ec2, host, fleet} = snapshot;
		const from = [ec2.value?.instances, ec2.value?.manager?.id, ec2.at === undefined, host.value?.config?.facts, fleet, ...(hasYoung ? [ec2.at] : [])];
		const found = foundOnce.map(({view, once: make}) => make([...from, ...view.foundBy(snapshot)], (before) => view.found(snapshot, before)));
		const made = workersOnce(found, () => {
			const workers = found.flat();
			return {workers, hasYoung: workers.some(isYoung)};
		});
		({hasYoung} = made);
		return made.workers;
	}

	function toldIn(snapshot: Snapshot): RowsTold {
		const {gitlab, host, journal, paid, prices, runner} = snapshot;
		return {
			listed: listedOnce([runner.value?.jobs], () => listedIn(snapshot)),
			named: namedOnce([gitlab.value?.running], (last) => namedIn(snapshot, last)),
			// A runner that doesn't run has no job, whatever its log said last.
			listedAt: runner.value ? runner.at : runnerRuns(snapshot) === false ? host.at : undefined,
			stories: journal.value?.machines,
			prices: prices.value,
			paid: paid.machines,
			facts: host.value?.config?.facts,
		};
	}

	return (snapshot, now) => {
		const workers = workersIn(snapshot);
		const told = toldIn(snapshot);
		const isAgain = toldBefore !== undefined && isToldAgain(toldBefore, told);
		const isShared = toldBefore?.prices === told.prices && toldBefore?.facts === told.facts;
		if (isAgain && allSettled && workers === joined.workers) return joined.rows;
		const {facts, prices} = told;
		const states = statesOnce([facts], () => new Map(executors.map(({name, view}) => [name, view.stateBy(facts)])));
		const shared = sharedSeen(snapshot, workers, told, now);
		// Mostly a worker is where it was, whatever else is told of it.
		const isInPlace =
			workers === joined.workers || (workers.length === joined.workers.length && workers.every(({name}, index) => name === joined.workers[index]?.name));
		const byName = isInPlace ? undefined : new Map(joined.kept.map((one) => [one.worker.name, one]));
		let [isChanged, isReordered] = [!isInPlace, !isInPlace];
		const kept = workers.map((worker, index): KeptRow => {
			const before = byName ? byName.get(worker.name) : joined.kept[index];
			const holds = before?.isSettled === true && isSameWorker(before.worker, worker);
			if (holds && isAgain) return before;
			const story = told.stories?.get(worker.name);
			const job = jobOn(story, told, before?.row.job);
			const paid = told.paid.get(worker.name);
			if (holds && isShared && before.story === story && before.row.job === job && before.row.paid === paid) return before;
			const state = states.get(worker.executor)?.({...shared, ...worker, story, busy: job !== undefined}) ?? {state: 'unknown', detail: undefined};
			const row = rowOf(worker, state, job, prices, paid);
			isChanged = true;
			// What rows are ordered by besides their names.
			isReordered ||= row.createdAt !== before?.row.createdAt;
			return {row, worker, story, isSettled: isSettled(row.state, job, story)};
		});
		const order = isReordered ? orderOf(kept) : joined.order;
		joined = {workers, kept, order, rows: isChanged ? rowsIn(order, kept) : joined.rows};
		toldBefore = told;
		allSettled = kept.every((one) => one.isSettled);
		return joined.rows;
	};
}

/** A machine whose instance EC2 may only just not tell of yet: with time alone it vanishes. */
const isYoung = ({machine, instance}: FoundWorker): boolean => machine !== undefined && machine.instanceId !== '' && !instance;

function sharedSeen(snapshot: Snapshot, workers: readonly FoundWorker[], told: RowsTold, now: number): Omit<StateSeen, keyof FoundWorker | 'story' | 'busy'> {
	let loose: boolean | undefined;
	return {
		hasLooseJobs() {
			loose ??= hasLooseJobs(
				workers.map(({name}) => told.stories?.get(name)),
				told,
			);
			return loose;
		},
		counts: snapshot.runner.value?.metrics.machines,
		host: snapshot.host,
		groups: snapshot.group,
		otherManagers: (snapshot.ec2.value?.otherManagers.length ?? 0) > 0,
		now,
	};
}

/** Job, machine, instance and price of each worker, joined from whatever sources have told. Pure; never throws. `now` is milliseconds since 1970. */
export const join = (snapshot: Snapshot, now: number): readonly WorkerRow[] => joiner()(snapshot, now);
