import type {AutoScalingGroup} from '@aws-sdk/client-auto-scaling';
import type {Here} from '../here.ts';
import {linkedRoleArn} from '../linked-roles.ts';
import {stamp} from './activities.ts';
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
export function groupShown(group: ScalingGroupState, here: Here): AutoScalingGroup {
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
