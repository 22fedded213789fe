import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {judge} from '../../../source/answers/value.ts';
import {scalingConfig} from '../../../source/executors/docker-autoscaler/config.ts';
import {machineConfig} from '../../../source/executors/docker-machine/config.ts';
import type {AnswerKey, Answers, Given} from '../../../source/fleet.ts';
import {answersIn, readAnswers} from '../../../source/steps/config/answers.ts';
import {readConfig} from '../../../source/steps/config/facts.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {isTable, parseConfig, type Table, tablesAt, textsAt} from '../../../source/world/host/toml.ts';
import {lintOf} from './schema.ts';
import {scaledAnswers, scaledConfig} from './some-answers.ts';

const written = (over: Partial<Answers> = {}): string => mergeConfig(undefined, scaledConfig(over)).text;
const read = (text: string) => {
	const document = parseConfig(text, 'config.toml');
	return answersIn(scalingConfig(), document, tablesAt(document, 'runners')[0] ?? {});
};

test('the config.toml of a fleet with an Auto Scaling group', () => {
	const text = written({
		limit: 20,
		concurrent: 40,
		capacityPerInstance: 2,
		maxBuilds: 5,
		idleCount: 1,
		schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 3, idleTime: 1800}],
	});
	const own = text.slice(text.indexOf('[runners.autoscaler]'));
	assert.equal(
		own,
		`[runners.autoscaler]
plugin = "aws:1.1.0"
capacity_per_instance = 2
max_use_count = 5
max_instances = 20
instance_ready_command = "timeout 240 sh -c 'until docker info >/dev/null 2>&1; do sleep 1; done'"
instance_acquire_timeout = "5m0s"
delete_instances_on_shutdown = true

[runners.autoscaler.plugin_config]
name = "gitlab-runners-workers"
config_file = "/etc/gitlab-runner/aws.ini"

[runners.autoscaler.connector_config]
os = "linux"
arch = "amd64"
protocol = "ssh"
protocol_port = 22
username = "ec2-user"
key_path = "/etc/gitlab-runner/worker-key"
use_static_credentials = true
timeout = "10m0s"

[[runners.autoscaler.policy]]
periods = [ "* * * * *" ]
idle_count = 2
idle_time = "5m0s"

[[runners.autoscaler.policy]]
periods = [ "* 9-17 * * mon-fri" ]
timezone = "Europe/Berlin"
idle_count = 6
idle_time = "30m0s"
`,
	);
	assert.match(text, /^concurrent = 40$/m);
	assert.match(text, /^limit = 40$/m);
	assert.match(text, /^executor = "docker-autoscaler"$/m);
	assert.match(text, /^FF_USE_FLEETING_ACQUIRE_HEARTBEATS = true$/m);
	assert.doesNotMatch(text, /machine|tls_verify|host/i);
});

const policiesOf = ({autoscaler}: Table): Table[] => (isTable(autoscaler) ? tablesAt(autoscaler, 'policy') : []);

const numberOrName = (names: string, least: number, most: number) =>
	fc.oneof(fc.integer({min: least, max: most}).map(String), ...(names === '' ? [] : [fc.constantFrom(...names.split(' '))]));

/** One field of a period: everything, a value, a range, a list of those, a step. */
function field(least: number, most: number, names = ''): fc.Arbitrary<string> {
	const range = fc
		.tuple(fc.integer({min: least, max: most}), fc.integer({min: least, max: most}))
		.map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
	const item = fc.oneof(numberOrName(names, least, most), range);
	return fc.oneof(
		{weight: 3, arbitrary: fc.constantFrom('*', '?')},
		{weight: 3, arbitrary: fc.array(item, {minLength: 1, maxLength: 3}).map((items) => items.join(','))},
		{weight: 1, arbitrary: fc.tuple(fc.oneof(fc.constant('*'), range), fc.integer({min: 1, max: Math.min(6, most)})).map(([from, step]) => `${from}/${step}`)},
	);
}

const period = fc
	.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, 'jan feb oct'), field(0, 6, 'mon FRI Sun'))
	.map((fields) => `* ${fields.join(' ')} *`);

const window = fc.record({
	periods: fc.array(period, {minLength: 1, maxLength: 3}),
	timezone: fc.constantFrom('Local', 'UTC', 'Europe/Berlin', 'Asia/Kathmandu'),
	idleCount: fc.integer({min: 0, max: 40}),
	idleTime: fc.integer({min: 1, max: 86_400}),
});

const answers: fc.Arbitrary<Partial<Answers>> = fc.record(
	{
		limit: fc.integer({min: 40, max: 1000}),
		concurrent: fc.integer({min: 1, max: 10_000}),
		capacityPerInstance: fc.integer({min: 1, max: 100}),
		idleCount: fc.integer({min: 0, max: 40}),
		idleTime: fc.integer({min: 1, max: 86_400}),
		maxBuilds: fc.integer({min: 0, max: 100_000}),
		checkInterval: fc.integer({min: 1, max: 3600}),
		schedule: fc.array(window, {maxLength: 4}),
		fleetingPluginVersion: fc.constantFrom('1.1.0', '1.0.1', '2.10.3'),
		privileged: fc.boolean(),
		disableCache: fc.boolean(),
		dockerImage: fc.constantFrom('alpine:latest', 'registry.example.com:5000/ci/base@sha256:0123456789abcdef0123456789abcdef'),
		cache: fc.constantFrom('create', 'none'),
		runnerConfig: fc.constantFrom('output_limit = 8192', 'environment = ["A=1"]', '[autoscaler.scale_throttle]\nlimit = 1\nburst = 10'),
	},
	{requiredKeys: ['limit']},
);

const periodsSaid = (given: readonly {periods: readonly string[]}[]): unknown =>
	given.map((one) => ({...one, periods: one.periods.map((text) => text.replaceAll('?', '*'))}));

test('whatever the answers are, config.toml obeys the runner’s schema, its periods have five fields, and reading it gives the answers again', () => {
	fc.assert(
		fc.property(answers, (over) => {
			const given = scaledAnswers(over);
			for (const key of Object.keys(over) as AnswerKey[]) assert.equal(judge(key, given[key], given), undefined);
			const text = written(over);
			const document = parseConfig(text, 'config.toml');
			assert.deepEqual(lintOf(document), [], text);
			const [entry = {}] = tablesAt(document, 'runners');
			for (const one of policiesOf(entry)) for (const text of textsAt(one, 'periods')) assert.equal(text.split(' ').length, 5, text);
			const {answers: again, notes} = read(text);
			assert.deepEqual(notes, []);
			for (const key of [
				'limit',
				'concurrent',
				'capacityPerInstance',
				'idleCount',
				'idleTime',
				'maxBuilds',
				'checkInterval',
				'fleetingPluginVersion',
				'privileged',
				'disableCache',
				'dockerImage',
			] as const)
				assert.deepEqual(again[key], given[key], key);
			assert.deepEqual(again.schedule, periodsSaid(given.schedule));
			assert.deepEqual(mergeConfig(text, scaledConfig(over)).changes, []);
		}),
		{numRuns: 2000},
	);
});

/** The runner's own file, less what an executor has, with this below its entry. */
const entry = (autoscaler: string, above = ''): string => `
concurrent = 8
[[runners]]
name = "shared"
url = "https://gitlab.example.com"
token = "glrt-aaaaaaaaaaaaaaaaaaaa"
executor = "docker-autoscaler"
${above}
[runners.autoscaler]
${autoscaler}
`;

test('what others wrote is read: machines by max_instances, or by as many as the jobs need, and durations in any form of Go’s', () => {
	const {answers: told} = read(
		entry(`plugin = "aws:1.0.0"
capacity_per_instance = 4
max_use_count = 50
max_instances = 6
[[runners.autoscaler.policy]]
idle_count = 5
idle_time = "1h30m"
`),
	);
	assert.deepEqual(
		[told.limit, told.capacityPerInstance, told.maxBuilds, told.idleCount, told.idleTime, told.fleetingPluginVersion, told.schedule],
		[6, 4, 50, 2, 5400, '1.0.0', []],
	);
	const unlimited = read(entry('plugin = "aws"\ncapacity_per_instance = 4', 'limit = 10')).answers;
	assert.deepEqual([unlimited.limit, unlimited.fleetingPluginVersion], [3, undefined]);
	assert.equal(read(entry('plugin = "aws"')).answers.limit, undefined);
});

test('of several policies the last that matches holds: those before one that always matches are left out, and said', () => {
	const {answers: told, notes} = read(
		entry(`plugin = "aws"
[[runners.autoscaler.policy]]
periods = ["* 8-15 * * mon-fri"]
idle_count = 1
idle_time = "30m0s"
[[runners.autoscaler.policy]]
periods = ["* * * * *"]
idle_count = 0
idle_time = "60s"
[[runners.autoscaler.policy]]
periods = ["* 9-17 * * mon-fri"]
timezone = "Europe/Berlin"
idle_count = 3
idle_time = "20m"
`),
	);
	assert.deepEqual([told.idleCount, told.idleTime], [0, 60]);
	assert.deepEqual(told.schedule, [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 3, idleTime: 1200}]);
	assert.deepEqual(notes, ["A policy before one that always matches never held, and isn't taken."]);
	const bare = read(entry('plugin = "aws"\n[[runners.autoscaler.policy]]\nperiods = ["* 9 * * *"]\nidle_count = 1\nidle_time = "60s"'));
	assert.deepEqual([bare.answers.idleCount, bare.notes], [0, ['Outside of its policies no worker was kept; idleCount is 0 then.']]);
});

test('another cloud’s plugin is none of ours', () => {
	const {answers: told, notes} = read(entry('plugin = "googlecloud:1"\ncapacity_per_instance = 4\nmax_instances = 6'));
	assert.deepEqual([told.capacityPerInstance, told.limit, told.concurrent], [undefined, undefined, 8]);
	assert.deepEqual(notes, ['Its workers are made by googlecloud:1, not by the plugin aws, so nothing of them is taken.']);
});

test('what a person wrote stays: other keys of a policy, durations in their own form, a timezone, comments', () => {
	const standing = written({idleCount: 1, idleTime: 1200})
		.replace('idle_time = "20m0s"', 'idle_time = "20m" # as agreed\nscale_factor = 0.5\nscale_factor_limit = 4')
		.replace('[runners.autoscaler.plugin_config]', 'failure_threshold = 5\n\n[runners.autoscaler.plugin_config]');
	const {changes, text, yours} = mergeConfig(standing, scaledConfig({idleTime: 1200, idleCount: 2}));
	assert.deepEqual(
		changes.map(({what, how}) => [what, how]),
		[['runners.autoscaler.policy.idle_count', 'live']],
	);
	for (const kept of ['idle_time = "20m" # as agreed', 'scale_factor = 0.5', 'scale_factor_limit = 4', 'failure_threshold = 5'])
		assert.ok(text.includes(kept), text);
	assert.ok(yours.includes('runners.autoscaler.failure_threshold'), yours.join());
});

test('policies are read again while the runner runs; all else of an Auto Scaling group takes a new start', () => {
	const how = (over: Partial<Answers>) => mergeConfig(written(), scaledConfig(over)).changes.map(({what, how: way}) => `${what} ${way}`);
	assert.deepEqual(how({idleTime: 60}), ['runners.autoscaler.policy.idle_time live']);
	assert.deepEqual(how({limit: 12, concurrent: 12}), ['concurrent live', 'limit live']);
	assert.deepEqual(how({maxBuilds: 1}), ['maxBuilds drain']);
});

test('a runner has room for a higher limit where nothing but its jobs asks for instances; what is enough stays, and only a higher number waits for a start', () => {
	const most = (text: string) => Number(/^max_instances = (\d+)$/m.exec(text)?.[1]);
	assert.deepEqual(
		[1, 4, 10, 400, 700, 1000].map((limit) => most(written({limit, concurrent: limit}))),
		[11, 14, 20, 800, 1000, 1000],
	);
	const window = {periods: ['* * 9 * * * *'], timezone: 'UTC', idleCount: 1, idleTime: 60};
	const capped: Partial<Answers>[] = [
		{idleCount: 2},
		{schedule: [window]},
		{capacityPerInstance: 2, maxBuilds: 5},
		{runnerConfig: '[[autoscaler.policy]]\nperiods = ["* * * * *"]\nscale_factor = 0.5'},
	];
	for (const over of capped) assert.equal(most(written(over)), 10, JSON.stringify(over));
	for (const over of [{capacityPerInstance: 2}, {maxBuilds: 1}, {schedule: [{...window, idleCount: 0}]}])
		assert.equal(most(written(over)), 20, JSON.stringify(over));
	const how = (standing: string, over: Partial<Answers>) =>
		mergeConfig(standing, scaledConfig(over)).changes.flatMap(({what, from, to, how: way}) => (what.endsWith('max_instances') ? [`${from} ${to} ${way}`] : []));
	// As an earlier release wrote it.
	const tight = written().replace('max_instances = 20', 'max_instances = 10');
	assert.deepEqual(how(tight, {}), []);
	assert.deepEqual(how(tight, {limit: 11, concurrent: 11}), ['10 22 drain']);
	assert.deepEqual(how(written(), {limit: 20, concurrent: 20}), []);
	assert.deepEqual(how(written(), {limit: 21, concurrent: 21}), ['20 42 drain']);
	assert.deepEqual(how(written(), {idleCount: 1}), ['20 10 live']);
	assert.deepEqual(how(written({idleCount: 1}), {}), []);
	assert.deepEqual(how(written({idleCount: 1}), {idleCount: 1, limit: 12, concurrent: 12}), ['10 12 drain']);
	for (const over of [{}, ...capped]) assert.deepEqual(mergeConfig(written(over), scaledConfig(over)).changes, [], JSON.stringify(over));
	assert.equal(read(written({limit: 12, capacityPerInstance: 3, concurrent: 36})).answers.limit, 12);
	assert.equal(readConfig(written({limit: 12, capacityPerInstance: 3, concurrent: 36}), [scalingConfig()])?.runners[0]?.maxWorkers, 12);
});

const refused: [what: string, own: string, says: RegExp][] = [
	['a period of seven fields', '[[autoscaler.policy]]\nperiods = ["* * 9-17 * * mon-fri *"]', /it has 7 fields of five/],
	['an hour that no day has', '[[autoscaler.policy]]\nperiods = ["* 24 * * *"]', /its hour is "24"/],
	['a day by its place in the month', '[[autoscaler.policy]]\nperiods = ["* * L * *"]', /its day of month is "L"/],
	['a range that runs back', '[[autoscaler.policy]]\nperiods = ["* * * * fri-mon"]', /its weekday is "fri-mon"/],
	['a time zone that nobody knows', '[[autoscaler.policy]]\ntimezone = "Mars/Olympus"', /no time zone is called "Mars\/Olympus"/],
	['no time to wait', '[[autoscaler.policy]]\nidle_time = "0s"', /idle_time is "0s"/],
	['another executor', 'executor = "kubernetes"', /executor is "kubernetes", and this fleet's is docker-autoscaler/],
	['another cloud', '[autoscaler]\nplugin = "googlecloud:1"', /plugin is "googlecloud:1"/],
	['another group', '[autoscaler.plugin_config]\nname = "their-asg"', /name is "their-asg", and the fleet's Auto Scaling group is gitlab-runners-workers/],
	['an option that the plugin hasn’t', '[autoscaler.plugin_config]\nregoin = "us-east-2"', /the plugin has no option regoin/],
	['another way on to workers', '[autoscaler.connector_config]\nprotocol = "winrm"', /workers are reached by ssh/],
	['TLS to Docker', '[docker]\ntls_verify = true', /tls_verify is on/],
	['more instances than the plugin has', '[autoscaler]\nmax_instances = 1001', /max_instances is 1001, and the plugin has at most 1,000 instances/],
	['Docker elsewhere', '[docker]\nhost = "tcp://10.0.0.4:2376"', /docker.host names a Docker daemon/],
];

for (const [what, runnerConfig, says] of refused)
	test(`${what} in runnerConfig is refused before it's written, since lint lets it pass`, () => {
		assert.throws(
			() => written({runnerConfig}),
			(error: Error & {code?: string; advice?: string}) => {
				assert.equal(error.code, 'config-refused');
				assert.match(error.message, says);
				assert.match(error.advice ?? '', /runnerConfig/);
				return true;
			},
		);
	});

test('a group has at most 1,000 workers, however many jobs each of them runs, and more are refused where they are answered', () => {
	const more: Given = {executor: 'docker-autoscaler', capacityPerInstance: 4};
	assert.equal(judge('limit', 1000, more), undefined);
	assert.match(
		judge('limit', 1001, more) ?? '',
		/^The plugin for AWS has at most 1,000 workers in a group, and 1,001 are wanted\. Answer 1000 at most; .*--capacity-per-instance/,
	);
	assert.equal(judge('limit', 5000, {executor: 'docker+machine'}), undefined);
});

test('what stands in a file of the person’s own is refused too, with how to get it out; a region that says nothing isn’t', () => {
	const broken = written().replace('periods = [ "* * * * *" ]', 'periods = [ "* * * * *" ]\n\n[[runners.autoscaler.policy]]\nperiods = ["* 30 * * *"]');
	assert.deepEqual(mergeConfig(broken, scaledConfig()).changes.length, 1);
	const elsewhere = written().replace('name = "gitlab-runners-workers"', 'name = "gitlab-runners-workers"\nendpoint = "http://127.0.0.1"');
	assert.throws(() => mergeConfig(elsewhere, scaledConfig()), {code: 'config-refused', advice: /gitlab-runner-aws ssh/});
	const old = written().replace('name = "gitlab-runners-workers"', 'name = "gitlab-runners-workers"\nregion = "us-east-2"');
	assert.deepEqual(mergeConfig(old, scaledConfig()).changes, []);
});

test('what docker-machine left in the entry stays beside it, and its Docker is no more reached by TLS', () => {
	const before = `[[runners]]
name = "gitlab-runners"
url = "https://gitlab.com"
token = "glrt-aaaaaaaaaaaaaaaaaaaa"
executor = "docker+machine"
[runners.docker]
tls_verify = true
[runners.machine]
MachineName = "gitlab-runners-%s"
`;
	const {changes, text} = mergeConfig(before, scaledConfig());
	assert.ok(changes.some(({what, from, to}) => what === 'executor' && from === 'docker+machine' && to === 'docker-autoscaler'));
	assert.match(text, /MachineName = "gitlab-runners-%s"/);
	assert.doesNotMatch(text, /tls_verify/);
});

test('a preset of a manager is of the first runner whose executor is known, whichever that is', () => {
	const text = written({limit: 12, concurrent: 12});
	const {answers: told} = readAnswers(text, [machineConfig(), scalingConfig()]);
	assert.deepEqual([told.limit, told.runner, told.runnerName], [12, 'token', undefined]);
});

test('a live view is told how many workers are kept, and by what they are made', () => {
	const [facts] =
		readConfig(written({capacityPerInstance: 2, idleCount: 3, schedule: [{periods: ['* * 9 * * * *'], timezone: 'UTC', idleCount: 1, idleTime: 60}]}), [
			scalingConfig(),
		])?.runners ?? [];
	assert.deepEqual([facts?.idleCount, facts?.limit, facts?.scheduled], [3, 20, true]);
	assert.deepEqual(facts?.options, {
		plugin: 'aws:1.1.0',
		name: 'gitlab-runners-workers',
		capacity_per_instance: '2',
		max_use_count: '0',
		max_instances: '10',
		username: 'ec2-user',
		arch: 'amd64',
	});
});
