import type {AutoScalingGroup} from '@aws-sdk/client-auto-scaling';
import {refusedBy} from '../allowed.ts';
import {filtered, onlyKnows, required} from '../asked.ts';
import type {Handlers, Here} from '../here.ts';
import {linkedRoleArn, linkedRoles, makeLinkedRole} from '../linked-roles.ts';
import {refusal} from '../refusal.ts';
import {judgedTags} from '../tag-rules.ts';
import {activityShown, stamp} from './activities.ts';
import {actSoon, takeAway} from './capacity.ts';
import {invalid, judgeShape, shaped} from './shape.ts';
import type {MemberState, ScalingGroupState} from './state.ts';

function memberShown({region, now}: Here, {instanceId, inServiceFrom, isLeaving, isProtected, templateId, version}: MemberState) {
	const instance = region.instances.get(instanceId);
	// One that ends before it was in service never is.
	const isPending = now < inServiceFrom || (instance?.ending !== undefined && instance.ending.from < inServiceFrom);
	const {id, name} = region.templates.get(templateId) ?? {id: templateId, name: undefined};
	return {
		InstanceId: instanceId,
		InstanceType: instance?.type,
		AvailabilityZone: instance?.zone,
		LifecycleState: isLeaving ? ('Terminating' as const) : isPending ? ('Pending' as const) : ('InService' as const),
		HealthStatus: isLeaving || instance?.ending || instance?.stopping ? 'Unhealthy' : 'Healthy',
		ProtectedFromScaleIn: isProtected,
		LaunchTemplate: {LaunchTemplateId: id, LaunchTemplateName: name, Version: version},
	};
}

/** A group as Auto Scaling tells of it. */
function groupShown(group: ScalingGroupState, here: Here): AutoScalingGroup {
	const {region, account} = here;
	const Overrides = group.types.map((InstanceType) => ({InstanceType}));
	const named = {LaunchTemplateId: group.templateId, LaunchTemplateName: region.templates.get(group.templateId)?.name, Version: group.version};
	return {
		AutoScalingGroupName: group.name,
		AutoScalingGroupARN: group.arn,
		MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: named, Overrides}, InstancesDistribution: group.distribution},
		MinSize: group.min,
		MaxSize: group.max,
		DesiredCapacity: group.desired,
		DefaultCooldown: group.cooldown,
		AvailabilityZones: [...new Set(group.subnetIds.flatMap((id) => region.subnets.find((one) => one.id === id)?.zone ?? []))],
		HealthCheckType: 'EC2',
		HealthCheckGracePeriod: group.healthGrace,
		Instances: group.members.map((member) => memberShown(here, member)),
		CreatedTime: new Date(group.createdAt),
		SuspendedProcesses: group.suspended.map((ProcessName) => ({ProcessName, SuspensionReason: `User suspended at ${stamp(group.createdAt)}`})),
		VPCZoneIdentifier: group.subnetIds.join(','),
		...(group.isDeleting ? {Status: 'Delete in progress'} : {}),
		Tags: Object.entries(group.tags).map(([Key, Value]) => ({
			ResourceId: group.name,
			ResourceType: 'auto-scaling-group',
			Key,
			Value,
			PropagateAtLaunch: group.propagated.has(Key),
		})),
		TerminationPolicies: ['Default'],
		NewInstancesProtectedFromScaleIn: group.protectsNew,
		CapacityRebalance: group.rebalances,
		ServiceLinkedRoleARN: linkedRoleArn(account, 'autoscaling.amazonaws.com'),
	};
}

function groupOf({region}: Here, name: string | undefined): ScalingGroupState {
	const group = region.scalingGroups.get(required(name, 'AutoScalingGroupName'));
	if (!group) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup ${name} not found`);
	return group;
}

/** A group that isn't on its way out. */
function standing(here: Here, name: string | undefined): ScalingGroupState {
	const group = groupOf(here, name);
	if (group.isDeleting) throw invalid(`AutoScalingGroup ${name} is pending delete and can't be changed.`);
	return group;
}

function judgeSizes(min: number, max: number, desired: number): void {
	if (min > max) throw invalid(`Max bound, ${max}, must be greater than or equal to min bound, ${min}`);
	if (desired < min || desired > max) throw invalid(`Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`);
}

/** Gives a group another number, on which it acts by and by. */
function setDesired(here: Here, group: ScalingGroupState, desired: number, who: string): void {
	if (group.desired !== desired) {
		const change = `changing the desired capacity from ${group.desired} to ${desired}`;
		group.because = `${group.because}At ${stamp(here.now)} ${who} ${change}.  `;
	}
	group.desired = desired;
	actSoon(here, group);
}

type GroupTags = readonly {Key: string | undefined; Value?: string | undefined; PropagateAtLaunch?: boolean | undefined}[];

function tagGroup(group: Pick<ScalingGroupState, 'tags' | 'propagated'>, tags: GroupTags): void {
	Object.assign(group.tags, judgedTags('auto-scaling', tags, group.tags));
	for (const {Key = '', PropagateAtLaunch} of tags) {
		if (PropagateAtLaunch) group.propagated.add(Key);
		else group.propagated.delete(Key);
	}
}

const settings = {
	create: ['AutoScalingGroupName', 'MixedInstancesPolicy', 'MinSize', 'MaxSize', 'DesiredCapacity', 'VPCZoneIdentifier', 'NewInstancesProtectedFromScaleIn'],
	both: ['CapacityRebalance', 'DefaultCooldown', 'HealthCheckType', 'HealthCheckGracePeriod'],
};

function memberOf(here: Here, id: string | undefined): {group: ScalingGroupState; member: MemberState} {
	for (const group of here.region.scalingGroups.values()) {
		const member = group.members.find(({instanceId}) => instanceId === required(id, 'InstanceId'));
		if (member) return {group, member};
	}
	throw invalid(`Instance Id not found - No managed instance found for instance ID: ${id}`);
}

const processes = [
	'Launch',
	'Terminate',
	'HealthCheck',
	'ReplaceUnhealthy',
	'AZRebalance',
	'AlarmNotification',
	'ScheduledActions',
	'AddToLoadBalancer',
	'InstanceRefresh',
];

/** Auto Scaling groups (Amazon EC2 Auto Scaling API Reference); each has a mixed instances policy. What they do by themselves is in capacity.ts. */
export const scalingGroups: Handlers<
	| 'CreateAutoScalingGroup'
	| 'UpdateAutoScalingGroup'
	| 'DescribeAutoScalingGroups'
	| 'DescribeScalingActivities'
	| 'CreateOrUpdateTags'
	| 'SetDesiredCapacity'
	| 'SetInstanceProtection'
	| 'SuspendProcesses'
	| 'TerminateInstanceInAutoScalingGroup'
	| 'DeleteAutoScalingGroup'
> = {
	CreateAutoScalingGroup(input, here) {
		onlyKnows('CreateAutoScalingGroup', input, [...settings.create, ...settings.both, 'Tags']);
		const {account, now, region} = here;
		const name = required(input.AutoScalingGroupName, 'AutoScalingGroupName');
		if (!/^[!-9;-~]{1,255}$/.test(name)) throw invalid(`Invalid AutoScalingGroupName: ${name}`);
		if (region.scalingGroups.has(name))
			throw refusal('AlreadyExistsFault', `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`);
		const [min, max] = [required(input.MinSize, 'MinSize'), required(input.MaxSize, 'MaxSize')];
		judgeSizes(min, max, input.DesiredCapacity ?? min);
		const shape = shaped(input.MixedInstancesPolicy, input.VPCZoneIdentifier, here);
		judgeShape(shape, here);
		const uuid = account.newId('').slice(1);
		const group: ScalingGroupState = {
			name,
			arn: `arn:aws:autoscaling:${region.name}:${account.id}:autoScalingGroup:${uuid}:autoScalingGroupName/${name}`,
			min,
			max,
			desired: min,
			...shape,
			protectsNew: input.NewInstancesProtectedFromScaleIn ?? false,
			rebalances: input.CapacityRebalance ?? false,
			cooldown: input.DefaultCooldown ?? 300,
			healthGrace: input.HealthCheckGracePeriod ?? 0,
			suspended: [],
			tags: {},
			propagated: new Set(),
			members: [],
			activities: [],
			createdAt: now,
			seenFrom: now + here.late('seeing'),
			isDeleting: false,
			because: '',
		};
		tagGroup(group, input.Tags ?? []);
		if (!account.serviceLinkedRoles.has(linkedRoles['autoscaling.amazonaws.com'])) {
			const needed = 'iam:CreateServiceLinkedRole';
			if (account.denied.has(needed)) throw refusedBy('auto-scaling', needed, here.by, 'policy', linkedRoleArn(account, 'autoscaling.amazonaws.com'));
			makeLinkedRole(here, 'autoscaling.amazonaws.com');
		}
		region.scalingGroups.set(name, group);
		const first = `a user request created an AutoScalingGroup`;
		setDesired(here, group, input.DesiredCapacity ?? min, first);
		return {};
	},
	UpdateAutoScalingGroup(input, here) {
		onlyKnows('UpdateAutoScalingGroup', input, [...settings.create, ...settings.both]);
		const group = standing(here, input.AutoScalingGroupName);
		const [min, max] = [input.MinSize ?? group.min, input.MaxSize ?? group.max];
		const desired = input.DesiredCapacity ?? Math.max(Math.min(group.desired, max), min);
		judgeSizes(min, max, desired);
		const shape = shaped(input.MixedInstancesPolicy, input.VPCZoneIdentifier, here, group);
		if (input.MixedInstancesPolicy ?? input.VPCZoneIdentifier) judgeShape(shape, here);
		Object.assign(group, shape, {
			min,
			max,
			protectsNew: input.NewInstancesProtectedFromScaleIn ?? group.protectsNew,
			rebalances: input.CapacityRebalance ?? group.rebalances,
			cooldown: input.DefaultCooldown ?? group.cooldown,
			healthGrace: input.HealthCheckGracePeriod ?? group.healthGrace,
		});
		setDesired(here, group, desired, 'a user request update of AutoScalingGroup constraints,');
		return {};
	},
	DescribeAutoScalingGroups(input, here) {
		onlyKnows('DescribeAutoScalingGroups', input, ['AutoScalingGroupNames', 'Filters', 'MaxRecords', 'NextToken']);
		const names = input.AutoScalingGroupNames ?? [];
		const seen = [...here.region.scalingGroups.values()].filter(({name, seenFrom}) => seenFrom <= here.now && (names.length === 0 || names.includes(name)));
		const found = filtered('DescribeAutoScalingGroups', seen, input.Filters, {'tag-value': ({tags}) => Object.values(tags)}, ({tags}) => tags);
		return {AutoScalingGroups: found.map((group) => groupShown(group, here))};
	},
	DescribeScalingActivities(input, {region, now}) {
		onlyKnows('DescribeScalingActivities', input, ['AutoScalingGroupName', 'IncludeDeletedGroups', 'MaxRecords', 'NextToken', 'Filters']);
		const sixWeeks = now - 42 * 86_400_000;
		const wanted = input.AutoScalingGroupName;
		if (wanted !== undefined && input.IncludeDeletedGroups !== true && !region.scalingGroups.has(wanted))
			throw invalid(`AutoScalingGroup name not found - AutoScalingGroup ${wanted} not found`);
		const past = input.IncludeDeletedGroups ? region.pastActivities.map((activity) => ({activity, isDeleted: true})) : [];
		const current = [...region.scalingGroups.values()].flatMap(({activities}) => activities.map((activity) => ({activity, isDeleted: false})));
		const chosen = [...past, ...current].filter(({activity}) => activity.startedAt > sixWeeks && (wanted === undefined || activity.group === wanted));
		const lower = input.Filters?.find(({Name}) => Name === 'StartTimeLowerBound')?.Values?.[0];
		const filters = {Status: ({activity}: (typeof chosen)[number]) => activityShown(activity, now).StatusCode};
		const left = filtered(
			'DescribeScalingActivities',
			chosen.filter(({activity}) => lower === undefined || activity.startedAt >= Date.parse(lower)),
			input.Filters?.filter(({Name}) => Name !== 'StartTimeLowerBound'),
			filters,
		);
		const most = input.MaxRecords ?? 100;
		if (most < 1 || most > 100) throw invalid(`Value '${most}' at 'maxRecords' failed to satisfy constraint: Member must be between 1 and 100`);
		const from = input.NextToken === undefined ? 0 : Number(input.NextToken.replace(/^from-/, ''));
		if (!Number.isInteger(from)) throw refusal('InvalidNextToken', `The token ${input.NextToken} is not valid.`);
		const newest = left.toSorted((one, other) => other.activity.startedAt - one.activity.startedAt);
		const page = newest.slice(from, from + most).map(({activity, isDeleted}) => activityShown(activity, now, isDeleted));
		return {Activities: page, ...(newest.length > from + most ? {NextToken: `from-${from + most}`} : {})};
	},
	CreateOrUpdateTags(input, here) {
		onlyKnows('CreateOrUpdateTags', input, ['Tags']);
		for (const tag of required(input.Tags, 'Tags')) tagGroup(groupOf(here, tag.ResourceId), [tag]);
		return {};
	},
	SetDesiredCapacity(input, here) {
		onlyKnows('SetDesiredCapacity', input, ['AutoScalingGroupName', 'DesiredCapacity', 'HonorCooldown']);
		const group = standing(here, input.AutoScalingGroupName);
		const desired = required(input.DesiredCapacity, 'DesiredCapacity');
		if (desired > group.max) throw invalid(`New SetDesiredCapacity value ${desired} is above max value ${group.max} for the AutoScalingGroup.`);
		if (desired < group.min) throw invalid(`New SetDesiredCapacity value ${desired} is below min value ${group.min} for the AutoScalingGroup.`);
		setDesired(here, group, desired, 'a user request explicitly set group desired capacity');
		return {};
	},
	SetInstanceProtection(input, here) {
		onlyKnows('SetInstanceProtection', input, ['AutoScalingGroupName', 'InstanceIds', 'ProtectedFromScaleIn']);
		const group = standing(here, input.AutoScalingGroupName);
		const ids = required(input.InstanceIds, 'InstanceIds');
		const stranger = ids.find((id) => !group.members.some(({instanceId}) => instanceId === id));
		if (stranger !== undefined) throw invalid(`The instance ${stranger} is not part of Auto Scaling group ${group.name}.`);
		for (const member of group.members) if (ids.includes(member.instanceId)) member.isProtected = required(input.ProtectedFromScaleIn, 'ProtectedFromScaleIn');
		return {};
	},
	SuspendProcesses(input, here) {
		onlyKnows('SuspendProcesses', input, ['AutoScalingGroupName', 'ScalingProcesses']);
		const group = standing(here, input.AutoScalingGroupName);
		const asked = input.ScalingProcesses ?? processes;
		const unknown = asked.find((one) => !processes.includes(one));
		if (unknown !== undefined) throw invalid(`Invalid process name: ${unknown}`);
		group.suspended = [...new Set([...group.suspended, ...asked])];
		return {};
	},
	TerminateInstanceInAutoScalingGroup(input, here) {
		onlyKnows('TerminateInstanceInAutoScalingGroup', input, ['InstanceId', 'ShouldDecrementDesiredCapacity']);
		const {group, member} = memberOf(here, input.InstanceId);
		const lower = required(input.ShouldDecrementDesiredCapacity, 'ShouldDecrementDesiredCapacity');
		if (lower && group.desired <= group.min)
			throw invalid(
				`Currently, desiredSize equals minSize (${group.min}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
			);
		const before = group.desired;
		if (lower) group.desired -= 1;
		const change = lower ? `, shrinking the capacity from ${before} to ${group.desired}` : '';
		const activity = takeAway(here, group, member, `instance ${member.instanceId} was taken out of service in response to a user request${change}.`);
		actSoon(here, group);
		return {Activity: activityShown(activity, here.now)};
	},
	DeleteAutoScalingGroup(input, here) {
		onlyKnows('DeleteAutoScalingGroup', input, ['AutoScalingGroupName', 'ForceDelete']);
		const group = groupOf(here, input.AutoScalingGroupName);
		if (!input.ForceDelete && !group.isDeleting) {
			if (group.members.some(({inServiceFrom, isLeaving}) => isLeaving || inServiceFrom > here.now))
				throw refusal('ScalingActivityInProgressFault', 'You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.');
			if (group.members.length > 0 || group.desired > 0)
				throw refusal('ResourceInUseFault', 'You cannot delete an AutoScalingGroup while there are instances still in the group.');
		}
		group.isDeleting = true;
		group.desired = 0;
		actSoon(here, group);
		return {};
	},
};
