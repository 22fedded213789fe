import {madeAt} from '../../world/host/machine-name.ts';
import type {LogEvent} from './events.ts';
import type {WorkerRefusal} from './refusal.ts';

/** How long machines ran, by the hour: what costs are reckoned from. */
export type Spans = {
	/** Milliseconds since 1970: nothing before this is known. */
	since: number;
	/** Machines that run, and since when. */
	open: ReadonlyMap<string, number>;
	/** Machine-seconds of those that are gone, by the number of whole hours since 1970. */
	hours: ReadonlyMap<number, number>;
};

const hour = 3_600_000;

/** Nothing told yet; reckoned from `since` on (milliseconds since 1970). */
export const noSpans = (since: number): Spans => ({since, open: new Map(), hours: new Map()});

/** Adds the time from `from` to `to` to the hours it lies in. */
function close(hours: Map<number, number>, from: number, to: number): void {
	for (let at = from; at < to; ) {
		const index = Math.floor(at / hour);
		const end = Math.min(to, (index + 1) * hour);
		hours.set(index, (hours.get(index) ?? 0) + (end - at) / 1000);
		at = end;
	}
}

/** Whether no instance came to be, so that nothing is paid: codes of AWS's begin with a capital. */
const neverRan = ({code, unlaunched}: WorkerRefusal): boolean => unlaunched === true || /^[A-Z]/.test(code);

/** What tells that machines come and go, whoever asks for no more than that. */
export const spanEvents = ['machine-created', 'machine-removed', 'machine-removing', 'machine-given-up'] as const satisfies readonly LogEvent['is'][];

/** Machines come and go: what the journal tells more. A machine is reckoned from the second in its name. */
export function spansAfter(spans: Spans, events: readonly LogEvent[]): Spans {
	const machineEvents = events.filter(({is}) => is.startsWith('machine-') || is === 'job-on-machine');
	if (machineEvents.length === 0) return spans;
	const open = new Map(spans.open);
	const hours = new Map(spans.hours);
	for (const event of machineEvents) {
		if (!('machine' in event) || event.machine === undefined) continue;
		const from = Math.max(spans.since, madeAt(event.machine) ?? event.at);
		if (event.is === 'machine-refused' && neverRan(event.refusal)) open.delete(event.machine);
		else if (event.is === 'machine-removed' || event.is === 'machine-given-up') {
			const began = open.get(event.machine);
			open.delete(event.machine);
			// One that was never heard of before it went is reckoned from its name, unless it was refused.
			if (began !== undefined) close(hours, began, event.at);
		} else if (event.is !== 'machine-failed' && event.is !== 'machine-refused' && !open.has(event.machine)) open.set(event.machine, from);
	}
	return {since: spans.since, open, hours};
}

/**
 * Machine-seconds from `from` to `to` (milliseconds since 1970), as far as is known: hours that are cut are taken in part.
 * A machine that isn't among the `alive` went without a word in the log, so when isn't known: it isn't reckoned.
 */
export function machineSeconds(spans: Spans, from: number, to: number, alive?: ReadonlySet<string>): number {
	const start = Math.max(from, spans.since);
	let seconds = 0;
	for (const [index, spent] of spans.hours) {
		const overlap = Math.min(to, (index + 1) * hour) - Math.max(start, index * hour);
		if (overlap > 0) seconds += spent * Math.min(1, overlap / hour);
	}
	for (const [name, began] of spans.open) if (!alive || alive.has(name)) seconds += Math.max(0, to - Math.max(start, began)) / 1000;
	return seconds;
}
