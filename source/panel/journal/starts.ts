import type {LaunchSeen} from '../scaling-groups.ts';
import type {LogEvent, MakingPart} from './events.ts';

/** Where the time goes that a job waits for its worker: `runner` is what no worker's making takes, such as the runner's own asking and handing over. */
export type WaitPart = MakingPart | 'runner';

/** How one job came to its worker. Seconds, but for `at`, when it had it, and `receivedAt` (milliseconds since 1970). */
export type JobStart = {
	job: number;
	/** Its path, where the log tells. */
	project: string | undefined;
	at: number;
	receivedAt: number;
	/** From when the runner was given it until it had a worker. */
	waited: number;
	/** What that time was spent on; the sum of it is `waited`. Empty where a worker stood ready. */
	parts: Readonly<Partial<Record<WaitPart, number>>>;
	/** How long the making of its worker took, where it waited for that. */
	making: number | undefined;
	worker: string;
	/** When its worker was ready, by the log (milliseconds since 1970). */
	readyAt: number;
};

/** A worker's making: when each part of it began, and when the worker was ready (milliseconds since 1970). */
type MakingSeen = {begins: readonly {part: MakingPart; from: number}[]; readyAt: number | undefined};

/** How jobs came to their workers. */
export type Starts = {
	/** Nothing before this is known (milliseconds since 1970). */
	since: number;
	/** The last ones, by day (UTC, its beginning), newest last. */
	days: ReadonlyMap<number, readonly JobStart[]>;
	/** When those were received that have no worker yet, by their ids. */
	taken: ReadonlyMap<number, number>;
	makings: ReadonlyMap<string, MakingSeen>;
};

/** Nothing told yet; known from `since` on (milliseconds since 1970). */
export const noStarts = (since: number): Starts => ({since, days: new Map(), taken: new Map(), makings: new Map()});

/** Days that are kept, today among them, and starts of each of them. */
const keptDays = 7;
const keptOfDay = 5000;
/** What has not come to a worker after this long never will: its end was in a part of the log that is gone. In milliseconds. */
const longestWait = 6 * 3_600_000;

/** What tells how jobs come to their workers, whoever asks for no more than that. */
export const startEvents = [
	'job-received',
	'job-on-machine',
	'job-ended',
	'machine-stage',
	'machine-created',
	'machine-removed',
	'service-started',
] as const satisfies readonly LogEvent['is'][];

const day = 86_400_000;
/** The beginning of AWS's day, which is UTC's. */
export const dayOf = (at: number): number => Math.floor(at / day) * day;
/** The first day of which starts are kept. */
export const startsFrom = (now: number): number => dayOf(now) - (keptDays - 1) * day;

/** Which part of a worker's making each second between two times was. */
function partsBetween({begins, readyAt}: MakingSeen, from: number, to: number): Partial<Record<WaitPart, number>> {
	const parts: Partial<Record<WaitPart, number>> = {};
	const add = (part: WaitPart, begin: number, end: number): void => {
		const [first, last] = [Math.max(begin, from), Math.min(end, to)];
		if (last > first) parts[part] = (parts[part] ?? 0) + (last - first) / 1000;
	};
	const made = readyAt ?? to;
	add('runner', from, begins[0]?.from ?? made);
	for (const [at, {part, from: begin}] of begins.entries()) add(part, begin, begins[at + 1]?.from ?? made);
	add('runner', made, to);
	return parts;
}

/** Some executors don't say that a worker is ready. A job that has one this soon found it so, since none is made in less; in milliseconds. */
const atOnce = 5000;

/**
 * Where the time went of a job that waited for an instance of an Auto Scaling group, with the launch as Auto Scaling itself tells it: to the second. The log has its end
 * only from when the runner looked next.
 */
export function launchedAs(start: JobStart, {from, to}: LaunchSeen): JobStart {
	const making: MakingSeen = {
		begins: [
			{part: 'EC2', from},
			{part: 'SSH and Docker', from: to},
		],
		readyAt: start.readyAt,
	};
	return {...start, parts: partsBetween(making, start.receivedAt, start.at)};
}

function startOf({at, job, machine, project}: Extract<LogEvent, {is: 'job-on-machine'}>, receivedAt: number, making: MakingSeen | undefined): JobStart {
	const [first] = making?.begins ?? [];
	const readyAt = making?.readyAt ?? (at - receivedAt < atOnce ? receivedAt : at);
	const wasMade = making !== undefined && first !== undefined && readyAt > receivedAt;
	return {
		job,
		project,
		at,
		receivedAt,
		waited: (at - receivedAt) / 1000,
		parts: wasMade ? partsBetween(making, receivedAt, at) : {},
		making: wasMade ? (readyAt - first.from) / 1000 : undefined,
		worker: machine,
		readyAt,
	};
}

/** What more of the log tells of jobs and their workers; `now` in milliseconds since 1970. Pure. */
export function startsAfter(before: Starts, events: readonly LogEvent[], now: number): Starts {
	const taken = new Map(before.taken);
	const makings = new Map(before.makings);
	const started: JobStart[] = [];
	for (const event of events) {
		const {at} = event;
		if (event.is === 'job-received' && !taken.has(event.job)) taken.set(event.job, at);
		else if (event.is === 'machine-stage') {
			const known = makings.get(event.machine);
			if (known?.begins.at(-1)?.part !== event.part && known?.readyAt === undefined)
				makings.set(event.machine, {begins: [...(known?.begins ?? []), {part: event.part, from: at}], readyAt: undefined});
		} else if (event.is === 'machine-created') {
			const known = makings.get(event.machine);
			if (known) makings.set(event.machine, {...known, readyAt: at});
		} else if (event.is === 'machine-removed') makings.delete(event.machine);
		else if (event.is === 'job-on-machine') {
			const [receivedAt, making] = [taken.get(event.job), makings.get(event.machine)];
			if (receivedAt !== undefined) started.push(startOf(event, receivedAt, making));
			if (making && making.readyAt === undefined) makings.set(event.machine, {...making, readyAt: at});
			taken.delete(event.job);
		} else if (event.is === 'job-ended') taken.delete(event.job);
		else if (event.is === 'service-started') taken.clear();
	}
	for (const [job, at] of taken) if (now - at > longestWait) taken.delete(job);
	for (const [machine, {begins}] of makings) if (now - (begins[0]?.from ?? 0) > keptDays * day) makings.delete(machine);
	return {since: before.since, days: started.length === 0 ? before.days : withDays(before.days, started, now), taken, makings};
}

function withDays(before: Starts['days'], started: readonly JobStart[], now: number): Starts['days'] {
	const days = new Map(before);
	for (const [of, more] of Map.groupBy(started, ({at}) => dayOf(at))) days.set(of, [...(days.get(of) ?? []), ...more].slice(-keptOfDay));
	for (const of of days.keys()) if (of < startsFrom(now)) days.delete(of);
	return days;
}

/** The value below which this share (0 to 1) of the values lies, by the nearest rank; undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
	const sorted = values.toSorted((one, other) => one - other);
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** How long a job usually waits for its worker, in seconds: the middle one of the last 50 waits that weren't over at once. */
export function usualWait({days}: Starts): number | undefined {
	const waits = [...days.values()]
		.flat()
		.slice(-50)
		.flatMap(({waited}) => (waited >= 1 ? waited : []));
	return waits.toSorted((one, other) => one - other)[Math.floor(waits.length / 2)];
}
