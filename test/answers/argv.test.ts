import assert from 'node:assert/strict';
import test from 'node:test';
import {flagOf, inOrder} from '../../source/answers/all.ts';
import {presetIn} from '../../source/answers/preset-form.ts';
import {flagsOf, toText} from '../../source/answers/value.ts';
import {parse} from '../../source/commands/line/argv.ts';
import {commands} from '../../source/commands/line/command-table.ts';
import type {AnswerKey} from '../../source/fleet.ts';
import {problemOf} from './stub.ts';

/** Each key with its flag as a person writes it, and the same in a preset. */
const alike: {[Key in AnswerKey]: [flags: string[], inPreset: unknown]} = {
	profile: [['--profile', 'acme-dev'], 'acme-dev'],
	region: [['--region', 'eu-west-1'], 'eu-west-1'],
	fleet: [['--fleet=ci'], 'ci'],
	executor: [['--executor', 'docker+machine'], 'docker+machine'],
	workerTypes: [
		['--worker-types', 'c5.large,c6i.large'],
		['c5.large', 'c6i.large'],
	],
	workerSubnets: [
		['--worker-subnets', 'subnet-0123456789abcdef0,subnet-0123456789abcdef1'],
		['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
	],
	onDemandBase: [['--on-demand-base', '1'], 1],
	onDemandShare: [['--on-demand-share', '25'], 25],
	capacityPerInstance: [['--capacity-per-instance', '2'], 2],
	fleetingPluginVersion: [['--fleeting-plugin-version', '1.1.0'], '1.1.0'],
	subnet: [['--subnet', 'subnet-0a1b2c3d'], 'subnet-0a1b2c3d'],
	image: [['--image', 'ubuntu-24.04-arm64'], 'ubuntu-24.04-arm64'],
	sshUser: [['--ssh-user', 'admin'], 'admin'],
	managerType: [['--manager-type', 't3.micro'], 't3.micro'],
	securityGroup: [['--security-group', 'sg-0a1b2c3d'], 'sg-0a1b2c3d'],
	sshFrom: [['--ssh-from', '203.0.113.0/24'], '203.0.113.0/24'],
	keyPair: [['--key-pair', 'mine'], 'mine'],
	privateKey: [['--private-key', '-odd name'], '-odd name'],
	access: [['--access', 'access-keys'], 'access-keys'],
	permissionsBoundary: [['--permissions-boundary', 'arn:aws:iam::123456789012:policy/b'], 'arn:aws:iam::123456789012:policy/b'],
	rolePath: [['--role-path', '/ci/'], '/ci/'],
	cache: [['--cache', 'none'], 'none'],
	cacheDays: [['--cache-days', '30'], 30],
	workerType: [['--worker-type', 'm5.large'], 'm5.large'],
	workerImage: [['--worker-image', 'ami-0123456789abcdef0'], 'ami-0123456789abcdef0'],
	workerSshUser: [['--worker-ssh-user', 'core'], 'core'],
	workerDisk: [['--worker-disk', '40'], 40],
	spot: [['--no-spot'], false],
	spotPrice: [['--spot-price', '0.20'], 0.2],
	limit: [['--limit', '40'], 40],
	concurrent: [['--concurrent=48'], 48],
	idleCount: [['--idle-count', '0'], 0],
	idleTime: [['--idle-time', '300'], 300],
	maxGrowthRate: [['--max-growth-rate', '5'], 5],
	maxBuilds: [['--max-builds', '1'], 1],
	checkInterval: [['--check-interval', '2'], 2],
	schedule: [
		['--schedule', '[{"periods": ["* * 9-17 * * mon-fri *"], "timezone": "UTC", "idleCount": 2, "idleTime": 600}]'],
		[{periods: ['* * 9-17 * * mon-fri *'], timezone: 'UTC', idleCount: 2, idleTime: 600}],
	],
	bakeImages: [
		['--bake-images', 'node:24,postgres:17'],
		['node:24', 'postgres:17'],
	],
	privileged: [['--privileged'], true],
	disableCache: [['--disable-cache=true'], true],
	dockerImage: [['--docker-image', 'node:24'], 'node:24'],
	registryMirror: [['--registry-mirror', 'https://mirror.example.com:5443'], 'https://mirror.example.com:5443'],
	registryMirrorDisk: [['--registry-mirror-disk', '40'], 40],
	registryMirrorUser: [['--registry-mirror-user', 'acme-ci'], 'acme-ci'],
	workerProfile: [['--worker-profile', 'workers'], 'workers'],
	machineOptions: [
		['--machine-options', 'engine-opt=mtu=1400,engine-env=A=1', '--machine-options', '["engine-label=a=b,c"]'],
		['engine-opt=mtu=1400', 'engine-env=A=1', 'engine-label=a=b,c'],
	],
	runnerConfig: [['--runner-config', 'output_limit = 8192'], 'output_limit = 8192'],
	tags: [['--tags', 'Team=ci,CostCenter=42'], {Team: 'ci', CostCenter: '42'}],
	gitlabUrl: [['--gitlab-url', 'https://gitlab.example.com'], 'https://gitlab.example.com'],
	gitlabCa: [['--gitlab-ca', './ca.pem'], './ca.pem'],
	runner: [['--runner', 'create'], 'create'],
	project: [['--project', 'acme/api'], 'acme/api'],
	group: [['--group', '42'], '42'],
	runnerName: [['--runner-name', 'linux, spot'], 'linux, spot'],
	runnerTags: [
		['--runner-tags', 'linux,docker'],
		['linux', 'docker'],
	],
	runUntagged: [['--run-untagged'], true],
	tokenStore: [['--token-store', 'ssm'], 'ssm'],
	gitlabRunnerVersion: [['--gitlab-runner-version', '19.2.1'], '19.2.1'],
	dockerMachineVersion: [['--docker-machine-version', '0.16.2-gitlab.47'], '0.16.2-gitlab.47'],
	engineInstall: [['--engine-install', 'image'], 'image'],
	downloads: [
		['--downloads', '{"gitlabRunner": "https://a.example/r", "dockerMachine": "https://a.example/m"}'],
		{gitlabRunner: 'https://a.example/r', dockerMachine: 'https://a.example/m'},
	],
	sshAddress: [['--ssh-address', 'localhost:2222'], 'localhost:2222'],
};

for (const {id} of inOrder) {
	const [flags, value] = alike[id];
	test(`${flags.join(' ')} is the same answer as ${id} in a preset, and is written so that it is read again`, () => {
		const preset = presetIn({version: 1, description: '', answers: {[id]: value}}, 'preset');
		assert.deepEqual(parse(['setup', ...flags]).given, preset.answers);
		assert.deepEqual(preset.answers, {[id]: value});
		assert.deepEqual(parse(['setup', `${flagOf(id)}=${toText(value)}`]).given, preset.answers);
	});
}

test('answers written as flags are read again as they were, all of them in one line', () => {
	const given = presetIn({version: 1, description: '', answers: Object.fromEntries(inOrder.map(({id}) => [id, alike[id][1]]))}, 'preset').answers;
	assert.deepEqual(parse(['setup', ...flagsOf(given)]).given, given);
});

test('a command line without a command is home, and still takes answers', () => {
	const {command, given, words} = parse(['--fleet', 'ci']);
	assert.deepEqual({command, given, words}, {command: 'home', given: {fleet: 'ci'}, words: []});
});

test('every example in the help is a command line that is understood', () => {
	for (const {name, examples} of commands) {
		for (const [example] of examples) {
			const argv = example.replace(/^source <\((.*)\)$|^(.*) \| source$/, '$1$2').split(' ');
			assert.equal(argv.shift(), 'gitlab-runner-aws');
			assert.equal(parse(argv).command, name, example);
		}
	}
});

test('what is no answer is an option: faces, files of secrets, agreement', () => {
	const {options} = parse([
		'setup',
		'--preset',
		'./mine.json',
		'--yes',
		'--plain',
		'--no-color',
		'--token-file',
		'-',
		'--docker-hub-token-file',
		'hub',
		'--access-key-file',
		'key.csv',
		'--replace-manager',
	]);
	assert.deepEqual(
		{...options},
		{
			preset: './mine.json',
			yes: true,
			face: 'plain',
			color: false,
			help: false,
			version: false,
			tokenFile: '-',
			gitlabTokenFile: undefined,
			accessKeyFile: 'key.csv',
			dockerHubTokenFile: 'hub',
			replaceManager: true,
			withCache: false,
			drainSeconds: undefined,
			watch: false,
			report: false,
			manager: undefined,
			from: undefined,
			allRegions: false,
			list: false,
			prune: false,
		},
	);
});

test('a drain takes as long as is told, and none with --now', () => {
	const drain = (...flags: string[]) => parse(['destroy', ...flags]).options.drainSeconds;
	assert.deepEqual(
		[drain(), drain('--drain-timeout', '90s'), drain('--drain-timeout', '2h'), drain('--drain-timeout', '45'), drain('--now')],
		[undefined, 90, 7200, 45, 0],
	);
});

test('ssh takes a worker’s name, and everything after -- as it stands', () => {
	const {words, remote, given} = parse(['ssh', 'runner-ab12', '--fleet', 'ci', '--', 'ls', '-l', '--fleet', 'x']);
	assert.deepEqual({words, remote, given}, {words: ['runner-ab12'], remote: ['ls', '-l', '--fleet', 'x'], given: {fleet: 'ci'}});
});

test('of a flag that comes twice the last holds, of a list’s all', () => {
	const {given} = parse(['setup', '--limit', '3', '--limit', '5', '--spot', '--no-spot', '--runner-tags', 'a', '--runner-tags', 'b,c']);
	assert.deepEqual(given, {limit: 5, spot: false, runnerTags: ['a', 'b', 'c']});
});

const refused: [argv: string, says: RegExp][] = [
	['setpu', /There is no command "setpu"\. Did you mean `setup`\?/],
	['frobnicate', /There is no command "frobnicate"\.$/],
	['setup --worker-typ c5.large', /There is no flag `--worker-typ`\. Did you mean `--worker-type`\?/],
	['setup --workerType c5.large', /Did you mean `--worker-type`\?/],
	['setup --no-spott', /There is no flag `--no-spott`\./],
	['setup -x', /There is no flag `-x`\./],
	['setup --region', /`--region` takes a value\./],
	['setup --region --yes', /`--region` takes a value, and --yes follows it\./],
	['setup --no-region', /There is no `--no-region`; `--region` takes a value\./],
	['setup --yes=maybe', /`--yes` takes no value\./],
	['setup --no-yes', /There is no `--no-yes`\./],
	['setup --spot maybe', /"maybe" belongs to nothing here\./],
	['setup --spot false', /"false" belongs to no flag: a flag that is true or false is written `--spot` or `--no-spot`\./],
	['setup --spot=maybe', /--spot is "maybe"\. It takes true or false\./],
	['setup --with-cache', /`--with-cache` belongs to destroy, not to setup\./],
	['plan --token-file', /`--token-file` takes a value\./],
	['setup --json --plain', /two faces/],
	['setup --token-file - --gitlab-token-file -', /--token-file and --gitlab-token-file both read standard input/],
	['destroy --now --drain-timeout 5m', /one of them can hold/],
	['destroy --drain-timeout soon', /`--drain-timeout` is "soon"\. It takes a duration such as 90s, 30m or 2h\./],
	['destroy my-fleet', /"my-fleet" belongs to nothing here\./],
	['ssh one two', /"two" is more than a worker's name; a command for it comes after `--`\./],
	['plan -- ls', /Only ssh takes a command after `--`\./],
	['status limti 5', /status takes limit, idle, move, .*; "limti" is none of them\. Did you mean `limit`\?/],
	['presets shwo small', /presets takes list, show, save, rm; "shwo" is none of them\. Did you mean `show`\?/],
	['presets show', /presets show takes a name/],
	['completions', /completions takes bash \| zsh \| fish \| values /],
	['completions bash zsh', /"zsh" belongs to nothing here\./],
	['completions values', /completions values takes preset, own-preset, profile, fleet\./],
	['completions tcsh', /"tcsh" is none of them/],
	['setup --limit many --cache-days 0', /--limit is "many"\. It takes a whole number from 1 to 5,000 machines\.\n--cache-days is 0\. It takes/],
	['setup --tags {broken', /--tags is "\{broken"\. It takes tags such as Team=ci,CostCenter=42\./],
	['setup --spot-price -1', /--spot-price is "-1"\. It takes on-demand, or USD an hour above 0\.001\./],
	['setup --schedule [{}]', /--schedule is \[\{\}\]\. "periods" of item 1 takes a list such as \["\* \* 8-17 \* \* mon-fri \*"\]\./],
	['setup --tags Cost,Center', /--tags is "Cost,Center"\. It takes tags such as Team=ci,CostCenter=42\./],
	['setup --spot-price cheap', /--spot-price is "cheap"\. It takes on-demand, or USD an hour above 0\.001\./],
];

for (const [argv, says] of refused) {
	test(`refused with exit 2: ${argv}`, async () => {
		const problem = await problemOf(() => parse(argv.split(' ')));
		assert.equal(problem.exit, 2);
		assert.match(problem.message, says);
		assert.match(problem.advice ?? '', /`gitlab-runner-aws help( \w+)?`/);
	});
}

test('a slash at the end of GitLab’s address means nothing, in a flag and in a preset', () => {
	assert.deepEqual(parse(['plan', '--gitlab-url', 'https://gitlab.com/']).given, {gitlabUrl: 'https://gitlab.com'});
	const {answers} = presetIn({version: 1, description: '', answers: {gitlabUrl: 'https://gitlab.example.com/ci//'}}, 'preset');
	assert.deepEqual(answers, {gitlabUrl: 'https://gitlab.example.com/ci'});
});

test('with --help or --version nothing else on the line is judged', () => {
	assert.equal(parse(['setup', '--help', '--bogus', '--limit', 'many']).options.help, true);
	assert.equal(parse(['--version', 'x', 'y']).options.version, true);
	assert.equal(parse(['destroy', '-h']).command, 'destroy');
	assert.equal(parse(['-v']).options.version, true);
});

const token = 'glrt-t3_abcdefghijklmnopqrst';
const secrets: [argv: string[], instead: RegExp][] = [
	[['setup', '--token', token], /--token-file -.*GITLAB_RUNNER_TOKEN/],
	[['setup', `--runner-token=${token}`], /--token-file/],
	[['setup', '--registration-token', 'abc'], /--token-file/],
	[['setup', '--gitlab-token=glpat-abcdefghijklmnop'], /--gitlab-token-file.*GITLAB_TOKEN/],
	[['setup', '--secret-access-key', 'abc'], /--access-key-file/],
	[['setup', '--passphrase', 'hunter22'], /asked for, hidden/],
	[['setup', '--token-file', token], /--token-file/],
	[['setup', '--runner-name', token], /--token-file/],
	[['setup', token], /--token-file/],
	[[token], /--token-file/],
	[['setup', '--help', '--token', token], /--token-file/],
	[['setup', '--machine-options', 'amazonec2-access-key=AKIAIOSFODNN7EXAMPLE'], /file/],
];

for (const [argv, instead] of secrets) {
	test(`a secret on the command line is refused and not repeated: ${argv.join(' ').replace(token, '(token)')}`, async () => {
		const problem = await problemOf(() => parse(argv));
		assert.equal(problem.exit, 2);
		assert.equal(problem.code, 'secret-on-command-line');
		assert.match(problem.message, /shell's history/);
		assert.match(problem.advice ?? '', instead);
		assert.doesNotMatch(`${problem.message} ${problem.advice}`, /abcdefgh|hunter22|AKIAIOS/);
	});
}
