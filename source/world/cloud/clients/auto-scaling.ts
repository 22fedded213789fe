import {
	AutoScalingClient,
	CreateAutoScalingGroupCommand,
	CreateOrUpdateTagsCommand,
	DeleteAutoScalingGroupCommand,
	DescribeAutoScalingGroupsCommand,
	DescribeScalingActivitiesCommand,
	SetDesiredCapacityCommand,
	SetInstanceProtectionCommand,
	SuspendProcessesCommand,
	TerminateInstanceInAutoScalingGroupCommand,
	UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allPages} from '../paging.ts';

/** Opens EC2 Auto Scaling's client; only the commands that are used here come into the bundle with it. */
export function openAutoScaling(settings: ClientSettings): OpenClient {
	const client = new AutoScalingClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			CreateAutoScalingGroup: (input, options) => client.send(new CreateAutoScalingGroupCommand(input), options),
			UpdateAutoScalingGroup: (input, options) => client.send(new UpdateAutoScalingGroupCommand(input), options),
			DescribeAutoScalingGroups: (input, options) =>
				allPages(input, 'AutoScalingGroups', (page) => client.send(new DescribeAutoScalingGroupsCommand(page), options)),
			DescribeScalingActivities: (input, options) => client.send(new DescribeScalingActivitiesCommand(input), options),
			CreateOrUpdateTags: (input, options) => client.send(new CreateOrUpdateTagsCommand(input), options),
			SetDesiredCapacity: (input, options) => client.send(new SetDesiredCapacityCommand(input), options),
			SetInstanceProtection: (input, options) => client.send(new SetInstanceProtectionCommand(input), options),
			SuspendProcesses: (input, options) => client.send(new SuspendProcessesCommand(input), options),
			TerminateInstanceInAutoScalingGroup: (input, options) => client.send(new TerminateInstanceInAutoScalingGroupCommand(input), options),
			DeleteAutoScalingGroup: (input, options) => client.send(new DeleteAutoScalingGroupCommand(input), options),
		},
	};
}
