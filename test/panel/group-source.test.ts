import assert from 'node:assert/strict';
import {test} from 'node:test';
import {lookAtGroups} from '../../source/panel/sources/group.ts';
import {Problem} from '../../source/problem.ts';
import type {Cloud, OperationName} from '../../source/world/cloud/port.ts';
import {minutes, now} from './seeing.ts';

const name = 'gitlab-runners-workers';
const noSpot = 'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration.';
const noQuota = 'Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 8 allows.';

const launch = (minutesAgo: number, StatusCode: string, StatusMessage?: string) => ({
	Description: 'Launching a new EC2 instance',
	StartTime: new Date(now - minutes(minutesAgo)),
	StatusCode,
	StatusMessage,
});

type Told = {desired: number; members?: readonly {id: string; state: string}[]; activities?: readonly object[] | 'denied'};

/** A group as AWS tells of it, and the names of the calls that were made. */
function cloudWith({desired, members = [], activities = []}: Told): {cloud: Cloud; called: OperationName[]} {
	const called: OperationName[] = [];
	const group = {
		AutoScalingGroupName: name,
		MaxSize: 10,
		DesiredCapacity: desired,
		AvailabilityZones: ['us-east-2a'],
		VPCZoneIdentifier: 'subnet-1,subnet-2',
		MixedInstancesPolicy: {
			LaunchTemplate: {
				LaunchTemplateSpecification: {LaunchTemplateId: 'lt-1', Version: '3'},
				Overrides: [{InstanceType: 'c5.large'}, {InstanceType: 'c5a.large'}],
			},
			InstancesDistribution: {OnDemandPercentageAboveBaseCapacity: 0, OnDemandBaseCapacity: 1, SpotMaxPrice: ''},
		},
		Instances: members.map(({id, state}) => ({
			InstanceId: id,
			InstanceType: 'c5.large',
			AvailabilityZone: 'us-east-2a',
			LifecycleState: state,
			LaunchTemplate: {Version: '2'},
		})),
	};
	const answers: Partial<Record<OperationName, object>> = {
		DescribeAutoScalingGroups: {AutoScalingGroups: [group]},
		DescribeScalingActivities: {Activities: activities},
		DescribeLaunchTemplateVersions: {
			LaunchTemplateVersions: [
				{LaunchTemplateData: {ImageId: 'ami-1', BlockDeviceMappings: [{Ebs: {VolumeSize: 30}}], NetworkInterfaces: [{AssociatePublicIpAddress: false}]}},
			],
		},
	};
	const call: Cloud['call'] = async (operation) => {
		called.push(operation);
		if (operation === 'DescribeScalingActivities' && activities === 'denied') throw new Problem({code: 'not-allowed', message: 'no'});
		// The stub's answers hold what the source reads, and no more of the SDK's shape.
		return answers[operation] as never;
	};
	return {cloud: {region: 'us-east-2', ahead: () => 0, call}, called};
}

const look = async (told: Told, shortFor?: number) => {
	const {cloud, called} = cloudWith(told);
	const before = shortFor === undefined ? undefined : await lookAtGroups(cloudWith(told).cloud, [name], undefined, now - shortFor * 1000);
	const seen = await lookAtGroups(cloud, [name, 'gone'], before, now);
	return {seen, group: seen.groups[0] ?? assert.fail('no group'), called, before};
};

test('a group is told with its template, types, market and instances, and names of which there is none are told', async () => {
	const {group, seen} = await look({desired: 1, members: [{id: 'i-1', state: 'InService'}]});
	assert.deepEqual(seen.absent, ['gone']);
	assert.deepEqual(
		[group.desired, group.max, group.template, group.types, group.subnetIds, group.onDemand, group.maxPrice],
		[
			1,
			10,
			{id: 'lt-1', version: '3', image: 'ami-1', diskGib: 30, publicAddress: false},
			['c5.large', 'c5a.large'],
			['subnet-1', 'subnet-2'],
			{base: 1, share: 0},
			undefined,
		],
	);
	assert.deepEqual(group.members, [{instanceId: 'i-1', group: name, type: 'c5.large', zone: 'us-east-2a', state: 'InService', isOutdated: true, diskGib: 30}]);
	assert.equal(group.shortSince, undefined);
});

test('what is told the same stays the same object', async () => {
	const {before, group} = await look({desired: 1, members: [{id: 'i-1', state: 'InService'}]}, 5);
	assert.equal(group.members, before?.groups[0]?.members);
});

test('activities are asked for only once instances have been lacking for half a minute', async () => {
	assert.deepEqual((await look({desired: 1}, 20)).called, ['DescribeAutoScalingGroups']);
	const lacking = await look({desired: 1}, 40);
	assert.deepEqual(lacking.called, ['DescribeAutoScalingGroups', 'DescribeScalingActivities']);
	assert.equal(lacking.group.shortSince, now - 40_000);
	assert.deepEqual((await look({desired: 1, members: [{id: 'i-1', state: 'InService'}]}, 40)).called, ['DescribeAutoScalingGroups']);
});

test('launches that failed alike are told once, the newest first, and what was before one that went well is over', async () => {
	const activities = [
		launch(1, 'Failed', noSpot),
		launch(2, 'Failed', noQuota),
		launch(3, 'Failed', noSpot),
		launch(4, 'Successful'),
		launch(5, 'Failed', 'The key pair does not exist'),
	];
	const {group} = await look({desired: 1, activities}, 40);
	assert.deepEqual(group.failures, [
		{says: noSpot, last: now - minutes(1), since: now - minutes(3), count: 2},
		{says: noQuota, last: now - minutes(2), since: now - minutes(2), count: 1},
	]);
});

test('who may not ask for activities sees that instances are lacking', async () => {
	const {group} = await look({desired: 2, activities: 'denied'}, 60);
	assert.deepEqual([group.failures, group.shortSince], [[], now - 60_000]);
});
