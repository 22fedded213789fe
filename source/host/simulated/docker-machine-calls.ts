import type {Input, OperationName, Output} from '../../cloud/port.ts';
import {deniedByOrganization, notAuthorized} from '../../cloud/simulated/allowed.ts';
import type {SimulatedCloud} from '../../cloud/simulated/cloud.ts';
import {roleAllows} from '../../cloud/simulated/iam.ts';
import {isRefusal} from '../../cloud/simulated/refusal.ts';
import {credentialsPath, type Machine, textOf} from './machine.ts';
import {launchInput, type Options, tagsOf} from './machine-options.ts';

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

/** A call to EC2 with what root's credentials file or the manager's role allows (facts §7). */
export function awsCall<Name extends OperationName>({cloud, machine}: DockerMachine, region: string, name: Name, input: Input<Name>): Output<Name> {
	const keys = textOf(machine, credentialsPath)?.includes('aws_access_key_id') === true;
	const profile = machine.instance.profileName;
	const by = `arn:aws:sts::${cloud.account.id}:assumed-role/${profile ?? 'none'}/${machine.instance.id}`;
	const action = `ec2:${name}`;
	if (deniedByOrganization(cloud.account, [action])) throw notAuthorized(action, by, 'organization');
	if (!keys && !roleAllows(cloud.account, profile, action)) throw notAuthorized(action, by, 'nothing');
	return cloud.carry(name, region, input, by);
}

export const credentialsMissing =
	'amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance role';

export const awsWords = (error: {name: string; message: string; status: number}) =>
	`${error.name}: ${error.message}\n\tstatus code: ${error.status}, request id: 7c1f2a60-5b1e-4a55-9f4e-0d6f1c3f9a11`;

/** What docker-machine itself finds wrong, thrown inside a create. */
export const failure = (message: string): Error => Object.assign(new Error(message), {name: 'DockerMachineFailure'});

/** Imports a key pair of the machine's name, then launches; gives the instance's id. */
export function launch(docker: DockerMachine, name: string, region: string, options: Options): string {
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
export function tagSpot(docker: DockerMachine, name: string, region: string, instanceId: string, options: Options): void {
	try {
		awsCall(docker, region, 'CreateTags', {Resources: [instanceId], Tags: tagsOf(name, options)});
	} catch (error) {
		if (!isRefusal(error)) throw error;
		awsCall(docker, region, 'TerminateInstances', {InstanceIds: [instanceId]});
		throw failure(`Error creating machine: Error in driver during machine creation: Error setting tags for the spot instance: ${awsWords(error)}`);
	}
}

/** Ends a machine's instance; one that is gone is no failure. */
export function endRemote(docker: DockerMachine, region: string, instanceId: string): void {
	try {
		awsCall(docker, region, 'TerminateInstances', {InstanceIds: [instanceId]});
	} catch (error) {
		if (!isRefusal(error) || error.name !== 'InvalidInstanceID.NotFound') throw error;
	}
}
