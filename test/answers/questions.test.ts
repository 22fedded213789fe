import assert from 'node:assert/strict';
import test from 'node:test';
import {flagOf, inOrder, keyOfFlag, questions} from '../../source/answers/all.ts';
import {presetIn} from '../../source/answers/preset-form.ts';
import {keyWords} from '../../source/answers/question.ts';
import {judge} from '../../source/answers/value.ts';
import {settle} from '../../source/answers/walk.ts';
import {commands, everywhere} from '../../source/commands/line/command-table.ts';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import type {AnswerKey, Given} from '../../source/fleet.ts';
import type {Problem} from '../../source/problem.ts';
import {scaledAnswers} from '../executors/docker-autoscaler/some-answers.ts';
import {someAnswers} from '../executors/docker-machine/some-answers.ts';
import {asking} from './stub.ts';

const {limit: _limit, ...withoutLimit} = questions;
// @ts-expect-error A list of questions in which a key of the answers is missing doesn't compile.
const lacking: typeof questions = withoutLimit;

test('every key of the answers has one question, of its own name', () => {
	assert.deepEqual(
		Object.keys(questions),
		inOrder.map(({id}) => id),
	);
	for (const [key, {id}] of Object.entries(questions)) assert.equal(id, key);
	assert.equal(Object.keys(lacking).length, inOrder.length - 1);
});

test('every question is asked in words and says what helps to answer it', () => {
	for (const {id, title, help} of inOrder) {
		assert.match(title, /^[A-Z].*\?$/, id);
		assert.match(help, /\.$/, id);
		assert.ok(title.length <= 72, `${id} is too long a question`);
	}
});

test('ten questions are asked of everybody, and the profile only of those who have several', async () => {
	const always = inOrder.filter(({asked}) => asked === true).map(({id}) => id);
	assert.deepEqual(always, ['region', 'executor', 'image', 'securityGroup', 'keyPair', 'cache', 'workerType', 'spot', 'limit', 'runner']);
	const {asked} = questions.profile;
	assert.ok(typeof asked === 'function');
	assert.equal(await asked(asking({profiles: ['default']})({})), false);
	assert.equal(await asked(asking({profiles: ['default', 'acme-dev']})({})), true);
});

test('every default passes the validator that a typed answer passes, and makes no call', async () => {
	const {given, missing, wrong} = await settle({}, asking({profileRegion: 'us-east-2'}));
	assert.deepEqual({missing, wrong}, {missing: [], wrong: []});
	for (const {id, required} of inOrder) {
		if (required) assert.equal(judge(id, given[id], given), undefined, id);
	}
});

test('defaults are those of the contract, and the executor is docker-autoscaler', async () => {
	const flag = {region: 'eu-west-1', fleet: 'ci'} as const;
	const named = {...flag, runnerName: 'ci', runnerTags: []};
	assert.deepEqual((await settle({flag}, asking())).given, scaledAnswers({...named, workerDisk: 40}));
	assert.deepEqual((await settle({flag: {...flag, ...machines}}, asking())).given, someAnswers(named));
});

test('answers that one executor alone has mean that one where none is named, and say so', async () => {
	for (const more of [{machineOptions: ['engine-opt=mtu=1400']}, {dockerMachineVersion: '0.16.2-gitlab.47'}, {engineInstall: 'image'}, {maxGrowthRate: 2}]) {
		for (const layer of ['flag', 'preset'] as const) {
			const {given, sources, why} = await settle({[layer]: {region: 'us-east-2', ...more}}, asking());
			assert.deepEqual([given.executor, given.workerImage, sources.executor], ['docker+machine', 'ubuntu-24.04', 'derived']);
			assert.equal(why.executor, `${keyWords(Object.keys(more)[0] ?? '')} is an answer of docker+machine alone`);
		}
	}
	const scaledToo = await settle({preset: {region: 'us-east-2', capacityPerInstance: 2}}, asking());
	assert.deepEqual([scaledToo.given.executor, scaledToo.why.executor], ['docker-autoscaler', 'capacity per instance is an answer of docker-autoscaler alone']);
	const named = await settle({flag: {region: 'us-east-2', executor: 'docker-autoscaler'}, preset: {machineOptions: ['engine-opt=mtu=1400']}}, asking());
	assert.deepEqual([named.given.executor, named.sources.executor, named.wrong, named.missing], ['docker-autoscaler', 'flag', [], []]);
});

test('where answers belong to both executors and none is named, that is what is missing, with their keys', async () => {
	const {missing} = await settle({flag: {region: 'us-east-2', machineOptions: [], engineInstall: 'image'}, preset: {workerSubnets: ['all']}}, asking());
	const says =
		'workerSubnets is an answer of docker-autoscaler alone, and machineOptions, engineInstall are answers of docker+machine alone: say which is meant with executor.';
	assert.deepEqual(missing, [{key: 'executor', says}]);
	assert.throws(
		() => presetIn({version: 1, answers: {machineOptions: [], engineInstall: 'image', workerSubnets: ['all']}}, 'Preset torn'),
		(problem: Problem) => problem.exit === 2 && problem.message.includes(says),
	);
	presetIn({version: 1, answers: {executor: 'docker+machine', machineOptions: [], workerSubnets: ['all']}}, 'Preset named');
});

test('a changed answer says what it does to a fleet that stands; what is this laptop’s alone changes nothing', () => {
	const how = (wanted: string | undefined) => inOrder.filter(({change}) => change === wanted).map(({id}) => id);
	assert.deepEqual(how(undefined), ['profile', 'privateKey', 'sshAddress']);
	assert.deepEqual(how('never'), ['region', 'fleet']);
	assert.deepEqual(how('replace'), ['subnet', 'image', 'managerType', 'securityGroup', 'keyPair']);
	assert.deepEqual(how('drain'), [
		'capacityPerInstance',
		'gitlabUrl',
		'gitlabCa',
		'runner',
		'gitlabRunnerVersion',
		'fleetingPluginVersion',
		'dockerMachineVersion',
		'engineInstall',
	]);
});

test('an answer that mends a step’s trouble names a step that there is, and no two name the same', () => {
	const named = inOrder.flatMap(({mends}) => mends ?? []);
	const names = dockerMachine.steps.map(({name}): string => name);
	for (const name of named) assert.ok(names.includes(name), name);
	assert.equal(new Set(named).size, named.length);
});

test('an answer’s flag is no flag of a command too', () => {
	const taken = new Set([...everywhere, ...commands.flatMap(({options}) => options)].map(({flag}) => flag));
	for (const {id, kind} of inOrder) {
		assert.equal(keyOfFlag.get(flagOf(id).slice(2)), id);
		assert.ok(!taken.has(flagOf(id).slice(2)), id);
		if (kind === 'boolean') assert.ok(!taken.has(`no-${flagOf(id).slice(2)}`), id);
	}
	assert.equal(flagOf('gitlabRunnerVersion'), '--gitlab-runner-version');
});

const scaled: Given = {executor: 'docker-autoscaler'};
const machines: Given = {executor: 'docker+machine'};
const window = (period: string) => ({periods: [period], timezone: 'UTC', idleCount: 0, idleTime: 60});

const conflicts: [title: string, key: AnswerKey, value: unknown, given: Given, says: RegExp | undefined][] = [
	['more idle workers than the limit', 'idleCount', 11, {limit: 10}, /at most the limit, 10/],
	['as many idle workers as the limit', 'idleCount', 10, {limit: 10}, undefined],
	[
		'a schedule with more idle workers than the limit',
		'schedule',
		[{periods: ['* * 9-17 * * mon-fri *'], timezone: 'UTC', idleCount: 11, idleTime: 60}],
		{limit: 10},
		/at most the limit/,
	],
	['a period with six fields', 'schedule', [{periods: ['* 9-17 * * mon-fri *'], timezone: 'UTC', idleCount: 1, idleTime: 60}], {limit: 10}, /seven fields/],
	[
		'a period of an hour that no day has',
		'schedule',
		[{periods: ['* * 25 * * mon-fri *'], timezone: 'UTC', idleCount: 1, idleTime: 60}],
		{limit: 10},
		/"\* \* 25 \* \* mon-fri \*" isn't one/,
	],
	[
		'a time zone that nobody knows',
		'schedule',
		[{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Mars/Olympus', idleCount: 1, idleTime: 60}],
		{limit: 10},
		/Europe\/Berlin; "Mars\/Olympus" isn't one/,
	],
	[
		'GitLab’s own example of a period',
		'schedule',
		[{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 1, idleTime: 60}],
		{limit: 10},
		undefined,
	],
	['more concurrent jobs than the limit, which the limit bounds', 'concurrent', 48, {limit: 40}, undefined],
	['a zone of another region', 'subnet', 'us-east-1a', {region: 'us-east-2'}, /zone of us-east-2, such as us-east-2a; us-east-1a is in another region/],
	[
		'a region that docker-machine doesn’t know',
		'executor',
		'docker+machine',
		{region: 'il-central-1'},
		/docker-machine doesn't know the region il-central-1.*`--executor docker-autoscaler`/,
	],
	['another one, that came after the first lists', 'executor', 'docker+machine', {region: 'ap-southeast-4'}, /doesn't know the region ap-southeast-4/],
	['the European sovereign cloud', 'executor', 'docker+machine', {region: 'eusc-de-east-1'}, /doesn't know the region eusc-de-east-1/],
	['a region of GovCloud', 'executor', 'docker+machine', {region: 'us-gov-west-1'}, undefined],
	['an Auto Scaling group, which is in every region', 'executor', 'docker-autoscaler', {region: 'il-central-1'}, undefined],
	['and in every zone', 'subnet', 'us-east-1-bos-1a', {region: 'us-east-1', executor: 'docker-autoscaler'}, undefined],
	[
		'types whose first is another than workerType',
		'workerTypes',
		['c6i.large', 'c5.large'],
		{...scaled, workerType: 'c5.large'},
		/put c5.large first, or add `--worker-type c6i.large`/,
	],
	['types whose first is workerType', 'workerTypes', ['c5.large', 'c6i.large'], {...scaled, workerType: 'c5.large'}, undefined],
	['plain Amazon Linux for an Auto Scaling group', 'workerImage', 'al2023', scaled, /al2023 has no Docker in it.*Choose ecs-al2023/],
	['Amazon Linux with Docker for an Auto Scaling group', 'workerImage', 'ecs-al2023-arm64', scaled, undefined],
	['the same for docker-machine', 'workerImage', 'ecs-al2023', machines, /docker-machine can't set up Docker on Amazon Linux.*`--executor docker-autoscaler`/],
	['an image for containers as the manager’s', 'image', 'ecs-al2023', {}, /It takes an AMI id, or one of ubuntu-24.04, .*debian-12, al2023,/],
	['no time at all to wait for the next job', 'idleTime', 0, scaled, /at least a second/],
	['the same for docker-machine', 'idleTime', 0, machines, undefined],
	['a period of office hours', 'schedule', [window('* * 9-17 * * mon-fri *')], scaled, undefined],
	[
		'a period of one second',
		'schedule',
		[window('0 * 9-17 * * mon-fri *')],
		scaled,
		/some seconds of a minute only \(0\)\. Write "\* \* 9-17 \* \* mon-fri \*"/,
	],
	['a period of one year', 'schedule', [window('* * 9-17 * * * 2027')], scaled, /some years only \(2027\)/],
	[
		'a period of each month’s last day',
		'schedule',
		[window('* * * L * * *')],
		scaled,
		/has L, which only docker\+machine's periods know\. Write days by their numbers/,
	],
	['a period of each month’s last Friday', 'schedule', [window('* * * * * 5L *')], scaled, /has 5L/],
	[
		'a period of days that run over the week’s end',
		'schedule',
		[window('* * 9-17 * * sat-sun *')],
		scaled,
		/its weekday is "sat-sun"\. Write ranges from the lower/,
	],
	['a period of a time of docker-machine’s', 'schedule', [window('0 * 9-17 * * mon-fri *')], machines, undefined],
	['a Local Zone', 'subnet', 'us-east-1-bos-1a', {...machines, region: 'us-east-1'}, /us-east-1-bos-1a isn't named so: it's a Local or a Wavelength Zone/],
	['a Wavelength Zone', 'subnet', 'us-east-1-wl1-bos-wlz-1', {...machines, region: 'us-east-1'}, /Local or a Wavelength Zone/],
	['Amazon Linux for workers', 'workerImage', 'al2023-arm64', machines, /can't set up Docker on Amazon Linux.*the manager may stay/],
	['Amazon Linux for the manager', 'image', 'al2023', {}, undefined],
	['a zone of the region', 'subnet', 'us-east-2a', {region: 'us-east-2'}, undefined],
	['a group beside a project', 'group', 'acme', {runner: 'token', project: 'acme/api'}, undefined],
	['a runner without tags that takes no untagged jobs', 'runUntagged', false, {runner: 'create', runnerTags: []}, /runs none/],
	['the same where the runner isn’t made here', 'runUntagged', false, {runner: 'token', runnerTags: []}, undefined],
	['credentials among docker-machine’s options', 'machineOptions', ['amazonec2-secret-key=x'], machines, /amazonec2-secret-key is asked for with access-keys/],
	['a project that is a URL', 'project', 'https://gitlab.com/acme/api', {runner: 'create'}, /a path such as my-group\/my-project/],
	['an install script with a command behind it', 'engineInstall', 'http://x; rm -rf /', {}, /the https URL of an install script, or image/],
	['an install script over http', 'engineInstall', 'http://mirror.example.com/docker.sh', {}, /the https URL of an install script, or image/],
	['an install script of one version', 'engineInstall', 'https://releases.rancher.com/install-docker/28.2.1.sh', {}, undefined],
	['an install script of this very machine', 'engineInstall', 'http://127.0.0.1:8080/docker.sh', {}, undefined],
	['another install script among the options', 'machineOptions', ['engine-install-url=http://x'], {}, /the answer engineInstall is for/],
	['an option with a quote in it', 'machineOptions', ["engine-opt=a'b"], {}, /without quotes and other signs of a shell/],
	['a mirror over http', 'downloads', {gitlabRunner: 'http://a.example/b', dockerMachine: 'https://a.example/c'}, {}, /"gitlabRunner" takes the https URL/],
	['an image with a command behind it', 'dockerImage', 'alpine;id', {}, /an image such as alpine:latest/],
	['an image that is an option', 'dockerImage', '--privileged', {}, /an image such as alpine:latest/],
	['an image of a registry, by its digest', 'dockerImage', `registry.example.com:5000/ci/base:1.2@sha256:${'a'.repeat(64)}`, {}, undefined],
	['a URL whose host is behind a name', 'gitlabUrl', 'https://gitlab.com@evil.example', {}, /a URL such as https:\/\/gitlab\.com/],
	['a GitLab below a path', 'gitlabUrl', 'https://git.example.com:8443/gitlab', {}, undefined],
	['a tag that IAM doesn’t take', 'tags', {team: 'a;b'}, {}, /"team" takes letters, digits, spaces and _/],
	['a tag’s key that IAM doesn’t take', 'tags', {'$(id)': 'b'}, {}, /tag keys of letters, digits/],
	['a name with a terminal’s escape in it', 'runnerName', 'a\u001b[2J', {}, /a text in one line, without control characters/],
	['a token in a text', 'dockerImage', 'glrt-abcdefghijklmnop', {}, /It takes no secret, and this looks like a runner's token/],
	['an AWS key in a list', 'machineOptions', ['engine-env=K=AKIAIOSFODNN7EXAMPLE'], {}, /an AWS access key/],
	['a password in a URL', 'gitlabUrl', 'https://me:hunter22@gitlab.example.com', {}, /a password in a URL/],
	['a token in TOML', 'runnerConfig', '[runners.cache.s3]\nSecretKey = "abcdefgh"', {}, /a secret/],
	['a variable in TOML, which is no secret', 'runnerConfig', 'environment = ["A=1"]\ntoken = "$CI_TOKEN"', {}, undefined],
	['a long path with capitals and digits', 'privateKey', '/Users/Alice/Documents2026/keys/gitlab/id', {}, undefined],
	['a tag whose key looks like a secret’s', 'tags', {Password: 'hunter22'}, {}, /a secret/],
	['a project and a group', 'group', 'acme', {runner: 'create', project: 'acme/api'}, /a project or a group; the project is acme\/api already/],
];

for (const [title, key, value, given, says] of conflicts) {
	test(`${says ? 'refused' : 'taken'}: ${title}`, () => {
		const sentence = judge(key, value, given);
		if (says) assert.match(sentence ?? '', says);
		else assert.equal(sentence, undefined);
	});
}
