import {type AnswerKey, type Answers, type Fleet, names} from '../../fleet.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {isTable, moment, plain, same, type Table, textsAt, type Value, valueAt, whole} from '../../world/host/toml.ts';
import {extraOptions, flagOf} from './machine-options.ts';

/** A runner's token with what belongs beside it; times are milliseconds since 1970. */
export type RunnerToken = {token: string; id?: number | undefined; obtainedAt?: number | undefined; expiresAt?: number | undefined};

/** What our part of config.toml is made from. */
export type ConfigSetting = {
	answers: Answers;
	fleet: Fleet;
	/** The cache bucket's name; undefined without a cache. */
	bucket: string | undefined;
	/** MachineOptions without the person's own extra ones. */
	options: readonly string[];
};

/** What config.toml is to be: `token` replaces the one that stands, and undefined keeps it, since the runner rotates it by itself. */
export type ConfigWanted = ConfigSetting & {token?: RunnerToken | undefined};

/**
 * One key of config.toml, as it is written and as it is read. Zero values (0, "", false, an empty list) are for the runner the same as an absent key:
 * its own save (gitlab-runner 19.4, common/config.go) leaves some of them out and writes others.
 */
export type Field = {
	/** Where it stands: `concurrent`, or `runners.limit` in our own `[[runners]]` entry. */
	readonly path: string;
	/** The answer that stands there. */
	readonly answer?: AnswerKey;
	/** What the runner goes by where the key is absent, in each way that it may be written; the first is what it is read as. */
	readonly absent?: readonly Value[];
	/** A zero value says something else here than an absent key. */
	readonly zeroCounts?: true;
	/** What is wanted there, given what stands; undefined: nothing. A key without it is not ours to write. */
	readonly write?: (wanted: ConfigWanted, standing: Value | undefined) => Value | undefined;
	/** The answer that a value is; undefined where it is none. */
	readonly read?: (value: Value) => unknown;
	/** What stands there was made from the answer, and isn't the answer as it was given: a bucket's name for `create`. */
	readonly resolved?: true;
	/** The runner writes it by itself: a value there is nobody's decision. */
	readonly byRunner?: true;
	/** It isn't read again while the runner runs, or is another kind of runner. */
	readonly drains?: true;
};

/** Seconds in which idle machines are taken away at a stop; the runner warns below 300. */
const shutdownSeconds = 300;

/** Asking for several jobs at once keeps long polling from holding others up; 4 is as many as GitLab advises. */
const requestConcurrency = ({limit, concurrent}: Answers): bigint => whole(Math.min(4, limit, concurrent));

/** Jobs that run Docker inside Docker need its certificates between containers. */
const volumes = ({privileged}: Answers): string[] => (privileged ? ['/certs/client', '/cache'] : ['/cache']);

const some = <Made>(value: number | undefined, as: (value: number) => Made): Made | undefined => (value === undefined ? undefined : as(value));

const slashless = (value: Value): unknown => (typeof value === 'string' ? value.replace(/\/+$/, '') : undefined);
const nonZero = (value: Value): unknown => (Number(value) > 0 ? Number(value) : undefined);

/** Options as wanted, in the order in which they stand, so that what a person wrote about them stays beside them; the person's own are kept. */
function optionsWanted({options}: ConfigSetting, standing: Value | undefined): string[] {
	const before = Array.isArray(standing) ? standing.filter((one) => typeof one === 'string') : [];
	const extra = new Set(extraOptions(before, options));
	const left = [...options];
	const kept = before.flatMap((option) => {
		if (extra.has(option)) return [option];
		const at = left.findIndex((one) => flagOf(one) === flagOf(option));
		return at < 0 ? [] : left.splice(at, 1);
	});
	return [...kept, ...left];
}

/** Windows of the week as wanted. Each replaces all four values, so both are always written; what a person added to one of the same time stays. */
function windowsWanted({answers}: ConfigSetting, standing: Value | undefined): Table[] | undefined {
	const before = Array.isArray(standing) ? standing.filter(isTable) : [];
	const windows = answers.schedule.map(({periods, timezone, idleCount, idleTime}) => {
		const at = before.findIndex((one) => same(textsAt(one, 'Periods'), [...periods]));
		const [own] = at < 0 ? [] : before.splice(at, 1);
		return {...own, Periods: [...periods], Timezone: timezone, IdleCount: whole(idleCount), IdleTime: whole(idleTime)};
	});
	return windows.length === 0 ? undefined : windows;
}

function scheduleIn(value: Value): unknown {
	if (!Array.isArray(value)) return undefined;
	return value.filter(isTable).map((window) => ({
		periods: textsAt(window, 'Periods'),
		timezone: plain(window.Timezone) || 'Local',
		idleCount: plain(window.IdleCount) ?? 0,
		idleTime: plain(window.IdleTime) ?? 0,
	}));
}

/** A cache of another kind than S3 is none of our answers. */
function cacheIn(value: Value): unknown {
	const cache = isTable(value) ? value : {};
	if (plain(cache.Type) !== 's3') return plain(cache.Type) ? undefined : 'none';
	return isTable(cache.s3) ? plain(cache.s3.BucketName) : undefined;
}

const notReadAlone = (): undefined => undefined;

/** A cache that is wanted stands in six keys; one that isn't stands in none. */
const cached =
	(value: (wanted: ConfigSetting & {bucket: string}) => Value): NonNullable<Field['write']> =>
	({bucket, ...wanted}) =>
		bucket === undefined ? undefined : value({...wanted, bucket});

/** Keys that have had no effect since 14.0 go. */
const dead = (path: string): Field => ({path, write: () => undefined});

/** The authority's file is ours where the answer names one; a person's own stays. */
const caFile: NonNullable<Field['write']> = ({answers}, standing) =>
	answers.gitlabCa === undefined ? (standing === paths.gitlabCa ? undefined : standing) : paths.gitlabCa;

/** config.toml, key by key, in the order in which they are written. What isn't here is the person's own, and stays. */
export const fields: readonly Field[] = [
	{path: 'concurrent', answer: 'concurrent', absent: [1n], write: ({answers}) => whole(answers.concurrent)},
	{path: 'check_interval', answer: 'checkInterval', absent: [3n], write: ({answers}) => whole(answers.checkInterval), read: (value) => nonZero(value) ?? 3},
	// On loopback: it has no password, and is read over SSH.
	{path: 'listen_address', write: () => '127.0.0.1:9252', drains: true},
	{path: 'log_format', absent: ['runner'], write: () => 'json'},
	{path: 'log_level', absent: ['info']},
	{path: 'shutdown_timeout', absent: [30n], write: () => whole(shutdownSeconds)},
	{path: 'connection_max_age', absent: ['15m0s', '15m']},
	{path: 'session_server.session_timeout', absent: [1800n]},
	{path: 'machine.shutdown_drain.enabled', absent: [false], write: () => true},
	{path: 'machine.shutdown_drain.concurrency', absent: [3n]},
	{path: 'machine.shutdown_drain.max_retries', absent: [3n]},
	{path: 'machine.shutdown_drain.retry_backoff', absent: ['5s']},
	{path: 'runners.name', answer: 'runnerName', write: ({answers}) => answers.runnerName},
	{path: 'runners.url', answer: 'gitlabUrl', write: ({answers}) => answers.gitlabUrl, read: slashless, drains: true},
	{path: 'runners.id', byRunner: true, write: ({token}, standing) => (token ? some(token.id, whole) : standing)},
	{path: 'runners.token', byRunner: true, write: ({token}, standing) => token?.token ?? standing},
	{path: 'runners.token_obtained_at', byRunner: true, write: ({token}, standing) => (token ? some(token.obtainedAt, moment) : standing)},
	{path: 'runners.token_expires_at', byRunner: true, write: ({token}, standing) => (token ? some(token.expiresAt, moment) : standing)},
	{path: 'runners.executor', answer: 'executor', write: () => 'docker+machine', drains: true},
	{path: 'runners.limit', answer: 'limit', write: ({answers}) => whole(answers.limit), read: nonZero},
	{path: 'runners.request_concurrency', absent: [1n], write: ({answers}) => requestConcurrency(answers)},
	{path: 'runners.output_limit', absent: [4096n]},
	{path: 'runners.unhealthy_requests_limit', absent: [3n]},
	{path: 'runners.unhealthy_interval', absent: ['1h0m0s', '60m0s', '60m', '1h']},
	{path: 'runners.tls-ca-file', answer: 'gitlabCa', write: caFile, read: notReadAlone},
	{path: 'runners.docker.image', answer: 'dockerImage', write: ({answers}) => answers.dockerImage},
	{path: 'runners.docker.privileged', answer: 'privileged', absent: [false], write: ({answers}) => answers.privileged},
	{path: 'runners.docker.services_privileged', zeroCounts: true},
	{path: 'runners.docker.disable_cache', answer: 'disableCache', absent: [false], write: ({answers}) => answers.disableCache},
	{path: 'runners.docker.volumes', write: ({answers}) => volumes(answers)},
	{path: 'runners.docker.pull_policy', absent: ['always', ['always']]},
	{path: 'runners.docker.wait_for_services_timeout', absent: [30n]},
	{path: 'runners.docker.services_limit', absent: [-1n], zeroCounts: true},
	// With `iam` the manager signs the cache's URLs, from its profile or from root's credentials file, and workers need no right to S3.
	{path: 'runners.cache', answer: 'cache', absent: [{}], resolved: true, read: cacheIn},
	{path: 'runners.cache.Type', answer: 'cache', write: cached(() => 's3'), read: notReadAlone},
	{path: 'runners.cache.Path', write: cached(({fleet}) => names.cachePath(fleet))},
	{path: 'runners.cache.Shared', write: cached(() => true)},
	{path: 'runners.cache.s3.BucketName', answer: 'cache', write: cached(({bucket}) => bucket), read: notReadAlone},
	{path: 'runners.cache.s3.BucketLocation', write: cached(({fleet}) => fleet.region)},
	{path: 'runners.cache.s3.AuthenticationType', write: cached(() => 'iam')},
	{path: 'runners.cache.s3.AssumeRoleMaxConcurrency', absent: [5n]},
	{path: 'runners.cache.s3.DualStack', absent: [true], zeroCounts: true},
	{path: 'runners.cache.s3.PathStyle', zeroCounts: true},
	{path: 'runners.machine.IdleCount', answer: 'idleCount', absent: [0n], write: ({answers}) => whole(answers.idleCount)},
	{path: 'runners.machine.IdleCountMin', absent: [1n]},
	{path: 'runners.machine.IdleTime', answer: 'idleTime', absent: [0n], write: ({answers}) => whole(answers.idleTime)},
	{path: 'runners.machine.MaxBuilds', answer: 'maxBuilds', absent: [0n], write: ({answers}) => whole(answers.maxBuilds)},
	{path: 'runners.machine.MaxGrowthRate', answer: 'maxGrowthRate', absent: [0n], write: ({answers}) => whole(answers.maxGrowthRate)},
	{path: 'runners.machine.MaxRemovalAttempts', absent: [30n]},
	{path: 'runners.machine.MachineDriver', write: () => 'amazonec2'},
	{path: 'runners.machine.MachineName', write: ({fleet}) => names.machine(fleet), drains: true},
	{path: 'runners.machine.MachineOptions', write: optionsWanted, read: notReadAlone},
	{path: 'runners.machine.autoscaling', answer: 'schedule', absent: [[]], write: windowsWanted, read: scheduleIn},
	{path: 'runners.machine.autoscaling.IdleCountMin', absent: [1n]},
	{path: 'runners.machine.autoscaling.Timezone', absent: ['Local']},
	...['OffPeakPeriods', 'OffPeakTimezone', 'OffPeakIdleCount', 'OffPeakIdleTime'].map((key) => dead(`runners.machine.${key}`)),
];

const byPath = new Map(fields.map((field) => [field.path, field]));

/** The row of a key; undefined for keys that aren't ours to know. */
export const fieldAt = (path: string): Field | undefined => byPath.get(path);

/** What the runner goes by at a path: what stands in the file and in one entry of its `[[runners]]`, else what an absent key means. */
export const inForce = (document: Table, runner: Table, path: string): Value | undefined =>
	valueAt({...document, runners: runner}, path) ?? fieldAt(path)?.absent?.[0];

const zeroMoment = '0001-01-01T00:00:00.000Z';

/** Go's zero values: a number, a text, a list, a time, a span of time. */
function isZero(value: Value): boolean {
	if (Array.isArray(value)) return value.length === 0;
	if (isTable(value)) return Object.keys(value).length === 0;
	if (value instanceof Date) return value.toISOString() === zeroMoment;
	return value === false || value === '' || value === '0s' || value === 0n || value === 0;
}

/** Keys under it are a map of the person's own, in which each value counts. */
const isMap = (path: string): boolean => path === 'runners.feature_flags';

/** Whether a value says no more than an absent key would. */
function saysNothing(path: string, value: Value): boolean {
	const field = fieldAt(path);
	if (field?.absent?.some((one) => same(one, value))) return true;
	return field?.zeroCounts !== true && !isMap(path.slice(0, path.lastIndexOf('.'))) && isZero(value);
}

/** A value without all that says no more than an absent key: what two files have to share to be the same for the runner. Undefined: nothing is left. */
export function meaning(path: string, value: Value): Value | undefined {
	if (saysNothing(path, value)) return undefined;
	if (Array.isArray(value)) return value.map((one) => (isTable(one) ? (meaning(path, one) ?? {}) : one));
	if (!isTable(value)) return value;
	const kept: Table = {};
	for (const [key, inner] of Object.entries(value)) {
		const left = meaning(path === '' ? key : `${path}.${key}`, inner);
		if (left !== undefined) kept[key] = left;
	}
	return Object.keys(kept).length === 0 ? undefined : kept;
}
