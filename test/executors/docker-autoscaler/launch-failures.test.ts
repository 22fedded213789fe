import assert from 'node:assert/strict';
import {test} from 'node:test';
import {launchFailure} from '../../../source/executors/docker-autoscaler/launch-failures.ts';

const place = {types: ['c5.large', 'c6i.large', 'm5.large'], zones: ['us-east-2a', 'us-east-2b'], region: 'us-east-2'};

/** What Auto Scaling says of a launch that failed, and what that means. */
const told: Readonly<Record<string, [code: string, says: string]>> = {
	'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration. Please adjust your request and try again. Launching EC2 instance failed.':
		['no-spot-capacity', 'EC2 has no spot capacity for c5.large, c6i.large and 1 more in us-east-2a and us-east-2b'],
	'InsufficientInstanceCapacity - There is no Spot capacity available that matches your request. Launching EC2 instance failed.': [
		'no-spot-capacity',
		'EC2 has no spot capacity for c5.large, c6i.large and 1 more in us-east-2a and us-east-2b',
	],
	'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded. Launching EC2 instance failed.': [
		'MaxSpotInstanceCountExceeded',
		"The account's quota of spot vCPUs in us-east-2 is used up",
	],
	'Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to.':
		['VcpuLimitExceeded', "The account's quota of 32 on-demand vCPUs in us-east-2 is used up"],
	'Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient c5.large capacity in the Availability Zone you requested (us-east-2a). Our system will be working on provisioning additional capacity.':
		['InsufficientInstanceCapacity', 'EC2 has no capacity for c5.large in us-east-2a'],
	'Could not launch Spot Instances. InvalidFleetConfiguration - Your requested instance type (c7a.large) is not supported in your requested Availability Zone (us-east-1e). Launching EC2 instance failed.':
		['type-not-in-zone', "EC2 doesn't offer c7a.large in us-east-1e"],
	'Could not launch On-Demand Instances. InvalidParameterCombination - The specified instance type is not eligible for Free Tier. Launching EC2 instance failed.':
		['free-plan', "The account is on AWS's free plan, which doesn't allow c5.large, c6i.large and 1 more"],
	"You've reached your quota for maximum Fleet Requests for this account. Launching EC2 instance failed.": [
		'fleet-quota',
		"The account's quota of fleet requests is used up, as it is on new accounts",
	],
	'Could not launch Spot Instances. SpotMaxPriceTooLow - Your Spot request price of 0.01 is lower than the minimum required Spot request fulfillment price of 0.0353. Launching EC2 instance failed.':
		['SpotMaxPriceTooLow', 'The highest spot price is $0.01, and AWS asks $0.0353'],
	"The security group 'sg-0123456789abcdef0' does not exist. Launching EC2 instance failed.": [
		'template-stale',
		'The launch template names something that is gone: security group sg-0123456789abcdef0',
	],
	"The key pair 'gitlab-runners-workers' does not exist. Launching EC2 instance failed.": [
		'template-stale',
		'The launch template names something that is gone: key pair gitlab-runners-workers',
	],
	"The image id '[ami-0123456789abcdef0]' does not exist. Launching EC2 instance failed.": [
		'template-stale',
		'The launch template names something that is gone: image ami-0123456789abcdef0',
	],
	'The requested configuration is currently not supported. Please check the documentation for supported configurations. Launching EC2 instance failed.': [
		'configuration-unsupported',
		"EC2 doesn't launch the workers' image as c5.large, c6i.large and 1 more in us-east-2a and us-east-2b: architecture or type don't fit",
	],
	'Authentication Failure. Launching EC2 instance failed.': [
		'scaling-role-young',
		"Auto Scaling's role was made only just now, and launches by it are refused for about a minute",
	],
	'Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InternalError: Client error on launch': [
		'kms-key',
		"The workers' disks are encrypted by a KMS key that Auto Scaling's role may not use",
	],
	'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state. Launching EC2 instance failed.': [
		'kms-key',
		"The workers' disks are encrypted by a KMS key that Auto Scaling's role may not use",
	],
	'Invalid IAM Instance Profile name. Launching EC2 instance failed.': [
		'profile-unseen',
		"EC2 doesn't know the workers' instance profile: it is gone, or was made only just now",
	],
	'Invalid device name /dev/xvdz. Launching EC2 instance failed.': ['device-name', "The launch template's disk isn't one that the workers' image has"],
	'4 instance(s) are already running. Launching EC2 instance failed.': ['group-full', 'The group has 4 instances already, which is the most that it may have'],
};

for (const [status, [code, says]] of Object.entries(told))
	test(`of a launch it is said: ${status.slice(0, 90)}…`, () => {
		const failure = launchFailure(status, place);
		assert.deepEqual([failure.code, failure.says], [code, says]);
		assert.match(failure.advice, /^[A-Z].*\.$/);
	});

test('words that nobody knows are told as they are, and where nothing is known of types and zones the region is named', () => {
	const failure = launchFailure('Something new. Launching EC2 instance failed.', {types: [], zones: [], region: 'us-east-2'});
	assert.deepEqual([failure.code, failure.says], ['launch-failed', "Auto Scaling can't launch workers in us-east-2 (Something new)"]);
});
