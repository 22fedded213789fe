import {isTimezone} from '../../answers/schedule.ts';
import {type Fleet, names} from '../../fleet.ts';
import {goSeconds} from '../../world/host/go-duration.ts';
import {isTable, plain, type Table, tablesAt, textAt, textsAt, type Value, valueAt} from '../../world/host/toml.ts';
import {counted} from '../../world/printable.ts';
import {mostInstances} from './limits.ts';
import {wrongFiveFields} from './periods.ts';

/** What the plugin for AWS reads of `plugin_config`; `region` was one of its keys in 2023, stands in many files and says nothing. */
const pluginKeys: readonly string[] = ['name', 'profile', 'config_file', 'credentials_file', 'region'];

function wrongPolicy(policy: Table): string | undefined {
	const periods = textsAt(policy, 'periods');
	const wrong = periods.find((period) => wrongFiveFields(period) !== undefined);
	if (wrong !== undefined) return `a policy's period is "${wrong}", and ${wrongFiveFields(wrong)}.`;
	const zone = textAt(policy, 'timezone') || 'Local';
	if (!isTimezone(zone)) return `a policy's timezone isn't right: no time zone is called "${zone}".`;
	const idle = policy.idle_time;
	if (idle === undefined || (goSeconds(plain(idle)) ?? 0) >= 1) return undefined;
	return `a policy's idle_time is ${JSON.stringify(plain(idle))}, and it takes a duration of a second at least, such as "5m0s".`;
}

const shownValue = (value: Value | undefined): string => JSON.stringify(plain(value)) ?? 'not set';

/** What of a docker-autoscaler entry would not work, though `gitlab-runner lint` lets it pass; a sentence or nothing. */
export function refuses(entry: Table, fleet: Fleet): string | undefined {
	const at = (path: string): Value | undefined => valueAt(entry, path);
	const plugin = plain(at('autoscaler.plugin'));
	if (!/^(.*\/)?(aws(:[\w.-]+)?|fleeting-plugin-aws)$/.test(String(plugin)))
		return `plugin is ${shownValue(at('autoscaler.plugin'))}, which makes no workers in AWS.`;
	const pluginConfig = at('autoscaler.plugin_config');
	const unknown = Object.keys(isTable(pluginConfig) ? pluginConfig : {}).find((key) => !pluginKeys.includes(key));
	if (unknown !== undefined) return `the plugin has no option ${unknown}: it reads name, profile, config_file and credentials_file.`;
	const group = names.scalingGroup(fleet);
	if (plain(at('autoscaler.plugin_config.name')) !== group)
		return `plugin_config's name is ${shownValue(at('autoscaler.plugin_config.name'))}, and the fleet's Auto Scaling group is ${group}.`;
	const most = plain(at('autoscaler.max_instances'));
	if (Number(most ?? 0) > mostInstances) return `max_instances is ${most}, and the plugin has at most ${counted(mostInstances)} instances in a group.`;
	if (plain(at('autoscaler.connector_config.protocol')) !== 'ssh')
		return `connector_config's protocol is ${shownValue(at('autoscaler.connector_config.protocol'))}, and workers are reached by ssh.`;
	if (at('docker.tls_verify') === true) return 'docker.tls_verify is on, and Docker on a worker is reached through SSH, without TLS.';
	if (plain(at('docker.host'))) return 'docker.host names a Docker daemon, and jobs would run there instead of on workers.';
	const autoscaler = at('autoscaler');
	return (isTable(autoscaler) ? tablesAt(autoscaler, 'policy') : []).map(wrongPolicy).find((says) => says !== undefined);
}
