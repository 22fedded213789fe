import type {Change} from '../../engine/step.ts';
import {type Answers, type Fleet, names} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {bareUrl} from '../../world/gitlab/url.ts';
import {
	isTable,
	overlay,
	parseConfig,
	plain,
	printConfig,
	putAt,
	same,
	shown,
	type Table,
	tablesAt,
	textAt,
	textsAt,
	type Value,
	valueAt,
} from '../../world/host/toml.ts';
import {printableIn} from '../../world/printable.ts';
import {edited} from './config-edit.ts';
import {type ConfigSetting, type ConfigWanted, type Field, fieldAt, fields, meaning, type RunnerToken} from './config-fields.ts';

import {shownAt, shownOf, shownOption} from './config-shown.ts';
import {answerOfFlag, extraOptions, flagOf} from './machine-options.ts';

/** The file as it is to be, what differs from the one that stands, what in it is the person's own, and whether the comments in it go. */
export type ConfigMerged = {text: string; changes: Change[]; yours: string[]; commentsGo: boolean};

/** Whose `[[runners]]` entry is meant. */
export type Whose = {fleet: Fleet; runnerName: string};

/** A fleet's own entry among those of a file: the one whose machines are named after the fleet, else the one of its name. */
export function entryOf(runners: readonly Table[], {fleet, runnerName}: Whose): Table | undefined {
	const isNamedSo = (runner: Table): boolean => valueAt(runner, 'machine.MachineName') === names.machine(fleet);
	return runners.find(isNamedSo) ?? runners.find((runner) => textAt(runner, 'name') === runnerName);
}

const fileName = 'config.toml on the manager';
const whose = ({answers, fleet}: Pick<ConfigSetting, 'answers' | 'fleet'>): Whose => ({fleet, runnerName: answers.runnerName});

/** Our entry as it stands in a config.toml, or undefined. Throws `config-broken`. */
export const standingRunner = (text: string, setting: Pick<ConfigSetting, 'answers' | 'fleet'>): Table | undefined =>
	entryOf(tablesAt(parseConfig(text, fileName), 'runners'), whose(setting));

/** Whether a file has any runner: the one that `gitlab-runner install` writes has none. Throws `config-broken`. */
export const hasRunners = (text: string): boolean => tablesAt(parseConfig(text, fileName), 'runners').length > 0;

/** The GitLab that our entry's token is for, as it stands; undefined where none stands. */
export function standingUrl(text: string, setting: Pick<ConfigSetting, 'answers' | 'fleet'>): string | undefined {
	const runner = standingRunner(text, setting);
	const url = runner && textAt(runner, 'url');
	return url === undefined ? undefined : bareUrl(url);
}

/** The token that stands in our entry, with its id. */
export function standingToken(text: string, setting: Pick<ConfigSetting, 'answers' | 'fleet'>): RunnerToken | undefined {
	const runner = standingRunner(text, setting);
	const token = runner && textAt(runner, 'token')?.trim();
	if (!runner || !token) return undefined;
	const id = Number(plain(runner.id) ?? 0);
	const obtainedAt = timeAt(runner, 'token_obtained_at');
	const expiresAt = timeAt(runner, 'token_expires_at');
	return {token, ...(id > 0 ? {id} : {}), ...(obtainedAt === undefined ? {} : {obtainedAt}), ...(expiresAt === undefined ? {} : {expiresAt})};
}

/** A time in milliseconds since 1970; the zero time of Go, which stands for "never", counts as none. */
function timeAt(runner: Table, key: string): number | undefined {
	const value = runner[key];
	const time = value instanceof Date ? value.getTime() : Number.NaN;
	return time > 0 ? time : undefined;
}

/** MachineOptions that stand in our entry. */
export const standingOptions = (runner: Table | undefined): string[] => (isTable(runner?.machine) ? textsAt(runner.machine, 'MachineOptions') : []);

/** A file as one table in which `runners` is our entry: the paths of the fields lead through it. */
type Ours = {globals: Table; entry: Table};

const at = ({entry, globals}: Ours, path: string): Value | undefined =>
	path.startsWith('runners.') ? valueAt(entry, path.slice('runners.'.length)) : valueAt(globals, path);

function put({entry, globals}: Ours, path: string, value: Value | undefined): void {
	if (path.startsWith('runners.')) putAt(entry, path.slice('runners.'.length), value);
	else putAt(globals, path, value);
}

const meant = (path: string, value: Value | undefined): Value | undefined => (value === undefined ? undefined : meaning(path, value));
const sameMeaning = (path: string, one: Value | undefined, other: Value | undefined): boolean => same(meant(path, one), meant(path, other));

/** Puts a value where it says something else than what stands. */
function bring(ours: Ours, path: string, value: Value | undefined): void {
	if (!sameMeaning(path, at(ours, path), value)) put(ours, path, value);
}

/** Everything that we write, on an empty file. */
function written(wanted: ConfigWanted): Ours {
	const made: Ours = {globals: {}, entry: {}};
	for (const {path, write} of fields) put(made, path, write?.(wanted, undefined));
	overlay(made.entry, ownTable(wanted.answers));
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
	for (const {path, write} of fields) if (write) bring(ours, path, write(wanted, at(ours, path)));
	overlay(ours.entry, ownTable(wanted.answers));
}

/**
 * Brings a config.toml to what is wanted: our keys and our `[[runners]]` entry. Other entries, keys we don't know, comments and MachineOptions we
 * don't set stay. Where nothing differs the very same text comes back. Throws `config-broken`, and `token-missing` when no token stands or is given.
 */
export function mergeConfig(standing: string | undefined, wanted: ConfigWanted): ConfigMerged {
	const [before, after] = [parseConfig(standing ?? '', fileName), parseConfig(standing ?? '', fileName)];
	const runners = tablesAt(after, 'runners');
	const entry = entryOf(runners, whose(wanted)) ?? {};
	if (!runners.includes(entry)) runners.push(entry);
	const {runners: _runners, ...globals} = after;
	const ours: Ours = {globals, entry};
	mend(ours, wanted);
	if (!textAt(entry, 'token')) throw new Problem({code: 'token-missing', message: `config.toml holds no token for the runner ${wanted.answers.runnerName}.`});
	const merged: Table = {...globals, runners};
	const changes = differences({globals: before, entry: entryOf(tablesAt(before, 'runners'), whose(wanted)) ?? {}}, ours);
	const {text, commentsGo} = textOf(standing, merged, changes);
	// The text is written back byte for byte; the rest is only shown.
	return {text, commentsGo, ...printableIn({changes, yours: yoursIn(ours, runners, wanted)})};
}

function textOf(standing: string | undefined, merged: Table, changes: readonly Change[]): {text: string; commentsGo: boolean} {
	if (standing === undefined || standing.trim() === '') return {text: printConfig(merged), commentsGo: false};
	return changes.length === 0 ? {text: standing, commentsGo: false} : edited(standing, merged);
}

/** What differs between two files, in our entry and in the keys that all runners share; what the runner takes for the same is the same. */
export function differences(before: Ours, after: Ours): Change[] {
	const whole = ({entry, globals}: Ours): Table => ({...globals, runners: entry});
	return differing(meaning('', whole(before)), meaning('', whole(after)), '');
}

function differing(from: Value | undefined, to: Value | undefined, path: string): Change[] {
	if (same(from, to)) return [];
	if (path === 'runners.machine.MachineOptions') return optionChanges(textsOf(from), textsOf(to));
	if ((isTable(from) || isTable(to)) && (from === undefined || isTable(from)) && (to === undefined || isTable(to))) {
		const [before, after] = [from ?? {}, to ?? {}];
		const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
		return keys.flatMap((key) => differing(before[key], after[key], path === '' ? key : `${path}.${key}`));
	}
	const field: Field | undefined = fieldAt(path);
	const says = (value: Value | undefined): string => shownAt(path, value ?? field?.absent?.[0]);
	return [{what: field?.answer ?? path, from: says(from), to: says(to), how: field?.drains ? 'drain' : 'live'}];
}

const textsOf = (value: Value | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/** One change for each flag; options of one flag stand together, since some may be repeated. */
function optionChanges(before: readonly string[], after: readonly string[]): Change[] {
	const values = (options: readonly string[], flag: string): string | undefined => {
		const found = options.filter((option) => flagOf(option) === flag).map((option) => option.slice(flag.length + 1));
		return found.length === 0 ? undefined : found.join(', ');
	};
	const says = (flag: string, value: string | undefined): string => (value === undefined ? shown(value) : shownOf(flag, value));
	const flags = [...new Set([...before, ...after].map(flagOf))].filter((flag) => values(before, flag) !== values(after, flag));
	return flags.map((flag): Change => {
		const [from, to] = [says(flag, values(before, flag)), says(flag, values(after, flag))];
		return {what: answerOfFlag(flag) ?? flag, from, to, how: 'live'};
	});
}

/** Paths of all that says something, down to the single values. */
function leaves(value: Value | undefined, path: string): string[] {
	const tables = isTable(value) ? [value] : Array.isArray(value) && value.some(isTable) ? value.filter(isTable) : undefined;
	if (!tables) return [path];
	return tables.flatMap((table) => Object.entries(table).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`)));
}

const paths = ({entry, globals}: Ours): string[] => [...new Set(leaves(meaning('', {...globals, runners: entry}) ?? {}, ''))];

/** What is in the file and not from us: keys by path, other entries by name, MachineOptions as they may be shown. */
function yoursIn(ours: Ours, runners: readonly Table[], wanted: ConfigWanted): string[] {
	const made = written(wanted);
	const fromUs = new Set(leaves({...made.globals, runners: made.entry}, ''));
	const own = paths(ours).filter((path) => !fromUs.has(path) && fieldAt(path)?.byRunner !== true);
	return [
		...own.filter((path) => !path.startsWith('runners.')),
		...runners.filter((runner) => runner !== ours.entry).map((runner) => `[[runners]] ${textAt(runner, 'name') ?? 'without a name'}`),
		...own.filter((path) => path.startsWith('runners.')),
		...extraOptions(standingOptions(ours.entry), wanted.options).map((option) => `MachineOptions ${shownOption(option)}`),
	];
}
