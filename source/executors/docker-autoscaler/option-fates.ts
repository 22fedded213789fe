import {type Fate, mapped, notNeeded, notPossible} from '../../steps/config/fields.ts';
import {plain, type Value} from '../../world/host/toml.ts';
import {wrongFiveFields} from './periods.ts';

const ownKey = notNeeded('the manager makes a key for its workers by itself');
const byItsRole = notNeeded('the plugin takes the region from a file that the fleet writes, and its rights from the manager');

/** Options of the plugin and of the way on to workers: the fleet makes its own group, so these are its own too. */
const known: Readonly<Record<string, Fate>> = {
	'plugin_config.name': notNeeded(
		"the fleet makes a group of its own; types, image, disk, subnets and market stand in that group's launch template, and are answered as workerTypes, workerImage, workerDisk, workerSubnets and spot",
	),
	'plugin_config.profile': byItsRole,
	'plugin_config.config_file': byItsRole,
	'plugin_config.credentials_file': byItsRole,
	'plugin_config.region': notNeeded("the plugin doesn't read it any more; the fleet is in the manager's region"),
	'connector_config.key_path': ownKey,
	'connector_config.password': ownKey,
	'connector_config.use_static_credentials': ownKey,
	'connector_config.use_external_addr': notNeeded('workers are in the network of their manager, which reaches them by their own addresses'),
	'connector_config.arch': notNeeded("the workers' image tells it"),
	'connector_config.keepalive': notNeeded("a fleet keeps the runner's own"),
	'connector_config.timeout': notNeeded('every fleet has its own'),
	'connector_config.username': mapped('workerSshUser'),
	'policy.idle_count': mapped('idleCount', 'the answer idleCount, or that of its window in schedule, in workers'),
	'policy.idle_time': mapped('idleTime', 'the answer idleTime, or that of its window in schedule'),
	'policy.timezone': mapped('schedule'),
};

/** Keys that are written as they are given, over the fleet's own. */
const givenOn =
	/^(instance_ready_command|instance_acquire_timeout|update_interval(_when_expecting)?|deletion_retry_interval|shutdown_deletion_(interval|retries)|failure_threshold|reservation_throttling|log_(in|ex)ternal_ip|scale_throttle\.(limit|burst)|state_storage\.(enabled|keep_instance_with_acquisitions))$/;

const only = (value: Value, taken: string, says: string): Fate => (plain(value) === taken ? notNeeded('every fleet has its own') : notPossible(says));

function policyFate(key: string, value: Value): Fate {
	const periods = key === 'periods' && Array.isArray(value) ? value.map(String) : undefined;
	if (periods === undefined) return notPossible(`write ${key} into the policy in config.toml on the new manager, where it stays`);
	const wrong = periods.find((period) => wrongFiveFields(period) !== undefined);
	return wrong === undefined
		? mapped('schedule', 'the answer schedule, unless it holds at any time')
		: notPossible(`"${wrong}" has no five fields, minute to weekday`);
}

/** What becomes of an option of `[runners.autoscaler]` in a fleet of an executor; undefined where that is as for every option. */
export function tells(path: string, value: Value, executor: string): readonly Fate[] | undefined {
	const key = /^runners\.autoscaler\.(.+)$/.exec(path)?.[1];
	if (key === undefined) return undefined;
	if (executor !== 'docker-autoscaler') return isAnswered(key) ? undefined : [notPossible(`the executor ${executor} has nothing like it`)];
	if (key === 'plugin' && !/^aws:\d+\.\d+\.\d+$/.test(String(plain(value))))
		return [notNeeded('the version of the plugin that this release was proven with is taken')];
	if (key === 'connector_config.os') return [only(value, 'linux', 'workers run Linux')];
	if (key === 'connector_config.protocol') return [only(value, 'ssh', 'workers are reached by SSH')];
	if (key === 'connector_config.protocol_port')
		return [Number(plain(value)) === 22 ? notNeeded('every fleet has its own') : notPossible("a worker's SSH is on port 22")];
	const told = known[key];
	if (told) return [told];
	if (key.startsWith('policy.')) return [policyFate(key.slice('policy.'.length), value)];
	if (givenOn.test(key)) return [mapped('runnerConfig')];
	if (key.startsWith('vm_isolation.')) return [notPossible('it is for macOS alone')];
	return key.includes('.') ? [notPossible('no answer holds it, and nothing like it is known')] : undefined;
}

/** Keys that another executor's fleets have as answers too. */
const isAnswered = (key: string): boolean => ['max_use_count', 'max_instances'].includes(key);

/** What is left of a runner that is taken out of config.toml: its group, with instances that the runner takes away no more. */
export const handOver =
	'Once no job runs there, its Auto Scaling group is to be taken away by whoever made it: instances in it stay and cost, since no runner ends them any more.';
