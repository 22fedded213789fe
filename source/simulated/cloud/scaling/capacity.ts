import type {_InstanceType, RequestLaunchTemplateData, RunInstancesCommandInput} from '@aws-sdk/client-ec2';
import {type InstanceState, type RegionState, type SubnetState, stateOf} from '../account.ts';
import type {Here} from '../here.ts';
import {endInstance, launchOne} from '../instances.ts';
import {spotPrice} from '../launch.ts';
import {groupsCaller} from '../linked-roles.ts';
import {type AwsRefusal, isRefusal} from '../refusal.ts';
import {begin, launchStatus, roleTooYoung, stamp} from './activities.ts';
import {dataOf, numberOf} from './launch-templates.ts';
import type {ActivityState, MemberState, ScalingGroupState} from './state.ts';

/** A type in a subnet's zone, where a group could launch. */
type Pool = {type: _InstanceType; subnet: SubnetState};

/** How many of so many instances are to be on demand: the base, and of what is above it the share, rounded up. */
function onDemandOf({OnDemandBaseCapacity: base, OnDemandPercentageAboveBaseCapacity: share}: ScalingGroupState['distribution'], count: number): number {
	const fixed = Math.min(base, count);
	return fixed + Math.ceil(((count - fixed) * share) / 100);
}

/**
 * Where a group would launch next, the best first. Zones with the fewest of its instances come first; there, on demand takes types as they are
 * listed, and spot those that have capacity, the cheapest first, which is what `price-capacity-optimized` comes to.
 */
function poolsOf(group: ScalingGroupState, types: readonly _InstanceType[], isSpot: boolean, region: RegionState): Pool[] {
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

/** Milliseconds: until a group acts on a new number, until its health check sees that an instance has gone, until it tries a failed launch again, and from running to in service. */
const delays = {acts: 2000, notices: 30_000, triesAgain: 62_000, settles: 3000};

/** An activity's id: a UUID, as AWS's are. */
const activityId = ({account}: Here): string =>
	account
		.newId('')
		.slice(1)
		.padEnd(32, '0')
		.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Lets the group look at a time whether all is as wanted, unless it will sooner. */
function lookAt(here: Here, group: ScalingGroupState, when: number): void {
	if (group.looksAt !== undefined && group.looksAt <= when) return;
	group.looksAt = when;
	here.at(when, () => {
		if (group.looksAt !== when) return;
		delete group.looksAt;
		bring({...here, now: when, by: groupsCaller(here.account)}, group);
	});
}

/** The group soon acts on what it has been told. */
export function actSoon(here: Here, group: ScalingGroupState): void {
	delete group.restsUntil;
	lookAt(here, group, here.now + delays.acts);
}

/** Whether an instance of the group has gone without its doing. */
const isLost = ({isLeaving, instanceId}: MemberState, {region, now}: Here): boolean => {
	const instance = region.instances.get(instanceId);
	return !isLeaving && (instance === undefined || (stateOf(instance, now) !== 'pending' && stateOf(instance, now) !== 'running'));
};

/** Whether somebody has switched off what would notice that. */
const isBlind = ({suspended}: ScalingGroupState): boolean => suspended.includes('HealthCheck') || suspended.includes('ReplaceUnhealthy');

/** Lets the groups of a region see by and by that instances have gone: what their health check does. */
export function noticeLosses(here: Here): void {
	for (const group of here.region.scalingGroups.values()) {
		if (!isBlind(group) && group.members.some((member) => isLost(member, here))) lookAt(here, group, here.now + delays.notices);
	}
}

/** Begins the end of an instance of the group. */
export function takeAway(here: Here, group: ScalingGroupState, member: MemberState, why: string): ActivityState {
	const instance = here.region.instances.get(member.instanceId);
	member.isLeaving = true;
	const {endsAt: inService} = member.launch;
	if (inService === undefined || inService > here.now || (instance?.ending !== undefined && instance.ending.from < inService))
		Object.assign(member.launch, {
			endsAt: here.now,
			failed: {
				code: 'Cancelled',
				message: `Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: ${instance?.reason?.message ?? 'Client.UserInitiatedShutdown: User initiated shutdown'}`,
			},
		});
	if (instance) endInstance(here, instance, {code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown'});
	const endsAt = instance?.ending?.until ?? here.now;
	return begin(group, activityId(here), {
		description: `Terminating EC2 instance: ${member.instanceId}`,
		cause: `${group.because}At ${stamp(here.now)} ${why}`,
		startedAt: here.now,
		endsAt,
		...(instance ? {place: {subnetId: instance.subnetId, zone: instance.zone}} : {}),
	});
}

/** What a group asks EC2 for, by a version of its template. */
export function launchInput(data: RequestLaunchTemplateData, {subnet, type}: Pool, maxPrice: string | undefined, isSpot: boolean): RunInstancesCommandInput {
	const {InstanceMarketOptions: _market, InstanceType: _type, NetworkInterfaces: faces, SecurityGroupIds, ...rest} = data;
	const [face] = faces ?? [];
	return {
		...(rest as Omit<RunInstancesCommandInput, 'MinCount' | 'MaxCount'>),
		MinCount: 1,
		MaxCount: 1,
		InstanceType: type,
		...(face ? {NetworkInterfaces: [{...face, SubnetId: subnet.id}]} : {SubnetId: subnet.id, SecurityGroupIds}),
		...(isSpot ? {InstanceMarketOptions: {MarketType: 'spot', SpotOptions: maxPrice ? {MaxPrice: maxPrice} : {}}} : {}),
	};
}

/** Types that a group may launch: its policy's, else its template's. */
export const typesOf = ({types}: Pick<ScalingGroupState, 'types'>, data: RequestLaunchTemplateData): _InstanceType[] =>
	(types.length > 0 ? types : [data.InstanceType ?? '']) as _InstanceType[];

type Tried = {instance: InstanceState; version: string} | {status: string};

/** Launches one instance in the first pool that EC2 gives one in; else what is said of the best one's refusal. */
function tryLaunch(here: Here, group: ScalingGroupState): Tried {
	const {account, now, region} = here;
	if (account.groupsLaunchFrom > now) return {status: roleTooYoung};
	if (region.groupLaunches !== undefined) return {status: region.groupLaunches};
	const template = region.templates.get(group.templateId);
	const data = template && dataOf(template, group.version);
	if (!template || !data)
		return {status: `The specified launch template, with template ID ${group.templateId}, does not exist. Launching EC2 instance failed.`};
	const staying = group.members.filter(({isLeaving}) => !isLeaving).map(({instanceId}) => region.instances.get(instanceId));
	const onDemand = staying.filter((instance) => instance?.spotRequestId === undefined).length;
	const isSpot = onDemand >= onDemandOf(group.distribution, staying.length + 1);
	const pools = poolsOf(group, typesOf(group, data), isSpot, region);
	let first: AwsRefusal | undefined;
	for (const pool of pools) {
		try {
			const instance = launchOne(launchInput(data, pool, group.distribution.SpotMaxPrice, isSpot), here);
			const version = String(numberOf(template, group.version));
			const own = Object.fromEntries(Object.entries(group.tags).filter(([key]) => group.propagated.has(key)));
			const marks = {'aws:autoscaling:groupName': group.name, 'aws:ec2launchtemplate:id': template.id, 'aws:ec2launchtemplate:version': version};
			Object.assign(instance.tags, own, marks);
			return {instance, version};
		} catch (error) {
			if (!isRefusal(error)) throw error;
			first ??= error;
		}
	}
	return {status: launchStatus(first ?? {name: 'InvalidSubnetID.NotFound', message: 'The subnet ID does not exist', status: 400}, isSpot, pools.length)};
}

/** Launches one instance more; whether one came. */
function grow(here: Here, group: ScalingGroupState, from: number): boolean {
	const {now} = here;
	const change = `increasing the capacity from ${from} to ${from + 1}.`;
	const cause = `${group.because}At ${stamp(now)} an instance was started in response to a difference between desired and actual capacity, ${change}`;
	const tried = tryLaunch(here, group);
	if ('status' in tried) {
		begin(group, activityId(here), {
			description: 'Launching a new EC2 instance.',
			cause,
			startedAt: now,
			endsAt: now,
			failed: {code: 'Failed', message: tried.status},
		});
		group.restsUntil = now + delays.triesAgain;
		return false;
	}
	const {instance, version} = tried;
	const inServiceFrom = instance.runsFrom + delays.settles;
	const launch = begin(group, activityId(here), {
		description: `Launching a new EC2 instance: ${instance.id}`,
		cause,
		startedAt: now,
		endsAt: inServiceFrom,
		place: {subnetId: instance.subnetId, zone: instance.zone},
	});
	const {protectsNew: isProtected, templateId} = group;
	group.members.push({instanceId: instance.id, templateId, version, isProtected, inServiceFrom, isLeaving: false, launch});
	return true;
}

const allProtected = 'Could not scale to desired capacity because all remaining instances are protected from scale-in.';

/** Takes away what is too many, of the fullest zone the oldest first; what is protected stays. */
function shrink(here: Here, group: ScalingGroupState, staying: MemberState[]): void {
	const zoneOf = ({instanceId}: MemberState) => here.region.instances.get(instanceId)?.zone;
	const fullness = (member: MemberState) => staying.filter((one) => zoneOf(one) === zoneOf(member)).length;
	const excess = staying.length - group.desired;
	const going = staying
		.filter(({isProtected}) => !isProtected)
		.toSorted((one, other) => fullness(other) - fullness(one))
		.slice(0, excess);
	const difference = `a difference between desired and actual capacity, shrinking the capacity from ${staying.length} to ${group.desired}.`;
	const why = `an instance was taken out of service in response to ${difference}`;
	for (const member of going) takeAway(here, group, member, why);
	if (going.length === excess || group.activities.at(-1)?.failed?.message === allProtected) return;
	begin(group, activityId(here), {
		description: 'Terminating EC2 instances.',
		cause: `${group.because}At ${stamp(here.now)} ${why}`,
		startedAt: here.now,
		endsAt: here.now,
		failed: {code: 'Failed', message: allProtected},
	});
}

/** Brings a group nearer to what is wanted of it. */
function bring(here: Here, group: ScalingGroupState): void {
	const {region, now} = here;
	const isOver = ({instanceId}: MemberState) => {
		const instance = region.instances.get(instanceId);
		return instance === undefined || stateOf(instance, now) === 'terminated';
	};
	if (group.isDeleting) {
		for (const member of group.members.filter(({isLeaving}) => !isLeaving)) takeAway(here, group, member, 'the group was deleted by a user request.');
		group.members = group.members.filter((member) => !isOver(member));
		for (const {instanceId} of group.members) lookAt(here, group, region.instances.get(instanceId)?.ending?.until ?? now);
		if (group.members.length > 0) return;
		region.scalingGroups.delete(group.name);
		region.pastActivities.push(...group.activities);
		return;
	}
	const lost = 'an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.';
	for (const member of group.members.filter((one) => !isBlind(group) && isLost(one, here))) takeAway(here, group, member, lost);
	group.members = group.members.filter((member) => !(member.isLeaving && isOver(member)));
	const staying = group.members.filter(({isLeaving}) => !isLeaving);
	if (staying.length > group.desired && !group.suspended.includes('Terminate')) shrink(here, group, staying);
	const mayLaunch = !group.suspended.includes('Launch') && (group.restsUntil ?? 0) <= now;
	for (let count = staying.length; mayLaunch && count < group.desired; count += 1) {
		if (!grow(here, group, count)) break;
	}
	group.because = '';
	for (const {isLeaving, instanceId} of group.members) if (isLeaving) lookAt(here, group, region.instances.get(instanceId)?.ending?.until ?? now);
	if (group.restsUntil !== undefined && group.restsUntil > now) lookAt(here, group, group.restsUntil);
	// What was launched may have ended at once.
	noticeLosses(here);
}
