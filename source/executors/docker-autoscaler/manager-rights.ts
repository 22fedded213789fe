import {names} from '../../fleet.ts';
import type {PolicyScope, WorkerRights} from '../../steps/manager-policy.ts';
import type {Statement} from '../../world/cloud/policy/judge.ts';

/**
 * What the plugin needs for this fleet's group, call by call, and what trying a worker needs in a group of its own: a number more, and an instance less. It
 * launches nothing itself and passes no role on, which Auto Scaling's own role does. Describe calls know no resource.
 */
function statements({account, fleet, partition}: PolicyScope): Statement[] {
	const group = (name: string) => `arn:${partition}:autoscaling:${fleet.region}:${account}:autoScalingGroup:*:autoScalingGroupName/${name}`;
	return [
		{
			Sid: 'Look',
			Effect: 'Allow',
			Action: ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances', 'ec2:DescribeSpotInstanceRequests'],
			Resource: '*',
			Condition: {StringEquals: {'aws:RequestedRegion': fleet.region}},
		},
		{
			Sid: 'Scale',
			Effect: 'Allow',
			Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
			Resource: [group(names.scalingGroup(fleet)), group(names.testGroup(fleet))],
		},
	];
}

/** The rights of a manager whose workers a group launches. */
export const scalingRights: WorkerRights = {statements, launches: false};
