import {type LogLine, readLogLine} from '../../world/host/log-line.ts';
import type {LogEvent} from './events.ts';

/** One entry of the journal, without colours; `at` is milliseconds since 1970. */
export type Entry = {at: number; message: string};

/** One kind of line in the runner's log, and the event that it tells. A new kind is one row of the runner's own rules or of an executor's. */
export type LogRule = {
	/** The events that it may tell. */
	tells: readonly LogEvent['is'][];
	/** Each of its lines holds one of these texts: the manager sends no other of the past. */
	texts: readonly string[];
	/** Its lines have this field, and no rule without it reads such a line: another program of the executor's wrote it into the runner's log. */
	field?: string;
	/** What a line tells that holds one of the texts; `whole` is the entry's text as it is. Times are milliseconds since 1970. Never throws. */
	reads(line: LogLine, at: number, whole: string): LogEvent | undefined;
};

/** A field of a line as a text; undefined where it's empty or isn't there. */
export const textOf = (line: LogLine, key: string): string | undefined => {
	const value = line.fields[key];
	return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
};

/** A field of a line as a number. */
export const numberOf = (line: LogLine, key: string): number | undefined => {
	const value = Number(textOf(line, key));
	return Number.isFinite(value) ? value : undefined;
};

/** The project of a job's line: `https://gitlab.com/acme/api.git` is `acme/api`. */
export function projectOf(line: LogLine): string | undefined {
	const path = textOf(line, 'project_full_path');
	if (path !== undefined) return path;
	return /^https?:\/\/[^/]+\/(.+?)(?:\.git)?$/.exec(textOf(line, 'repo_url') ?? '')?.[1];
}

/** Reads entries of the journal by these rules, in their order; most entries tell nothing. Never throws. */
export function readingBy(rules: readonly LogRule[]): (entry: Entry) => LogEvent[] {
	const fields = new Set(rules.flatMap(({field}) => field ?? []));
	return ({at, message}) => {
		const line = readLogLine(message);
		const own = [...fields].find((field) => field in line.fields);
		return rules.flatMap(({field, texts, reads}) => (field === own && texts.some((text) => message.includes(text)) ? (reads(line, at, message) ?? []) : []));
	};
}

/** Texts of which each line holds one that tells one of these events. */
export const textsFor = (rules: readonly LogRule[], ...events: readonly LogEvent['is'][]): string[] => [
	...new Set(rules.filter(({tells}) => tells.some((is) => events.includes(is))).flatMap(({texts}) => texts)),
];
