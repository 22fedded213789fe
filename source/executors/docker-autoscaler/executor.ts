import type {AnyStep} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {bucketStep} from '../../steps/bucket.ts';
import {connectionStep} from '../../steps/connection.ts';
import {credentialsStep} from '../../steps/credentials.ts';
import {earlierRightsStep} from '../../steps/earlier-rights.ts';
import {hostKeyStep} from '../../steps/host-key.ts';
import {identityStep} from '../../steps/identity.ts';
import {imagesStep} from '../../steps/images.ts';
import {instanceProfileStep} from '../../steps/instance-profile.ts';
import {keyPairStep} from '../../steps/key-pair.ts';
import {managerStep} from '../../steps/manager.ts';
import type {PolicyScope, WorkerRights} from '../../steps/manager-policy.ts';
import {managerProfileStep} from '../../steps/manager-profile.ts';
import {networkStep} from '../../steps/network.ts';
import {oldManagerStep} from '../../steps/old-manager.ts';
import {permissionsStep} from '../../steps/permissions.ts';
import {quotaStep} from '../../steps/quota.ts';
import {recordStep} from '../../steps/record.ts';
import {registryMirrorStep} from '../../steps/registry-mirror.ts';
import {runnerStep} from '../../steps/runner.ts';
import {securityGroupRulesStep} from '../../steps/security-group-rules.ts';
import {securityGroupsStep} from '../../steps/security-groups.ts';
import {serviceStep} from '../../steps/service.ts';
import {softwareStep} from '../../steps/software.ts';
import {spotRole, spotRoleStep} from '../../steps/spot-role.ts';
import {workerImageStep} from '../../steps/worker-image.ts';
import type {WorkerMaking} from '../../steps/worker-making.ts';
import type {Statement} from '../../world/cloud/policy.ts';
import {commandLine} from '../../world/host/quote.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import type {Executor, WorkerAt} from '../executor.ts';
import {scalingConfig} from './config.ts';
import {groupStep} from './group.ts';
import {counted} from './instance-counts.ts';
import {imageOfWorkers, launchTemplateStep} from './launch-template.ts';
import {limits} from './limits.ts';
import {workerKeyPath} from './manager-paths.ts';
import {oldGroupStep} from './old-group.ts';
import {stranded} from './other-runner.ts';
import {causes} from './panel/causes.ts';
import {journal, refusalWords} from './panel/journal.ts';
import {leftovers} from './panel/leftovers.ts';
import {made, moved} from './panel/made.ts';
import {view} from './panel/workers.ts';
import {scalingRole, scalingRoleStep} from './scaling-role.ts';
import {pluginSoftware} from './software.ts';
import {groupSubnets} from './subnets.ts';
import {installDocker, workerUser} from './template-data.ts';
import {testWorkerStep} from './test-worker.ts';
import {workerKeyStep} from './worker-key.ts';

/**
 * What the plugin needs for this fleet's group, call by call, and what trying a worker needs in a group of its own: a number more, and an instance less. It
 * launches nothing itself and passes no role on, which Auto Scaling's own role does. Describe calls know no resource.
 */
function statements({account, fleet, partition}: PolicyScope): Statement[] {
	const group = (name: string) => `arn:${partition}:autoscaling:${fleet.region}:${account}:autoScalingGroup:*:autoScalingGroupName/${name}`;
	return [
		{
			Sid: 'Look',
			Effect: 'Allow',
			Action: ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances', 'ec2:DescribeSpotInstanceRequests'],
			Resource: '*',
			Condition: {StringEquals: {'aws:RequestedRegion': fleet.region}},
		},
		{
			Sid: 'Scale',
			Effect: 'Allow',
			Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
			Resource: [group(names.scalingGroup(fleet)), group(names.testGroup(fleet))],
		},
	];
}

/** The rights of a manager whose workers a group launches. */
export const scalingRights: WorkerRights = {statements, launches: false};

/** Nobody knows a worker's host key before: it's made with the worker, and the way there is the manager's own network. */
const sshOptions = [
	'-i',
	workerKeyPath,
	'-o',
	'IdentitiesOnly=yes',
	'-o',
	'StrictHostKeyChecking=no',
	'-o',
	'UserKnownHostsFile=/dev/null',
	'-o',
	'LogLevel=ERROR',
];

/** Run by root, who alone may read the key: the user on workers is the one that config.toml has the runner come in as. */
const sshScript = (words: string | undefined): string =>
	[
		`user=$(sed -n 's/^[[:space:]]*username[[:space:]]*=[[:space:]]*"\\([a-z_][a-z0-9_-]*\\)".*/\\1/p' ${paths.config} | head -n 1)`,
		`exec ssh ${words === undefined ? '-t ' : ''}${commandLine(...sshOptions)} -- "\${user:-ec2-user}@$1"${words === undefined ? '' : ' "$2"'}`,
	].join('; ');

/** The command line that takes a manager's login user on to a worker, by the key and as the user that the runner itself uses. */
export async function onWorker(user: string, {name, address}: WorkerAt, words: string | undefined): Promise<string> {
	const at = await address();
	if (at === undefined)
		throw new Problem({
			code: 'worker-gone',
			message: `EC2 knows no address of ${name}: it is gone, or was never there.`,
			advice: '`status` lists the workers.',
		});
	const root = user === 'root' ? [] : ['sudo'];
	return commandLine(...root, 'sh', '-c', sshScript(words), 'sh', at, ...(words === undefined ? [] : [words]));
}

/** SSH alone: the runner speaks with Docker through it. */
const workerPorts = [22];

/** How the runner's group makes workers, for the steps that other executors have too. */
const making: WorkerMaking = {
	config: scalingConfig(),
	provenBy: 'test-worker',
	madeBy: ['spot-role', 'scaling-role', 'instance-profile', 'launch-template', 'test-worker', 'group', 'earlier-rights'],
	// A group is written with its template's version; the runner reads how many there may be only when it starts.
	countedBy: ['launch-template', 'group', 'service'],
	removedBy: 'group',
	async wanted(context, found) {
		const {image} = await imageOfWorkers(context, found);
		// What is to be said of the image, its launch template says.
		return {config: scalingConfig({...image, user: workerUser(context.answers, image)}), notes: []};
	},
	stranded,
	going: async () => [],
	bakeParts: () => ({install: installDocker}),
	counted,
};

/** The steps of a docker-autoscaler fleet, in the order in which a person reads them. */
const steps: readonly AnyStep[] = [
	identityStep,
	permissionsStep(
		() => steps,
		({spot}) => (spot ? [spotRole, scalingRole] : [scalingRole]),
	),
	recordStep,
	networkStep(limits, groupSubnets),
	quotaStep,
	imagesStep(limits),
	spotRoleStep,
	scalingRoleStep,
	bucketStep,
	securityGroupsStep,
	securityGroupRulesStep(workerPorts),
	keyPairStep,
	instanceProfileStep(scalingRights),
	managerStep,
	managerProfileStep,
	connectionStep,
	hostKeyStep,
	credentialsStep,
	softwareStep(pluginSoftware),
	registryMirrorStep,
	workerKeyStep,
	workerImageStep,
	launchTemplateStep,
	testWorkerStep,
	groupStep,
	runnerStep(making),
	serviceStep(making),
	oldManagerStep,
	earlierRightsStep(scalingRights),
];

/** GitLab Runner with its autoscaler: workers are instances of an Auto Scaling group. */
export const dockerAutoscaler: Executor = {
	name: 'docker-autoscaler',
	steps,
	leaving: [oldGroupStep],
	workers: making,
	view,
	leftovers,
	made,
	moved,
	journal,
	refusals: refusalWords,
	onWorker,
	causes,
};
