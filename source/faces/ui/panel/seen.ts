import type {PanelAbout, PanelAct, PanelLeft} from '../../../panel/acts/driver.ts';
import {costs, type FleetCosts} from '../../../panel/live/costs.ts';
import {type WhyWaiting, whyWaiting} from '../../../panel/live/why-waiting.ts';
import {type Counts, countRows, type WorkerRow} from '../../../panel/rows.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import type {ColourRole} from '../../words/glyphs.ts';
import {managedOf} from '../../words/status-words.ts';

/** Values over time for the gauges, oldest first; not known is a gap. */
export type Trends = {
	at: number;
	running: readonly (number | undefined)[];
	machines: readonly (number | undefined)[];
};

/** News in the one slot that it has. Good news goes by itself; a problem stays. */
type PanelNews = {says: string; role: ColourRole; at: number};

/** Everything that the panel is drawn from: one snapshot with what follows from it, put together once. */
export type PanelSeen = {
	about: PanelAbout;
	snapshot: Snapshot;
	rows: readonly WorkerRow[];
	counts: Counts;
	why: WhyWaiting;
	costs: FleetCosts;
	trends: Trends;
	/** What is being done, and since when; `hurry` ends the jobs that it waits for. */
	doing?: {says: string; from: number; hurry?: (() => void) | undefined} | undefined;
	news?: PanelNews | undefined;
};

/** Milliseconds between two points of a gauge, and how many there are. */
const between = 5000;
const most = 48;

const nothing: Trends = {at: 0, running: [], machines: []};

const longer = (values: readonly (number | undefined)[], value: number | undefined) => [...values.slice(-(most - 1)), value];

function trendsAfter(before: Trends, snapshot: Snapshot, counts: Counts, why: WhyWaiting, now: number): Trends {
	if (now - before.at < between || !snapshot.ec2.value) return before;
	return {
		at: now,
		running: longer(before.running, why.jobs.running),
		machines: longer(before.machines, managedOf(counts)),
	};
}

/** What is drawn once another snapshot has come. Pure; `now` is milliseconds since 1970. */
export function seenAfter(before: Pick<PanelSeen, 'about'> & Partial<PanelSeen>, snapshot: Snapshot, rows: readonly WorkerRow[], now: number): PanelSeen {
	const counts = before.counts && before.rows === rows ? before.counts : countRows(rows);
	const why = whyWaiting(snapshot, now, rows);
	// Much is told that costs don't go by; they grow with each look at EC2.
	const isPaid = before.rows === rows && before.snapshot?.paid === snapshot.paid && before.snapshot.host === snapshot.host;
	return {
		...before,
		about: before.about,
		snapshot,
		rows,
		counts,
		why,
		costs: (isPaid ? before.costs : undefined) ?? costs(snapshot, rows, now),
		trends: trendsAfter(before.trends ?? nothing, snapshot, counts, why, now),
	};
}

/** Good news goes after six seconds, in milliseconds; the demo's clock runs some twenty times as fast as the person who reads it. */
const lastsFor = ({demo}: PanelAbout): number => (demo ? 120_000 : 6000);

/** The news that is still to be shown. */
export const newsNow = ({about, news}: PanelSeen, now: number): PanelNews | undefined =>
	news && (news.role === 'blocked' || news.role === 'warning' || now - news.at < lastsFor(about)) ? news : undefined;

/** What a person does in the panel beyond moving about. */
export type PanelMove =
	| {do: 'leave'; to: PanelLeft}
	| {do: 'prepare'; act: PanelAct; typed?: string}
	| {do: 'carry out'}
	| {do: 'hurry'}
	| {do: 'moves'}
	| {do: 'shell'; worker?: string | undefined}
	| {do: 'copy'; text?: string}
	| {do: 'dismiss'};
