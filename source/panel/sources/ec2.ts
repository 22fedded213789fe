import {executors} from '../../executors/list.ts';
import {type Fleet, markKeys} from '../../fleet.ts';
import {ifAnswered} from '../../problem.ts';
import {type Instance, inFilters, instancesIn, lives, volumesIn} from '../../steps/looks/account.ts';
import {bearsMark} from '../../steps/tags.ts';
import type {Cloud} from '../../world/cloud/port.ts';
import {workerNameOf} from '../live/executors.ts';
import {isBuilder} from '../paid.ts';
import type {Ec2, SpotEnd} from '../snapshot.ts';

/** Whose workers are looked at: a fleet's, or those of any manager. */
export type Watched = {fleet: Fleet} | {managerId: string};

/** What is known already, so that EC2 is asked for no more than is shown. */
export type KnownToPanel = {
	shortTokens: readonly string[];
	instanceIds: readonly string[];
	/** Names of the Auto Scaling groups that workers are in. */
	groups: readonly string[];
	/** Names of machines whose Docker stopped answering while a job ran there. */
	lost: readonly string[];
	/** What spot requests of theirs have told already. */
	spotEnds: NonNullable<Ec2['spotEnds']>;
	/** How big the disks of managers and builders are that have been asked for already. */
	disks: NonNullable<Ec2['disks']>;
};

/**
 * How and when spot requests ended whose instances don't say when, or from which jobs lost their machine and they don't say it was AWS: asked once
 * for each, and what can't be asked isn't known.
 */
async function spotEndsOf(cloud: Cloud, instances: readonly Instance[], {lost, spotEnds}: KnownToPanel): Promise<NonNullable<Ec2['spotEnds']>> {
	const isLost = (instance: Instance): boolean =>
		!lives(instance) && !/Server\.Spot/.test(instance.stateReason ?? '') && lost.includes(workerNameOf(instance) ?? instance.id);
	const isTimeless = ({state, endedAt}: Instance): boolean => state === 'terminated' && endedAt === undefined;
	const asked = instances.filter(
		(instance) => instance.spotRequestId !== undefined && spotEnds[instance.id] === undefined && (isTimeless(instance) || isLost(instance)),
	);
	if (asked.length === 0) return spotEnds;
	const [ids = []] = inFilters(asked.flatMap(({spotRequestId}) => spotRequestId ?? []));
	const answer = await ifAnswered(cloud.call('DescribeSpotInstanceRequests', {Filters: [{Name: 'spot-instance-request-id', Values: ids}]}));
	const ends = new Map(
		('result' in answer ? (answer.result.SpotInstanceRequests ?? []) : []).map((one): [string | undefined, SpotEnd] => [
			one.SpotInstanceRequestId,
			{code: one.Status?.Code ?? '', at: one.Status?.UpdateTime?.getTime()},
		]),
	);
	return {...spotEnds, ...Object.fromEntries(asked.map(({id, spotRequestId}) => [id, ends.get(spotRequestId) ?? {code: '', at: undefined}]))};
}

/** How big the disks of each of these are, in GiB: asked once for each while it's there, and what can't be asked counts nothing. */
async function disksOf(cloud: Cloud, instances: readonly Instance[], {disks}: KnownToPanel): Promise<NonNullable<Ec2['disks']>> {
	const asked = instances.filter((instance) => lives(instance) && disks[instance.id] === undefined).map(({id}) => id);
	if (asked.length === 0) return disks;
	const answer = await ifAnswered(volumesIn(cloud, {'attachment.instance-id': asked}));
	const volumes = 'result' in answer ? answer.result : [];
	const gibOf = (id: string): number => volumes.filter(({instanceId}) => instanceId === id).reduce((sum, {sizeGib}) => sum + sizeGib, 0);
	return {...disks, ...Object.fromEntries(asked.map((id) => [id, gibOf(id)]))};
}

/**
 * The manager and the workers. By filters only: an id that EC2 doesn't know isn't an error then.
 * Machines in the manager's store that no pattern finds (a key pair that was given) are asked for by their ids.
 */
export async function lookAtEc2(cloud: Cloud, watched: Watched, known: KnownToPanel): Promise<Ec2> {
	const managers =
		'fleet' in watched ? instancesIn(cloud, `tag:${markKeys.fleet}`, [watched.fleet.name]) : instancesIn(cloud, 'instance-id', [watched.managerId]);
	const fleet = 'fleet' in watched ? watched.fleet : undefined;
	const filters = executors.flatMap(({view}) => view.filters({fleet, shortTokens: known.shortTokens, groups: known.groups}));
	const seen = await Promise.all([managers, ...filters.map(({name, values}) => instancesIn(cloud, name, values))]);
	const byId = new Map(seen.flat().map((instance) => [instance.id, instance]));
	const missing = known.instanceIds.filter((id) => !byId.has(id));
	for (const instance of await instancesIn(cloud, 'instance-id', missing)) byId.set(instance.id, instance);
	const isManager = (instance: Instance): boolean =>
		'fleet' in watched ? bearsMark(watched.fleet, instance.tags, 'manager') : instance.id === watched.managerId;
	const found = [...byId.values()].filter(isManager).sort((one, other) => Number(lives(other)) - Number(lives(one)) || other.launchedAt - one.launchedAt);
	const [manager, ...others] = found;
	const workers = [...byId.values()].filter((instance) => !isManager(instance));
	const [spotEnds, disks] = await Promise.all([spotEndsOf(cloud, workers, known), disksOf(cloud, [...found, ...workers.filter(isBuilder)], known)]);
	const instances = workers.map((one) => (one.state === 'terminated' ? {...one, endedAt: one.endedAt ?? spotEnds[one.id]?.at} : one));
	const isGone = manager === undefined || manager.state === 'terminated';
	return {
		manager: isGone ? undefined : manager,
		otherManagers: others.filter(lives),
		goneManagers: (isGone ? found : others).filter((one) => !lives(one)),
		instances,
		spotEnds,
		disks,
	};
}
