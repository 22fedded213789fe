import type {Fatal} from '../../world/host/fatal.ts';
import {madeAt} from '../../world/host/machine-name.ts';
import type {LogEvent} from './events.ts';
import {type JobHistory, jobsAfter, noJobs} from './job-history.ts';
import type {WorkerRefusal} from './refusal.ts';
import {noSpans, type Spans, spansAfter} from './spans.ts';
import {noStarts, type Starts, startsAfter} from './starts.ts';

/** One machine as the journal tells of it. Times are milliseconds since 1970. */
export type MachineStory = {
	name: string;
	/** The last stage of its making: `waiting for SSH`. */
	stage?: string;
	stageAt?: number;
	createdAt?: number;
	failedAt?: number;
	refusal?: WorkerRefusal;
	removingAt?: number;
	/** Why it goes, in the runner's lower-case words: `too many idle machines`, `machine is unavailable`. */
	reason?: string;
	/** The job it runs, or ran last, and when that ended. */
	job?: number;
	project?: string;
	jobAt?: number;
	jobEndedAt?: number;
	uses?: number;
	at: number;
};

/** A create that was refused or failed. */
type RefusedCreate = {at: number; machine: string | undefined; refusal: WorkerRefusal};

/** A state of the log that holds until something ends it; `since` is when it began, `last` when it was last seen. */
type Holding = {since: number; last: number; detail?: string | undefined};

/** What the runner's journal has told since `since`, bounded: machines and refusals of six hours, spans by the hour. */
export type History = {
	/** Milliseconds since 1970: nothing before this is known. */
	since: number;
	/** The last entry's time. */
	until: number;
	machines: ReadonlyMap<string, MachineStory>;
	/** Newest last. */
	refused: readonly RefusedCreate[];
	/** Machines whose removal was asked for, and why, newest last, at most 50. */
	removals: readonly {machine: string; at: number; reason: string}[];
	/** Machines that are gone, newest last, at most 50: how many seconds they were there, and whether a job ever came to them. */
	gone: readonly {machine: string; at: number; seconds: number | undefined; worked: boolean}[];
	/** Machines that went without the runner's doing, newest last, at most 50. */
	lost: readonly {machine: string; at: number}[];
	/** Seconds that creates took, newest last, at most 50. */
	creations: readonly number[];
	forbidden?: Holding | undefined;
	unreachable?: Holding | undefined;
	/** Switched itself off, until `until` (milliseconds since 1970) at the latest. */
	unhealthy?: (Holding & {until: number | undefined}) | undefined;
	configRefused?: Holding | undefined;
	stopping?: Holding | undefined;
	/** The last words of a process that ended with an error. */
	died?: (Fatal & {at: number}) | undefined;
	serviceStartedAt?: number | undefined;
	/** When a job last ended well. */
	succeededAt?: number | undefined;
	/** When jobs were received, newest last, at most 50. */
	received: readonly number[];
	jobs: JobHistory;
	starts: Starts;
	spans: Spans;
};

/** How far back machines and refusals are kept: six hours, in milliseconds. */
export const historyKept = 6 * 3_600_000;
const most = 50;
const mostRefused = 500;

/** Nothing told yet; the journal is read from `since` on. */
export const noHistory = (since: number): History => ({
	since,
	until: since,
	machines: new Map(),
	refused: [],
	removals: [],
	creations: [],
	gone: [],
	lost: [],
	received: [],
	jobs: noJobs,
	starts: noStarts(since),
	spans: noSpans(since),
});

type StoriesByMachine = Map<string, MachineStory>;

function told(machines: StoriesByMachine, name: string, at: number, more: Partial<MachineStory>): void {
	machines.set(name, {...(machines.get(name) ?? {name}), ...more, at});
}

const holding = (known: Holding | undefined, at: number, more: {detail?: string} = {}): Holding => ({
	since: known?.since ?? at,
	last: at,
	...more,
});

/** What an event adds to a machine's story, where that is all that it does. */
function addition(event: LogEvent): Partial<MachineStory> | undefined {
	const {at} = event;
	if (event.is === 'machine-stage') return {stage: event.stage, stageAt: at};
	if (event.is === 'machine-created') return {createdAt: at};
	if (event.is === 'machine-failed') return {failedAt: at, ...(event.refusal ? {refusal: event.refusal} : {})};
	if (event.is === 'machine-refused') return {refusal: event.refusal};
	if (event.is === 'machine-lost') return {removingAt: at, reason: "gone without the runner's doing"};
	return event.is === 'machine-removing' ? {removingAt: at, reason: event.reason} : undefined;
}

function machineTold(machines: StoriesByMachine, event: LogEvent): void {
	const more = addition(event);
	if (more && 'machine' in event && event.machine !== undefined) told(machines, event.machine, event.at, more);
	else if (event.is === 'machine-removed') machines.delete(event.machine);
	else if (event.is === 'job-on-machine') jobTold(machines, event);
	else if (event.is === 'job-ended') endTold(machines, event);
}

function jobTold(machines: StoriesByMachine, event: Extract<LogEvent, {is: 'job-on-machine'}>): void {
	const known = machines.get(event.machine);
	const same = known?.job === event.job && known.jobEndedAt === undefined;
	const {jobEndedAt: _ended, ...rest} = known ?? {name: event.machine};
	machines.set(event.machine, {
		...rest,
		job: event.job,
		at: event.at,
		jobAt: same ? (known.jobAt ?? event.at) : event.at,
		...(event.project === undefined ? {} : {project: event.project}),
		...(event.uses === undefined ? {} : {uses: event.uses}),
	});
}

function endTold(machines: StoriesByMachine, event: Extract<LogEvent, {is: 'job-ended'}>): void {
	const {machine: name} = event;
	if (name !== undefined && machines.get(name)?.job === event.job) told(machines, name, event.at, {jobEndedAt: event.at});
}

const kept = <Value>(list: readonly Value[], value: Value, limit: number): readonly Value[] => [...list.slice(-(limit - 1)), value];

const refusing = (history: History, {at, refusal}: {at: number; refusal?: WorkerRefusal | undefined}, machine?: string): History =>
	refusal ? {...history, refused: kept(history.refused, {at, machine, refusal}, mostRefused)} : history;

/** What a service tells about itself and about GitLab: each state holds until something ends it. */
function runnerTold(history: History, event: LogEvent): History {
	const {at} = event;
	switch (event.is) {
		case 'machine-created':
			return event.seconds === undefined ? history : {...history, creations: kept(history.creations, event.seconds, most)};
		case 'machine-removing':
			return {...history, removals: kept(history.removals, {machine: event.machine, at, reason: event.reason}, most)};
		case 'machine-lost':
			return {...history, lost: kept(history.lost, {machine: event.machine, at}, most)};
		case 'workers-refused':
		case 'prepare-failed':
			return refusing(history, event);
		case 'machine-refused':
		case 'machine-failed':
			return refusing(history, event, event.machine);
		case 'job-ended':
			return event.ok ? {...history, succeededAt: at} : refusing(history, event);
		case 'forbidden':
			return {...history, forbidden: holding(history.forbidden, at)};
		case 'gitlab-unreachable':
			return {...history, unreachable: holding(history.unreachable, at, {detail: event.error})};
		case 'unhealthy':
			return {
				...history,
				unhealthy: {...holding(history.unhealthy, at), until: event.seconds === undefined ? undefined : at + event.seconds * 1000},
			};
		case 'forced-check':
			return {...history, unhealthy: undefined};
		case 'job-received':
			return {...history, received: kept(history.received, at, most), forbidden: undefined, unreachable: undefined, unhealthy: undefined};
		case 'gitlab-answered':
			return {...history, forbidden: undefined, unreachable: undefined, unhealthy: undefined};
		case 'config-loaded':
			// The runner forgets its health with the old file, so it asks again at once.
			return {...history, configRefused: undefined, unhealthy: undefined};
		case 'config-refused':
			return {...history, configRefused: holding(history.configRefused, at, {detail: event.error})};
		case 'service-started':
			// What a process held to ended with it.
			return {
				...history,
				serviceStartedAt: at,
				forbidden: undefined,
				unreachable: undefined,
				unhealthy: undefined,
				stopping: undefined,
				configRefused: undefined,
			};
		case 'service-died':
			return {...history, died: {at, says: event.says, cause: event.cause}};
		case 'service-stopping':
			return {...history, stopping: holding(history.stopping, at)};
		default:
			return history;
	}
}

/** Forgets what is older than six hours; a machine that is still there is forgotten only once nothing was told of it for that long. */
function pruned(history: History, now: number): History {
	const oldest = now - historyKept;
	const stale: MachineStory[] = [];
	for (const story of history.machines.values()) if (story.at < oldest) stale.push(story);
	const refused = (history.refused[0]?.at ?? now) < oldest ? history.refused.filter(({at}) => at >= oldest) : history.refused;
	if (stale.length === 0) return refused === history.refused ? history : {...history, refused};
	const machines = new Map(history.machines);
	// A job that began before and hasn't ended is still the only link between job and machine.
	for (const {name, job, jobEndedAt} of stale) if (job === undefined || jobEndedAt !== undefined) machines.delete(name);
	return {...history, refused, machines};
}

/** A machine that is gone, with what was known of it. */
function withGone(history: History, machines: StoriesByMachine, event: LogEvent): History {
	if (event.is !== 'machine-removed') return history;
	const {at, machine, seconds} = event;
	return {...history, gone: kept(history.gone, {machine, at, seconds, worked: machines.get(machine)?.job !== undefined}, most)};
}

/** Some executors' lines of ended jobs don't name the machine: the last that a job came to is its machine. */
function onTheirMachines(machines: ReadonlyMap<string, MachineStory>, events: readonly LogEvent[]): readonly LogEvent[] {
	const ended = new Set(events.flatMap((event) => (event.is === 'job-ended' && event.machine === undefined ? [event.job] : [])));
	if (ended.size === 0) return events;
	const machineOf = new Map<number, string>();
	for (const {name, job, jobEndedAt} of machines.values()) if (job !== undefined && jobEndedAt === undefined && ended.has(job)) machineOf.set(job, name);
	return events.map((event) => {
		if (event.is === 'job-on-machine') machineOf.set(event.job, event.machine);
		return event.is === 'job-ended' && event.machine === undefined ? {...event, machine: machineOf.get(event.job)} : event;
	});
}

/** The history with more of the journal in it, oldest first. Pure: the one before stays as it was. */
export function remember(history: History, events: readonly LogEvent[], now: number): History {
	if (events.length === 0) return pruned(history, now);
	const machines = new Map(history.machines);
	const told = onTheirMachines(history.machines, events);
	let next = history;
	for (const event of told) {
		next = withGone(next, machines, event);
		machineTold(machines, event);
		next = runnerTold(next, event);
	}
	const until = events.reduce((last, {at}) => Math.max(last, at), history.until);
	const starts = startsAfter(history.starts, told, now);
	return pruned({...next, machines, until, jobs: jobsAfter(history.jobs, told, now), starts, spans: spansAfter(history.spans, events)}, now);
}

/** When a machine was begun that has come up: its name says so, else its last stage before it was ready. 0 where it hasn't come up, or when isn't known. */
export function upFrom({name, at, createdAt, failedAt, jobAt, stageAt}: MachineStory): number {
	if (failedAt !== undefined) return 0;
	if (createdAt !== undefined) return madeAt(name) ?? stageAt ?? at;
	// Some executors don't say that a machine is ready: it is once a job comes to it.
	return jobAt === undefined ? 0 : (madeAt(name) ?? stageAt ?? 0);
}
