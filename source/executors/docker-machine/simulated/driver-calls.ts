import {isRefusal} from '../../../simulated/cloud/refusal.ts';
import type {Hosts, Machine} from '../../../simulated/host/machine.ts';
import {awsCall, type Caller} from '../../../simulated/host/manager-calls.ts';
import {launchInput, type MachineFlags, tagsOf} from './machine-options.ts';

/** What docker-machine works with on a host: the cloud, the time, and where its lines go. */
export type DockerMachine = Caller & {
	random(): number;
	/** A line on stdout (info) or stderr (error). */
	say(line: string, error?: boolean): void;
	/** Ends what is under way as soon as nothing would be forgotten by it. */
	givenUp(): string | undefined;
};

/** docker-machine on a host, whose lines nobody reads, or who is given. */
export const dockerOn = ({cloud, clock, random}: Hosts, machine: Machine, heard: Partial<Pick<DockerMachine, 'say' | 'givenUp'>> = {}): DockerMachine => ({
	...{cloud, machine, now: clock.now, random, say: () => {}, givenUp: () => undefined},
	...heard,
});

export const credentialsMissing =
	'amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance role';

export const awsWords = (error: {name: string; message: string; status: number}) =>
	`${error.name}: ${error.message}\n\tstatus code: ${error.status}, request id: 7c1f2a60-5b1e-4a55-9f4e-0d6f1c3f9a11`;

/** What docker-machine itself finds wrong, thrown inside a create. */
export const failure = (message: string): Error => Object.assign(new Error(message), {name: 'DockerMachineFailure'});

/** What AWS refuses inside the driver, thrown as docker-machine tells it; what isn't a refusal is thrown as it is. */
function inDriver<Result>(work: () => Result, what = ''): Result {
	try {
		return work();
	} catch (error) {
		if (!isRefusal(error)) throw error;
		throw failure(`Error creating machine: Error in driver during machine creation: ${what}${awsWords(error)}`);
	}
}

/** Reads the subnet that the options name: what the driver does before anything else. */
export function subnetOf(docker: DockerMachine, region: string, id: string) {
	const setting = (what: string) => failure(`Error setting machine configuration from flags provided: ${what}`);
	try {
		return awsCall(docker, region, 'DescribeSubnets', {Filters: [{Name: 'subnet-id', Values: [id]}]}).Subnets?.[0];
	} catch (error) {
		throw isRefusal(error) ? setting(awsWords(error)) : error;
	}
}

/** Whether a key pair of the machine's name is there already; a refusal to tell counts as no (amazonec2 driver, checkPrereqs). */
export function isKeyPairThere(docker: DockerMachine, region: string, name: string): boolean {
	try {
		return awsCall(docker, region, 'DescribeKeyPairs', {KeyNames: [name]}).KeyPairs?.length !== 0;
	} catch (error) {
		if (!isRefusal(error)) throw error;
		return false;
	}
}

/** The id of the group of that name in the VPC; made where it isn't there. */
function groupFor(docker: DockerMachine, region: string, options: MachineFlags): string | undefined {
	const vpcId = options.read('vpc-id') ?? docker.cloud.account.regions.get(region)?.vpcs.find(({isDefault}) => isDefault)?.id ?? '';
	const name = options.read('security-group') ?? 'docker-machine';
	const filters = [
		{Name: 'group-name', Values: [name]},
		{Name: 'vpc-id', Values: [vpcId]},
	];
	const found = awsCall(docker, region, 'DescribeSecurityGroups', {Filters: filters}).SecurityGroups?.[0]?.GroupId;
	return found ?? awsCall(docker, region, 'CreateSecurityGroup', {GroupName: name, Description: 'Docker Machine', VpcId: vpcId}).GroupId;
}

/** Imports a key pair of the machine's name, then launches; gives the instance's id. What was made before a failure goes again. */
export function launch(docker: DockerMachine, name: string, region: string, options: MachineFlags): string {
	let instanceId = '';
	try {
		const key = `ssh-rsa ${Buffer.from(`\0\0\0\x07ssh-rsa${name}`.padEnd(80, '.')).toString('base64')}`;
		inDriver(() => awsCall(docker, region, 'ImportKeyPair', {KeyName: name, PublicKeyMaterial: Buffer.from(key)}), 'unable to create key pair: ');
		const groupId = inDriver(() => groupFor(docker, region, options));
		const made = inDriver(() => awsCall(docker, region, 'RunInstances', launchInput(name, options, region, groupId)), 'Error launching instance: ');
		instanceId = made.Instances?.[0]?.InstanceId ?? '';
		if (options.has('request-spot-instance')) inDriver(() => tagSpot(docker, name, region, instanceId, options), 'Error setting tags for the spot instance: ');
		return instanceId;
	} catch (error) {
		undoLaunch(docker, name, region, instanceId);
		throw error;
	}
}

/** The fork tags spot instances after the launch, so many tags a call, the name first. */
function tagSpot(docker: DockerMachine, name: string, region: string, instanceId: string, options: MachineFlags): void {
	const tags = tagsOf(name, options);
	for (let start = 0; start < tags.length; start += 10) awsCall(docker, region, 'CreateTags', {Resources: [instanceId], Tags: tags.slice(start, start + 10)});
}

/** A driver that fails takes away what it made, and says nothing of what it can't. */
function undoLaunch(docker: DockerMachine, name: string, region: string, instanceId: string): void {
	for (const undo of [() => endRemote(docker, region, instanceId), () => awsCall(docker, region, 'DeleteKeyPair', {KeyName: name})]) {
		try {
			undo();
		} catch (error) {
			if (!isRefusal(error)) throw error;
		}
	}
}

/** Looks whether the instance has an address, and whether it runs. */
export function waitForInstance(docker: DockerMachine, region: string, instanceId: string): void {
	try {
		awsCall(docker, region, 'DescribeInstances', {InstanceIds: [instanceId]});
	} catch (error) {
		if (!isRefusal(error)) throw error;
	}
}

/** Ends a machine's instance; one that is gone is no failure, and neither is none. */
export function endRemote(docker: DockerMachine, region: string, instanceId: string): void {
	if (instanceId === '') {
		docker.say('Missing instance ID, this is likely due to a failure during machine creation');
		return;
	}
	try {
		awsCall(docker, region, 'TerminateInstances', {InstanceIds: [instanceId]});
	} catch (error) {
		if (!isRefusal(error) || error.name !== 'InvalidInstanceID.NotFound') throw error;
		docker.say('Remote instance does not exist, proceeding with removing local reference');
	}
}
