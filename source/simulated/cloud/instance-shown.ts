import type {Instance} from '@aws-sdk/client-ec2';
import {type InstanceState, stateOf} from './account.ts';
import {tagList} from './asked.ts';
import type {Here} from './here.ts';
import {kindOf} from './network.ts';

/** EC2's numbers of an instance's states. */
export const codes = {pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80} as const;

/** What a call has done, with when; of what AWS did, its own word. */
function transition({ending, reason, stopping}: InstanceState): string {
	const from = ending?.from ?? stopping?.from;
	if (from === undefined) return '';
	if (reason && !reason.code.startsWith('Client.UserInitiated')) return reason.message;
	return `User initiated (${new Date(from).toISOString().slice(0, 19).replace('T', ' ')} GMT)`;
}

/** An instance as EC2 tells of it. */
export const shown = (instance: InstanceState, {region, account, now}: Here): Instance => {
	const state = stateOf(instance, now);
	const kind = kindOf(instance.type);
	const threads = kind?.architectures.includes('arm64') ? 1 : 2;
	const image = region.images.get(instance.imageId);
	const alive = state !== 'terminated';
	const profile = instance.profileName === undefined ? undefined : account.profiles.get(instance.profileName);
	const publicIp = state === 'running' || state === 'shutting-down' || state === 'stopping' ? instance.publicIp : undefined;
	return {
		InstanceId: instance.id,
		ImageId: instance.imageId,
		InstanceType: instance.type,
		...(kind === undefined ? {} : {CpuOptions: {CoreCount: kind.vcpus / threads, ThreadsPerCore: threads}}),
		State: {Code: codes[state], Name: state},
		LaunchTime: new Date(instance.launchedAt),
		Placement: {AvailabilityZone: instance.zone, Tenancy: 'default'},
		Architecture: image?.architecture ?? 'x86_64',
		RootDeviceName: instance.rootDevice,
		RootDeviceType: 'ebs',
		VirtualizationType: 'hvm',
		PlatformDetails: 'Linux/UNIX',
		StateTransitionReason: transition(instance),
		...(instance.reason === undefined || instance.reason.message === '' ? {} : {StateReason: {Code: instance.reason.code, Message: instance.reason.message}}),
		...(instance.keyName === undefined ? {} : {KeyName: instance.keyName}),
		...(instance.clientToken === undefined ? {} : {ClientToken: instance.clientToken}),
		...(instance.spotRequestId === undefined ? {} : {SpotInstanceRequestId: instance.spotRequestId, InstanceLifecycle: 'spot'}),
		...(alive ? {SubnetId: instance.subnetId, VpcId: instance.vpcId, PrivateIpAddress: instance.privateIp} : {}),
		...(publicIp === undefined ? {} : {PublicIpAddress: publicIp}),
		SecurityGroups: alive ? instance.groupIds.map((GroupId) => ({GroupId, GroupName: region.groups.get(GroupId)?.name})) : [],
		...(alive && instance.profileName !== undefined
			? {IamInstanceProfile: {Arn: `arn:aws:iam::${account.id}:instance-profile${profile?.path ?? '/'}${instance.profileName}`, Id: profile?.id ?? 'gone'}}
			: {}),
		BlockDeviceMappings: region.volumes.has(instance.volumeId)
			? [{DeviceName: instance.rootDevice, Ebs: {VolumeId: instance.volumeId, DeleteOnTermination: true, Status: 'attached'}}]
			: [],
		MetadataOptions: {State: 'applied', HttpTokens: instance.tokens, HttpPutResponseHopLimit: instance.hopLimit, HttpEndpoint: 'enabled'},
		Tags: tagList(instance.tags),
	};
};
