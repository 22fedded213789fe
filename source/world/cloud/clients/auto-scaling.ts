import * as autoScaling from '@aws-sdk/client-auto-scaling';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allPages} from '../paging.ts';

/** Opens EC2 Auto Scaling's client; only the commands that are used here come into the bundle with it. */
export function openAutoScaling(settings: ClientSettings): OpenClient {
	const client = new autoScaling.AutoScalingClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			CreateAutoScalingGroup: (input, options) => client.send(new autoScaling.CreateAutoScalingGroupCommand(input), options),
			UpdateAutoScalingGroup: (input, options) => client.send(new autoScaling.UpdateAutoScalingGroupCommand(input), options),
			DescribeAutoScalingGroups: (input, options) =>
				allPages(input, 'AutoScalingGroups', (page) => client.send(new autoScaling.DescribeAutoScalingGroupsCommand(page), options)),
			DescribeScalingActivities: (input, options) => client.send(new autoScaling.DescribeScalingActivitiesCommand(input), options),
			CreateOrUpdateTags: (input, options) => client.send(new autoScaling.CreateOrUpdateTagsCommand(input), options),
			SetDesiredCapacity: (input, options) => client.send(new autoScaling.SetDesiredCapacityCommand(input), options),
			SetInstanceProtection: (input, options) => client.send(new autoScaling.SetInstanceProtectionCommand(input), options),
			SuspendProcesses: (input, options) => client.send(new autoScaling.SuspendProcessesCommand(input), options),
			TerminateInstanceInAutoScalingGroup: (input, options) => client.send(new autoScaling.TerminateInstanceInAutoScalingGroupCommand(input), options),
			DeleteAutoScalingGroup: (input, options) => client.send(new autoScaling.DeleteAutoScalingGroupCommand(input), options),
		},
	};
}
