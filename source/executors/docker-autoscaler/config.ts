import {isTimezone} from '../../answers/schedule.ts';
import {type Fleet, names} from '../../fleet.ts';
import type {ConfigSetting, ExecutorConfig, Field, SeveralRead} from '../../steps/config/fields.ts';
import type {ImageSeen} from '../../steps/images.ts';
import {goSeconds, goText} from '../../world/host/go-duration.ts';
import {isTable, numberAt, plain, same, type Table, tablesAt, textAt, textsAt, type Value, valueAt, whole} from '../../world/host/toml.ts';
import {counted} from '../../world/printable.ts';
import {instancesFor, mostInstances} from './limits.ts';
import {awsConfigPath, workerKeyPath} from './manager-paths.ts';
import {handOver, tells} from './option-fates.ts';
import {fiveFields, sevenFields, wrongFiveFields} from './periods.ts';

/** Seconds that the runner has at a stop for ending idle workers: three looks at them ten seconds apart take 30, and the default of 30 cuts them short. */
const shutdownSeconds = 300;
/** How long a job waits for a worker, three times over: a worker is up within two minutes, where AWS delivers one. */
const acquireTimeout = '5m0s';
/** It bounds all tries at getting on to a worker. */
const connectTimeout = '10m0s';

/** Run once on each worker, as the user whom jobs come as: Docker answers, and lets that user in. */
const readyCommand = "timeout 240 sh -c 'until docker info >/dev/null 2>&1; do sleep 1; done'";

/** A period that always matches: the last one that matches holds, so it comes first. */
const always = '* * * * *';

/** A duration as wanted; one that stands and says the same stays as it is written. */
const duration = (seconds: number, standing: Value | undefined): Value => (goSeconds(plain(standing)) === seconds ? (standing ?? '') : goText(seconds));

type Window = {periods: string[]; timezone?: string; idleCount: number; idleTime: number};

const periodsOf = (policy: Table): string[] => (policy.periods === undefined ? [always] : textsAt(policy, 'periods'));
const isAlways = (policy: Table): boolean => periodsOf(policy).some((period) => period.trim().split(/\s+/).join(' ') === always);

/** A period of the answer, which has been judged before. */
function inFive(period: string): string {
	const read = fiveFields(period);
	return 'period' in read ? read.period : period;
}

/** The answers' idle numbers as policies: those that hold at any time, then the windows of the week. What a person added to one of the same periods stays. */
function policiesWanted({answers}: ConfigSetting, standing: Value | undefined): Table[] {
	const before = Array.isArray(standing) ? standing.filter(isTable) : [];
	const base: Window = {periods: [always], idleCount: answers.idleCount, idleTime: answers.idleTime};
	const windows = answers.schedule.map((window): Window => ({...window, periods: window.periods.map(inFive)}));
	return [base, ...windows].map(({idleCount, idleTime, periods, timezone}) => {
		const at = before.findIndex((one) => same(periodsOf(one), periods));
		const [own] = at < 0 ? [] : before.splice(at, 1);
		const zone = timezone === undefined ? {} : {timezone};
		return {
			...own,
			...(own && own.periods === undefined ? {} : {periods}),
			...zone,
			idle_count: whole(idleCount * answers.capacityPerInstance),
			idle_time: duration(idleTime, own?.idle_time),
		};
	});
}

/** Policies as answers: those before one that always matches never hold. Idle workers are counted in jobs. */
function policiesRead(value: Value, each: number): SeveralRead {
	const policies = Array.isArray(value) ? value.filter(isTable) : [];
	const first = policies.findIndex(isAlways);
	const [base, windows] = [policies[first], policies.slice(first + 1)];
	const idle = (policy: Table): number => Math.ceil((numberAt(policy, 'idle_count') ?? 0) / each);
	const seconds = (policy: Table): number | undefined => goSeconds(plain(policy.idle_time));
	const never = first > 0 ? [`${first === 1 ? 'A policy' : `${first} policies`} before one that always matches never held, and isn't taken.`] : [];
	const bare = first < 0 && policies.length > 0 ? ['Outside of its policies no worker was kept; idleCount is 0 then.'] : [];
	return {
		answers: {
			idleCount: base ? idle(base) : 0,
			idleTime: base && seconds(base),
			schedule: windows.map((policy) => ({
				periods: periodsOf(policy).map(sevenFields),
				timezone: textAt(policy, 'timezone') || 'Local',
				idleCount: idle(policy),
				idleTime: seconds(policy) ?? 0,
			})),
		},
		resolved: [],
		notes: [...never, ...bare],
	};
}

/** Whether a policy of the person's own keeps more workers idle the more jobs there are. */
const scales = (policies: Value | undefined): boolean =>
	Array.isArray(policies) && policies.filter(isTable).some((policy) => (numberAt(policy, 'scale_factor') ?? 0) > 0);

const versionIn = (value: Value): unknown => /^aws:(\d+\.\d+\.\d+)$/.exec(String(plain(value)))?.[1];
const most = (value: Value | undefined): number | undefined => (Number(value ?? 0) > 0 ? Number(value) : undefined);

/** Of the workers, what their image says: undefined where config.toml is only read. */
type WorkersMade = Pick<ImageSeen, 'architecture' | 'user'>;

/** A key of `[runners.autoscaler]`: but for its policies it is read when the runner starts, and not again. */
const own = (key: string, field: Omit<Field, 'path' | 'drains'>): Field => ({path: `runners.autoscaler.${key}`, drains: true, ...field});
/** Known, with what the runner goes by where it is absent, and the person's own. */
const theirs = (key: string, ...absent: readonly Value[]): Field => own(key, {absent});

/** Keys that break an executor that reaches Docker through SSH, or say nothing to it. */
const never = (path: string): Field => ({path, write: () => undefined});

const rowsFor = (made: WorkersMade | undefined): readonly Field[] => [
	{path: 'shutdown_timeout', absent: [30n], write: () => whole(shutdownSeconds)},
	{path: 'runners.feature_flags.FF_USE_FLEETING_ACQUIRE_HEARTBEATS', write: () => true, drains: true},
	// An entry that comes from other machines is known by what they are named.
	{path: 'runners.machine.MachineName', names: names.machine},
	never('runners.docker.tls_verify'),
	never('runners.docker.host'),
	own('plugin', {answer: 'fleetingPluginVersion', write: ({answers}) => `aws:${answers.fleetingPluginVersion}`, read: versionIn}),
	own('capacity_per_instance', {answer: 'capacityPerInstance', write: ({answers}) => whole(answers.capacityPerInstance), read: most}),
	own('max_use_count', {answer: 'maxBuilds', absent: [0n], write: ({answers}) => whole(answers.maxBuilds)}),
	{
		path: 'runners.autoscaler.max_instances',
		// A lower one waits for the next start: until then `limit` holds alone.
		drains: 'raised',
		because:
			'Idle workers, and worn ones that run several jobs each, come beside those of the jobs that the limit lets in: only max_instances keeps all within the limit, and the runner reads that when it starts.',
		lowered:
			'The runner reads max_instances when it starts. Until its next start the one before holds, so idle workers, and worn ones that run several jobs each, may come beside those of the jobs that the limit lets in.',
		caps: true,
		write: ({answers}, standing, elsewhere) => whole(instancesFor(answers, most(standing), scales(elsewhere('runners.autoscaler.policy')))),
		readAll: (value) => ({answers: {limit: most(value)}, resolved: [], notes: []}),
	},
	own('instance_ready_command', {write: () => readyCommand}),
	own('instance_acquire_timeout', {absent: ['15m0s', '15m'], write: () => acquireTimeout}),
	theirs('update_interval', '1m0s', '1m'),
	theirs('update_interval_when_expecting', '2s'),
	theirs('deletion_retry_interval', '1m0s', '1m'),
	theirs('shutdown_deletion_interval', '10s'),
	theirs('shutdown_deletion_retries', 3n),
	theirs('failure_threshold', 3n),
	{path: 'runners.autoscaler.reservation_throttling', absent: [true], zeroCounts: true, drains: true},
	own('delete_instances_on_shutdown', {absent: [false], write: () => true}),
	own('plugin_config.name', {names: names.scalingGroup, write: ({fleet}) => names.scalingGroup(fleet)}),
	own('plugin_config.config_file', {write: () => awsConfigPath}),
	own('connector_config.os', {write: () => 'linux'}),
	own('connector_config.arch', {write: () => made && (made.architecture === 'arm64' ? 'arm64' : 'amd64')}),
	own('connector_config.protocol', {write: () => 'ssh'}),
	own('connector_config.protocol_port', {write: () => whole(22)}),
	own('connector_config.username', {answer: 'workerSshUser', resolved: true, write: () => made?.user}),
	own('connector_config.key_path', {write: () => workerKeyPath}),
	own('connector_config.use_static_credentials', {absent: [false], write: () => true}),
	own('connector_config.timeout', {write: () => connectTimeout}),
	{path: 'runners.autoscaler.policy', write: policiesWanted, readAll: policiesRead},
	{path: 'runners.autoscaler.policy.periods', absent: [[always]]},
	{path: 'runners.autoscaler.policy.idle_count', absent: [0n]},
	{path: 'runners.autoscaler.policy.preemptive_mode', zeroCounts: true},
	{path: 'runners.autoscaler.policy.scale_factor', absent: [0]},
	{path: 'runners.autoscaler.policy.scale_factor_limit', absent: [0n]},
];

const autoscalerOf = (entry: Table): Table | undefined => (isTable(entry.autoscaler) ? entry.autoscaler : undefined);

const pluginConfigOf = (autoscaler: Table | undefined): Table => (isTable(autoscaler?.plugin_config) ? autoscaler.plugin_config : {});

/** Another plugin's workers aren't AWS's. */
function foreign(entry: Table): string | undefined {
	const plugin = (autoscalerOf(entry) && textAt(autoscalerOf(entry) ?? {}, 'plugin')) || '';
	return /(^|\/|-)aws(:|$)/.test(plugin) ? undefined : `Its workers are made by ${plugin || 'no plugin'}, not by the plugin aws, so nothing of them is taken.`;
}

/** Instances that an entry lets its runner have: those that the jobs of its `limit` need, and no more than `max_instances`. */
function mostWorkers(entry: Table, table: Table): number | undefined {
	const [jobs, instances] = [numberAt(entry, 'limit') || undefined, numberAt(table, 'max_instances') || undefined];
	const needed = jobs === undefined ? undefined : Math.ceil(jobs / capacityOf(entry));
	return needed === undefined || instances === undefined ? (needed ?? instances) : Math.min(needed, instances);
}

const capacityOf = (entry: Table): number => Number(plain(valueAt(entry, 'autoscaler.capacity_per_instance')) ?? 0) || 1;

/** What a live view tells of the plugin, by its keys in config.toml. */
const optionsShown = (entry: Table): Record<string, string> =>
	Object.fromEntries(
		['plugin', 'plugin_config.name', 'capacity_per_instance', 'max_use_count', 'max_instances', 'connector_config.username', 'connector_config.arch'].flatMap(
			(key) => {
				const value = plain(valueAt(entry, `autoscaler.${key}`));
				return value === undefined ? [] : [[key.slice(key.indexOf('.') + 1), String(value)]];
			},
		),
	);

/** config.toml of a docker-autoscaler runner: as it is read, and with what the workers' image says as it is to be written. */
export const scalingConfig = (made?: WorkersMade): ExecutorConfig => ({
	executor: 'docker-autoscaler',
	rows: rowsFor(made),
	owns: (path) => path.startsWith('runners.autoscaler.'),
	foreign,
	tells,
	handOver,
	jobsPerWorker: capacityOf,
	refuses,
	workers(entry) {
		const table = autoscalerOf(entry);
		const policies = table ? tablesAt(table, 'policy') : [];
		const base = policies.find(isAlways);
		return {
			idleCount: table && Math.ceil(((base && numberAt(base, 'idle_count')) ?? 0) / capacityOf(entry)),
			maxGrowthRate: undefined,
			maxWorkers: table && mostWorkers(entry, table),
			withReplacements: table && (numberAt(table, 'max_instances') || mostInstances),
			group: textAt(pluginConfigOf(table), 'name'),
			options: optionsShown(entry),
			scheduled: policies.some((policy) => !isAlways(policy)),
		};
	},
});

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
function refuses(entry: Table, fleet: Fleet): string | undefined {
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
