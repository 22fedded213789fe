import {panelScript} from '../../executors/scripts.ts';
import {Problem} from '../../problem.ts';
import type {Connection} from '../../world/host/port.ts';
import type {JournalPart, Panel} from '../../world/host/scripts/panel.ts';
import type {LogEvent} from '../journal/events.ts';
import {type History, historyKept, noHistory, remember} from '../journal/history.ts';
import {jobsAfter, lossWords, noJobs} from '../journal/job-history.ts';
import type {Entry} from '../journal/rule.ts';
import {monthOf, noSpans, spanEvents, spansAfter} from '../journal/spans.ts';
import {noStarts, type Starts, startEvents, startsAfter, startsFrom} from '../journal/starts.ts';
import {eventsOf, eventTexts, textsOf} from '../live/executors.ts';

/** The journal as far as it has been read. */
export type Reading = {history: History; log: readonly Entry[]; cursor: string | undefined};

const logKept = 500;

const asEntry = ([at, message]: readonly [number, string]): Entry => ({at, message});
const eventsIn = (told: JournalPart): LogEvent[] => told.entries.flatMap((entry) => eventsOf(asEntry(entry)));

async function read(connection: Connection, journal: NonNullable<Panel['journal']>): Promise<JournalPart> {
	const {journal: told} = await connection.script(panelScript, {host: false, journal});
	if (!told || told.failed !== undefined)
		throw new Problem({code: 'journal-silent', message: `The manager's journal can't be read: ${told?.failed ?? 'no answer'}.`, fault: 'outside', again: true});
	return told;
}

/** Comings and goings of machines since the month began, for costs, and jobs that lost theirs today; what takes too long is left out, and the spans' `since` says so. */
async function ledger(connection: Connection, from: number, to: number): Promise<Pick<History, 'spans' | 'jobs'>> {
	const nothing = {spans: noSpans(to), jobs: noJobs};
	if (from >= to) return nothing;
	const told = await read(connection, {since: from, until: to, only: [...textsOf(...spanEvents), ...lossWords], most: 100_000, tail: 0, seconds: 15});
	// Cut off half-way, what came after isn't known, and a gap in the middle would be worse than a later begin.
	if (told.more || told.first === undefined) return nothing;
	const events = eventsIn(told);
	const {lost} = jobsAfter(noJobs, events, to + historyKept);
	return {spans: spansAfter(noSpans(Math.max(from, told.first)), events), jobs: {...noJobs, lost}};
}

/** How jobs came to their workers on the days before; where that takes too long nothing is known of them, and `since` says so. */
async function earlierStarts(connection: Connection, now: number, to: number): Promise<Starts> {
	const from = startsFrom(now);
	const told = await read(connection, {since: from, until: to, only: textsOf(...startEvents), most: 100_000, tail: 0, seconds: 15});
	if (told.more || told.first === undefined) return noStarts(to);
	return startsAfter(noStarts(Math.max(from, told.first)), eventsIn(told), to);
}

/** Reads the month for costs, some days for starts and six hours for history, once; later rounds go on from the cursor. `now` is milliseconds since 1970. */
export async function beginReading(connection: Connection, now: number): Promise<Reading> {
	const since = now - historyKept;
	const before = {...(await ledger(connection, monthOf(now), since)), starts: await earlierStarts(connection, now, since)};
	const told = await read(connection, {since, only: eventTexts, most: 50_000, tail: logKept, seconds: 30});
	const history = remember({...noHistory(Math.max(since, told.first ?? since)), ...before}, eventsIn(told), now);
	return {history, log: told.tail.map(asEntry), cursor: told.cursor};
}

/** What the next round is to ask the journal for. */
export const nextOf = ({cursor, history}: Reading): NonNullable<Panel['journal']> => ({
	...(cursor === undefined ? {since: history.until} : {after: cursor}),
	only: eventTexts,
	most: 5000,
	tail: logKept,
	seconds: 8,
});

/** The reading with what a round told; throws a Problem when the journal couldn't be read. */
export function goOn(reading: Reading, told: JournalPart, now: number): Reading {
	// The cursor's entry is gone since the journal was cut: go on by time.
	if (told.lost) return {...reading, cursor: undefined};
	if (told.failed !== undefined)
		throw new Problem({code: 'journal-silent', message: `The manager's journal can't be read: ${told.failed}.`, fault: 'outside', again: true});
	const fresh = reading.cursor === undefined ? told.tail.filter(([at]) => at > (reading.log.at(-1)?.at ?? 0)) : told.tail;
	return {
		history: remember(reading.history, eventsIn(told), now),
		log: fresh.length === 0 ? reading.log : [...reading.log, ...fresh.map(asEntry)].slice(-logKept),
		cursor: told.cursor ?? reading.cursor,
	};
}
