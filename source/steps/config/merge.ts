import {parse as parseInPlace, patch, TomlFormat} from '@decimalturn/toml-patch';
import type {Change} from '../../engine/step.ts';
import type {Answers} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {shownAt} from '../../world/host/secret-words.ts';
import {isTable, overlay, parseConfig, printConfig, putAt, same, type Table, tablesAt, textAt, type Value, valueAt} from '../../world/host/toml.ts';
import {printableIn} from '../../world/printable.ts';
import {type ConfigWanted, type ExecutorConfig, type Field, fieldAt, fieldsOf, isOfOneExecutor, meaning} from './fields.ts';
import {entryOf, fileName, whose} from './standing.ts';

/** Another text of config.toml; `commentsGo` where it had to be written anew, which loses the comments that stand in it. */
type Edited = {text: string; commentsGo: boolean};

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

/** The file as it is to be, what differs from the one that stands, what in it is the person's own, and whether the comments in it go. */
export type ConfigMerged = {text: string; changes: Change[]; yours: string[]; commentsGo: boolean};

/** A file as one table in which `runners` is our entry: the paths of the fields lead through it. */
type Ours = {globals: Table; entry: Table};

const at = ({entry, globals}: Ours, path: string): Value | undefined =>
	path.startsWith('runners.') ? valueAt(entry, path.slice('runners.'.length)) : valueAt(globals, path);

function put({entry, globals}: Ours, path: string, value: Value | undefined): void {
	if (path.startsWith('runners.')) putAt(entry, path.slice('runners.'.length), value);
	else putAt(globals, path, value);
}

/** Puts a value where it says something else than what stands. */
function bring(config: ExecutorConfig, ours: Ours, path: string, value: Value | undefined): void {
	const standing = at(ours, path);
	const meant = (one: Value | undefined): Value | undefined => (one === undefined ? undefined : meaning(config, path, one));
	if (!same(standing, value) && !same(meant(standing), meant(value))) put(ours, path, value);
}

/** Everything that we write, on an empty file. */
function written(wanted: ConfigWanted): Ours {
	const made: Ours = {globals: {}, entry: {}};
	const own: Ours = {globals: {}, entry: ownTable(wanted.answers)};
	for (const {path, write} of fieldsOf(wanted.config))
		put(
			made,
			path,
			write?.(wanted, undefined, (other) => at(own, other)),
		);
	overlay(made.entry, own.entry);
	return made;
}

/**
 * The person's own TOML for our entry: its keys and tables, or the same under `[[runners]]` or `[runners.…]`. Name, URL and token stay ours.
 * Throws `config-broken`.
 */
function ownTable({runnerConfig}: Pick<Answers, 'runnerConfig'>): Table {
	if (runnerConfig === undefined) return {};
	const given = parseConfig(runnerConfig, 'The answer runnerConfig');
	const [first] = tablesAt(given, 'runners');
	const {name: _name, url: _url, token: _token, id: _id, ...own} = first ?? given;
	const nested = own.runners;
	return isTable(nested) ? nested : own;
}

/** Brings a file's keys and our entry to what is wanted; what is new is written whole. */
function mend(ours: Ours, wanted: ConfigWanted): void {
	for (const part of ['globals', 'entry'] as const) if (Object.keys(ours[part]).length === 0) Object.assign(ours[part], written(wanted)[part]);
	const own: Ours = {globals: {}, entry: ownTable(wanted.answers)};
	const elsewhere = (path: string): Value | undefined => at(own, path) ?? at(ours, path);
	for (const {path, write} of fieldsOf(wanted.config)) if (write) bring(wanted.config, ours, path, write(wanted, at(ours, path), elsewhere));
	overlay(ours.entry, own.entry);
}

/** What neither works nor is seen by `gitlab-runner lint` never gets into a config.toml. Throws `config-refused`. */
function refuseBroken(entry: Table, {answers, config, fleet}: ConfigWanted): void {
	const executor = textAt(entry, 'executor') ?? '';
	const why = executor === config.executor ? config.refuses?.(entry, fleet) : `executor is "${executor}", and this fleet's is ${config.executor}.`;
	if (why === undefined) return;
	throw new Problem({
		code: 'config-refused',
		message: `config.toml would not work so: ${why}`,
		advice: answers.runnerConfig === undefined ? 'Take it out of the file with `gitlab-runner-aws ssh`.' : 'Correct the answer `runnerConfig`.',
	});
}

/**
 * Brings a config.toml to what is wanted: our keys and our `[[runners]]` entry. Other entries, keys we don't know, comments and MachineOptions we
 * don't set stay. Where nothing differs the very same text comes back. Throws `config-broken`, `config-refused`, and `token-missing` when no token stands or is given.
 */
export function mergeConfig(standing: string | undefined, wanted: ConfigWanted): ConfigMerged {
	const [before, after] = [parseConfig(standing ?? '', fileName), parseConfig(standing ?? '', fileName)];
	const runners = tablesAt(after, 'runners');
	const entry = entryOf(runners, whose(wanted)) ?? {};
	if (!runners.includes(entry)) runners.push(entry);
	const {runners: _runners, ...globals} = after;
	const ours: Ours = {globals, entry};
	mend(ours, wanted);
	refuseBroken(entry, wanted);
	if (!textAt(entry, 'token')) throw new Problem({code: 'token-missing', message: `config.toml holds no token for the runner ${wanted.answers.runnerName}.`});
	const merged: Table = {...globals, runners};
	const changes = differences(wanted.config, {globals: before, entry: entryOf(tablesAt(before, 'runners'), whose(wanted)) ?? {}}, ours);
	const {text, commentsGo} = textOf(standing, merged, changes);
	// The text is written back byte for byte; the rest is only shown.
	return {text, commentsGo, ...printableIn({changes, yours: yoursIn(ours, runners, wanted)})};
}

function textOf(standing: string | undefined, merged: Table, changes: readonly Change[]): {text: string; commentsGo: boolean} {
	if (standing === undefined || standing.trim() === '') return {text: printConfig(merged), commentsGo: false};
	return changes.length === 0 ? {text: standing, commentsGo: false} : edited(standing, merged);
}

/** What differs between two files, in our entry and in the keys that all runners share; what the runner takes for the same is the same. */
function differences(config: ExecutorConfig, before: Ours, after: Ours): Change[] {
	const whole = ({entry, globals}: Ours): Table => ({...globals, runners: entry});
	const [from, to] = [textAt(before.entry, 'executor'), textAt(after.entry, 'executor')];
	const compared: Compared = {config, goesOver: from !== undefined && from !== to};
	return differing(compared, meaning(config, '', whole(before)), meaning(config, '', whole(after)), '');
}

/** By which rows two files are compared, and whether the entry goes over from one executor to another: the next job gets that one's, and none waits for it. */
type Compared = {config: ExecutorConfig; goesOver: boolean};

function differing(compared: Compared, from: Value | undefined, to: Value | undefined, path: string): Change[] {
	if (same(from, to)) return [];
	const {config, goesOver} = compared;
	if (goesOver && from === undefined && isTable(to) && isOfOneExecutor(path))
		return [{what: `[${path}]`, from: shownAt(path, undefined), to: 'as the answers say', how: 'live'}];
	const field = fieldAt(config, path);
	if (field?.changes) return field.changes(from, to);
	if ((isTable(from) || isTable(to)) && (from === undefined || isTable(from)) && (to === undefined || isTable(to))) {
		const [before, after] = [from ?? {}, to ?? {}];
		const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
		return keys.flatMap((key) => differing(compared, before[key], after[key], path === '' ? key : `${path}.${key}`));
	}
	const [onlyFrom, onlyTo] = [onlyTable(from), onlyTable(to)];
	if (onlyFrom && onlyTo && field?.answer === undefined) return differing(compared, onlyFrom, onlyTo, path);
	const says = (value: Value | undefined): string => shownAt(path, value ?? field?.absent?.[0]);
	const isNew = field === undefined || (goesOver && config.rows.includes(field));
	const drains = !isNew && isReadAtStart(field, from, to);
	const because = isNew ? undefined : drains ? field.because : field.lowered;
	const change: Change = {what: field?.answer ?? path, from: says(from), to: says(to), how: drains ? 'drain' : 'live'};
	return [because === undefined ? change : {...change, because}];
}

/** The table of a list that holds one alone: what differs is told by its keys then, and not as the whole list's TOML. */
function onlyTable(value: Value | undefined): Table | undefined {
	const [only, ...more] = Array.isArray(value) ? value : [];
	return more.length === 0 && isTable(only) ? only : undefined;
}

/** Whether the runner has to start anew for another value. */
const isReadAtStart = ({drains}: Field, from: Value | undefined, to: Value | undefined): boolean =>
	drains === 'raised' ? Number(from ?? Number.POSITIVE_INFINITY) < Number(to ?? Number.POSITIVE_INFINITY) : drains === true;

/** Paths of all that says something, down to the single values. */
function leaves(value: Value | undefined, path: string): string[] {
	const tables = isTable(value) ? [value] : Array.isArray(value) && value.some(isTable) ? value.filter(isTable) : undefined;
	if (!tables) return [path];
	return tables.flatMap((table) => Object.entries(table).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`)));
}

const paths = (config: ExecutorConfig, {entry, globals}: Ours): string[] => [...new Set(leaves(meaning(config, '', {...globals, runners: entry}) ?? {}, ''))];

/** Whether a path is in a table of another executor's, which goes once the fleet has gone over: where these rows know nothing of the table. */
const isOfAnother = ({rows}: ExecutorConfig, path: string): boolean =>
	isOfOneExecutor(path) && !rows.some((row) => row.write !== undefined && row.path.split('.').slice(0, 2).join('.') === path.split('.').slice(0, 2).join('.'));

/** What is in the file and not from us: keys by path, other entries by name, and what stands beside ours in one key's value. */
function yoursIn(ours: Ours, runners: readonly Table[], wanted: ConfigWanted): string[] {
	const made = written(wanted);
	const fromUs = new Set(leaves({...made.globals, runners: made.entry}, ''));
	const {config} = wanted;
	const own = paths(config, ours).filter((path) => !fromUs.has(path) && fieldAt(config, path)?.byRunner !== true && !isOfAnother(config, path));
	return [
		...own.filter((path) => !path.startsWith('runners.')),
		...runners.filter((runner) => runner !== ours.entry).map((runner) => `[[runners]] ${textAt(runner, 'name') ?? 'without a name'}`),
		...own.filter((path) => path.startsWith('runners.')),
		...fieldsOf(config).flatMap(({path, yours}) => yours?.(at(ours, path) ?? []) ?? []),
	];
}
