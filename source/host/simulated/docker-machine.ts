import type {Input, OperationName, Output} from '../../cloud/port.ts';
import type {SimulatedCloud} from '../../cloud/simulated/cloud.ts';
import {roleAllows} from '../../cloud/simulated/iam.ts';
import {isRefusal, refusal} from '../../cloud/simulated/refusal.ts';
import {credentialsPath, hasCertificates, type Machine, storeFolder, storeOf, textOf, type Work} from './machine.ts';
import {launchInput, type Options, optionsOf, tagsOf} from './machine-options.ts';
import {hasInternet, reaches} from './worker-reach.ts';

/** What docker-machine works with on a host: the cloud, the time, and where its lines go. */
export type DockerMachine = {
	cloud: SimulatedCloud;
	machine: Machine;
	now(): number;
	random(): number;
	/** A line on stdout (info) or stderr (error). */
	say(line: string, error?: boolean): void;
	/** Ends what is under way as soon as nothing would be forgotten by it. */
	givenUp(): string | undefined;
};

/** How a `create` ended; the lines on stderr have said why. */
export type Created = {made: true; instanceId: string} | {made: false};

/** A call to EC2 with what root's credentials file or the manager's role allows (facts §7). */
function awsCall<Name extends OperationName>({cloud, machine}: DockerMachine, region: string, name: Name, input: Input<Name>): Output<Name> {
	const keys = textOf(machine, credentialsPath)?.includes('aws_access_key_id') === true;
	const profile = machine.instance.profileName;
	const by = `arn:aws:sts::${cloud.account.id}:assumed-role/${profile ?? 'none'}/${machine.instance.id}`;
	const action = `ec2:${name}`;
	if (!keys && !roleAllows(cloud.account, profile, action))
		throw refusal(
			'UnauthorizedOperation',
			`You are not authorized to perform this operation. User: ${by} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action.`,
			403,
		);
	return cloud.carry(name, region, input, by);
}

const credentialsMissing =
	'amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance role';

const awsWords = (error: {name: string; message: string; status: number}) =>
	`${error.name}: ${error.message}\n\tstatus code: ${error.status}, request id: 7c1f2a60-5b1e-4a55-9f4e-0d6f1c3f9a11`;

/** What docker-machine itself finds wrong, thrown inside a create. */
const failure = (message: string): Error => Object.assign(new Error(message), {name: 'DockerMachineFailure'});

/**
 * `docker-machine create` with the amazonec2 driver: its lines and stages (facts §3.3), its calls to EC2 (§3.5), its failures (§3.6).
 * What it made stays when it fails, as with the real one: `rm` takes it away.
 */
export function* createMachine(docker: DockerMachine, name: string, list: readonly string[]): Work<Created> {
	try {
		return {made: true, instanceId: yield* creating(docker, name, optionsOf(list), list)};
	} catch (error) {
		if (!(error instanceof Error) || error.name !== 'DockerMachineFailure') throw error;
		for (const line of error.message.split('\n')) docker.say(line, true);
		return {made: false};
	}
}

/** A stage's line, and the failure that a test has put there. */
function begin({machine, say, givenUp}: DockerMachine, stage: string, line: string): void {
	const over = givenUp();
	if (over !== undefined) throw failure(over);
	say(line);
	const {stage: fault} = machine.faults;
	if (fault?.name !== stage || fault.times <= 0) return;
	fault.times -= 1;
	throw failure(fault.detail);
}

function* creating(docker: DockerMachine, name: string, options: Options, list: readonly string[]): Work<string> {
	const {machine, random, now} = docker;
	if (options.wrong !== undefined) throw failure(`Incorrect Usage.\n${options.wrong}`);
	if (machine.files.has(`${storeFolder}${name}/config.json`)) throw failure(`Docker machine "${name}" already exists`);
	judgeFlags(docker, options);
	begin(docker, 'check', 'Running pre-create checks...');
	yield 700;
	preCheck(docker, name, options);
	begin(docker, 'create', 'Creating machine...');
	store(docker, name, '', list);
	yield 300;
	begin(docker, 'launch', `(${name}) Launching instance...`);
	const region = options.read('region') ?? 'us-east-1';
	yield 1500 + random() * 800;
	const instanceId = launch(docker, name, region, options);
	store(docker, name, instanceId, list);
	if (options.has('request-spot-instance')) tagSpot(docker, name, region, instanceId, options);
	begin(docker, 'running', 'Waiting for machine to be running, this may take a few minutes...');
	const instance = docker.cloud.account.regions.get(region)?.instances.get(instanceId);
	if (!instance) throw failure(`Error creating machine: the instance ${instanceId} is gone`);
	yield Math.max(0, instance.runsFrom - now());
	docker.say('Detecting operating system of created instance...');
	begin(docker, 'ssh', 'Waiting for SSH to be available...');
	yield Math.max(0, instance.bootedAt - now());
	const user = docker.cloud.account.regions.get(region)?.images.get(instance.imageId)?.user;
	if (!reaches(docker, region, instanceId, 22) || user !== (options.read('ssh-user') ?? 'ubuntu')) {
		yield 420_000;
		throw failure(
			'Error creating machine: Error detecting OS: Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded',
		);
	}
	yield* provision(docker, region, instanceId);
	if (instance.ending) throw failure(`Error creating machine: Error waiting for machine to be running: the instance ${instanceId} was terminated`);
	return instanceId;
}

function* provision(docker: DockerMachine, region: string, instanceId: string): Work<void> {
	const {machine, random} = docker;
	begin(docker, 'system', 'Detecting the provisioner...');
	yield 900;
	begin(docker, 'provision', 'Provisioning with ubuntu(systemd)...');
	yield 4000 + random() * 3000;
	begin(docker, 'docker install', 'Installing Docker...');
	yield 9000 + random() * 6000;
	if (!hasInternet(docker, region, instanceId)) throw failure('Error creating machine: Error running provisioning: error installing docker: ');
	begin(docker, 'certificates', 'Copying certs to the local machine directory...');
	if (!hasCertificates(machine))
		throw failure('Error creating machine: Error running provisioning: open /root/.docker/machine/certs/ca.pem: no such file or directory');
	yield 500;
	docker.say('Copying certs to the remote machine...');
	yield 900;
	begin(docker, 'docker set up', 'Setting Docker configuration on the remote daemon...');
	yield 3000;
	begin(docker, 'docker answer', 'Checking connection to Docker...');
	yield 600;
	if (!reaches(docker, region, instanceId, 2376)) {
		yield 30_000;
		throw failure(
			'Error creating machine: Error checking the host: Error checking and/or regenerating the certs: There was an error validating certificates for host: dial tcp: i/o timeout',
		);
	}
	docker.say('Docker is up and running!');
	docker.say('To see how to connect your Docker Client to the Docker Engine running on this virtual machine, run: docker-machine env');
}

/** Writes a machine into the store; the options stand beside the driver's fields, since this world reads them back from there (facts §17.4). */
function store({machine, cloud}: DockerMachine, name: string, instanceId: string, list: readonly string[]): void {
	const options = optionsOf(list);
	const region = options.read('region') ?? 'us-east-1';
	const instance = cloud.account.regions.get(region)?.instances.get(instanceId);
	const Driver = {
		InstanceId: instanceId,
		IPAddress: instance?.privateIp ?? '',
		PrivateIPAddress: instance?.privateIp ?? '',
		InstanceType: options.read('instance-type') ?? 't2.micro',
		Region: region,
		Zone: options.read('zone') ?? 'a',
		SubnetId: options.read('subnet-id') ?? '',
		AMI: options.read('ami') ?? '',
		RequestSpotInstance: options.has('request-spot-instance'),
		SpotPrice: options.read('spot-price') ?? '0.50',
		KeyName: name,
		RootSize: Number(options.read('root-size') ?? 16),
		VolumeType: options.read('volume-type') ?? 'gp2',
		PrivateIPOnly: options.has('private-address-only'),
		MachineName: name,
	};
	const config = {ConfigVersion: 3, Name: name, DriverName: 'amazonec2', Driver, HostOptions: {Flags: list}};
	machine.files.set(`${storeFolder}${name}/config.json`, {text: JSON.stringify(config), mode: 0o600});
}

function judgeFlags({cloud, machine}: DockerMachine, options: Options): void {
	const setting = (what: string) => failure(`Error setting machine configuration from flags provided: ${what}`);
	const hasKeys = textOf(machine, credentialsPath)?.includes('aws_access_key_id') === true || options.has('access-key');
	if (!hasKeys && !cloud.account.roles.has(cloud.account.profiles.get(machine.instance.profileName ?? '')?.roleName ?? '')) throw setting(credentialsMissing);
	const name = options.read('region') ?? 'us-east-1';
	const region = cloud.account.regions.get(name);
	if (!region) throw setting('Invalid region specified');
	const subnet = options.read('subnet-id');
	const vpc = options.read('vpc-id');
	if (subnet === undefined) return;
	const standing = region.subnets.find(({id}) => id === subnet);
	if (!standing) throw setting(`The desired subnet could not be located in this region. Is '${subnet}' a typo?`);
	if (vpc !== undefined && standing.vpcId !== vpc) throw setting(`SubnetId: ${subnet} does not belong to VpcId: ${vpc}`);
}

function preCheck(docker: DockerMachine, name: string, options: Options): void {
	const region = docker.cloud.account.regions.get(options.read('region') ?? 'us-east-1');
	if (region?.keyPairs.has(name))
		throw failure(
			`Error with pre-create check: "There is already a keypair with the name ${name}.  Please either remove that keypair or use a different machine name."`,
		);
}

/** Imports a key pair of the machine's name, then launches; gives the instance's id. */
function launch(docker: DockerMachine, name: string, region: string, options: Options): string {
	const failed = (what: string, error: unknown): Error => {
		if (!isRefusal(error)) throw error;
		return failure(`Error creating machine: Error in driver during machine creation: ${what}${awsWords(error)}`);
	};
	const state = docker.cloud.account.regions.get(region);
	const vpcId = options.read('vpc-id') ?? state?.vpcs.find(({isDefault}) => isDefault)?.id;
	const groupName = options.read('security-group') ?? 'docker-machine';
	let groupId = [...(state?.groups.values() ?? [])].find((group) => group.name === groupName && group.vpcId === vpcId)?.id;
	try {
		groupId ??= awsCall(docker, region, 'CreateSecurityGroup', {GroupName: groupName, Description: 'Docker Machine', VpcId: vpcId}).GroupId;
	} catch (error) {
		throw failed('', error);
	}
	try {
		const key = `ssh-rsa ${Buffer.from(`\0\0\0\x07ssh-rsa${name}`.padEnd(80, '.')).toString('base64')}`;
		awsCall(docker, region, 'ImportKeyPair', {KeyName: name, PublicKeyMaterial: Buffer.from(key)});
	} catch (error) {
		throw failed('unable to create key pair: ', error);
	}
	try {
		const made = awsCall(docker, region, 'RunInstances', launchInput(name, options, region, groupId));
		return made.Instances?.[0]?.InstanceId ?? '';
	} catch (error) {
		if (isRefusal(error)) docker.say('Missing instance ID, this is likely due to a failure during machine creation');
		throw failed('Error launching instance: ', error);
	}
}

/** The fork tags spot instances after the launch, and ends them where it may not (facts §3.5). */
function tagSpot(docker: DockerMachine, name: string, region: string, instanceId: string, options: Options): void {
	try {
		awsCall(docker, region, 'CreateTags', {Resources: [instanceId], Tags: tagsOf(name, options)});
	} catch (error) {
		if (!isRefusal(error)) throw error;
		awsCall(docker, region, 'TerminateInstances', {InstanceIds: [instanceId]});
		throw failure(`Error creating machine: Error in driver during machine creation: Error setting tags for the spot instance: ${awsWords(error)}`);
	}
}

/** `docker-machine rm -y`: the instance ends, the key pair goes, the store forgets; gives whether it is gone from the store. */
export function* removeMachine(docker: DockerMachine, name: string): Work<boolean> {
	const {machine, say} = docker;
	const stored = storeOf(machine).find((one) => one.name === name);
	if (!stored) return true;
	say(`About to remove ${name}`);
	say('WARNING: This action will delete both local reference and remote instance.');
	yield 1200;
	const region = optionsOf(stored.options).read('region') ?? 'us-east-1';
	try {
		if (stored.instanceId !== '') endRemote(docker, region, stored.instanceId);
		awsCall(docker, region, 'DeleteKeyPair', {KeyName: name});
	} catch (error) {
		if (!isRefusal(error)) throw error;
		say(`Error removing host "${name}": ${awsWords(error)}`, true);
		return false;
	}
	machine.files.delete(`${storeFolder}${name}/config.json`);
	say(`Successfully removed ${name}`);
	return true;
}

function endRemote(docker: DockerMachine, region: string, instanceId: string): void {
	try {
		awsCall(docker, region, 'TerminateInstances', {InstanceIds: [instanceId]});
	} catch (error) {
		if (!isRefusal(error) || error.name !== 'InvalidInstanceID.NotFound') throw error;
	}
}
