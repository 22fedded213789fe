import {machineConfig} from '../../../source/executors/docker-machine/config.ts';
import {machineOptions} from '../../../source/executors/docker-machine/machine-options.ts';
import type {Answers} from '../../../source/fleet.ts';
import type {ConfigWanted} from '../../../source/steps/config/fields.ts';

/** A complete set of answers, with those of a test over it: the program's defaults, in a region and with a tag. */
export const someAnswers = (over: Partial<Answers> = {}): Answers => ({
	region: 'us-east-2',
	fleet: 'gitlab-runners',
	executor: 'docker+machine',
	subnet: 'default',
	image: 'ubuntu-24.04',
	managerType: 't3.small',
	securityGroup: 'create',
	sshFrom: 'my-ip',
	keyPair: 'create',
	access: 'create',
	cache: 'create',
	cacheDays: 90,
	workerType: 'c5.large',
	workerImage: 'ubuntu-24.04',
	workerDisk: 20,
	spot: true,
	spotPrice: 'on-demand',
	limit: 10,
	concurrent: 10,
	idleCount: 0,
	idleTime: 300,
	maxGrowthRate: 10,
	capacityPerInstance: 1,
	maxBuilds: 0,
	checkInterval: 3,
	schedule: [],
	privileged: true,
	disableCache: false,
	dockerImage: 'alpine:latest',
	registryMirror: 'none',
	registryMirrorDisk: 20,
	machineOptions: [],
	workerSubnets: ['all'],
	onDemandBase: 0,
	onDemandShare: 0,
	tags: {},
	gitlabUrl: 'https://gitlab.com',
	runner: 'token',
	runnerName: 'gitlab-runners',
	runnerTags: ['aws'],
	runUntagged: true,
	tokenStore: 'manager',
	gitlabRunnerVersion: '19.3.0',
	dockerMachineVersion: '0.16.2-gitlab.48',
	fleetingPluginVersion: '1.1.0',
	engineInstall: 'https://releases.rancher.com/install-docker/28.2.1.sh',
	...over,
});

export const someFleet = {name: 'gitlab-runners', region: 'us-east-2'};

/** What the steps above would have found for it. */
export const someNetwork = {vpcId: 'vpc-0a1b2c3d', subnetId: 'subnet-0a1b2c3d', zone: 'us-east-2b', public: true, freeAddresses: 4000};

export const someImage = {
	id: 'ami-0123456789abcdef0',
	architecture: 'x86_64' as const,
	rootDevice: '/dev/sda1',
	diskGib: 8,
	user: 'ubuntu',
	name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101',
};

/** What config.toml is to be for those answers. */
export function someConfig(over: Partial<Answers> = {}): ConfigWanted {
	const answers = someAnswers(over);
	return {
		answers,
		fleet: someFleet,
		bucket: answers.cache === 'none' ? undefined : 'gitlab-runners-cache-123456789012-us-east-2',
		config: machineConfig(machineOptions({answers, fleet: someFleet, network: someNetwork, image: someImage, workersGroupName: 'gitlab-runners-workers'})),
	};
}
