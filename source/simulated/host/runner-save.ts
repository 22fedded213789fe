import {isTable, moment, parseConfig, printConfig, type Table, type Value} from '../../world/host/toml.ts';

/**
 * A key as the runner's own save treats it (gitlab-runner 19.4, common/config.go): `kept` where it is there, left out where it says nothing (`left out`),
 * or written whatever it says, a value standing for what is absent.
 */
type Saved = 'kept' | 'left out' | {written: Value} | {table: Shape} | {tables: Shape};
type Shape = {readonly [Key in string]: Saved};

const keys = (how: 'kept' | 'left out', names: string): Shape => Object.fromEntries(names.split(' ').map((name) => [name, how]));
/** Go's zero time. */
const never = moment(Date.parse('0001-01-01T00:00:00Z'));

const s3: Shape = {
	...keys(
		'left out',
		'ServerAddress AccessKey SecretKey SessionToken BucketName BucketLocation Insecure AuthenticationType ServerSideEncryption ServerSideEncryptionKeyID',
	),
	...keys('kept', 'DualStack PathStyle Accelerate RoleARN UploadRoleARN'),
	AssumeRoleMaxConcurrency: {written: 0n},
};

const cache: Shape = {
	...keys('left out', 'Type Path Shared'),
	MaxUploadedArchiveSize: {written: 0n},
	s3: {table: s3},
	gcs: {table: keys('left out', 'AccessID PrivateKey CredentialsFile BucketName')},
	azure: {table: keys('left out', 'AccountName AccountKey ContainerName StorageDomain')},
};

const docker: Shape = {
	...keys('left out', 'host hostname tls_cert_path'),
	tls_verify: {written: false},
	image: {written: ''},
	...keys('left out', 'runtime memory memory_swap memory_reservation cpuset_cpus cpus cpu_shares dns dns_search'),
	privileged: {written: false},
	services_privileged: 'kept',
	disable_entrypoint_overwrite: {written: false},
	...keys('left out', 'user userns_mode cap_add cap_drop'),
	oom_kill_disable: {written: false},
	...keys('left out', 'security_opt devices gpus'),
	disable_cache: {written: false},
	...keys('left out', 'volumes cache_dir extra_hosts network_mode links services wait_for_services_timeout'),
	...keys('left out', 'allowed_images allowed_privileged_images allowed_pull_policies allowed_services pull_policy'),
	volume_keep: {written: false},
	shm_size: {written: 0n},
	...keys('left out', 'tmpfs sysctls helper_image helper_image_flavor ulimit log_options'),
	services_limit: 'kept',
	network_mtu: {written: 0n},
};

const idle: Shape = {IdleCount: {written: 0n}, IdleScaleFactor: {written: 0}, IdleCountMin: {written: 0n}};

const machine: Shape = {
	MaxGrowthRate: 'left out',
	...idle,
	...keys('left out', 'IdleTime MaxBuilds MaxRemovalAttempts'),
	MachineDriver: {written: ''},
	MachineName: {written: ''},
	...keys('left out', 'MachineOptions MachineOptionsWithName OffPeakPeriods OffPeakTimezone OffPeakIdleCount OffPeakIdleTime'),
	autoscaling: {tables: {Periods: 'left out', Timezone: {written: ''}, ...idle, IdleTime: {written: 0n}}},
};

const runner: Shape = {
	name: {written: ''},
	...keys('left out', 'limit output_limit request_concurrency unhealthy_requests_limit'),
	...keys('kept', 'strict_check_interval unhealthy_interval'),
	url: {written: ''},
	id: {written: 0n},
	token: {written: ''},
	token_obtained_at: {written: never},
	token_expires_at: {written: never},
	...keys('left out', 'tls-ca-file tls-cert-file tls-key-file'),
	executor: {written: ''},
	...keys('left out', 'builds_dir cache_dir clone_url environment pre_get_sources_script post_get_sources_script pre_build_script post_build_script'),
	...keys('left out', 'debug_trace_disabled shell prepare_timeout get_sources_timeout'),
	...keys('kept', 'custom_build_dir feature_flags custom ssh kubernetes autoscaler instance'),
	cache: {table: cache},
	docker: {table: docker},
	machine: {table: machine},
};

const file: Shape = {
	listen_address: 'left out',
	concurrent: {written: 1n},
	check_interval: {written: 0n},
	...keys('kept', 'log_level log_format'),
	user: 'left out',
	connection_max_age: {written: '15m0s'},
	sentry_dsn: 'kept',
	shutdown_timeout: {written: 0n},
	session_server: {table: {...keys('left out', 'listen_address advertise_address'), session_timeout: {written: 1800n}}},
	machine: {
		table: {
			shutdown_drain: {table: {enabled: {written: false}, concurrency: {written: 0n}, max_retries: {written: 0n}, retry_backoff: {written: '0s'}}},
		},
	},
	runners: {tables: runner},
};

const saysNothing = (value: Value): boolean =>
	value === false ||
	value === '' ||
	value === 0n ||
	value === 0 ||
	(Array.isArray(value) && value.length === 0) ||
	(isTable(value) && Object.keys(value).length === 0);

function savedKey(value: Value | undefined, how: Saved): Value | undefined {
	if (how === 'kept') return value;
	if (how === 'left out') return value === undefined || saysNothing(value) ? undefined : value;
	if ('written' in how) return value ?? how.written;
	if ('table' in how) return isTable(value) ? savedTable(value, how.table) : undefined;
	return Array.isArray(value) ? value.filter(isTable).map((one) => savedTable(one, how.tables)) : undefined;
}

/** What the runner knows of a table, in its own order: keys that it doesn't know are gone. */
function savedTable(table: Table, shape: Shape): Table {
	const saved: Table = {};
	for (const [key, how] of Object.entries(shape)) {
		const value = savedKey(table[key], how);
		if (value !== undefined) saved[key] = value;
	}
	return saved;
}

/**
 * config.toml as the runner writes it when it saves what it has loaded (`register`, `unregister`, `verify --delete`, a rotated token): comments and keys that
 * it doesn't know go, some defaults come and others go. `change` is what it saves for.
 */
export function savedByRunner(text: string, change: (runners: Table[], config: Table) => Table[] = (runners) => runners): string {
	const config = parseConfig(text, 'config.toml');
	const standing = Array.isArray(config.runners) ? config.runners.filter(isTable) : [];
	const runners = change(standing, config);
	const {runners: _before, ...rest} = config;
	return printConfig(savedTable({...rest, session_server: rest.session_server ?? {}, ...(runners.length > 0 ? {runners} : {})}, file));
}

/** What `gitlab-runner install` writes where no config.toml is: no runner, and no system id beside it. */
export const installedConfig = printConfig({concurrent: 1n, check_interval: 0n, shutdown_timeout: 0n, session_server: {session_timeout: 1800n}});

/** The tables that `gitlab-runner register` gives a new runner's cache, whatever its executor. */
export const registeredCache: Table = {
	MaxUploadedArchiveSize: 0n,
	s3: {AssumeRoleMaxConcurrency: 0n},
	gcs: {},
	azure: {},
};
