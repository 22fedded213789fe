import type {Change} from '../../engine/step.ts';
import {jobsPerWorker} from '../../executors/offered.ts';
import {type AnswerKey, type Answers, type AnswerValue, type Fleet, type Given, names} from '../../fleet.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {isTable, moment, plain, same, type Table, type Value, valueAt, whole} from '../../world/host/toml.ts';

/** A runner's token with what belongs beside it; times are milliseconds since 1970. */
export type RunnerToken = {token: string; id?: number | undefined; obtainedAt?: number | undefined; expiresAt?: number | undefined};

/** What our part of config.toml is made from. */
export type ConfigSetting = {
	answers: Answers;
	fleet: Fleet;
	/** The cache bucket's name; undefined without a cache. */
	bucket: string | undefined;
	config: ExecutorConfig;
};

/**
 * What config.toml is to be: `token` replaces the one that stands, and undefined keeps it, since the runner rotates it by itself; `id` is GitLab's of the
 * runner that stands, where its entry doesn't say it.
 */
export type ConfigWanted = ConfigSetting & {token?: RunnerToken | undefined; id?: number | undefined};

/** What becomes of one option of somebody's config.toml in a fleet. */
export type OptionFate = {
	/** Where it stands; of a list of tables with its place in it: `runners.machine.autoscaling[1].Periods`. */
	option: string;
	/** As it may be shown. */
	value: string;
	is: 'mapped' | 'not needed' | 'not possible';
	/** The answer that holds it. */
	answer?: AnswerKey;
	/** Why, and what to do instead. */
	says: string;
};

/** A fate without the option that it is of. */
export type Fate = Pick<OptionFate, 'is' | 'answer' | 'says'>;

export const mapped = (answer: AnswerKey, says = `the answer ${answer}`): Fate => ({is: 'mapped', answer, says});
export const notNeeded = (says: string): Fate => ({is: 'not needed', says});
export const notPossible = (says: string): Fate => ({is: 'not possible', says});

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
	/** What is wanted there, given what stands there and at other paths; undefined: nothing. A key without it is not ours to write. */
	readonly write?: (wanted: ConfigWanted, standing: Value | undefined, elsewhere: (path: string) => Value | undefined) => Value | undefined;
	/** The answer that a value is, on workers of so many jobs at a time; undefined where it is none. */
	readonly read?: (value: Value, each: number) => unknown;
	/** The answers that a value is, where it holds several. */
	readonly readAll?: (value: Value, each: number) => SeveralRead;
	/** What stands there was made from the answer, and isn't the answer as it was given: a bucket's name for `create`. */
	readonly resolved?: true;
	/** The runner writes it by itself: a value there is nobody's decision. */
	readonly byRunner?: true;
	/** The value that is this fleet's alone: an entry that has it is the fleet's own, whatever its name. */
	readonly names?: (fleet: Fleet) => string;
	/** How another value is told, where that is more than one change. */
	readonly changes?: (from: Value | undefined, to: Value | undefined) => Change[];
	/** What in a value is the person's own and stays, as it may be shown. */
	readonly yours?: (value: Value) => string[];
	/** Of several keys that hold the same answer the least is in force. */
	readonly caps?: true;
	/**
	 * It isn't read again while the runner runs. A key of an executor's own is read once that executor's first job comes. `raised`: a lower number need not be in
	 * force before the next start.
	 */
	readonly drains?: true | 'raised';
	/** Why the runner has to start anew for it, where that isn't so of every fleet; a sentence for people. */
	readonly because?: string;
	/** What holds until the next start where a lower number isn't in force before; a sentence for people. */
	readonly lowered?: string;
};

/** What a value says in our answers; `resolved` ones were made from an answer, and aren't what was answered. */
export type SeveralRead = {answers: Partial<Record<AnswerKey, unknown>>; resolved: AnswerKey[]; notes: string[]};

/** What an entry says of the workers that its executor makes, as far as a live view needs it. */
export type WorkersConfigured = {
	machineName?: string;
	/** Undefined where the runner makes none. */
	idleCount: number | undefined;
	/** Workers that it may have at once, where `limit` isn't that: it counts jobs. */
	maxWorkers?: number | undefined;
	/** Workers that there may be for a while, where its group and the runner both make another in place of one that was lost. */
	withReplacements?: number | undefined;
	/** The Auto Scaling group that its workers are in. */
	group?: string | undefined;
	maxGrowthRate: number | undefined;
	/** Options of the program that makes them, by name and without secrets; a repeated one's last value. */
	options: Record<string, string>;
	scheduled: boolean;
};

/** config.toml as the runners of one executor have it. */
export type ExecutorConfig = {
	readonly executor: AnswerValue<'executor'>;
	/** The rows of its own tables, which follow GitLab Runner's. */
	readonly rows: readonly Field[];
	/** Why nothing is read of an entry's own tables, though its executor is this one. */
	foreign?(entry: Table): string | undefined;
	/** Whether a path is in this executor's own tables, of which nothing is taken where `foreign` says why. */
	owns?(path: string): boolean;
	/** What becomes of an option in a fleet of an executor, by parts where its value has several; undefined where that is as for every option. */
	tells?(path: string, value: Value, executor: string): readonly (Fate & Partial<Pick<OptionFate, 'option' | 'value'>>)[] | undefined;
	/** An entry's answers as a fleet of another executor takes them. */
	elsewhere?(answers: Given, entry: Table): Given;
	/** What its owner does with what made the workers, once the runner's jobs come to another fleet. */
	readonly handOver?: string;
	/** How many jobs each of an entry's workers runs at a time; one where it isn't there. */
	jobsPerWorker?(entry: Table): number;
	/** What of an entry would not work, though `gitlab-runner lint` lets it pass: a sentence or nothing. */
	refuses?(entry: Table, fleet: Fleet): string | undefined;
	/** Reads an entry for a live view; `number` is what the runner goes by at a path, and undefined for 0. */
	workers(entry: Table, number: (path: string) => number | undefined): WorkersConfigured;
};

/** Asking for several jobs at once keeps long polling from holding others up; 4 is as many as GitLab advises. */
const requestConcurrency = ({limit, concurrent}: Answers): bigint => whole(Math.min(4, limit, concurrent));

/** Jobs that run Docker inside Docker need its certificates between containers. */
const volumes = ({privileged}: Pick<Answers, 'privileged'>): string[] => (privileged ? ['/certs/client', '/cache'] : ['/cache']);
/** What a fleet's containers may have as volumes. */
export const ourVolumes: readonly string[][] = [true, false].map((privileged) => volumes({privileged}));

const some = <Made>(value: number | undefined, as: (value: number) => Made): Made | undefined => (value === undefined ? undefined : as(value));

const slashless = (value: Value): unknown => (typeof value === 'string' ? value.replace(/\/+$/, '') : undefined);
/** Workers for so many jobs, as many as have room for them. */
const workersFor = (value: Value, each: number): unknown => (Number(value) > 0 ? Math.ceil(Number(value) / each) : undefined);
/** A number that is one, since 0 stands for none. */
const nonZero = (value: Value): unknown => (Number(value) > 0 ? Number(value) : undefined);

/** A cache of another kind than S3 is none of our answers. */
function cacheIn(value: Value): unknown {
	const cache = isTable(value) ? value : {};
	if (plain(cache.Type) !== 's3') return plain(cache.Type) ? undefined : 'none';
	return isTable(cache.s3) ? plain(cache.s3.BucketName) : undefined;
}

/** Another row reads it along. */
const notReadAlone = (): undefined => undefined;

/** A cache that is wanted stands in six keys; one that isn't stands in none. */
const cached =
	(value: (wanted: ConfigSetting & {bucket: string}) => Value): NonNullable<Field['write']> =>
	({bucket, ...wanted}) =>
		bucket === undefined ? undefined : value({...wanted, bucket});

/** The authority's file is ours where the answer names one; a person's own stays. */
const caFile: NonNullable<Field['write']> = ({answers}, standing) =>
	answers.gitlabCa === undefined ? (standing === paths.gitlabCa ? undefined : standing) : paths.gitlabCa;

/** GitLab Runner's own keys of config.toml, in the order in which they are written. */
const ofAll: readonly Field[] = [
	{path: 'concurrent', answer: 'concurrent', absent: [1n], write: ({answers}) => whole(answers.concurrent)},
	{path: 'check_interval', answer: 'checkInterval', absent: [3n], write: ({answers}) => whole(answers.checkInterval), read: (value) => nonZero(value) ?? 3},
	// On loopback: it has no password, and is read over SSH.
	{path: 'listen_address', write: () => '127.0.0.1:9252', drains: true},
	{path: 'log_format', absent: ['runner'], write: () => 'json'},
	{path: 'log_level', absent: ['info']},
	{path: 'connection_max_age', absent: ['15m0s', '15m']},
	{path: 'session_server.session_timeout', absent: [1800n]},
	{path: 'runners.name', answer: 'runnerName', write: ({answers}) => answers.runnerName},
	{path: 'runners.url', answer: 'gitlabUrl', write: ({answers}) => answers.gitlabUrl, read: slashless, drains: true},
	{path: 'runners.id', byRunner: true, write: ({id, token}, standing) => (token ? some(token.id, whole) : (some(id, whole) ?? standing))},
	{path: 'runners.token', byRunner: true, write: ({token}, standing) => token?.token ?? standing},
	{path: 'runners.token_obtained_at', byRunner: true, write: ({token}, standing) => (token ? some(token.obtainedAt, moment) : standing)},
	{path: 'runners.token_expires_at', byRunner: true, write: ({token}, standing) => (token ? some(token.expiresAt, moment) : standing)},
	{path: 'runners.executor', answer: 'executor', write: ({answers}) => answers.executor},
	// It counts jobs.
	{path: 'runners.limit', answer: 'limit', caps: true, write: ({answers}) => whole(answers.limit * jobsPerWorker(answers)), read: workersFor},
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
];

/** Rows by the keys that they are of, made once for each list of an executor's own. */
const byPath = new WeakMap<readonly Field[], ReadonlyMap<string, Field>>();

function fieldsByPath({rows}: Pick<ExecutorConfig, 'rows'>): ReadonlyMap<string, Field> {
	const known = byPath.get(rows);
	if (known) return known;
	const made = new Map([...ofAll, ...rows].map((field) => [field.path, field]));
	byPath.set(rows, made);
	return made;
}

/** All of our rows, in the order in which they are written. What isn't here is the person's own, and stays. */
export const fieldsOf = (config: Pick<ExecutorConfig, 'rows'>): readonly Field[] => [...fieldsByPath(config).values()];

/** The row of a key; undefined for keys that aren't ours to know. */
export const fieldAt = (config: Pick<ExecutorConfig, 'rows'>, path: string): Field | undefined => fieldsByPath(config).get(path);

/** What the runner goes by at a path: what stands in the file and in one entry of its `[[runners]]`, else what an absent key means. */
export const inForce = (config: Pick<ExecutorConfig, 'rows'>, document: Table, runner: Table, path: string): Value | undefined =>
	valueAt({...document, runners: runner}, path) ?? fieldAt(config, path)?.absent?.[0];

/** Tables that say something to runners of one executor alone: in an entry of another they are what is left of an earlier one. */
const ofOneExecutor: readonly string[] = ['machine', 'runners.machine', 'runners.autoscaler'];

/** Whether a path is in a table that is one executor's own. */
export const isOfOneExecutor = (path: string): boolean => ofOneExecutor.some((table) => path === table || path.startsWith(`${table}.`));

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

/**
 * A value without all that says no more than an absent key: what two files have to share to be the same for the runner; undefined: nothing is left.
 * `path` is where the value stands, '' for the whole file.
 */
export function meaning(config: Pick<ExecutorConfig, 'rows'>, path: string, value: Value): Value | undefined {
	const rows = fieldsByPath(config);
	const saysNothing = (at: string, one: Value): boolean => {
		const field = rows.get(at);
		if (field?.absent?.some((absent) => same(absent, one))) return true;
		return field?.zeroCounts !== true && !isMap(at.slice(0, at.lastIndexOf('.'))) && isZero(one);
	};
	const left = (at: string, one: Value): Value | undefined => {
		if (saysNothing(at, one)) return undefined;
		if (Array.isArray(one)) return one.map((item) => (isTable(item) ? (left(at, item) ?? {}) : item));
		if (!isTable(one)) return one;
		const inner = Object.entries(one).map(([key, value]) => [key, left(at === '' ? key : `${at}.${key}`, value)] as const);
		const kept: Table = Object.fromEntries(inner.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
		return Object.keys(kept).length === 0 ? undefined : kept;
	};
	return left(path, value);
}
