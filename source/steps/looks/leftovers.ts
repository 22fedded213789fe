import {markKeys} from '../../fleet.ts';
import {unless} from '../../problem.ts';
import type {Cloud} from '../../world/cloud/port.ts';
import {tagsOf} from '../tags.ts';
import {type KeyPair, keyPairsIn, type Volume, volumesIn} from './account.ts';

/** A request for a spot instance, and the instance that it led to. */
type SpotRequest = {
	id: string;
	state: string;
	instanceId?: string | undefined;
	createdAt?: number | undefined;
	type?: string | undefined;
	tags: Record<string, string>;
};

/** An Auto Scaling group or a launch template that bears a fleet's mark. Times are milliseconds since 1970. */
type MarkedThing = {id: string; name: string; createdAt: number | undefined; tags: Record<string, string>};

/** What a fleet's Auto Scaling may leave behind; `instanceIds` are those of the groups' instances. */
export type ScalingLeft = {
	groups: readonly (MarkedThing & {instanceIds: readonly string[]})[];
	templates: readonly MarkedThing[];
	keyPairs: readonly KeyPair[];
};

/** What machines may leave behind; `scaling` only where that was looked at, and might be. */
export type Leftovers = {
	keyPairs: readonly KeyPair[];
	spotRequests: readonly SpotRequest[];
	volumes: readonly Volume[];
	scaling?: ScalingLeft | undefined;
};

/** Key pairs, spot requests and loose volumes that bear a runner's name or a mark; whoever made them. */
export async function lookAtLeftovers(cloud: Cloud): Promise<Leftovers> {
	const [keyPairs, requests, volumes] = await Promise.all([
		keyPairsIn(cloud, 'key-name', ['runner-*'], {publicKey: false}),
		cloud.call('DescribeSpotInstanceRequests', {Filters: [{Name: 'state', Values: ['open', 'active']}]}),
		volumesIn(cloud, {status: ['available']}),
	]);
	const spotRequests = (requests.SpotInstanceRequests ?? []).map((seen) => ({
		id: seen.SpotInstanceRequestId ?? '',
		state: seen.State ?? '',
		instanceId: seen.InstanceId,
		tags: tagsOf(seen.Tags),
		createdAt: seen.CreateTime?.getTime(),
		type: seen.LaunchSpecification?.InstanceType,
	}));
	return {keyPairs, spotRequests, volumes};
}

const anyFleet = [{Name: 'tag-key', Values: [markKeys.fleet]}];

/** Auto Scaling groups, launch templates and workers' key pairs that bear any fleet's mark; undefined for who isn't allowed to look. */
export async function lookAtScalingLeft(cloud: Cloud): Promise<ScalingLeft | undefined> {
	const looks = Promise.all([
		cloud.call('DescribeAutoScalingGroups', {Filters: anyFleet}),
		cloud.call('DescribeLaunchTemplates', {Filters: anyFleet}),
		keyPairsIn(cloud, `tag:${markKeys.part}`, ['worker-key'], {publicKey: false}),
	]);
	const seen = await unless(looks, 'not-allowed');
	if (!seen) return undefined;
	const [{AutoScalingGroups = []}, {LaunchTemplates = []}, keyPairs] = seen;
	return {
		groups: AutoScalingGroups.map(({AutoScalingGroupName: name = '', CreatedTime, Instances = [], Tags = []}) => ({
			id: name,
			name,
			createdAt: CreatedTime?.getTime(),
			tags: tagsOf(Tags),
			instanceIds: Instances.flatMap(({InstanceId}) => InstanceId ?? []),
		})),
		templates: LaunchTemplates.map(({LaunchTemplateId: id = '', LaunchTemplateName: name = '', CreateTime, Tags}) => ({
			id,
			name,
			createdAt: CreateTime?.getTime(),
			tags: tagsOf(Tags),
		})),
		keyPairs,
	};
}
