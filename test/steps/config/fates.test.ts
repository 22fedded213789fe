import assert from 'node:assert/strict';
import {test} from 'node:test';
import {presetIn} from '../../../source/answers/preset-form.ts';
import {settle} from '../../../source/answers/walk.ts';
import {executors} from '../../../source/executors/list.ts';
import type {Answers} from '../../../source/fleet.ts';
import {readAnswers} from '../../../source/steps/config/answers.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {isTable, parseConfig, type Table, tablesAt, textAt, type Value} from '../../../source/world/host/toml.ts';
import {asking} from '../../answers/stub.ts';
import {scaledConfig} from '../../executors/docker-autoscaler/some-answers.ts';
import {others} from './others.ts';

type Other = keyof typeof others;

const configs = executors.map(({workers}) => workers.config);
const read = (which: Other, executor: Answers['executor'] = 'docker-autoscaler') => readAnswers(others[which], configs, executor);
const fateIn = (which: Other, executor?: Answers['executor']) => {
	const {options} = read(which, executor);
	return (option: string) => {
		const {is, says} = options.find((one) => one.option === option) ?? assert.fail(`${option} is not told`);
		return `${is}: ${says}`;
	};
};
const byHand: Other = 'by hand, after GitLab’s guide for docker-machine';
const terraform: Other = 'by a Terraform module, with docker-machine';
const module: Other = 'by the Terraform module, with an Auto Scaling group';
const offPeak: Other = 'by a guide from before 14.0';
const documented: Other = 'by GitLab’s documentation of the executor';

/** Every option of a file, written down apart from the program: single values, each of MachineOptions, and other entries. */
function optionsOf(text: string): string[] {
	const below = (value: Value, at: string): string[] => {
		if (isTable(value)) return Object.entries(value).flatMap(([key, inner]) => below(inner, at === '' ? key : `${at}.${key}`));
		if (!Array.isArray(value)) return [at];
		if (at.endsWith('.MachineOptions')) return value.map((one) => `${at} ${String(one).split('=')[0]}`);
		return value.some(isTable) ? value.flatMap((one, index) => below(one, `${at}[${index}]`)) : [at];
	};
	const {runners: _, ...globals} = parseConfig(text, 'a file');
	const entries = tablesAt(parseConfig(text, 'a file'), 'runners');
	const taken = entries.find((one: Table) => configs.some(({executor}) => executor === textAt(one, 'executor'))) ?? {};
	return [...below(globals, ''), ...below(taken, 'runners'), ...entries.filter((one) => one !== taken).map((one) => `[[runners]] ${textAt(one, 'name')}`)];
}

for (const which of Object.keys(others) as Other[]) {
	for (const {name} of executors) {
		test(`set up ${which}: for a fleet of ${name} every option is told once, why, and no secret of it`, async () => {
			const {answers, notes, options} = read(which, name);
			assert.deepEqual(options.map(({option}) => option).toSorted(), optionsOf(others[which]).toSorted());
			for (const {answer, is, says} of options) {
				assert.ok(says.length > 10 && says.length < 260, says);
				assert.equal(answer !== undefined, is === 'mapped', says);
				if (answer !== undefined) assert.notEqual(answers[answer], undefined, answer);
			}
			const told = JSON.stringify({answers, notes, options});
			for (const secret of ['glrt-abcdefghij', 'glrt-zzzz', 'AKIAIOSFODNN7', 'wJalrXUtnFEMI', 'abcdefghijklmnopqrst', 'user:secret', 'SENTRY_DSN_REPLACED'])
				assert.ok(!told.includes(secret), secret);
		});
		test(`set up ${which}: what is taken of it is a preset that a fleet of ${name} can be set up from`, async () => {
			const {answers} = presetIn({version: 1, description: '', answers: {region: 'eu-west-1', ...read(which, name).answers}}, 'it');
			const {missing, wrong} = await settle({preset: {...answers, region: 'eu-west-1'}, flag: {runnerName: 'new'}}, asking());
			assert.deepEqual({missing, wrong}, {missing: [], wrong: []});
		});
	}
}

test('machines become workers of a group: numbers, windows in five fields, tags, spot without docker-machine’s own price', () => {
	const {answers} = read(byHand);
	const {runnerConfig, ...same} = answers;
	assert.deepEqual(same, {
		executor: 'docker-autoscaler',
		registryMirror: 'http://10.0.0.9:6000',
		concurrent: 48,
		checkInterval: 2,
		gitlabUrl: 'https://gitlab.example.com',
		limit: 40,
		dockerImage: 'alpine:latest',
		privileged: true,
		disableCache: true,
		cache: 'runners-cache',
		runner: 'token',
		region: 'us-east-2',
		subnet: 'subnet-0a1b2c3d',
		workerImage: 'ami-0123456789abcdef0',
		workerType: 'c5.2xlarge',
		workerDisk: 16,
		spot: true,
		tags: {'runner-manager-name': 'shared', 'gitlab-aws-autoscaler': 'true'},
		idleCount: 1,
		idleTime: 1,
		maxBuilds: 20,
		schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 5, idleTime: 3600}],
	});
	assert.equal(read(byHand, 'docker+machine').answers.spotPrice, 0.5);
	assert.equal(
		runnerConfig,
		`output_limit = 8192
pre_build_script = "ulimit -n 65536"

[docker]
volumes = [ "/cache", "/var/run/docker.sock:/var/run/docker.sock" ]
shm_size = 268435456
pull_policy = [ "if-not-present" ]`,
	);
	const {text} = mergeConfig(undefined, scaledConfig({...answers, idleTime: 300}));
	assert.match(text, /^volumes = \[ "\/cache", "\/var\/run\/docker.sock:\/var\/run\/docker.sock" \]$/m);
});

test('what has no counterpart says why, and what to do instead', () => {
	const fate = fateIn(byHand);
	const options = 'runners.machine.MachineOptions';
	assert.equal(fate('runners.limit'), 'mapped: the answer limit');
	assert.match(fate('runners.environment'), /^not possible: variables may be secrets/);
	assert.match(fate(`${options} amazonec2-access-key`), /^not needed: the manager makes workers by its role/);
	assert.equal(fate(`${options} engine-registry-mirror`), 'mapped: the answer registryMirror');
	assert.match(fate(`${options} engine-opt`), /^not possible: put it into the daemon\.json of an image of your own/);
	assert.match(fate(`${options} amazonec2-block-duration-minutes`), /^not needed: AWS takes no such request any more/);
	assert.match(fate('runners.machine.MaxGrowthRate'), /^not needed: AWS makes as many at once/);
	assert.match(
		fate('runners.machine.autoscaling[1].Periods'),
		/^not possible: .*some seconds of a minute only \(0\)\. Write "\* 30 8 \* \* mon \*".*Its window isn't taken\.$/,
	);
	assert.match(fate('runners.machine.autoscaling[0].Periods'), /^mapped: the answer schedule/);
	assert.match(fate('runners.machine.autoscaling[0].IdleCount'), /^mapped: the answer schedule/);
	assert.equal(fate('runners.machine.autoscaling[1].IdleCount'), "not possible: its window isn't taken, as is said of its periods");
	assert.equal(fate('runners.cache.s3.ServerAddress'), 'not needed: it is where S3 is anyway');
	assert.match(fate('runners.machine.IdleTime'), /^mapped: the answer idleTime, which is 1: docker-autoscaler keeps a worker for at least a second/);
	assert.match(fateIn(terraform)(`${options} amazonec2-volume-type`), /^not possible: the disks of all workers are gp3/);
	assert.match(fateIn(terraform)(`${options} amazonec2-metadata-token`), /^not possible: workers take IMDSv2 alone/);
	assert.match(fateIn(offPeak)('runners.machine.OffPeakPeriods'), /^not needed: it has had no effect since GitLab Runner 14\.0/);
	assert.match(fateIn(offPeak)('runners.machine.IdleScaleFactor'), /^not possible: write scale_factor into the policy/);
	assert.match(fateIn(offPeak)(`${options} amazonec2-hostname`), /^not possible: .*nothing like it is known/);
	assert.match(fateIn(documented)('[[runners]] shell'), /^not possible: a fleet has one runner/);
	assert.match(fateIn(documented)('runners.cache.Type'), /^not possible: a cache is a bucket of S3/);
	assert.match(fateIn('in another cloud')('runners.autoscaler.max_instances'), /^not possible: Its workers are made by googlecloud:latest/);
});

test('a group’s runner goes on as it is: what the fleet makes is its own, what was set beside goes along', () => {
	const {answers} = read(module);
	assert.deepEqual(
		[answers.limit, answers.capacityPerInstance, answers.maxBuilds, answers.idleCount, answers.idleTime, answers.workerSshUser, answers.fleetingPluginVersion],
		[10, 2, 10, 0, 1, 'ec2-user', undefined],
	);
	assert.deepEqual(answers.schedule, [{periods: ['* * 7-19 * * mon-fri *'], timezone: 'Europe/Amsterdam', idleCount: 2, idleTime: 1200}]);
	assert.match(answers.runnerConfig ?? '', /^instance_ready_command = "cloud-init status --wait/m);
	assert.match(answers.runnerConfig ?? '', /^memory = "3g"$/m);
	assert.match(fateIn(module)('runners.autoscaler.plugin_config.name'), /^not needed: the fleet makes a group of its own; types, image/);
	assert.match(fateIn(module)('runners.autoscaler.policy[1].scale_factor'), /^not possible: write scale_factor into the policy/);
	const {text} = mergeConfig(undefined, scaledConfig(answers));
	assert.match(text, /^instance_ready_command = "cloud-init status --wait \|\| test \$\? -eq 2"$/m);
});

test('in a fleet of its own kind the options of docker-machine that no answer holds are machineOptions', () => {
	const {answers} = read(offPeak, 'docker+machine');
	assert.ok(answers.machineOptions?.includes('amazonec2-monitoring'));
	assert.equal(fateIn(offPeak, 'docker+machine')('runners.machine.MachineOptions amazonec2-monitoring'), 'mapped: the answer machineOptions');
	assert.equal(fateIn(offPeak, 'docker+machine')('runners.machine.MachineOptions amazonec2-vpc-id'), 'not needed: every fleet sets it');
});
