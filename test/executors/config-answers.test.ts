import assert from 'node:assert/strict';
import {test} from 'node:test';
import {answersIn} from '../../source/executors/docker-machine/config-answers.ts';
import {mergeConfig} from '../../source/executors/docker-machine/config-toml.ts';
import {machineOptions} from '../../source/executors/docker-machine/machine-options.ts';
import {someAnswers, someFleet, someImage, someNetwork} from './some-answers.ts';

test('the answers that made a config.toml can be read from it again', () => {
	const answers = someAnswers({
		schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}],
		tags: {CostCenter: '42'},
		machineOptions: ['engine-registry-mirror=http://10.0.0.9:6000'],
		spotPrice: 0.2,
	});
	const options = machineOptions({answers, fleet: someFleet, network: someNetwork, image: someImage, workersGroupName: 'gitlab-runners-workers'});
	const {text} = mergeConfig(undefined, {answers, fleet: someFleet, bucket: 'cache', options, token: {token: 'glrt-secret'}});
	const read = answersIn(text) ?? {};
	const {workerImage, cache, subnet, workerSshUser, ...same} = read;
	assert.deepEqual(
		{workerImage, cache, subnet, workerSshUser},
		{workerImage: someImage.id, cache: 'cache', subnet: someNetwork.subnetId, workerSshUser: 'ubuntu'},
	);
	for (const [key, value] of Object.entries(same)) assert.deepEqual({[key]: value}, {[key]: Object.entries(answers).find(([one]) => one === key)?.[1]});
	assert.ok(!JSON.stringify(read).includes('glrt'));
});

test("a config.toml of the seed's kind gives its numbers, on spot with its cap", () => {
	const seed = `concurrent = 48
[[runners]]
url = "https://gitlab.com/"
token = "x"
executor = "docker+machine"
limit = 40
[runners.machine]
IdleCount = 0
OffPeakTimezone = ""
MachineOptions = ["amazonec2-region=us-east-2", "amazonec2-instance-type=c5.2xlarge", "amazonec2-request-spot-instance=true", "amazonec2-spot-price=0.20"]
`;
	const {concurrent, gitlabUrl, limit, region, spot, spotPrice, workerDisk, workerType} = answersIn(seed) ?? {};
	assert.deepEqual(
		{concurrent, gitlabUrl, limit, region, spot, spotPrice, workerDisk, workerType},
		{concurrent: 48, gitlabUrl: 'https://gitlab.com', limit: 40, region: 'us-east-2', spot: true, spotPrice: 0.2, workerDisk: 16, workerType: 'c5.2xlarge'},
	);
});

test('a config.toml without a docker+machine runner gives nothing', () => {
	assert.equal(answersIn('[[runners]]\nexecutor = "shell"\n'), undefined);
});
