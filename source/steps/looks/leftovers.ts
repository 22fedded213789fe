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

/** What machines may leave behind. */
export type Leftovers = {keyPairs: readonly KeyPair[]; spotRequests: readonly SpotRequest[]; volumes: readonly Volume[]};

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
