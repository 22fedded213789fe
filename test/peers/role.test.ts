import assert from 'node:assert/strict';
import {test} from 'node:test';
import {AutoScalingClient, DescribeAutoScalingGroupsCommand, SetDesiredCapacityCommand} from '@aws-sdk/client-auto-scaling';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {realCloud} from '../../source/world/cloud/real.ts';
import {realClock} from '../../source/world/laptop/clock.ts';
import {comesTo, defaultNetwork, launch, region, started} from '../world/cloud-parts.ts';
import {startWithoutManager} from './no-manager.ts';
import {startRoleListener} from './role.ts';

/** A group of that name with no instance and room for one. */
async function group(cloud: Cloud, name: string, image: string | undefined): Promise<void> {
	const {subnet} = await defaultNetwork(cloud);
	await cloud.call('CreateLaunchTemplate', {LaunchTemplateName: name, LaunchTemplateData: {ImageId: image, InstanceType: 't3.small'}});
	await cloud.call('CreateAutoScalingGroup', {
		AutoScalingGroupName: name,
		MinSize: 0,
		MaxSize: 1,
		VPCZoneIdentifier: subnet,
		MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: name}}},
	});
}

/** What a role is allowed of one group. */
const allowing = (name: string) =>
	JSON.stringify({
		Version: '2012-10-17',
		Statement: [
			{Effect: 'Allow', Action: 'autoscaling:SetDesiredCapacity', Resource: `arn:aws:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/${name}`},
		],
	});

test('a machine’s role may set the number of the group that its policy names, and of no other', async (context) => {
	const peers = await startWithoutManager({late: 0});
	context.after(peers.stop);
	Object.assign(process.env, peers.env);
	const aws = realCloud({clock: realClock, random: () => 0, env: peers.env});
	context.after(aws.close);
	const cloud = aws.at(region);
	const named = {RoleName: 'manager', InstanceProfileName: 'manager'};
	await cloud.call('CreateRole', {RoleName: 'manager', AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
	await cloud.call('PutRolePolicy', {RoleName: 'manager', PolicyName: 'group', PolicyDocument: allowing('ours')});
	await cloud.call('CreateInstanceProfile', {InstanceProfileName: 'manager'});
	await cloud.call('AddRoleToInstanceProfile', named);
	const input = await launch(cloud, 'manager', {IamInstanceProfile: {Name: 'manager'}});
	const id = await started(cloud, input);
	await comesTo({pass: () => realClock.sleep(20)}, cloud, id, 'running');
	const {Reservations} = await cloud.call('DescribeInstances', {InstanceIds: [id]});
	const address = Reservations?.[0]?.Instances?.[0]?.PublicIpAddress ?? '';
	for (const name of ['ours', 'theirs']) await group(cloud, name, input.ImageId);
	const role = await startRoleListener(peers.aws.direct, [address]);
	context.after(role.stop);
	const plugin = new AutoScalingClient({
		region,
		endpoint: role.urlFrom(address),
		credentials: {accessKeyId: 'MACHINE', secretAccessKey: 'peers'},
		maxAttempts: 1,
	});
	const set = (AutoScalingGroupName: string) => plugin.send(new SetDesiredCapacityCommand({AutoScalingGroupName, DesiredCapacity: 1}));
	await set('ours');
	await assert.rejects(set('theirs'), {
		name: 'AccessDenied',
		message: /autoscaling:SetDesiredCapacity on resource: arn:aws:autoscaling:.*\/theirs because no identity-based/,
	});
	await assert.rejects(plugin.send(new DescribeAutoScalingGroupsCommand({})), {name: 'AccessDenied'});
	assert.deepEqual(
		role.calls().map(({action, status}) => [action, status]),
		[
			['SetDesiredCapacity', 200],
			['SetDesiredCapacity', 403],
			['DescribeAutoScalingGroups', 403],
		],
	);
});
