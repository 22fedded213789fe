import {printableIn} from '../printable.ts';

/** A line of the runner's log, whichever of its formats it was written in. */
export type LogLine = {
	level: 'debug' | 'info' | 'warning' | 'error' | 'fatal' | 'panic';
	message: string;
	/** As written: durations are texts like `1m2.3s` in the runner's own format and whole nanoseconds in JSON. */
	fields: Record<string, unknown>;
};

const prefixes = {'WARNING: ': 'warning', 'ERROR: ': 'error', 'FATAL: ': 'fatal', 'PANIC: ': 'panic', 'DEBUG: ': 'debug'} as const;
const levels: Record<string, LogLine['level']> = {
	debug: 'debug',
	info: 'info',
	warning: 'warning',
	warn: 'warning',
	error: 'error',
	fatal: 'fatal',
	panic: 'panic',
	trace: 'debug',
};

function fromJson(text: string): LogLine | undefined {
	try {
		// What JSON had escaped is unescaped now.
		const value: unknown = printableIn(JSON.parse(text));
		if (typeof value !== 'object' || value === null) return undefined;
		const {level, msg, ...fields}: Record<string, unknown> = {...value};
		if (typeof msg !== 'string') return undefined;
		return {level: levels[String(level)] ?? 'info', message: msg.trimEnd(), fields};
	} catch {
		return undefined;
	}
}

/** Fields stand after the padded message as ` key=value`, sorted by key and unquoted: a value reaches to the next ` key=`. */
const fieldStart = /(?:^|\s)([a-zA-Z_][\w-]*)=/g;

/** Where the fields begin: at the first ` key=` after the two spaces that end the message. */
const tail = /\s{2,}(?=[a-zA-Z_][\w-]*=)/;

function fieldsOf(text: string): Record<string, string> {
	const starts: {key: string; at: number; from: number}[] = [];
	let last = '';
	for (const found of text.matchAll(fieldStart)) {
		const key = found[1] ?? '';
		// Keys are sorted, so a smaller one is part of the value before it.
		if (key <= last) continue;
		last = key;
		starts.push({key, at: found.index, from: found.index + found[0].length});
	}
	return Object.fromEntries(starts.map(({key, from}, index) => [key, text.slice(from, starts[index + 1]?.at).trim()]));
}

/** Reads a line of the runner's log without colours: JSON, or the runner's own format (docs/facts.md, "gitlab-runner: log"). Never throws. */
export function readLogLine(text: string): LogLine {
	if (text.startsWith('{')) {
		const read = fromJson(text);
		if (read) return read;
	}
	let level: LogLine['level'] = 'info';
	let rest = text;
	for (const [prefix, name] of Object.entries(prefixes)) {
		if (!rest.startsWith(prefix)) continue;
		level = name;
		rest = rest.slice(prefix.length);
	}
	const cut = tail.exec(rest);
	if (!cut) return {level, message: rest.trim(), fields: {}};
	return {level, message: rest.slice(0, cut.index).trim(), fields: fieldsOf(rest.slice(cut.index))};
}
