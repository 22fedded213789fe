import {awsConfigPath, workerKeyPath} from '../../../source/executors/docker-autoscaler/manager-paths.ts';
import {workerKeyScript} from '../../../source/executors/docker-autoscaler/scripts/worker-key.ts';
import {factsScript, installScript, serviceScript} from '../../../source/executors/scripts.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import type {CloudAt, Input} from '../../../source/world/cloud/port.ts';
import type {Connection} from '../../../source/world/host/port.ts';
import {paths} from '../../../source/world/host/scripts/paths.ts';
import {writeConfigScript} from '../../../source/world/host/scripts/write-config.ts';
import {connect, downloads, dropIn, type ManagerByHand, makeManager, region} from '../../simulated/fleet-by-hand.ts';

const ecsImage = '/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id';

/** The group of the fleet made by hand, and the name of its template and key pair. */
export const group = 'fleet-workers';
/** The plugin's version. */
export const plugin = '1.1.0';

/** What a manager's role may do: call the plugin's calls, and no more. */
export const policy = (more: object[] = []): string =>
	JSON.stringify({
		Version: '2012-10-17',
		Statement: [
			{
				Effect: 'Allow',
				Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
				Resource: `arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/${group}`,
			},
			{Effect: 'Allow', Action: ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances', 'ec2:DescribeSpotInstanceRequests'], Resource: '*'},
			...more,
		],
	});

/** What of config.toml differs from test to test; durations are Go's. */
export type AutoscalerWish = {
	concurrent?: number;
	limit?: number;
	id?: number;
	token?: string;
	url?: string;
	capacity?: number;
	maxUse?: number;
	maxInstances?: number;
	idle?: number;
	idleTime?: string;
	acquireTimeout?: string;
	connectTimeout?: string;
	readyCommand?: string;
	user?: string;
	keyPath?: string;
	plugin?: string;
	group?: string;
	heartbeats?: boolean;
	json?: boolean;
	/** Lines of `[runners.autoscaler]`, and tables after everything. */
	lines?: string;
	tables?: string;
};

/** A config.toml with docker-autoscaler, by the runner's token of a world. */
export function autoscalerConfig({tokens}: {tokens: {runner: string}}, wish: AutoscalerWish = {}): string {
	const {concurrent = 10, limit = 0, id = 41, token = tokens.runner, capacity = 1, maxUse = 1, maxInstances = 5, idle = 0, idleTime = '5m0s'} = wish;
	const ready = "timeout 240 sh -c 'until docker info >/dev/null 2>&1; do sleep 1; done'";
	return `concurrent = ${concurrent}
check_interval = 3
listen_address = "127.0.0.1:9252"
${wish.json ? 'log_format = "json"\n' : ''}
[[runners]]
name = "fleet"
url = "${wish.url ?? 'https://gitlab.com'}"
token = "${token}"
id = ${id}
executor = "docker-autoscaler"
limit = ${limit}

[runners.feature_flags]
FF_USE_FLEETING_ACQUIRE_HEARTBEATS = ${wish.heartbeats ?? true}

[runners.docker]
image = "alpine:latest"

[runners.autoscaler]
plugin = "${wish.plugin ?? `aws:${plugin}`}"
capacity_per_instance = ${capacity}
max_use_count = ${maxUse}
max_instances = ${maxInstances}
instance_ready_command = ${JSON.stringify(wish.readyCommand ?? ready)}
instance_acquire_timeout = "${wish.acquireTimeout ?? '5m0s'}"
${wish.lines ?? ''}
[runners.autoscaler.plugin_config]
name = "${wish.group ?? group}"
config_file = "${awsConfigPath}"

[runners.autoscaler.connector_config]
os = "linux"
arch = "amd64"
protocol = "ssh"
protocol_port = 22
username = "${wish.user ?? 'ec2-user'}"
key_path = "${wish.keyPath ?? workerKeyPath}"
use_static_credentials = true
timeout = "${wish.connectTimeout ?? '10m0s'}"

[[runners.autoscaler.policy]]
periods = ["* * * * *"]
idle_count = ${idle}
idle_time = "${idleTime}"
${wish.tables ?? ''}`;
}

/** What of template and group differs from test to test. */
export type GroupWish = {
	max?: number;
	spot?: boolean;
	protects?: boolean;
	image?: string;
	userData?: string;
	types?: readonly string[];
	template?: NonNullable<Input<'CreateLaunchTemplate'>['LaunchTemplateData']>;
};

/** Where a group is made, of whichever side: `rest` lets the side's time go by where AWS needs it. */
export type GroupGround = {cloudAt: CloudAt; script: Connection['script']; rest(ms: number): Promise<void>; subnetId: string; workersGroup: string};

/** The ground of a fleet made by hand in the simulated world. */
const groundOf = (world: World, {script}: Connection, {subnetId, workersGroup}: ManagerByHand): GroupGround => ({
	cloudAt: world.cloudAt,
	script,
	rest: (ms) => world.clock.sleep(ms),
	subnetId,
	workersGroup,
});

/** Makes the worker key on the manager, its key pair, a launch template and the group, empty. */
export const makeGroup = (world: World, connection: Connection, manager: ManagerByHand, wish: GroupWish = {}): Promise<void> =>
	makeGroupOn(groundOf(world, connection, manager), wish);

/** The same on any side. */
export async function makeGroupOn({cloudAt, rest, script, subnetId, workersGroup}: GroupGround, wish: GroupWish = {}): Promise<void> {
	const cloud = cloudAt(region);
	const key = await script(workerKeyScript, {comment: group});
	if (key.is !== 'ready') throw new Error(key.detail);
	await cloud.call('ImportKeyPair', {KeyName: group, PublicKeyMaterial: Buffer.from(key.publicKey)});
	const image = wish.image ?? (await cloud.call('GetParameter', {Name: ecsImage})).Parameter?.Value;
	const tag = {Key: 'gitlab-runner-aws:fleet', Value: 'fleet'};
	await cloud.call('CreateLaunchTemplate', {
		LaunchTemplateName: group,
		LaunchTemplateData: {
			ImageId: image,
			KeyName: group,
			SecurityGroupIds: [workersGroup],
			...(wish.userData === undefined ? {} : {UserData: Buffer.from(wish.userData).toString('base64')}),
			TagSpecifications: [{ResourceType: 'instance', Tags: [tag, {Key: 'gitlab-runner-aws:part', Value: 'worker'}]}],
			...wish.template,
		},
	});
	await rest(5000);
	await cloud.call('CreateAutoScalingGroup', {
		AutoScalingGroupName: group,
		MinSize: 0,
		MaxSize: wish.max ?? 5,
		DesiredCapacity: 0,
		VPCZoneIdentifier: subnetId,
		MixedInstancesPolicy: {
			LaunchTemplate: {
				LaunchTemplateSpecification: {LaunchTemplateName: group, Version: '1'},
				Overrides: (wish.types ?? ['c5.large']).map((InstanceType) => ({InstanceType})),
			},
			InstancesDistribution: {OnDemandPercentageAboveBaseCapacity: wish.spot ? 0 : 100, SpotAllocationStrategy: 'price-capacity-optimized'},
		},
		NewInstancesProtectedFromScaleIn: wish.protects ?? true,
	});
	await cloud.call('SuspendProcesses', {AutoScalingGroupName: group, ScalingProcesses: ['AZRebalance']});
	// Nothing is launched in the first minute of Auto Scaling's own role.
	await rest(70_000);
}

/** Installs gitlab-runner and the plugin, and starts the service with a config.toml. */
async function startAutoscaler(connection: Connection, text: string): Promise<void> {
	const given = {
		...{executor: 'docker-autoscaler', bootSeconds: 300, downloads: downloads.slice(0, 1), dropIn, files: [], drainSeconds: 60},
		wants: {plugin, region},
	};
	const installed = await connection.script(installScript, given);
	if (installed.is !== 'done') throw new Error(installed.detail);
	const {config} = await connection.script(factsScript, {verify: false});
	const written = await connection.script(writeConfigScript, {text, from: config?.hash});
	if (written.is !== 'written') throw new Error('detail' in written ? written.detail : written.is);
	const started = await connection.script(serviceScript, {do: 'start', drainSeconds: 60});
	if (started.is !== 'done') throw new Error(started.is);
}

/** A world whose manager's runner takes jobs with docker-autoscaler, its group, and a connection to the manager. */
export async function runningOnGroup(wish: AutoscalerWish = {}, groupWish: GroupWish = {}) {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	await world.cloudAt(region).call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy()});
	const connection = await connect(world, manager);
	await makeGroup(world, connection, manager, {max: wish.maxInstances ?? 5, ...groupWish});
	// vCPUs of the standard types, on demand and on spot: enough for whatever is asked for.
	for (const code of ['L-1216C47A', 'L-34B43A08']) world.outside.setQuota(code, 16_000);
	await startAutoscaler(connection, autoscalerConfig(world, wish));
	// The first request for a job has been made then.
	await world.clock.sleep(2000);
	return {world, manager, connection};
}

/** The same with so many jobs of half an hour running, each on an instance of its own, and so many instances idle besides. */
export async function fleetOnGroup({workers, jobs}: {workers: number; jobs: number}, wish: AutoscalerWish = {}, groupWish: GroupWish = {}) {
	const most = workers + jobs;
	const all = {concurrent: Math.max(1, most), maxInstances: most, maxUse: 0, json: true, ...wish};
	const fleet = await runningOnGroup(all, groupWish);
	const {manager, world} = fleet;
	const queued = world.outside.queueJobs(jobs, {seconds: 1800});
	for (let tries = 0; tries < 60 && queued.some(({worker}) => worker === undefined); tries += 1) await world.clock.sleep(20_000);
	world.outside.setFile(manager.id, paths.config, autoscalerConfig(world, {...all, idle: workers}));
	await world.clock.sleep(workers > 0 ? 120_000 : 5000);
	return fleet;
}
