import type {Cloud} from '../cloud/port.ts';
import type {HomeFleet} from '../face.ts';
import {type Fleet, markKeys} from '../fleet.ts';

/** What a fleet's manager is, in a few words: one call. Of one that runs there is more to be looked at. */
export async function managerLine(cloud: Cloud, fleet: Fleet): Promise<Pick<HomeFleet, 'is' | 'says'>> {
	const {Reservations = []} = await cloud.call('DescribeInstances', {
		Filters: [
			{Name: `tag:${markKeys.fleet}`, Values: [fleet.name]},
			{Name: `tag:${markKeys.part}`, Values: ['manager']},
			{Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped']},
		],
	});
	const [manager] = Reservations.flatMap(({Instances = []}) => Instances).sort(
		(one, other) => (other.LaunchTime?.getTime() ?? 0) - (one.LaunchTime?.getTime() ?? 0),
	);
	if (!manager) return {is: 'note', says: 'no manager: r makes it again'};
	const state = manager.State?.Name ?? 'unknown';
	const about = `manager ${manager.InstanceId ?? ''} ${manager.InstanceType ?? ''}`;
	return state === 'running' ? {is: 'looking', says: `${about} running`} : {is: 'note', says: `manager ${state}: r starts it again`};
}
