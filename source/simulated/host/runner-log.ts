import type {Machine} from './machine.ts';

/** Entries that the journal keeps; the oldest go first. */
const most = 20_000;

/** Levels of the runner's log. */
export type Level = 'info' | 'warning' | 'error' | 'fatal';
/** What a line says besides its message. */
export type Fields = Record<string, string | number | boolean>;

/** Writes one line into the journal of the runner's unit. */
export function print({journal}: Machine, now: number, text: string): void {
	const last = journal.at(-1)?.number ?? 0;
	journal.push({number: last + 1, at: now, message: text});
	if (journal.length > most) journal.splice(0, most / 4);
}

/** One line of the runner's log, as JSON or in the runner's own format, without colours (docs/facts.md, "gitlab-runner: log"). */
export const lineOf = (isJson: boolean, now: number, level: Level, message: string, fields: Fields): string =>
	isJson ? JSON.stringify({...fields, level, msg: message, time: new Date(now).toISOString()}) : inOwnFormat(level, message, fields);

function inOwnFormat(level: Level, message: string, fields: Fields): string {
	const prefix = level === 'info' ? '' : `${level.toUpperCase()}: `;
	const words = Object.entries(fields)
		.sort(([one], [other]) => (one < other ? -1 : 1))
		.map(([key, value]) => ` ${key}=${value}`);
	return `${prefix}${message.padEnd(50 - prefix.length)} ${words.join('')}`;
}

/** A duration as the log has it: nanoseconds in JSON, Go's text otherwise. */
export const duration = (isJson: boolean, ms: number): string | number => (isJson ? Math.round(ms * 1_000_000) : `${(ms / 1000).toFixed(3)}s`);
