import {Problem} from '../../problem.ts';
import {isTable, numberAt, parseConfig, type Table, tablesAt, textAt, type Value} from '../../world/host/toml.ts';

/** One `[[runners]]` entry as the runner goes by it. */
export type RunnerEntry = {
	name: string;
	url: string;
	token: string;
	/** When the token was got and when it ends, in milliseconds since 1970; undefined where it never does. */
	obtainedAt: number | undefined;
	expiresAt: number | undefined;
	caPath: string | undefined;
	/** Machines in all states; 0 is no limit. */
	limit: number;
	/** Requests for jobs at a time. */
	requestConcurrency: number;
	/** Where jobs' caches are: in S3, or nowhere. */
	cache: {bucket: string; path: string} | undefined;
	executor: string;
	/** The entry as it stands in the file: what its executor goes by. */
	table: Table;
};

export type RunnerConfig = {concurrent: number; checkInterval: number; listens: boolean; json: boolean; entries: RunnerEntry[]; table: Table};

/** Keys that `gitlab-runner lint` knows, by table (gitlab-runner 19.4, common/config.go). */
const known: Record<string, string> = {
	'': 'concurrent check_interval log_level log_format shutdown_timeout connection_max_age listen_address sentry_dsn session_server machine runners',
	runners:
		'name url token id token_obtained_at token_expires_at executor limit request_concurrency strict_check_interval output_limit environment shell builds_dir cache_dir clone_url tls-ca-file tls-cert-file tls-key-file pre_get_sources_script post_get_sources_script pre_build_script post_build_script debug_trace_disabled unhealthy_requests_limit unhealthy_interval prepare_timeout get_sources_timeout feature_flags docker machine cache autoscaler custom_build_dir',
	'runners.docker': '*',
	'runners.feature_flags': '*',
	'runners.custom_build_dir': '*',
	'runners.cache': 'Type Path Shared MaxUploadedArchiveSize s3 gcs azure',
	'runners.cache.s3':
		'ServerAddress AccessKey SecretKey SessionToken BucketName BucketLocation Insecure AuthenticationType ServerSideEncryption ServerSideEncryptionKeyID DualStack PathStyle Accelerate RoleARN UploadRoleARN AssumeRoleMaxConcurrency',
	'runners.machine':
		'IdleCount IdleScaleFactor IdleCountMin IdleTime MaxBuilds MaxGrowthRate MaxRemovalAttempts MachineDriver MachineName MachineOptions MachineOptionsWithName autoscaling',
	'runners.machine.autoscaling': 'Periods Timezone IdleCount IdleScaleFactor IdleCountMin IdleTime',
	'runners.autoscaler':
		'capacity_per_instance max_use_count max_instances plugin plugin_config connector_config instance_ready_command instance_acquire_timeout update_interval update_interval_when_expecting deletion_retry_interval shutdown_deletion_interval shutdown_deletion_retries failure_threshold reservation_throttling delete_instances_on_shutdown log_internal_ip log_external_ip vm_isolation state_storage scale_throttle policy instance_operation_time_buckets use_slot_cgroups slot_cgroup_template',
	'runners.autoscaler.plugin_config': '*',
	'runners.autoscaler.connector_config': 'os arch protocol protocol_port username password key_path use_static_credentials keepalive timeout use_external_addr',
	'runners.autoscaler.vm_isolation': '*',
	'runners.autoscaler.state_storage': 'enabled dir keep_instance_with_acquisitions',
	'runners.autoscaler.scale_throttle': 'limit burst',
	'runners.autoscaler.policy': 'periods timezone idle_count idle_time scale_factor scale_factor_limit preemptive_mode',
	machine: 'shutdown_drain',
	'machine.shutdown_drain': 'enabled concurrency max_retries retry_backoff',
	session_server: 'listen_address advertise_address session_timeout',
};

function unknownKeys(table: Table, path: string): string[] {
	const keys = known[path]?.split(' ');
	return Object.entries(table).flatMap(([key, value]) => {
		const here = path === '' ? key : `${path}.${key}`;
		if (keys && !keys.includes('*') && !keys.includes(key)) return [here];
		const inner = Array.isArray(value) ? value.filter(isTable) : isTable(value) ? [value] : [];
		return here in known || keys?.includes('*') !== true ? inner.flatMap((one) => unknownKeys(one, here)) : [];
	});
}

/** What `gitlab-runner lint` says against a text, or undefined. */
export function lint(text: string): string | undefined {
	const read = readConfig(text);
	if ('wrong' in read) return read.wrong;
	const table = parseConfig(text, 'config.toml');
	const policies = tablesAt(table, 'runners').flatMap((runner) => tablesAt(tableOf(runner, 'autoscaler'), 'policy'));
	const short = policies.map((policy) => numberAt(policy, 'idle_time')).find((idle) => idle !== undefined && idle < 1_000_000_000);
	if (short !== undefined) return `runners.autoscaler.policy.idle_time: minimum: got ${short}, want 1×10⁹`;
	const unknown = unknownKeys(table, '');
	return unknown.length === 0 ? undefined : `Unknown configuration keys: ${unknown.join(', ')}`;
}

/** A config.toml as the runner loads it, or why it can't. */
export function readConfig(text: string): {config: RunnerConfig} | {wrong: string} {
	let table: Table;
	try {
		table = parseConfig(text, 'config.toml');
	} catch (error) {
		if (error instanceof Problem) return {wrong: asGoSays(error.message)};
		throw error;
	}
	const concurrent = numberAt(table, 'concurrent') ?? 1;
	if (concurrent < 1) return {wrong: 'concurrent must be at least 1'};
	return {
		config: {
			concurrent,
			checkInterval: Math.max(0, numberAt(table, 'check_interval') ?? 0) || 3,
			listens: textAt(table, 'listen_address') === '127.0.0.1:9252',
			json: textAt(table, 'log_format') === 'json',
			entries: tablesAt(table, 'runners').map(entryOf),
			table,
		},
	};
}

/** `config.toml isn't TOML: invalid value (line 3, column 9).` in the form of the runner's own reader. */
function asGoSays(message: string): string {
	const [, reason, line, column] = /isn't TOML: (.*) \(line (\d+), column (\d+)\)\.$/.exec(message) ?? [];
	return reason === undefined ? message : `toml: line ${line}, column ${column}: ${reason}`;
}

/** A table in a table; empty where there is none. */
export const tableOf = (table: Table, key: string): Table => {
	const value = table[key];
	return isTable(value) ? value : {};
};

/** Go's zero time stands for none. */
function timeOf(value: Value | undefined): number | undefined {
	const time = value instanceof Date ? value.getTime() : 0;
	return time > 0 ? time : undefined;
}

function entryOf(runner: Table): RunnerEntry {
	return {
		name: textAt(runner, 'name') ?? '',
		url: (textAt(runner, 'url') ?? '').replace(/\/$/, ''),
		token: textAt(runner, 'token')?.trim() ?? '',
		obtainedAt: timeOf(runner.token_obtained_at),
		expiresAt: timeOf(runner.token_expires_at),
		caPath: textAt(runner, 'tls-ca-file'),
		limit: numberAt(runner, 'limit') ?? 0,
		requestConcurrency: Math.max(1, numberAt(runner, 'request_concurrency') ?? 1),
		cache: cacheOf(tableOf(runner, 'cache')),
		executor: textAt(runner, 'executor') ?? '',
		table: runner,
	};
}

const cacheOf = (cache: Table): RunnerEntry['cache'] => {
	const bucket = textAt(tableOf(cache, 's3'), 'BucketName');
	return textAt(cache, 'Type') === 's3' && bucket !== undefined ? {bucket, path: textAt(cache, 'Path') ?? ''} : undefined;
};

/** A runner's short token, as it is in logs, metrics and names of machines (gitlab-runner, helpers/shorten_token.go). */
export const shortToken = (token: string): string => token.replace(/^(glrt-(t\d_)?|glrtr-|glcbt-)/, '').slice(0, 9);
