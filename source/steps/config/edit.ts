import {parse as parseInPlace, patch, TomlFormat} from '@decimalturn/toml-patch';
import {isTable, parseConfig, printConfig, same, type Table, tablesAt, type Value} from '../../world/host/toml.ts';

/** Another text of config.toml; `commentsGo` where it had to be written anew, which loses the comments that stand in it. */
type Edited = {text: string; commentsGo: boolean};

const fileName = 'config.toml on the manager';

type Read = Readonly<Record<string, unknown>>;
const isRead = (value: unknown): value is Read => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
const isTables = (value: Value | undefined): value is Table[] => Array.isArray(value) && value.length > 0 && value.every(isTable);

/** Wanted values in the editor's own terms: what stays as it is keeps the very value that the editor read, so that its text is left alone. */
function inItsTerms(read: unknown, standing: Value | undefined, wanted: Value): unknown {
	if (standing !== undefined && same(standing, wanted)) return read;
	if (Array.isArray(wanted)) {
		const [reads, standings] = [Array.isArray(read) ? read : [], Array.isArray(standing) ? standing : []];
		return wanted.map((value, index) => inItsTerms(reads[index], standings[index], value));
	}
	if (!isTable(wanted)) return wanted instanceof Date ? new Date(wanted) : wanted;
	const [reads, standings] = [isRead(read) ? read : {}, isTable(standing) ? standing : {}];
	return Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, inItsTerms(reads[key], standings[key], value)]));
}

/** The text with other values, edited in place. Fractions get a point and no comma ends an inline table, as readers of TOML 1.0 want it. */
function patched(text: string, wanted: Table): string {
	const form = TomlFormat.autoDetectFormat(text);
	form.minimumDecimals = 1;
	form.trailingComma = false;
	return patch(text, inItsTerms(parseInPlace(text), parseConfig(text, fileName), wanted), form);
}

/** The tables of `wanted` that aren't there yet, each under the keys that lead to it; lists of tables may have grown. */
function added(standing: Table, wanted: Table): Table {
	const found: Table = {};
	for (const [key, value] of Object.entries(wanted)) {
		const there = standing[key];
		if (there === undefined && (isTable(value) || isTables(value))) found[key] = value;
		if (isTables(there) && isTables(value) && value.length > there.length) found[key] = value.slice(there.length);
		const inner = isTable(there) && isTable(value) ? added(there, value) : {};
		if (Object.keys(inner).length > 0) found[key] = inner;
	}
	return found;
}

/** Where a text's last line ends that is neither empty nor a comment: those belong to what follows. */
function endOf(text: string): number {
	const last = [...text.matchAll(/^[ \t]*[^\s#][^\n]*/gm)].at(-1);
	return last ? last.index + last[0].length : 0;
}

/** Where the file's own keys end, and each `[[runners]]` entry with its tables. */
function ends(text: string): {own: number; entries: number[]} {
	const headers = [...text.matchAll(/^[ \t]*\[[^\n]*/gm)].map((found) => ({at: found.index, says: found[0].replaceAll(/\s/g, '')}));
	const starts = headers.filter(({says}) => says.startsWith('[[runners]]')).map(({at}) => at);
	const entries = starts.map((start) => {
		const next = headers.find(({at, says}) => at > start && !/^\[\[?runners\./.test(says));
		return start + endOf(text.slice(start, next?.at));
	});
	return {own: endOf(text.slice(0, starts[0])), entries};
}

/** The text with those tables that aren't there yet, as sections after what they belong to: in place the editor would write them in one line. */
function withSections(text: string, wanted: Table): string {
	const standing = parseConfig(text, fileName);
	const {own, entries} = ends(text);
	const {runners: _wanted, ...globals} = wanted;
	const [before, after] = [tablesAt(standing, 'runners'), tablesAt(wanted, 'runners')];
	const pieces: {at: number; tables: Table}[] = [
		{at: own, tables: added(standing, globals)},
		...before.map((entry, index) => ({at: entries[index] ?? text.length, tables: {runners: added(entry, after[index] ?? {})}})),
		{at: text.length, tables: {runners: after.slice(before.length)}},
	];
	let result = text;
	for (const {at, tables} of pieces.toReversed()) {
		const section = printConfig(tables)
			.replace(/^\[runners\]\n?/, '')
			.trim();
		if (section === '' || section === 'runners = []') continue;
		const [head, tail] = [result.slice(0, at).trimEnd(), result.slice(at).trim() === '' ? '\n' : result.slice(at)];
		result = `${head}${head === '' ? '' : '\n\n'}${section}${head === '' && tail !== '\n' ? '\n\n' : ''}${tail}`;
	}
	return result;
}

/** What an attempt makes; undefined where it stumbles, or makes something else of the file than what is wanted. */
function attempt(make: () => string, wanted: Table): string | undefined {
	try {
		const text = make();
		return same(parseConfig(text, fileName), wanted) ? text : undefined;
	} catch {
		// Whatever the editor stumbles over, the file can still be written anew.
		return undefined;
	}
}

const strings = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/g;
const hasComments = (text: string): boolean => text.replace(strings, '').includes('#');

/**
 * The text that holds what is wanted: the one that stands, edited in place, so that comments, order and layout of all else stay. Where that can't be
 * done it is written anew. Throws `config-broken` when the standing text is no TOML.
 */
export function edited(text: string, wanted: Table): Edited {
	if (same(parseConfig(text, fileName), wanted)) return {text, commentsGo: false};
	const kept = attempt(() => patched(withSections(text, wanted), wanted), wanted) ?? attempt(() => patched(text, wanted), wanted);
	return kept === undefined ? {text: printConfig(wanted), commentsGo: hasComments(text)} : {text: kept, commentsGo: false};
}
