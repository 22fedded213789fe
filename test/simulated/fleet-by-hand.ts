import {userDataPath} from '../../source/executors/docker-machine/scripts/manager-part.ts';
import {factsScript, installScript, serviceScript} from '../../source/executors/scripts.ts';
import {stateOf} from '../../source/simulated/cloud/account.ts';
import {type Ports, simulatedWorld, type World} from '../../source/simulated/world.ts';
import type {Connection, ScriptProgress, SshKey} from '../../source/world/host/port.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {writeConfigScript} from '../../source/world/host/scripts/write-config.ts';
import {makeSshKey} from '../world/ssh-key.ts';

export const region = 'us-east-2';
const zone = 'us-east-2a';
export const ubuntu = '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id';

export const newKey = (): SshKey => makeSshKey('');

/** What a manager's role may do, in short. */
const policy = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'ec2:*', Resource: '*'}]});
/** The trust in EC2 of a role for its instances. */
export const trust = JSON.stringify({
	Version: '2012-10-17',
	Statement: [{Effect: 'Allow', Principal: {Service: 'ec2.amazonaws.com'}, Action: 'sts:AssumeRole'}],
});

export type ManagerByHand = {
	id: string;
	address: string;
	key: {privateKey: string; publicKey: string};
	subnetId: string;
	vpcId: string;
	managerGroup: string;
	workersGroup: string;
	image: string;
};

/** Makes groups, key pair, role and one manager in the account, all by the calls themselves, and waits until it runs. */
export async function makeManager(world: World, name = 'fleet'): Promise<ManagerByHand> {
	const cloud = world.cloudAt(region);
	const key = newKey();
	const image = (await cloud.call('GetParameter', {Name: ubuntu})).Parameter?.Value ?? '';
	const subnet = (await cloud.call('DescribeSubnets', {Filters: [{Name: 'availability-zone', Values: [zone]}]})).Subnets?.[0];
	const vpcId = subnet?.VpcId ?? '';
	const managerGroup = (await cloud.call('CreateSecurityGroup', {GroupName: `${name}-manager`, Description: 'manager', VpcId: vpcId})).GroupId ?? '';
	const workersGroup = (await cloud.call('CreateSecurityGroup', {GroupName: `${name}-workers`, Description: 'workers', VpcId: vpcId})).GroupId ?? '';
	world.outside.openPort(managerGroup, 22, {cidr: '203.0.113.7/32'});
	for (const port of [22, 2376]) world.outside.openPort(workersGroup, port, {groupId: managerGroup});
	await cloud.call('ImportKeyPair', {KeyName: `${name}-manager`, PublicKeyMaterial: Buffer.from(key.publicKey)});
	await cloud.call('CreateRole', {RoleName: name, AssumeRolePolicyDocument: trust});
	await cloud.call('CreateInstanceProfile', {InstanceProfileName: name});
	await world.clock.sleep(2000);
	await cloud.call('PutRolePolicy', {RoleName: name, PolicyName: name, PolicyDocument: policy});
	await cloud.call('AddRoleToInstanceProfile', {InstanceProfileName: name, RoleName: name});
	await world.clock.sleep(11_000);
	const made = await cloud.call('RunInstances', {
		ImageId: image,
		InstanceType: 't3.small',
		MinCount: 1,
		MaxCount: 1,
		KeyName: `${name}-manager`,
		SecurityGroupIds: [managerGroup],
		SubnetId: subnet?.SubnetId,
		IamInstanceProfile: {Name: name},
	});
	const id = made.Instances?.[0]?.InstanceId ?? '';
	await world.clock.sleep(40_000);
	const seen = await cloud.call('DescribeInstances', {InstanceIds: [id]});
	const address = seen.Reservations?.[0]?.Instances?.[0]?.PublicIpAddress ?? '';
	return {id, address, key, subnetId: subnet?.SubnetId ?? '', vpcId, managerGroup, workersGroup, image};
}

/** Opens a connection to a manager, trusting whatever key it shows. */
export const connect = (ports: Ports, manager: ManagerByHand): Promise<Connection> =>
	ports.host.connect({address: manager.address, port: 22, user: 'ubuntu', privateKey: manager.key.privateKey, trust: () => true});

/** docker-machine's options for workers of the fleet made by hand. */
export const machineOptions = (manager: ManagerByHand): string[] => [
	`amazonec2-region=${region}`,
	`amazonec2-vpc-id=${manager.vpcId}`,
	`amazonec2-subnet-id=${manager.subnetId}`,
	'amazonec2-zone=a',
	'amazonec2-use-private-address=true',
	`amazonec2-ami=${manager.image}`,
	'amazonec2-instance-type=c5.large',
	'amazonec2-security-group=fleet-workers',
	'amazonec2-security-group-readonly=true',
	'amazonec2-ssh-user=ubuntu',
	'amazonec2-tags=gitlab-runner-aws:fleet,fleet,gitlab-runner-aws:part,worker',
];

export const configText = (world: World, manager: ManagerByHand, changes: Record<string, string | number> = {}): string => {
	const {concurrent = 5, limit = 5, idle = 0, idleTime = 300, token = world.tokens.runner} = changes;
	return `concurrent = ${concurrent}
check_interval = 3
listen_address = "127.0.0.1:9252"

[[runners]]
name = "fleet"
url = "https://gitlab.com"
token = "${token}"
executor = "docker+machine"
limit = ${limit}

[runners.machine]
IdleCount = ${idle}
IdleTime = ${idleTime}
MachineDriver = "amazonec2"
MachineName = "fleet-%s"
MachineOptions = ${JSON.stringify(machineOptions(manager))}
`;
};

export const dropIn = '[Service]\nKillSignal=SIGQUIT\nKillMode=mixed\nTimeoutStopSec=infinity\n';

export const downloads = (['gitlab-runner', 'docker-machine'] as const).map((name) => ({
	name,
	version: name === 'gitlab-runner' ? '19.3.0' : '0.16.2-gitlab.48',
	url: `https://downloads.test/${name}`,
	checksums: 'https://downloads.test/release.sha256',
	path: `${paths.programs}/${name}`,
}));

/** Installs, configures and starts the runner on a manager; gives what the install has said. */
export async function startRunner(world: World, connection: Connection, manager: ManagerByHand): Promise<ScriptProgress[]> {
	const said: ScriptProgress[] = [];
	const given = {executor: 'docker+machine', bootSeconds: 300, downloads, dropIn, files: [{path: userDataPath, text: '#cloud-config\n'}], drainSeconds: 60};
	const installed = await connection.script(installScript, given, (progress) => said.push(progress));
	if (installed.is !== 'done') throw new Error(installed.detail);
	// `gitlab-runner install` has written a file of its own.
	const {config} = await connection.script(factsScript, {verify: false});
	const written = await connection.script(writeConfigScript, {text: configText(world, manager), from: config?.hash});
	if (written.is !== 'written') throw new Error(written.is);
	const started = await connection.script(serviceScript, {do: 'start', drainSeconds: 60});
	if (started.is !== 'done') throw new Error(started.is);
	return said;
}

/** Instances that live in EC2 now, the manager left out. */
export const living = (world: World, manager: ManagerByHand) =>
	[...world.outside.region(region).instances.values()].filter(
		(one) => one.id !== manager.id && !['terminated', 'shutting-down'].includes(stateOf(one, world.clock.now())),
	);

/** Names of the key pairs of workers. */
export const keyPairs = (world: World) => [...world.outside.region(region).keyPairs.keys()].filter((name) => name.startsWith('runner-'));

/** A world whose manager's runner takes jobs, and a connection to it. */
export async function running(options = {}) {
	const world = simulatedWorld(options);
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	await startRunner(world, connection, manager);
	return {world, manager, connection};
}

/** The same, with a config.toml of these numbers, edited. */
export async function runningBy(changes: Record<string, string | number> = {}, edit = (text: string) => text) {
	const {connection, manager, world} = await running();
	world.outside.setFile(manager.id, paths.config, edit(configText(world, manager, changes)));
	await world.clock.sleep(5000);
	return {world, manager, connection};
}
