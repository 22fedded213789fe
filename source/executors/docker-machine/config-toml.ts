import {type AnswerKey, type Fleet, names} from '../../fleet.ts';
import {bareUrl} from '../../gitlab/bare-url.ts';
import {paths} from '../../host/scripts/paths.ts';
import {printableIn} from '../../printable.ts';
import {Problem} from '../../problem.ts';
import type {Change} from '../../step.ts';
import {isTable, moment, overlay, parseConfig, printConfig, shown, type Table, tablesAt, textAt, textsAt, type Value, whole} from './config-document.ts';
import {type ConfigSetting, globalTables, ownTable, runnerTable, unwantedKeys} from './config-tables.ts';
import {extraOptions, flagOf} from './machine-options.ts';

/** A runner's token with what belongs beside it; times are milliseconds since 1970. */
export type RunnerToken = {token: string; id?: number | undefined; obtainedAt?: number | undefined; expiresAt?: number | undefined};

/** What config.toml is to be: `token` replaces the one that stands, and undefined keeps it, since the runner rotates it by itself. */
export type ConfigWanted = ConfigSetting & {token?: RunnerToken | undefined};

/** The file as it is to be, what differs from the one that stands, and what in it is the person's own. */
export type ConfigMerged = {text: string; changes: Change[]; yours: string[]};

/** Whether a `[[runners]]` entry is a fleet's: by its name, or by the machines it names after the fleet. */
export const isFleetRunner = (runner: Table, name: string, fleet: Fleet): boolean =>
	textAt(runner, 'name') === name || textAt(tableOf(runner, 'machine'), 'MachineName') === names.machine(fleet);

const isOurs = (runner: Table, {answers, fleet}: Pick<ConfigSetting, 'answers' | 'fleet'>): boolean => isFleetRunner(runner, answers.runnerName, fleet);

const tableOf = (table: Table, key: string): Table => {
	const value = table[key];
	return isTable(value) ? value : {};
};

/** Our entry as it stands in a config.toml, or undefined. Throws `config-broken`. */
export function standingRunner(text: string, setting: Pick<ConfigSetting, 'answers' | 'fleet'>): Table | undefined {
	return tablesAt(parseConfig(text, 'config.toml on the manager'), 'runners').find((runner) => isOurs(runner, setting));
}

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
	const id = Number(runner.id ?? 0);
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
export const standingOptions = (runner: Table | undefined): string[] => (runner ? textsAt(tableOf(runner, 'machine'), 'MachineOptions') : []);

function drop(table: Table, path: readonly string[]): void {
	const [key, ...rest] = path;
	if (key === undefined) return;
	if (rest.length === 0) delete table[key];
	else drop(tableOf(table, key), rest);
}

function putToken(runner: Table, {token, id, obtainedAt, expiresAt}: RunnerToken): void {
	const {id: _id, token_expires_at: _expires, token_obtained_at: _obtained, ...rest} = runner;
	for (const key of Object.keys(runner)) delete runner[key];
	Object.assign(runner, rest, {token});
	if (id !== undefined) runner.id = whole(id);
	if (obtainedAt !== undefined) runner.token_obtained_at = moment(obtainedAt);
	if (expiresAt !== undefined) runner.token_expires_at = moment(expiresAt);
}

/** Brings our entry to what is wanted; the person's own keys and options in it stay. */
function mend(runner: Table, wanted: ConfigWanted): void {
	const extra = extraOptions(standingOptions(runner), wanted.options);
	for (const path of unwantedKeys(wanted)) drop(runner, path);
	if (wanted.answers.gitlabCa === undefined && textAt(runner, 'tls-ca-file') === paths.gitlabCa) delete runner['tls-ca-file'];
	overlay(runner, runnerTable({...wanted, options: [...wanted.options, ...extra]}));
	overlay(runner, ownTable(wanted.answers));
	if (wanted.token) putToken(runner, wanted.token);
}

/**
 * Brings a config.toml to what is wanted: our keys and our `[[runners]]` entry. Other entries, keys we don't know and MachineOptions we don't
 * set stay. Where nothing differs the very same text comes back. Throws `config-broken`, and `token-missing` when no token stands or is given.
 */
export function mergeConfig(standing: string | undefined, wanted: ConfigWanted): ConfigMerged {
	const before = parseConfig(standing ?? '', 'config.toml on the manager');
	const after = parseConfig(standing ?? '', 'config.toml on the manager');
	overlay(after, globalTables(wanted));
	const runners = tablesAt(after, 'runners');
	let ours = runners.find((runner) => isOurs(runner, wanted));
	if (!ours) {
		ours = {};
		runners.push(ours);
	}
	mend(ours, wanted);
	if (!textAt(ours, 'token')) throw new Problem({code: 'token-missing', message: `config.toml holds no token for the runner ${wanted.answers.runnerName}.`});
	const {runners: _standing, ...globals} = after;
	const merged: Table = {...globals, runners};
	const oursBefore = tablesAt(before, 'runners').find((runner) => isOurs(runner, wanted)) ?? {};
	const changes = [...differences({...before, runners: []}, {...merged, runners: []}, []), ...differences(oursBefore, ours, ['runners'])];
	const text = changes.length === 0 && standing !== undefined ? standing : printConfig(merged);
	// The text is written back byte for byte; the rest is only shown.
	return {text, ...printableIn({changes, yours: yoursIn(merged, ours, wanted)})};
}

/** Answers' keys by the path that holds them. */
const answerAt: Record<string, AnswerKey> = {
	concurrent: 'concurrent',
	check_interval: 'checkInterval',
	'runners.name': 'runnerName',
	'runners.url': 'gitlabUrl',
	'runners.executor': 'executor',
	'runners.limit': 'limit',
	'runners.tls-ca-file': 'gitlabCa',
	'runners.docker.image': 'dockerImage',
	'runners.docker.privileged': 'privileged',
	'runners.docker.disable_cache': 'disableCache',
	'runners.cache.Type': 'cache',
	'runners.cache.s3.BucketName': 'cache',
	'runners.machine.IdleCount': 'idleCount',
	'runners.machine.IdleTime': 'idleTime',
	'runners.machine.MaxBuilds': 'maxBuilds',
	'runners.machine.MaxGrowthRate': 'maxGrowthRate',
	'runners.machine.autoscaling': 'schedule',
};

/** Answers' keys by the MachineOption that holds them. */
const answerOf: Record<string, AnswerKey> = {
	'amazonec2-instance-type': 'workerType',
	'amazonec2-ami': 'workerImage',
	'amazonec2-root-size': 'workerDisk',
	'amazonec2-ssh-user': 'workerSshUser',
	'amazonec2-request-spot-instance': 'spot',
	'amazonec2-spot-price': 'spotPrice',
	'amazonec2-iam-instance-profile': 'workerProfile',
	'amazonec2-tags': 'tags',
	'amazonec2-subnet-id': 'subnet',
	'engine-install-url': 'engineInstall',
};

/** What isn't read again while the runner runs, or would leave machines behind that the runner no longer knows (facts §3.5, §4.7). */
const drained = new Set(['listen_address', 'runners.url', 'runners.executor', 'runners.machine.MachineName']);

/** A token's first characters are its kind: enough to tell two apart, too few to use. */
const masked = (value: string): string => `${/^gl[a-z]+-(t\d_)?/.exec(value)?.[0] ?? ''}…`;

const secret = /^(token|AccessKey|SecretKey|SessionToken|password)$/i;

function differences(before: Table, after: Table, path: readonly string[]): Change[] {
	return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => difference(before[key], after[key], [...path, key]));
}

function difference(from: Value | undefined, to: Value | undefined, path: readonly string[]): Change[] {
	if (isTable(to) && (from === undefined || isTable(from))) return differences(from ?? {}, to, path);
	if (shown(from) === shown(to)) return [];
	const what = path.join('.');
	if (what === 'runners.machine.MachineOptions') return optionChanges(Array.isArray(from) ? from.map(String) : [], Array.isArray(to) ? to.map(String) : []);
	const hidden = secret.test(path.at(-1) ?? '');
	const show = (value: Value | undefined) => (hidden && typeof value === 'string' ? masked(value) : shown(value));
	return [{what: answerAt[what] ?? what, from: show(from), to: show(to), how: drained.has(what) ? 'drain' : 'live'}];
}

/** One change for each flag; options of one flag stand together, since some may be repeated. */
function optionChanges(before: readonly string[], after: readonly string[]): Change[] {
	const values = (options: readonly string[], flag: string) => {
		const found = options.filter((option) => flagOf(option) === flag).map((option) => option.slice(flag.length + 1));
		return found.length === 0 ? 'nothing' : found.join(', ');
	};
	const flags = [...new Set([...before, ...after].map(flagOf))];
	return flags
		.map((flag): Change => ({what: answerOf[flag] ?? flag, from: values(before, flag), to: values(after, flag), how: 'live'}))
		.filter(({from, to}) => from !== to);
}

/** Keys that the runner itself writes when it saves the file, whatever is in it. */
const runnersOwn = /^(connection_max_age|session_server\.session_timeout|runners\.(id|token|token_obtained_at|token_expires_at))$/;

function leaves(table: Table, path: readonly string[]): string[] {
	return Object.entries(table).flatMap(([key, value]) => {
		const here = [...path, key];
		if (isTable(value)) return leaves(value, here);
		const empty = value === false || value === '' || value === 0n || value === 0 || (Array.isArray(value) && value.length === 0);
		return empty ? [] : [here.join('.')];
	});
}

/** What is in the file and not from us: other entries by name, keys by path, MachineOptions as they stand. */
function yoursIn(merged: Table, ours: Table, wanted: ConfigWanted): string[] {
	const {runners: _runners, ...globals} = merged;
	const ourGlobals = new Set(leaves(globalTables(wanted), []));
	const ourKeys = new Set([...leaves(runnerTable(wanted), ['runners']), ...leaves(ownTable(wanted.answers), ['runners'])]);
	const others = tablesAt(merged, 'runners').filter((runner) => runner !== ours);
	return [
		...leaves(globals, []).filter((path) => !ourGlobals.has(path)),
		...others.map((runner) => `[[runners]] ${textAt(runner, 'name') ?? 'without a name'}`),
		...leaves(ours, ['runners']).filter((path) => !ourKeys.has(path)),
		...extraOptions(standingOptions(ours), wanted.options).map((option) => `MachineOptions ${option}`),
	].filter((path) => !runnersOwn.test(path));
}
