import assert from 'node:assert/strict';
import {test} from 'node:test';
import {presetIn} from '../../../source/answers/preset-form.ts';
import {machineConfig} from '../../../source/executors/docker-machine/config.ts';
import {machineOptions} from '../../../source/executors/docker-machine/machine-options.ts';
import {isProblem} from '../../../source/problem.ts';
import {answersIn, readAnswers} from '../../../source/steps/config/answers.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {parseConfig, tablesAt} from '../../../source/world/host/toml.ts';
import {someAnswers, someFleet, someImage, someNetwork} from '../../executors/docker-machine/some-answers.ts';

const presetOf = (text: string) => readAnswers(text, [machineConfig()]);

test('the answers that made a config.toml can be read from it again', () => {
	const answers = someAnswers({
		schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}],
		tags: {CostCenter: '42'},
		machineOptions: ['engine-registry-mirror=http://10.0.0.9:6000'],
		spotPrice: 0.2,
	});
	const options = machineOptions({answers, fleet: someFleet, network: someNetwork, image: someImage, workersGroupName: 'gitlab-runners-workers'});
	const {text} = mergeConfig(undefined, {answers, fleet: someFleet, bucket: 'cache', config: machineConfig(options), token: {token: 'glrt-secret'}});
	const document = parseConfig(text, 'config.toml');
	const {answers: read, resolved} = answersIn(machineConfig(), document, tablesAt(document, 'runners')[0] ?? {});
	const {workerImage, cache, subnet, workerSshUser, ...same} = read;
	assert.deepEqual(
		{workerImage, cache, subnet, workerSshUser},
		{workerImage: someImage.id, cache: 'cache', subnet: someNetwork.subnetId, workerSshUser: 'ubuntu'},
	);
	assert.deepEqual([...resolved].sort(), ['cache', 'machineOptions', 'region', 'subnet', 'workerImage', 'workerSshUser']);
	for (const [key, value] of Object.entries(same)) assert.deepEqual({[key]: value}, {[key]: Object.entries(answers).find(([one]) => one === key)?.[1]});
	for (const key of ['limit', 'concurrent', 'schedule', 'spotPrice', 'tags', 'engineInstall', 'privileged', 'checkInterval']) assert.ok(key in same, key);
	assert.ok(!JSON.stringify(read).includes('glrt'));
});

const seed = `
concurrent = 48
check_interval = 2

[[runners]]
  name = "shared"
  url = "https://gitlab.example.com/"
  token = "glrt-abcdefghijklmnop"
  executor = "docker+machine"
  limit = 40
  [runners.docker]
    image = "alpine:latest"
    privileged = true
    disable_cache = true
  [runners.cache]
    Type = "s3"
    [runners.cache.s3]
      BucketName = "somebodys-cache"
  [runners.machine]
    IdleCount = 0
    IdleTime = 300
    MachineDriver = "amazonec2"
    MachineName = "gitlab-%s"
    MachineOptions = [
      "amazonec2-access-key=AKIAIOSFODNN7EXAMPLE",
      "amazonec2-secret-key=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00",
      "amazonec2-region=us-east-2",
      "amazonec2-instance-type=c5.2xlarge",
      "amazonec2-request-spot-instance=true",
      "amazonec2-spot-price=0.2",
      "amazonec2-tags=team,ci,gitlab-runner-aws:fleet,old",
      "amazonec2-monitoring",
      "engine-opt=mtu=1400",
    ]
    [[runners.machine.autoscaling]]
      Periods = ["* * 9-17 * * mon-fri *"]
      Timezone = "Europe/Berlin"
      IdleCount = 2
      IdleTime = 1800
`;

test('a manager that was set up by hand becomes answers: numbers, machines, spot, cache, schedule; what is absent is the default of the program that reads it', () => {
	const {answers} = presetOf(seed);
	assert.deepEqual(answers, {
		executor: 'docker+machine',
		concurrent: 48,
		checkInterval: 2,
		gitlabUrl: 'https://gitlab.example.com',
		limit: 40,
		dockerImage: 'alpine:latest',
		privileged: true,
		disableCache: true,
		cache: 'somebodys-cache',
		runner: 'token',
		region: 'us-east-2',
		workerType: 'c5.2xlarge',
		workerDisk: 16,
		spot: true,
		spotPrice: 0.2,
		tags: {team: 'ci'},
		machineOptions: ['amazonec2-monitoring', 'engine-opt=mtu=1400'],
		idleCount: 0,
		idleTime: 300,
		maxBuilds: 0,
		maxGrowthRate: 0,
		schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}],
	});
});

test('a file that the runner saved is read as the one that it was before: what it leaves out and what it adds are its own defaults', () => {
	const saved = seed
		.replace('    IdleCount = 0\n', '    IdleCount = 0\n    IdleScaleFactor = 0.0\n    IdleCountMin = 0\n')
		.replace('      IdleCount = 2\n', '      IdleCount = 2\n      IdleScaleFactor = 0.0\n      IdleCountMin = 0\n')
		.replace('check_interval = 2', 'check_interval = 2\nconnection_max_age = "15m0s"\nshutdown_timeout = 0');
	const said = ({answers, notes}: ReturnType<typeof presetOf>) => ({answers, notes});
	assert.deepEqual(said(presetOf(saved)), said(presetOf(seed)));
	const sparse = seed.replace('    privileged = true\n', '').replace('check_interval = 2', 'check_interval = 0').replace('concurrent = 48\n', '');
	const {checkInterval, concurrent, privileged} = presetOf(sparse).answers;
	assert.deepEqual({checkInterval, concurrent, privileged}, {checkInterval: 3, concurrent: 1, privileged: false});
});

test('no secret of it gets into the preset, and that is said', () => {
	const {answers, notes} = presetOf(seed);
	const preset = JSON.stringify(presetIn({version: 1, description: '', answers}, 'it'));
	for (const secret of ['glrt-abcdefghijklmnop', 'AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI']) assert.ok(!preset.includes(secret));
	assert.match(notes.join('\n'), /access key stays out/);
});

test('a value that none of our answers can be is left out and named', () => {
	const {answers, notes} = presetOf(seed.replace('IdleTime = 300', 'IdleTime = -5'));
	assert.equal(answers.idleTime, undefined);
	assert.match(notes.join('\n'), /idleTime is left out: It takes a whole number/);
});

test('an omitted spot price is the cap that docker-machine then uses, an empty one the on-demand price', () => {
	assert.equal(presetOf(seed.replace('      "amazonec2-spot-price=0.2",\n', '')).answers.spotPrice, 0.5);
	assert.equal(presetOf(seed.replace('spot-price=0.2', 'spot-price=')).answers.spotPrice, 'on-demand');
});

test('a manager without docker+machine is told, and so is a broken file', () => {
	assert.throws(
		() => presetOf(seed.replace('docker+machine', 'shell')),
		(error) => isProblem(error, 'no-known-executor'),
	);
	assert.throws(
		() => presetOf('concurrent = '),
		(error) => isProblem(error, 'config-broken'),
	);
});
