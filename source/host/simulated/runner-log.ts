import type {Machine} from './machine.ts';

/** Entries that the journal keeps; the oldest go first. */
const most = 20_000;

type Level = 'info' | 'warning' | 'error';
type Fields = Record<string, string | number>;

/** Writes one line of the runner's log into the journal: as JSON where config.toml says so, else in the runner's own format, without colours (facts §17.3). */
export function log(machine: Machine, now: number, level: Level, message: string, fields: Fields = {}): void {
	const {journal} = machine;
	const last = journal.at(-1)?.number ?? 0;
	const isJson = machine.process?.config?.json === true;
	const text = isJson ? JSON.stringify({...fields, level, msg: message, time: new Date(now).toISOString()}) : inOwnFormat(level, message, fields);
	journal.push({number: last + 1, at: now, message: text});
	if (journal.length > most) journal.splice(0, most / 4);
}

function inOwnFormat(level: Level, message: string, fields: Fields): string {
	const prefix = level === 'info' ? '' : `${level.toUpperCase()}: `;
	const words = Object.entries(fields)
		.sort(([one], [other]) => (one < other ? -1 : 1))
		.map(([key, value]) => ` ${key}=${value}`);
	return `${prefix}${message.padEnd(50 - prefix.length)} ${words.join('')}`;
}

/** A duration as the log has it: nanoseconds in JSON, Go's text otherwise. */
export const duration = (machine: Machine, ms: number): string | number =>
	machine.process?.config?.json ? Math.round(ms * 1_000_000) : `${(ms / 1000).toFixed(3)}s`;
