import {type JobStart, launchedAs, percentile, type Starts, type WaitPart} from './journal/starts.ts';
import type {LaunchSeen} from './scaling-groups.ts';

/** How long some of it takes, in seconds: half of the jobs at most `p50`, 95 of 100 at most `p95`. */
export type Typically = {p50: number; p95: number};

/** How jobs of one day (UTC, its beginning in milliseconds since 1970) came to their workers. */
type DayOfStarts = {
	day: number;
	jobs: number;
	/** For how many of them a worker was being made. */
	forNew: number;
	wait: Typically;
	/** Where that time went, by so many of these jobs: those whose instances' launches Auto Scaling has told, or else all, by the log alone. */
	parts: readonly ({part: WaitPart} & Typically)[];
	partsOf: number;
	/** What comes after the wait, on a new worker: images. Of the jobs whose logs were read. */
	pull: (Typically & {jobs: number}) | undefined;
};

/** What would be otherwise, by the same jobs: how long they would have waited. */
type WhatIf = {
	/** With one idle worker more, which costs `usdPerDay` all day, where its price is known. */
	idle?: (Typically & {usdPerDay: number | undefined}) | undefined;
	/** With Docker in the image, where it's installed on each worker and the log tells how long that takes. */
	baked?: Typically | undefined;
	/**
	 * What their images took on new workers after the wait, by the jobs whose logs were read: a mirror saves that at most, and a baked image that holds them all of
	 * it. How much of it a mirror of one's own saves isn't known before there is one.
	 */
	images?: (Typically & {jobs: number}) | undefined;
};

const partOrder: readonly WaitPart[] = ['EC2', 'EC2 until seen', 'SSH', 'Docker', 'SSH and Docker', 'runner'];

const typically = (seconds: readonly number[]): Typically => ({p50: percentile(seconds, 0.5) ?? 0, p95: percentile(seconds, 0.95) ?? 0});
const waitsOf = (starts: readonly JobStart[]): number[] => starts.map(({waited}) => waited);
const isForNew = ({making}: JobStart): boolean => making !== undefined;

/** Seconds that images took, by jobs; NaN where a log didn't tell. */
type Pulls = ReadonlyMap<number, number>;

/** Launches by Auto Scaling groups, by instances. */
type Launches = ReadonlyMap<string, LaunchSeen>;

/** These jobs with the parts of their waits as exactly as they are known: figures are of one kind, so those that only the log tells go where others are known. */
function partedBy(made: readonly JobStart[], launches: Launches): readonly JobStart[] {
	const told = made.flatMap((start) => {
		const launch = launches.get(start.worker);
		return launch ? launchedAs(start, launch) : [];
	});
	return told.length > 0 ? told : made;
}

function ofDay(day: number, starts: readonly JobStart[], {launches = new Map(), pulls = new Map()}: StartsKnown): DayOfStarts {
	const made = starts.filter(isForNew);
	const parted = partedBy(made, launches);
	const seen = partOrder.filter((part) => parted.some(({parts}) => (parts[part] ?? 0) > 0));
	return {
		day,
		jobs: starts.length,
		forNew: made.length,
		wait: typically(waitsOf(starts)),
		parts: seen.map((part) => ({part, ...typically(parted.map(({parts}) => parts[part] ?? 0))})),
		partsOf: parted.length,
		pull: pullsOf(made, pulls),
	};
}

/** How long images took on the workers that were made for these jobs. */
function pullsOf(starts: readonly JobStart[], pulls: Pulls): DayOfStarts['pull'] {
	const pulled = starts
		.filter(isForNew)
		.flatMap(({job}) => pulls.get(job) ?? [])
		.filter((seconds) => !Number.isNaN(seconds));
	return pulled.length === 0 ? undefined : {...typically(pulled), jobs: pulled.length};
}

/** What is known of jobs' starts beside the log: how long their images took, and the launches of their instances. */
export type StartsKnown = {pulls?: Pulls | undefined; launches?: Launches | undefined};

/** The days of which starts are known, the newest first. Pure. */
export const startsByDay = ({days}: Starts, known: StartsKnown = {}): DayOfStarts[] =>
	[...days].toSorted(([one], [other]) => other - one).map(([day, starts]) => ofDay(day, starts, known));

/** What each of these jobs would have waited, had one more worker stood idle: the job that finds it there has it at once, and the next stands there once it's made. */
function withOneIdle(starts: readonly JobStart[]): number[] {
	const usualMaking = percentile(
		starts.flatMap(({making}) => making ?? []),
		0.5,
	);
	let thereFrom = 0;
	return starts
		.toSorted((one, other) => one.receivedAt - other.receivedAt)
		.map((start) => {
			if (!isForNew(start) || start.receivedAt < thereFrom) return start.waited;
			thereFrom = start.receivedAt + (usualMaking ?? 0) * 1000;
			return 0;
		});
}

/** What would shorten the waits, by the jobs of all days that are known; `usdPerHour` is what a worker costs. Nothing where no job waited for a worker's making. Pure. */
export function whatIf({days}: Starts, usdPerHour: number | undefined, pulls: Pulls = new Map()): WhatIf {
	const starts = [...days.values()].flat();
	if (!starts.some(isForNew)) return {};
	const installs = starts.some(({parts}) => (parts.Docker ?? 0) > 0);
	return {
		idle: {...typically(withOneIdle(starts)), usdPerDay: usdPerHour === undefined ? undefined : usdPerHour * 24},
		baked: installs ? typically(starts.map(({waited, parts}) => waited - (parts.Docker ?? 0))) : undefined,
		images: pullsOf(starts, pulls),
	};
}
