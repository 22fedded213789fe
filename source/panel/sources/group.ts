import {executors} from '../../executors/list.ts';
import {ifAnswered} from '../../problem.ts';
import {type EndedLaunch, endedLaunches} from '../../steps/ended-launches.ts';
import type {Cloud, Output} from '../../world/cloud/port.ts';
import {startsFrom} from '../journal/starts.ts';
import {
	type FailedLaunch,
	type GroupMember,
	type GroupTemplate,
	inService,
	type LaunchSeen,
	type ScalingGroupSeen,
	type ScalingGroupsSeen,
} from '../scaling-groups.ts';
import {keeping} from '../seen.ts';
import type {Snapshot} from '../snapshot.ts';

type AwsGroup = NonNullable<Output<'DescribeAutoScalingGroups'>['AutoScalingGroups']>[number];

/** A launch takes its time: instances are lacking once they do so for longer than this, in milliseconds. */
const patience = 30_000;
/** Activities that are read of a group at a look, which is as many as AWS gives, and launches that are kept of it. */
const [mostActivities, keptLaunches] = [100, 5000];
/** What was said longer ago than this says nothing of now, in milliseconds. */
const longAgo = 900_000;

/** Names of the Auto Scaling groups that a manager's runners have their workers in, as far as is known. */
export const groupsIn = (snapshot: Snapshot): string[] => [...new Set(executors.flatMap(({view}) => view.groups(snapshot)))].sort();

/** Which version a name such as `$Latest` stands for isn't known here. */
const isNumber = (version: string | undefined): boolean => /^\d+$/.test(version ?? '');

const memberOf =
	(group: string, {diskGib, version}: Partial<GroupTemplate>) =>
	(seen: NonNullable<AwsGroup['Instances']>[number]): GroupMember => ({
		instanceId: seen.InstanceId ?? '',
		group,
		type: seen.InstanceType,
		zone: seen.AvailabilityZone,
		state: seen.LifecycleState ?? '',
		isOutdated: isNumber(version) && isNumber(seen.LaunchTemplate?.Version) && seen.LaunchTemplate?.Version !== version,
		diskGib,
	});

/** The version of a group's template, and what it says: asked once for each version, and by who may not ask not known. */
async function templateOf(
	cloud: Cloud,
	{LaunchTemplate, MixedInstancesPolicy}: AwsGroup,
	known: GroupTemplate | undefined,
): Promise<GroupTemplate | undefined> {
	const {LaunchTemplateId: id, Version: version = ''} = LaunchTemplate ?? MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? {};
	if (id === undefined) return undefined;
	// What a name such as `$Latest` stands for may be another version by now.
	if (known?.id === id && known.version === version && isNumber(version)) return known;
	const Versions = version === '' ? ['$Default'] : [version];
	const answer = await ifAnswered(cloud.call('DescribeLaunchTemplateVersions', {LaunchTemplateId: id, Versions}));
	const data = 'result' in answer ? answer.result.LaunchTemplateVersions?.[0]?.LaunchTemplateData : undefined;
	return {
		id,
		version,
		image: data?.ImageId,
		diskGib: data?.BlockDeviceMappings?.find(({Ebs}) => Ebs?.VolumeSize !== undefined)?.Ebs?.VolumeSize,
		publicAddress: data?.NetworkInterfaces?.[0]?.AssociatePublicIpAddress,
	};
}

/** A group as Auto Scaling tells of it. What is the same as before stays the same object. */
function scalingGroupOf(
	seen: AwsGroup,
	template: GroupTemplate | undefined,
	before: ScalingGroupSeen | undefined,
): Omit<ScalingGroupSeen, 'shortSince' | keyof Activities> {
	const name = seen.AutoScalingGroupName ?? '';
	const {LaunchTemplate: mixed, InstancesDistribution: spread} = seen.MixedInstancesPolicy ?? {};
	const own = seen.Instances?.[0]?.InstanceType;
	const types = (mixed?.Overrides ?? []).flatMap(({InstanceType}) => InstanceType ?? []);
	return {
		name,
		max: seen.MaxSize ?? 0,
		desired: seen.DesiredCapacity ?? 0,
		isGoing: seen.Status !== undefined && seen.Status !== '',
		protectsNew: seen.NewInstancesProtectedFromScaleIn === true,
		suspended: (seen.SuspendedProcesses ?? []).flatMap(({ProcessName}) => ProcessName ?? []),
		template,
		types: types.length === 0 && own !== undefined ? [own] : types,
		zones: seen.AvailabilityZones ?? [],
		subnetIds: (seen.VPCZoneIdentifier ?? '').split(',').filter((id) => id !== ''),
		onDemandShare: mixed === undefined ? 100 : (spread?.OnDemandPercentageAboveBaseCapacity ?? 100),
		maxPrice: spread?.SpotMaxPrice || undefined,
		members: keeping(before?.members, (seen.Instances ?? []).map(memberOf(name, template ?? {})), ({instanceId}) => instanceId),
	};
}

/** Launches that failed lately, equal words told once, the newest first; none once one has gone well since. */
function failuresIn(launches: readonly EndedLaunch[], now: number): FailedLaunch[] {
	const failures: FailedLaunch[] = [];
	for (const {at, failed: says} of launches) {
		if (says === undefined || now - at > longAgo) break;
		const same = failures.findIndex((one) => one.says === says);
		const known = failures[same];
		if (known) failures[same] = {...known, since: at, count: known.count + 1};
		else failures.push({says, since: at, count: 1});
	}
	return failures;
}

/** What a group's activities tell. */
type Activities = Pick<ScalingGroupSeen, 'failures' | 'launches' | 'older'>;

const servingIn = ({members}: Pick<ScalingGroupSeen, 'members'>): Set<string> =>
	new Set(members.filter(({state}) => state === 'InService').map(({instanceId}) => instanceId));

/** Whether an instance is in service that wasn't at the last look. */
function hasNew(group: Pick<ScalingGroupSeen, 'members'>, known: ScalingGroupSeen): boolean {
	if (group.members === known.members) return false;
	const before = servingIn(known);
	return [...servingIn(group)].some((id) => !before.has(id));
}

/**
 * Why AWS doesn't deliver, and how long its launches took. That is one call at most: for the newest activities where instances are lacking or one has come, else for
 * older ones, as far back as waits of jobs are told. Who may not ask sees that instances are lacking, and no more.
 */
async function activitiesOf(
	cloud: Cloud,
	group: Pick<ScalingGroupSeen, 'name' | 'members'>,
	{isLacking, known, now}: {isLacking: boolean; known: ScalingGroupSeen | undefined; now: number},
): Promise<Activities> {
	const before = known?.launches ?? new Map<string, LaunchSeen>();
	const isNewest = isLacking || !known || hasNew(group, known);
	if (!isNewest && known.older === undefined) return {failures: [], launches: before, older: undefined};
	const page = {AutoScalingGroupName: group.name, MaxRecords: mostActivities, ...(isNewest ? {} : {NextToken: known.older})};
	const answer = await ifAnswered(cloud.call('DescribeScalingActivities', page));
	if (!('result' in answer)) return {failures: [], launches: before, older: undefined};
	const ended = endedLaunches(answer.result.Activities ?? []);
	const more = ended.flatMap(({at, endedAt, failed, instanceId}) =>
		failed === undefined && endedAt !== undefined && instanceId !== undefined && !before.has(instanceId)
			? [[instanceId, {from: at, to: endedAt}] as const]
			: [],
	);
	const launches = more.length === 0 ? before : new Map([...before, ...more].toSorted(([, one], [, other]) => other.from - one.from).slice(0, keptLaunches));
	const isEnough = launches.size === keptLaunches || (ended.at(-1)?.at ?? now) < startsFrom(now);
	const next = isNewest && known ? known.older : answer.result.NextToken;
	return {failures: isLacking ? failuresIn(ended, now) : [], launches, older: isEnough ? undefined : next};
}

/** The groups of these names, with what their activities tell of launches. */
export async function lookAtGroups(cloud: Cloud, names: readonly string[], before: ScalingGroupsSeen | undefined, now: number): Promise<ScalingGroupsSeen> {
	const {AutoScalingGroups: told = []} = await cloud.call('DescribeAutoScalingGroups', {AutoScalingGroupNames: [...names]});
	const groups = await Promise.all(
		told.map(async (seen): Promise<ScalingGroupSeen> => {
			const known = before?.groups.find(({name}) => name === seen.AutoScalingGroupName);
			const group = scalingGroupOf(seen, await templateOf(cloud, seen, known?.template), known);
			const shortSince = inService(group) < group.desired ? (known?.shortSince ?? now) : undefined;
			const isLacking = shortSince !== undefined && now - shortSince > patience;
			return {...group, shortSince, ...(await activitiesOf(cloud, group, {isLacking, known, now}))};
		}),
	);
	return {groups, absent: names.filter((name) => !groups.some((group) => group.name === name))};
}
