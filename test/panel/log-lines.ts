import {readEntries} from '../../source/panel/journal/entries.ts';
import type {LogEvent} from '../../source/panel/journal/events.ts';
import {eventsOf} from '../../source/panel/live/executors.ts';

export const esc = '\u001b';
/** A machine's name, and when it was made. */
export const machine = 'runner-ab12cd-x-1764201600-0123abcd';
export const made = 1_764_201_600_000;

/** A line as the runner's own format colours it. */
export const coloured = (message: string, fields: Record<string, string> = {}): string =>
	`${esc}[0;m${message.padEnd(50)}${esc}[0;m ${Object.entries(fields)
		.sort()
		.map(([key, value]) => ` ${esc}[0;m${key}${esc}[0;m=${value}`)
		.join('')}`;

/** What the log tells by such a line. */
export const told = (text: string, at = made): LogEvent[] =>
	eventsOf({
		at,
		message: readEntries(JSON.stringify({MESSAGE: [...Buffer.from(text)], __REALTIME_TIMESTAMP: String(at * 1000)})).entries[0]?.message ?? '',
		cursor: undefined,
	});
