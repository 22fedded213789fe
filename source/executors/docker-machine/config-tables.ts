import type {Answers, Fleet} from '../../fleet.ts';
import {names} from '../../fleet.ts';
import {paths} from '../../host/scripts/paths.ts';
import {isTable, parseConfig, type Table, tablesAt, whole} from './config-document.ts';

/** What our part of config.toml is made from. */
export type ConfigSetting = {
	answers: Answers;
	fleet: Fleet;
	/** The cache bucket's name; undefined without a cache. */
	bucket: string | undefined;
	/** MachineOptions without the person's own extra ones. */
	options: readonly string[];
};

/** Seconds in which idle machines are taken away at a stop; the runner warns below 300 (facts §4.1). */
const shutdownSeconds = 300;

/** Keys outside `[[runners]]` (facts §4.1). `listen_address` is on loopback: it has no password, and is read over SSH. */
export const globalTables = ({answers}: ConfigSetting): Table => ({
	concurrent: whole(answers.concurrent),
	check_interval: whole(answers.checkInterval),
	listen_address: '127.0.0.1:9252',
	log_format: 'json',
	shutdown_timeout: whole(shutdownSeconds),
	machine: {shutdown_drain: {enabled: true}},
});

/** Asking for several jobs at once keeps long polling from holding others up; 4 is as many as GitLab advises (facts §4.2). */
const requestConcurrency = ({limit, concurrent}: Answers): bigint => whole(Math.min(4, limit, concurrent));

/** Jobs that run Docker inside Docker need its certificates between containers (facts §4.3). */
const volumes = ({privileged}: Answers): string[] => (privileged ? ['/certs/client', '/cache'] : ['/cache']);

/** With `iam` the manager signs the cache's URLs, from its profile or from root's credentials file, and workers need no right to S3 (facts §4.4). */
const cacheTable = (fleet: Fleet, bucket: string): Table => ({
	Type: 's3',
	Path: names.cachePath(fleet),
	Shared: true,
	s3: {BucketName: bucket, BucketLocation: fleet.region, AuthenticationType: 'iam'},
});

/** Each window replaces all four values, so both are always written (facts §4.5). */
const scheduleTables = ({schedule}: Answers): Table[] =>
	schedule.map(({periods, timezone, idleCount, idleTime}) => ({
		Periods: [...periods],
		Timezone: timezone,
		IdleCount: whole(idleCount),
		IdleTime: whole(idleTime),
	}));

const machineTable = ({answers, fleet, options}: ConfigSetting): Table => ({
	IdleCount: whole(answers.idleCount),
	IdleTime: whole(answers.idleTime),
	MaxBuilds: whole(answers.maxBuilds),
	MaxGrowthRate: whole(answers.maxGrowthRate),
	MachineDriver: 'amazonec2',
	MachineName: names.machine(fleet),
	MachineOptions: [...options],
	...(answers.schedule.length === 0 ? {} : {autoscaling: scheduleTables(answers)}),
});

/** Our `[[runners]]` entry, without its token. Key case differs from table to table (facts §4). */
export function runnerTable(setting: ConfigSetting): Table {
	const {answers, bucket, fleet} = setting;
	return {
		name: answers.runnerName,
		url: answers.gitlabUrl,
		executor: 'docker+machine',
		limit: whole(answers.limit),
		request_concurrency: requestConcurrency(answers),
		...(answers.gitlabCa === undefined ? {} : {'tls-ca-file': paths.gitlabCa}),
		docker: {image: answers.dockerImage, privileged: answers.privileged, disable_cache: answers.disableCache, volumes: volumes(answers)},
		...(bucket === undefined ? {} : {cache: cacheTable(fleet, bucket)}),
		machine: machineTable(setting),
	};
}

/** Keys of our entry that go when the answers want none of them: `cache.Type`, and the OffPeak keys that have had no effect since 14.0. */
export function unwantedKeys({answers, bucket}: ConfigSetting): string[][] {
	const cache = ['Type', 'Path', 'Shared'].map((key) => ['cache', key]);
	const s3 = ['BucketName', 'BucketLocation', 'AuthenticationType'].map((key) => ['cache', 's3', key]);
	const dead = ['OffPeakPeriods', 'OffPeakTimezone', 'OffPeakIdleCount', 'OffPeakIdleTime'].map((key) => ['machine', key]);
	return [...dead, ...(bucket === undefined ? [...cache, ...s3] : []), ...(answers.schedule.length === 0 ? [['machine', 'autoscaling']] : [])];
}

/**
 * The person's own TOML for our entry: its keys and tables, or the same under `[[runners]]` or `[runners.…]`. Name, URL and token stay ours.
 * Throws `config-broken`.
 */
export function ownTable({runnerConfig}: Pick<Answers, 'runnerConfig'>): Table {
	if (runnerConfig === undefined) return {};
	const given = parseConfig(runnerConfig, 'The answer runnerConfig');
	const [first] = tablesAt(given, 'runners');
	const {name: _name, url: _url, token: _token, id: _id, ...own} = first ?? given;
	const nested = own.runners;
	return isTable(nested) ? nested : own;
}
