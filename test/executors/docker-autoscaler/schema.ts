import {TomlDate} from 'smol-toml';
import {isTable, type Table, type Value} from '../../../source/world/host/toml.ts';

/**
 * What `gitlab-runner lint` (19.3) judges of an entry with the executor docker-autoscaler, as `docs/facts.md` has it: keys, and what each holds. A map's
 * keys are its owner's.
 */
type Kind = 'whole' | 'fraction' | 'truth' | 'text' | 'texts' | 'duration' | 'moment' | 'map' | Shape | readonly [Shape];
interface Shape {
	readonly [key: string]: Kind;
}

const each = (kind: Kind, keys: string): Shape => Object.fromEntries(keys.split(' ').map((key) => [key, kind]));

const policy: Shape = {
	...each('texts', 'periods'),
	...each('text', 'timezone'),
	...each('whole', 'idle_count scale_factor_limit'),
	...each('fraction', 'scale_factor'),
	...each('duration', 'idle_time'),
	...each('truth', 'preemptive_mode'),
};

const connector: Shape = {
	...each('text', 'os arch protocol username password key_path'),
	...each('whole', 'protocol_port'),
	...each('truth', 'use_static_credentials use_external_addr'),
	...each('duration', 'keepalive timeout'),
};

const autoscaler: Shape = {
	...each('text', 'plugin instance_ready_command'),
	...each('whole', 'capacity_per_instance max_use_count max_instances shutdown_deletion_retries failure_threshold'),
	...each('truth', 'reservation_throttling delete_instances_on_shutdown log_internal_ip log_external_ip'),
	...each('duration', 'instance_acquire_timeout update_interval update_interval_when_expecting deletion_retry_interval shutdown_deletion_interval'),
	plugin_config: 'map',
	connector_config: connector,
	scale_throttle: each('whole', 'limit burst'),
	state_storage: {...each('truth', 'enabled keep_instance_with_acquisitions'), ...each('text', 'dir')},
	policy: [policy],
};

const docker: Shape = {
	...each('text', 'image host helper_image network_mode'),
	...each('truth', 'privileged disable_cache tls_verify services_privileged'),
	...each('texts', 'volumes'),
};

const runner: Shape = {
	...each('text', 'name url token executor tls-ca-file'),
	...each('whole', 'id limit request_concurrency output_limit'),
	...each('moment', 'token_obtained_at token_expires_at'),
	...each('texts', 'environment'),
	feature_flags: 'map',
	docker,
	cache: {
		...each('text', 'Type Path'),
		...each('truth', 'Shared'),
		s3: each('text', 'BucketName BucketLocation AuthenticationType'),
	},
	autoscaler,
};

const file: Shape = {
	...each('whole', 'concurrent check_interval shutdown_timeout'),
	...each('text', 'listen_address log_format log_level'),
	runners: [runner],
};

const goDuration = /^(\d+(\.\d+)?(h|m|s|ms))+$/;

function wrongValue(at: string, value: Value, kind: Kind): string[] {
	if (kind === 'whole') return typeof value === 'bigint' && value >= 0n ? [] : [`${at} is no whole number`];
	if (kind === 'fraction') return typeof value === 'number' ? [] : [`${at} is no fraction`];
	if (kind === 'truth') return typeof value === 'boolean' ? [] : [`${at} is neither true nor false`];
	if (kind === 'text') return typeof value === 'string' ? [] : [`${at} is no text`];
	if (kind === 'texts') return Array.isArray(value) && value.every((one) => typeof one === 'string') ? [] : [`${at} is no list of texts`];
	if (kind === 'duration') return typeof value === 'string' && goDuration.test(value) ? [] : [`${at} is no duration`];
	if (kind === 'moment') return value instanceof TomlDate ? [] : [`${at} is no time`];
	if (kind === 'map') return isTable(value) ? [] : [`${at} is no table`];
	if (isList(kind))
		return Array.isArray(value) ? value.flatMap((one) => (isTable(one) ? wrongIn(one, kind[0], at) : [`${at} holds no tables`])) : [`${at} is no list`];
	return isTable(value) ? wrongIn(value, kind, at) : [`${at} is no table`];
}

const isList = (kind: Shape | readonly [Shape]): kind is readonly [Shape] => Array.isArray(kind);

/** What a table holds that the runner's schema doesn't know, or knows as something else. */
function wrongIn(table: Table, shape: Shape, path = ''): string[] {
	return Object.entries(table).flatMap(([key, value]) => {
		const at = path === '' ? key : `${path}.${key}`;
		const kind = shape[key];
		return kind === undefined ? [`${at} is unknown`] : wrongValue(at, value, kind);
	});
}

/** What of a whole config.toml of a docker-autoscaler runner `gitlab-runner lint` would refuse. */
export const lintOf = (document: Table): string[] => wrongIn(document, file);
