import {stripVTControlCharacters} from 'node:util';
import type {LogEvent} from '../../source/panel/journal/events.ts';
import {eventsOf} from '../../source/panel/live/executors.ts';

const esc = '\u001b';
/** A machine's name, and when it was made. */
export const machine = 'runner-ab12cd-x-1764201600-0123abcd';
export const made = 1_764_201_600_000;

/** A line as the runner's own format colours it. */
export const coloured = (message: string, fields: Record<string, string> = {}): string =>
	`${esc}[0;m${message.padEnd(50)}${esc}[0;m ${Object.entries(fields)
		.sort()
		.map(([key, value]) => ` ${esc}[0;m${key}${esc}[0;m=${value}`)
		.join('')}`;

/** What the log tells by such a line, as the manager gives it: without colours. */
export const told = (text: string, at = made): LogEvent[] => eventsOf({at, message: stripVTControlCharacters(text)});
