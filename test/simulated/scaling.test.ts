import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World, type WorldOptions} from '../../source/simulated/world.ts';
import type {Cloud, Input} from '../../source/world/cloud/port.ts';
import {region} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

const name = 'workers';
const image = '/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id';

type Made = {
	template?: NonNullable<Input<'CreateLaunchTemplate'>['LaunchTemplateData']>;
	types?: string[];
	zones?: number;
	onDemand?: number;
	spotPrice?: string;
};

/** A world with a group of no instance and room for ten, whose role was made long ago. */
async function withGroup(
	{template, types = ['c5.large'], zones = 3, onDemand = 0, spotPrice}: Made = {},
	options: WorldOptions = {},
): Promise<{world: World; cloud: Cloud}> {
	const world = simulatedWorld({lagMs: 0, ...options});
	const cloud = world.cloudAt(region);
	world.outside.call('CreateServiceLinkedRole', region, {AWSServiceName: 'autoscaling.amazonaws.com'});
	await world.clock.sleep(3_600_000);
	const {Parameter} = await cloud.call('GetParameter', {Name: image});
	await cloud.call('CreateLaunchTemplate', {LaunchTemplateName: name, LaunchTemplateData: {ImageId: Parameter?.Value, InstanceType: 'c5.large', ...template}});
	await cloud.call('CreateAutoScalingGroup', {
		AutoScalingGroupName: name,
		MinSize: 0,
		MaxSize: 10,
		VPCZoneIdentifier: world.outside
			.region(region)
			.subnets.slice(0, zones)
			.map(({id}) => id)
			.join(','),
		MixedInstancesPolicy: {
			LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: name, Version: '1'}, Overrides: types.map((InstanceType) => ({InstanceType}))},
			InstancesDistribution: {
				OnDemandPercentageAboveBaseCapacity: onDemand,
				SpotAllocationStrategy: 'price-capacity-optimized',
				...(spotPrice === undefined ? {} : {SpotMaxPrice: spotPrice}),
			},
		},
		NewInstancesProtectedFromScaleIn: true,
	});
	return {world, cloud};
}

const want = (cloud: Cloud, DesiredCapacity: number) => cloud.call('SetDesiredCapacity', {AutoScalingGroupName: name, DesiredCapacity});

const members = async (cloud: Cloud) =>
	(await cloud.call('DescribeAutoScalingGroups', {AutoScalingGroupNames: [name]})).AutoScalingGroups?.[0]?.Instances ?? [];

/** The activities of the group, newest first, each as its status and what AWS says of it. */
const told = async (cloud: Cloud) =>
	((await cloud.call('DescribeScalingActivities', {AutoScalingGroupName: name})).Activities ?? []).map(({StatusCode, StatusMessage, Description}) => [
		StatusCode,
		StatusMessage ?? Description?.replace(/i-.*/, ''),
	]);

/** What AWS says of the first launch that a group makes in a world where something is wrong. */
async function saidOf(made: Made, wrong: (world: World) => void): Promise<string | undefined> {
	const {world, cloud} = await withGroup(made);
	wrong(world);
	await want(cloud, 1);
	await world.clock.sleep(20_000);
	assert.deepEqual(await members(cloud), []);
	const [first] = await told(cloud);
	assert.equal(first?.[0], 'Failed');
	return first?.[1];
}

/** Zones, by their letters, run out of types. */
function lacking(world: World, types: string[], letters: string[], has: 'none' | 'none-on-spot'): void {
	for (const type of types) for (const letter of letters) world.outside.capacity(type, region + letter, has);
}

test('an instance of a group is pending for a while, then in service, and its activity ends with that', async () => {
	const {world, cloud} = await withGroup();
	await want(cloud, 1);
	assert.deepEqual(await members(cloud), []);
	await world.clock.sleep(5000);
	assert.deepEqual([(await members(cloud))[0]?.LifecycleState, (await told(cloud))[0]?.[0]], ['Pending', 'InProgress']);
	await world.clock.sleep(20_000);
	assert.deepEqual([(await members(cloud))[0]?.LifecycleState, (await told(cloud))[0]?.[0]], ['InService', 'Successful']);
});

test('on demand a group takes the first type on its list, on spot the cheapest that has capacity, in the zone with the fewest', async () => {
	const types = ['m5.large', 'c5.large'];
	const placed = async (made: Made, before: (world: World) => void = () => undefined) => {
		const {world, cloud} = await withGroup({types, ...made});
		before(world);
		await want(cloud, 3);
		await world.clock.sleep(30_000);
		return (await members(cloud)).map(({InstanceType, AvailabilityZone}) => `${InstanceType} ${AvailabilityZone?.at(-1)}`);
	};
	assert.deepEqual(await placed({onDemand: 100}), ['m5.large a', 'm5.large b', 'm5.large c']);
	// The third zone offers no c5.large.
	assert.deepEqual(await placed({}), ['c5.large a', 'c5.large b', 'm5.large c']);
	assert.deepEqual(await placed({zones: 1}), ['c5.large a', 'c5.large a', 'c5.large a']);
	assert.deepEqual(await placed({zones: 1}, (world) => world.outside.capacity('c5.large', `${region}a`, 'none-on-spot')), [
		'm5.large a',
		'm5.large a',
		'm5.large a',
	]);
	assert.deepEqual(await placed({onDemand: 100}, (world) => lacking(world, types, ['a'], 'none')), ['m5.large b', 'm5.large c', 'm5.large b']);
});

test('what AWS says when it launches nothing', async () => {
	const here = `${region}a`;
	const one = {zones: 1};
	const cases: [Made, (world: World) => void, RegExp][] = [
		[
			one,
			(world) => world.outside.capacity('c5.large', here, 'none-on-spot'),
			/^Could not launch Spot Instances\. InsufficientInstanceCapacity - There is no Spot capacity available/,
		],
		[
			{},
			(world) => lacking(world, ['c5.large'], ['a', 'b', 'c'], 'none-on-spot'),
			/^Could not launch Spot Instances\. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration\./,
		],
		[
			{...one, onDemand: 100},
			(world) => world.outside.capacity('c5.large', here, 'none'),
			/^Could not launch On-Demand Instances\. InsufficientInstanceCapacity - We currently do not have sufficient c5\.large capacity in the Availability Zone you requested \(us-east-2a\)\./,
		],
		[
			one,
			(world) => world.outside.setQuota('L-34B43A08', 1),
			/^Could not launch Spot Instances\. MaxSpotInstanceCountExceeded - Max spot instance count exceeded\./,
		],
		[
			{...one, onDemand: 100},
			(world) => world.outside.setQuota('L-1216C47A', 1),
			/^Could not launch On-Demand Instances\. VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 1 allows/,
		],
		[
			{...one, spotPrice: '0.001'},
			() => undefined,
			/^Could not launch Spot Instances\. SpotMaxPriceTooLow - Your Spot request price of 0\.001 is lower than the minimum/,
		],
		[
			{...one, onDemand: 100},
			(world) => world.outside.offer('c5.large', here, false),
			/InvalidFleetConfiguration - Your requested instance type \(c5\.large\) is not supported in your requested Availability Zone \(us-east-2a\)\./,
		],
		[
			{...one, types: ['c5.large', 't4g.small'], onDemand: 100},
			({outside}) => outside.region(region).images.clear(),
			/^The image id '\[ami-[0-9a-f]+\]' does not exist\. Launching EC2/,
		],
		[one, (world) => world.outside.groupLaunches(region, "You've reached your quota for maximum Fleet Requests for this account."), /maximum Fleet Requests/],
		[
			one,
			({outside}) => outside.region(region).templates.clear(),
			/^The specified launch template, with template ID lt-[0-9a-f]+, does not exist\. Launching EC2/,
		],
	];
	for (const [made, wrong, says] of cases) assert.match((await saidOf(made, wrong)) ?? '', says);
});

test('types of another architecture than the image are no use', async () => {
	const {world, cloud} = await withGroup({types: ['c5.large', 't4g.small'], zones: 1, onDemand: 100});
	world.outside.capacity('c5.large', `${region}a`, 'none');
	await want(cloud, 1);
	await world.clock.sleep(20_000);
	assert.match((await told(cloud))[0]?.[1] ?? '', /InsufficientInstanceCapacity/);
	const {cloud: other} = await withGroup({zones: 1});
	const Overrides = [{InstanceType: 't4g.small'}];
	assert.equal(
		await refusedWith(
			other.call('UpdateAutoScalingGroup', {
				AutoScalingGroupName: name,
				MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: undefined, Overrides}},
			}),
		),
		'ValidationError',
	);
});

test('what couldn’t be launched is tried again about every minute, and at once when another number is wanted', async () => {
	const {world, cloud} = await withGroup({zones: 1});
	world.outside.capacity('c5.large', `${region}a`, 'none-on-spot');
	await want(cloud, 2);
	await world.clock.sleep(200_000);
	assert.equal((await told(cloud)).length, 4);
	world.outside.capacity('c5.large', `${region}a`, 'some');
	await want(cloud, 1);
	await world.clock.sleep(20_000);
	assert.equal((await members(cloud)).length, 1);
});

test('in the first minute of its role a group launches nothing, then it heals', async () => {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt(region);
	const {Parameter} = await cloud.call('GetParameter', {Name: image});
	await cloud.call('CreateLaunchTemplate', {LaunchTemplateName: name, LaunchTemplateData: {ImageId: Parameter?.Value, InstanceType: 'c5.large'}});
	await cloud.call('CreateAutoScalingGroup', {
		AutoScalingGroupName: name,
		MinSize: 0,
		MaxSize: 1,
		DesiredCapacity: 1,
		VPCZoneIdentifier: world.outside.region(region).subnets[0]?.id,
		MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: name}}},
	});
	await world.clock.sleep(5000);
	assert.deepEqual(await told(cloud), [['Failed', 'Authentication Failure. Launching EC2 instance failed.']]);
	await world.clock.sleep(90_000);
	assert.equal((await members(cloud))[0]?.LifecycleState, 'InService');
});

test('a key for disks that isn’t open to the group’s role ends its instances while they come', async () => {
	const encrypted = {BlockDeviceMappings: [{DeviceName: '/dev/xvda', Ebs: {Encrypted: true, VolumeSize: 30}}]};
	const {world, cloud} = await withGroup({template: encrypted, zones: 1});
	const key = 'arn:aws:kms:us-east-2:123456789012:key/1';
	world.outside.diskKey(region, key);
	await want(cloud, 1);
	await world.clock.sleep(60_000);
	const cancelled = (await told(cloud)).find(([code]) => code === 'Cancelled');
	assert.match(
		cancelled?.[1] ?? '',
		/^Instance became unhealthy while waiting for instance to be in InService state\. Termination Reason: Client\.InternalError: Client error on launch/,
	);
	world.outside.diskKey(region, key, true);
	await world.clock.sleep(120_000);
	assert.equal((await members(cloud)).filter(({LifecycleState}) => LifecycleState === 'InService').length, 1);
});

test('a spot instance that AWS takes back is noticed within the minute and replaced, protected or not', async () => {
	const {world, cloud} = await withGroup({zones: 1});
	await want(cloud, 1);
	await world.clock.sleep(30_000);
	const id = (await members(cloud))[0]?.InstanceId ?? '';
	world.outside.interruptSpot(id);
	await world.clock.sleep(60_000);
	assert.equal((await members(cloud)).filter(({InstanceId}) => InstanceId !== id).length, 1);
});

test('deleting by force takes as long as the instances need, while nothing can be changed and the name is taken', async () => {
	const {world, cloud} = await withGroup({zones: 1});
	await want(cloud, 2);
	assert.equal(await refusedWith(cloud.call('DeleteAutoScalingGroup', {AutoScalingGroupName: name})), 'ResourceInUse');
	await world.clock.sleep(30_000);
	await cloud.call('DeleteAutoScalingGroup', {AutoScalingGroupName: name, ForceDelete: true});
	await world.clock.sleep(10_000);
	const [going] = (await cloud.call('DescribeAutoScalingGroups', {})).AutoScalingGroups ?? [];
	assert.deepEqual([going?.Status, going?.Instances?.map(({LifecycleState}) => LifecycleState)], ['Delete in progress', ['Terminating', 'Terminating']]);
	assert.equal(await refusedWith(want(cloud, 1)), 'ValidationError');
	const again = {
		AutoScalingGroupName: name,
		MinSize: 0,
		MaxSize: 1,
		VPCZoneIdentifier: going?.VPCZoneIdentifier,
		MixedInstancesPolicy: going?.MixedInstancesPolicy,
	};
	assert.equal(await refusedWith(cloud.call('CreateAutoScalingGroup', again)), 'AlreadyExists');
	await world.clock.sleep(60_000);
	assert.deepEqual((await cloud.call('DescribeAutoScalingGroups', {})).AutoScalingGroups, []);
	assert.equal((await cloud.call('DescribeScalingActivities', {IncludeDeletedGroups: true})).Activities?.[0]?.AutoScalingGroupState, 'Deleted');
	await world.clock.sleep(43 * 86_400_000);
	assert.deepEqual((await cloud.call('DescribeScalingActivities', {IncludeDeletedGroups: true})).Activities, []);
});

test('what somebody stops, a group ends and replaces, unless its health check is suspended', async () => {
	for (const suspended of [false, true]) {
		const {world, cloud} = await withGroup({zones: 1, onDemand: 100});
		if (suspended) await cloud.call('SuspendProcesses', {AutoScalingGroupName: name, ScalingProcesses: ['HealthCheck']});
		await want(cloud, 1);
		await world.clock.sleep(30_000);
		const id = (await members(cloud))[0]?.InstanceId ?? '';
		world.outside.stopInstance(id);
		await world.clock.sleep(120_000);
		assert.equal((await members(cloud))[0]?.InstanceId === id, suspended);
	}
});

test('a call to Auto Scaling that is throttled is made again', async () => {
	const {world, cloud} = await withGroup();
	world.faults.throttle('SetDesiredCapacity', 2);
	await want(cloud, 1);
	assert.deepEqual(
		world.calls.filter(({name: called}) => called === 'SetDesiredCapacity').map(({refused}) => refused),
		['Throttling', 'Throttling', undefined],
	);
});

test('a machine’s role may set the number of the group that its policy names, and of no other', async () => {
	const {world, cloud} = await withGroup({zones: 1});
	const Statement = [
		{
			Effect: 'Allow',
			Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
			Resource: `arn:aws:autoscaling:${region}:123456789012:autoScalingGroup:*:autoScalingGroupName/${name}`,
		},
		{Effect: 'Allow', Action: 'autoscaling:DescribeAutoScalingGroups', Resource: '*'},
	];
	const named = {RoleName: 'manager', InstanceProfileName: 'manager'};
	const {outside} = world;
	outside.call('CreateRole', region, {RoleName: 'manager', AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
	outside.call('PutRolePolicy', region, {RoleName: 'manager', PolicyName: 'group', PolicyDocument: JSON.stringify({Version: '2012-10-17', Statement})});
	outside.call('CreateInstanceProfile', region, {InstanceProfileName: 'manager'});
	outside.call('AddRoleToInstanceProfile', region, named);
	await world.clock.sleep(60_000);
	const asManager = outside.asManager(outside.addInstance(region, {profileName: 'manager'}).id);
	asManager('SetDesiredCapacity', {AutoScalingGroupName: name, DesiredCapacity: 1});
	await world.clock.sleep(30_000);
	const InstanceId = asManager('DescribeAutoScalingGroups', {}).AutoScalingGroups?.[0]?.Instances?.[0]?.InstanceId;
	asManager('TerminateInstanceInAutoScalingGroup', {InstanceId, ShouldDecrementDesiredCapacity: true});
	assert.equal((await members(cloud))[0]?.LifecycleState, 'Terminating');
	const {LaunchTemplates: [template] = []} = await cloud.call('DescribeLaunchTemplates', {});
	const LaunchTemplateSpecification = {LaunchTemplateId: template?.LaunchTemplateId};
	outside.call('CreateAutoScalingGroup', region, {
		AutoScalingGroupName: 'strangers',
		MinSize: 0,
		MaxSize: 1,
		VPCZoneIdentifier: outside.region(region).subnets[0]?.id,
		MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification}},
	});
	assert.throws(() => asManager('SetDesiredCapacity', {AutoScalingGroupName: 'strangers', DesiredCapacity: 1}), {
		name: 'AccessDenied',
		message:
			/not authorized to perform: autoscaling:SetDesiredCapacity on resource: arn:aws:autoscaling:.*autoScalingGroupName\/strangers because no identity-based/,
	});
	assert.throws(() => asManager('DescribeScalingActivities', {}), {name: 'AccessDenied'});
	outside.denyToAll('autoscaling:SetDesiredCapacity');
	assert.throws(() => asManager('SetDesiredCapacity', {AutoScalingGroupName: name, DesiredCapacity: 1}), {message: /service control policy/});
});
