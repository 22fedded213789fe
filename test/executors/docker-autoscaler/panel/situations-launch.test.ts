import type {World} from '../../../../source/simulated/world.ts';
import {prove, type Situation, type SituationFleet} from '../../../panel/situation.ts';
import {someFleet} from '../../docker-machine/some-answers.ts';
import {scaled} from './scaled.ts';

const zones = ['a', 'b', 'c'].map((letter) => someFleet.region + letter);
const type = 'c5.large';

const noCapacity = ({outside}: World, has: 'none' | 'none-on-spot'): void => {
	for (const zone of zones) outside.capacity(type, zone, has);
};

/** Launches of groups are refused in AWS's words, whatever is wrong. */
const saying =
	(status: string) =>
	({world, jobs}: SituationFleet): void => {
		world.outside.groupLaunches(someFleet.region, status);
		jobs(2);
	};

/** Two jobs that have been taken wait for workers that AWS doesn't deliver, and one reason is told. */
const undelivered = (happens: Situation['happens'], says: string | RegExp, fleet: Situation['fleet'] = {}): Situation => ({
	fleet: {...scaled, ...fleet},
	happens,
	watched: 150,
	asks: 'Why are 2 jobs waiting for their machines, 2 m 29 s so far?',
	says: [says],
	verdict: 'trouble',
});

/** AWS doesn't deliver what is asked of it: the runner's log is silent of that, and only the group's activities tell why. */
prove({
	'a group gets no spot capacity': undelivered(({world, jobs}) => {
		noCapacity(world, 'none-on-spot');
		jobs(2);
	}, /^EC2 has no spot capacity for c5\.large in us-east-2a and us-east-2b, for 2 m \(\d tries\)\. \[group: move\]$/),
	'a group gets nothing on demand either': undelivered(
		({world, jobs}) => {
			noCapacity(world, 'none');
			jobs(2);
		},
		/^EC2 has no capacity for c5\.large in us-east-2[ab], for 2 m \(\d tries\)\. \[group: move\]$/,
		{spot: false},
	),
	'no zone of a group’s offers the type any more': undelivered(({world, jobs}) => {
		for (const zone of zones) world.outside.offer(type, zone, false);
		jobs(2);
	}, /^EC2 doesn't offer c5\.large in us-east-2[ab], for 2 m \(\d tries\)\. \[group: move\]$/),
	'the spot price is above a group’s cap': undelivered(
		({world, jobs}) => {
			for (const zone of zones) world.outside.spotPrice(type, zone, 0.0812);
			jobs(2);
		},
		/^The highest spot price is \$0\.05, and AWS asks \$0\.0812, for 2 m \(\d tries\)\. \[group: move\]$/,
		{spotPrice: 0.05},
	),
	'a group is out of spot vCPUs': undelivered(({world, jobs}) => {
		world.outside.setQuota('L-34B43A08', 1);
		jobs(2);
	}, /^The account's quota of spot vCPUs in us-east-2 is used up, for 2 m \(\d tries\)\. \[group: commands\]$/),
	'a group is out of vCPUs on demand': undelivered(
		({world, jobs}) => {
			world.outside.setQuota('L-1216C47A', 3);
			jobs(2);
		},
		/^The account's quota of 3 on-demand vCPUs in us-east-2 is used up, for 2 m \(\d tries\)\. \[group: commands\]$/,
		{spot: false},
	),
	'the key pair that the template names is gone': undelivered(({region, jobs}) => {
		region.keyPairs.delete('gitlab-runners-workers');
		jobs(2);
	}, /^The launch template names something that is gone: key pair gitlab-runners-workers, for 2 m \(\d tries\)\. \[group: repair\]$/),
	'a group’s subnets are out of addresses': undelivered(({region, jobs}) => {
		for (const subnet of region.subnets) subnet.free = 0;
		jobs(2);
	}, /^The workers' subnets have no free address, for 2 m \(\d tries\)\. \[group: move\]$/),
	'Auto Scaling’s role may not use the key of the disks': {
		fleet: scaled,
		happens({world, jobs}) {
			world.outside.setQuota('L-34B43A08', 5000);
			world.outside.diskKey(someFleet.region, 'arn:aws:kms:us-east-2:123456789012:key/own');
			jobs(2);
		},
		watched: 165,
		asks: 'Why are 2 jobs waiting for their machines, 2 m 44 s so far?',
		says: [
			/^The workers' disks are encrypted by a KMS key that Auto Scaling's role may not use(?:, for [\d ms]+)? \(\d+ tries\)\. \[group: commands\]$/,
			/^\d+ instances went again within [\d ms]+ of their start without a job: each is paid for, and serves nobody\. \[journal: log\]$/,
			/^\d+ instances went without the runner's doing, the last \d+ s ago: somebody ended it, or AWS did\. \[journal: log\]$/,
		],
	},
	'Auto Scaling’s role was made anew just now': undelivered(({world, jobs}) => {
		world.outside.account.groupsLaunchFrom = world.clock.now() + 600_000;
		jobs(2);
	}, /^Auto Scaling's role was made only just now, and launches by it are refused for about a minute, for 2 m \(\d tries\)\. \[group: wait\]$/),
	'the account is on AWS’s free plan': undelivered(
		saying(
			'Could not launch On-Demand Instances. InvalidParameterCombination - The specified instance type is not eligible for Free Tier. Launching EC2 instance failed.',
		),
		/^The account is on AWS's free plan, which doesn't allow c5\.large, for 2 m \(\d tries\)\. \[group: move\]$/,
	),
	'the account is out of fleet requests': undelivered(
		saying("You've reached your quota for maximum Fleet Requests for this account. Launching EC2 instance failed."),
		/^The account's quota of fleet requests is used up, as it is on new accounts, for 2 m \(\d tries\)\. \[group: commands\]$/,
	),
	'EC2 doesn’t launch that image as that type': undelivered(
		saying(
			'The requested configuration is currently not supported. Please check the documentation for supported configurations. Launching EC2 instance failed.',
		),
		/^EC2 doesn't launch the workers' image as c5\.large in us-east-2a and us-east-2b: architecture or type don't fit, for 2 m \(\d tries\)\. \[group: config\]$/,
	),
	'AWS says of a launch what nobody knows': undelivered(
		saying('The stars are wrong. Launching EC2 instance failed.'),
		/^Auto Scaling can't launch c5\.large in us-east-2a and us-east-2b \(The stars are wrong\), for 2 m \(\d tries\)\. \[group: commands\]$/,
	),
	'who looks may not ask for the group’s activities': undelivered(({world, jobs}) => {
		world.outside.deny('autoscaling:DescribeScalingActivities');
		noCapacity(world, 'none-on-spot');
		jobs(2);
	}, "2 instances of 2 haven't come, for 2 m, and Auto Scaling says no reason. [group: commands]"),
	'somebody has switched off a group’s launches': undelivered(({region, jobs}) => {
		region.scalingGroups.get('gitlab-runners-workers')?.suspended.push('Launch');
		jobs(2);
	}, 'Somebody has switched off launches of the Auto Scaling group gitlab-runners-workers (the process Launch is suspended). [group: repair]'),
	'somebody gave the group a lower maximum': {
		fleet: scaled,
		happens({world, jobs}) {
			world.outside.call('UpdateAutoScalingGroup', someFleet.region, {AutoScalingGroupName: 'gitlab-runners-workers', MaxSize: 1});
			jobs(3);
		},
		watched: 150,
		asks: /^Why (?:are|is) \d jobs? waiting/,
		says: ['The Auto Scaling group gitlab-runners-workers may have 1 instance, and the runner 4: what is beyond is refused. [group: repair]'],
	},
});
