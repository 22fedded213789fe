import type {_InstanceType} from '@aws-sdk/client-ec2';
import type {RegionState, SubnetState} from '../account.ts';
import {spotPrice} from '../launch.ts';
import type {ScalingGroupState} from './state.ts';

/** A type in a subnet's zone, where a group could launch. */
export type Pool = {type: _InstanceType; subnet: SubnetState};

/** How many of so many instances are to be on demand: the base, and of what is above it the share, rounded up. */
export function onDemandOf({OnDemandBaseCapacity: base, OnDemandPercentageAboveBaseCapacity: share}: ScalingGroupState['distribution'], count: number): number {
	const fixed = Math.min(base, count);
	return fixed + Math.ceil(((count - fixed) * share) / 100);
}

/**
 * Where a group would launch next, the best first. Zones with the fewest of its instances come first; there, on demand takes types as they are
 * listed, and spot those that have capacity, the cheapest first, which is what `price-capacity-optimized` comes to.
 */
export function poolsOf(group: ScalingGroupState, types: readonly _InstanceType[], isSpot: boolean, region: RegionState): Pool[] {
	const zones = group.members.filter(({isLeaving}) => !isLeaving).map(({instanceId}) => region.instances.get(instanceId)?.zone);
	const held = (zone: string) => zones.filter((one) => one === zone).length;
	const lacks = (type: string, zone: string) => Number(region.notOffered.has(`${type} ${zone}`) || region.noCapacity.has(`spot ${type} ${zone}`));
	const subnets = group.subnetIds.flatMap((id) => region.subnets.find((one) => one.id === id) ?? []);
	const pools = subnets.flatMap((subnet) =>
		types.map((type, place) => {
			const order = isSpot ? [lacks(type, subnet.zone), spotPrice(region, type, subnet.zone), place] : [place];
			return {type, subnet, order: [held(subnet.zone), ...order]};
		}),
	);
	const compare = (one: readonly number[], other: readonly number[]): number => one.map((each, at) => each - (other[at] ?? 0)).find((each) => each !== 0) ?? 0;
	return pools.toSorted((one, other) => compare(one.order, other.order)).map(({subnet, type}) => ({subnet, type}));
}
