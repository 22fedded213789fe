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

/** A launch that went well: it took 20 seconds, of which AWS tells the end. */
const launched = (id: string, minutesAgo: number) => ({
	...launch(minutesAgo, 'Successful'),
	Description: `Launching a new EC2 instance: ${id}`,
	EndTime: new Date(now - minutes(minutesAgo) + 20_000),
});

/** `pages` are all that AWS tells, where that is more than one. */
type Told = {
	desired: number;
	members?: readonly {id: string; state: string}[];
	activities?: readonly object[] | 'denied';
	pages?: readonly (readonly object[])[];
};

/** A group as AWS tells of it, and the names of the calls that were made. */
function cloudWith({desired, members = [], activities = [], pages = []}: Told): {cloud: Cloud; called: OperationName[]} {
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
	const call: Cloud['call'] = async (operation, input) => {
		called.push(operation);
		if (operation === 'DescribeScalingActivities' && pages.length > 0) {
			const at = input && 'NextToken' in input ? Number(input.NextToken ?? 0) : 0;
			return {Activities: pages[at], ...(at + 1 < pages.length ? {NextToken: String(at + 1)} : {})} as never;
		}
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
		[group.desired, group.max, group.template, group.types, group.subnetIds, group.onDemandShare, group.maxPrice],
		[1, 10, {id: 'lt-1', version: '3', image: 'ami-1', diskGib: 30, publicAddress: false}, ['c5.large', 'c5a.large'], ['subnet-1', 'subnet-2'], 0, undefined],
	);
	assert.deepEqual(group.members, [{instanceId: 'i-1', group: name, type: 'c5.large', zone: 'us-east-2a', state: 'InService', isOutdated: true, diskGib: 30}]);
	assert.equal(group.shortSince, undefined);
});

test('what is told the same stays the same object', async () => {
	const {before, group} = await look({desired: 1, members: [{id: 'i-1', state: 'InService'}]}, 5);
	assert.equal(group.members, before?.groups[0]?.members);
});

test('activities are asked for at the first look, and then only once instances have been lacking for half a minute', async () => {
	assert.deepEqual((await look({desired: 1})).called.toSorted(), ['DescribeAutoScalingGroups', 'DescribeLaunchTemplateVersions', 'DescribeScalingActivities']);
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
		{says: noSpot, since: now - minutes(3), count: 2},
		{says: noQuota, since: now - minutes(2), count: 1},
	]);
});

test('who may not ask for activities sees that instances are lacking', async () => {
	const {group} = await look({desired: 2, activities: 'denied'}, 60);
	assert.deepEqual([group.failures, group.shortSince], [[], now - 60_000]);
});

/** What is known after some looks, each of which AWS tells something else, and the calls for activities that each of them made. */
async function looks(...told: readonly Told[]) {
	let seen: Awaited<ReturnType<typeof lookAtGroups>> | undefined;
	const asked: number[] = [];
	for (const [index, each] of told.entries()) {
		const {called, cloud} = cloudWith(each);
		seen = await lookAtGroups(cloud, [name], seen, now + index * 10_000);
		asked.push(called.filter((operation) => operation === 'DescribeScalingActivities').length);
	}
	return {asked, group: seen?.groups[0] ?? assert.fail('no group')};
}

test('how long launches took is asked once at a look at most: when an instance has come, and else back to when waits of jobs are told from', async () => {
	const members = (...ids: readonly string[]) => ids.map((id) => ({id, state: 'InService'}));
	const pages = [[launched('i-c', 10), launch(11, 'Failed', noSpot)], [launched('i-b', 60)], [launched('i-a', 9 * 24 * 60)], [launched('i-0', 10 * 24 * 60)]];
	const one: Told = {desired: 1, members: members('i-c'), pages};
	const two: Told = {desired: 2, members: members('i-c', 'i-d'), pages: [[launched('i-d', 1), launched('i-c', 10)], ...pages.slice(1)]};
	const {asked, group} = await looks(one, two, two, two, two);
	assert.deepEqual([asked, group.older], [[1, 1, 1, 1, 0], undefined]);
	assert.deepEqual(group.launches.get('i-d'), {from: now - minutes(1), to: now - minutes(1) + 20_000});
	assert.deepEqual([...group.launches.keys()].toSorted(), ['i-a', 'i-b', 'i-c', 'i-d']);
});

test('who may not ask for activities is not asked again for launches until an instance comes', async () => {
	const {asked, group} = await looks({desired: 0, activities: 'denied'}, {desired: 0, activities: 'denied'});
	assert.deepEqual([asked, group.launches.size], [[1, 0], 0]);
});
