import {madeAt} from '../../world/host/machine-name.ts';
import type {LogEvent} from './events.ts';
import type {WorkerRefusal} from './refusal.ts';

/** How long machines ran: what costs are reckoned from where nobody looked. Times are milliseconds since 1970. */
export type Spans = {
	/** Nothing before this is known. */
	since: number;
	/** Machines that run, and since when. */
	open: ReadonlyMap<string, number>;
	/** Those of this month that are gone. */
	closed: ReadonlyMap<string, {from: number; to: number}>;
};

/** Nothing told yet; reckoned from `since` on (milliseconds since 1970). */
export const noSpans = (since: number): Spans => ({since, open: new Map(), closed: new Map()});

/** Whether no instance came to be, so that nothing is paid: codes of AWS's begin with a capital. */
const neverRan = ({code, unlaunched}: WorkerRefusal): boolean => unlaunched === true || /^[A-Z]/.test(code);

/** What tells that machines come and go, whoever asks for no more than that. */
export const spanEvents = ['machine-created', 'machine-removed', 'machine-removing', 'machine-given-up'] as const satisfies readonly LogEvent['is'][];

/** The beginning of AWS's month, which is UTC's. */
export const monthOf = (at: number): number => Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth(), 1);

/** Machines come and go: what the journal tells more. A machine is reckoned from the second in its name. */
export function spansAfter(spans: Spans, events: readonly LogEvent[]): Spans {
	// That a job comes to a machine is news only of one that nothing was told of.
	const machineEvents = events.filter((event) => event.is.startsWith('machine-') || (event.is === 'job-on-machine' && !spans.open.has(event.machine)));
	if (machineEvents.length === 0) return spans;
	const open = new Map(spans.open);
	const closed = new Map(spans.closed);
	for (const event of machineEvents) {
		if (!('machine' in event) || event.machine === undefined) continue;
		const {machine} = event;
		const named = madeAt(machine);
		if (event.is === 'machine-refused' && neverRan(event.refusal)) open.delete(machine);
		else if (event.is === 'machine-removed' || event.is === 'machine-given-up') {
			// One that was never heard of before it went was made before that, or was refused.
			const from = open.get(machine) ?? (named !== undefined && named < spans.since ? named : undefined);
			open.delete(machine);
			if (from !== undefined) closed.set(machine, {from, to: event.at});
		} else if (event.is !== 'machine-failed' && event.is !== 'machine-refused' && !open.has(machine)) open.set(machine, named ?? event.at);
	}
	const month = monthOf(events.at(-1)?.at ?? spans.since);
	for (const [machine, {to}] of closed) if (to < month) closed.delete(machine);
	return {since: spans.since, open, closed};
}
