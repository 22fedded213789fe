import {dockerMachineDownload, workerUserData} from '../../../source/executors/docker-machine/docker-machine.ts';
import {machineOptions} from '../../../source/executors/docker-machine/machine-options.ts';
import {userDataPath} from '../../../source/executors/docker-machine/scripts/manager-part.ts';
import {factsScript, type HostFacts} from '../../../source/executors/scripts.ts';
import {dropIn, gitlabRunnerDownload} from '../../../source/steps/programs.ts';
import type {Cloud} from '../../../source/world/cloud/port.ts';
import {realCloud} from '../../../source/world/cloud/real.ts';
import type {Install} from '../../../source/world/host/scripts/install.ts';
import {realClock} from '../../../source/world/laptop/clock.ts';
import {someAnswers, someFleet} from '../../executors/docker-machine/some-answers.ts';
import {type PeerWorld, startWorld} from '../../peers/world.ts';
import {onManager} from './on-manager.ts';

/** The programs of these answers, from the peers' site. */
export const downloadsFor = (...of: Parameters<typeof gitlabRunnerDownload>) => [gitlabRunnerDownload(...of), dockerMachineDownload(...of)];

/** The peers' manager as it has just booted, and what its scripts are given. */
export type FreshManager = {
	world: PeerWorld;
	/** EC2 as the peers have it, in the region of the manager's workers. */
	here: Cloud;
	/** MachineOptions that moto can carry out. */
	options: string[];
	install(over?: Partial<Install>): Install;
	facts(): Promise<HostFacts>;
	/** What a command prints. */
	exec(command: string): Promise<string>;
	/** Workers in moto that aren't terminated. */
	workers(): Promise<string[]>;
	stop(): Promise<void>;
};

/** Starts the peers. */
export async function freshManager(): Promise<FreshManager> {
	const world = await startWorld();
	Object.assign(process.env, world.env);
	const cloud = realCloud({env: world.env, clock: {...realClock, sleep: async () => undefined}, random: () => 0});
	const here = cloud.at('us-east-2');
	return {
		world,
		here,
		options: await workerOptions(here),
		install: (over = {}) => ({
			executor: 'docker+machine',
			bootSeconds: 20,
			drainSeconds: 20,
			dropIn,
			downloads: downloadsFor(someAnswers({downloads: world.downloads}), {machine: 'x86_64'}),
			files: [{path: userDataPath, text: workerUserData}],
			...over,
		}),
		facts: async () => (await onManager(world, factsScript, {verify: true})).result,
		exec: async (command) => (await world.manager.exec(command)).stdout.trim(),
		async workers() {
			const {Reservations = []} = await here.call('DescribeInstances', {Filters: [{Name: 'instance-state-name', Values: ['pending', 'running']}]});
			return Reservations.flatMap(({Instances = []}) => Instances.flatMap(({InstanceId}) => InstanceId ?? []));
		},
		async stop() {
			cloud.close();
			await world.stop();
		},
	};
}

/** MachineOptions that moto can carry out: its default subnet, one of its images, a group of ours. */
async function workerOptions(here: Cloud): Promise<string[]> {
	const [subnet] = (await here.call('DescribeSubnets', {})).Subnets ?? [];
	const images =
		(await here.call('DescribeImages', {Filters: [{Name: 'name', Values: ['ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*']}]})).Images ?? [];
	const workersGroupName = 'gitlab-runners-workers';
	await here.call('CreateSecurityGroup', {GroupName: workersGroupName, Description: 'workers', VpcId: subnet?.VpcId});
	return machineOptions({
		answers: someAnswers(),
		fleet: someFleet,
		network: {vpcId: subnet?.VpcId ?? '', subnetId: subnet?.SubnetId ?? '', zone: subnet?.AvailabilityZone ?? '', public: true},
		image: {id: images[0]?.ImageId ?? '', rootDevice: images[0]?.RootDeviceName ?? '', user: 'ubuntu'},
		workersGroupName,
	});
}
