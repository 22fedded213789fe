import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {inService} from '../../source/panel/scaling-groups.ts';
import {lookAtGroups} from '../../source/panel/sources/group.ts';
import {lookAtScalingLeft} from '../../source/steps/looks/leftovers.ts';
import type {Cloud, Input} from '../../source/world/cloud/port.ts';
import {defaultNetwork, eventually, publicKey, region} from '../world/cloud-parts.ts';
import {type CloudWorld, sides} from '../world/cloud-sides.ts';

const ecsImage = '/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id';

const mark = (part: string) => (name: string) => [
	{Key: 'gitlab-runner-aws:fleet', Value: name},
	{Key: 'gitlab-runner-aws:part', Value: part},
];

/** What a template of that name holds. */
const dataOf = (name: string, image: string | undefined): NonNullable<Input<'CreateLaunchTemplate'>['LaunchTemplateData']> => ({
	ImageId: image,
	InstanceType: 't3.small',
	KeyName: name,
	BlockDeviceMappings: [{DeviceName: '/dev/xvda', Ebs: {VolumeSize: 40, VolumeType: 'gp3', DeleteOnTermination: true}}],
	TagSpecifications: [{ResourceType: 'instance', Tags: mark('worker')(name)}],
});

/** Makes a key pair, a template and a group of that name, which bear a fleet's mark. */
async function make(cloud: Cloud, name: string, more: Partial<Input<'CreateAutoScalingGroup'>> = {}): Promise<string> {
	const [{Parameter}, {subnet}] = await Promise.all([cloud.call('GetParameter', {Name: ecsImage}), defaultNetwork(cloud)]);
	await cloud.call('ImportKeyPair', {
		KeyName: name,
		PublicKeyMaterial: publicKey(),
		TagSpecifications: [{ResourceType: 'key-pair', Tags: mark('worker-key')(name)}],
	});
	const {LaunchTemplate} = await cloud.call('CreateLaunchTemplate', {
		LaunchTemplateName: name,
		LaunchTemplateData: dataOf(name, Parameter?.Value),
		TagSpecifications: [{ResourceType: 'launch-template', Tags: mark('launch-template')(name)}],
	});
	await cloud.call('CreateAutoScalingGroup', {
		AutoScalingGroupName: name,
		MinSize: 0,
		MaxSize: 5,
		DesiredCapacity: 0,
		VPCZoneIdentifier: subnet,
		MixedInstancesPolicy: {
			LaunchTemplate: {
				LaunchTemplateSpecification: {LaunchTemplateName: name, Version: '1'},
				Overrides: [{InstanceType: 't3.small'}, {InstanceType: 't3.medium'}],
			},
			InstancesDistribution: {OnDemandBaseCapacity: 1, OnDemandPercentageAboveBaseCapacity: 25, SpotMaxPrice: '0.05'},
		},
		NewInstancesProtectedFromScaleIn: true,
		Tags: mark('group')(name).map((tag) => ({...tag, ResourceId: name, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false})),
		...more,
	});
	return LaunchTemplate?.LaunchTemplateId ?? '';
}

for (const side of sides)
	suite(`${side.name}: the panel's look at Auto Scaling groups`, () => {
		let world: CloudWorld;
		before(async () => {
			world = await side.open('never');
		});
		after(() => world.stop());
		const cloud = (): Cloud => world.cloudAt(region);
		const at = (name: string, before?: Parameters<typeof lookAtGroups>[2], now = 0) => lookAtGroups(cloud(), [name], before, now);

		test('a group is read with its template, market, types and instances; a newer template makes those that are there older ones', async () => {
			const id = await make(cloud(), 'looked-at');
			await cloud().call('SuspendProcesses', {AutoScalingGroupName: 'looked-at', ScalingProcesses: ['AZRebalance']});
			await cloud().call('SetDesiredCapacity', {AutoScalingGroupName: 'looked-at', DesiredCapacity: 2});
			const [group] = await eventually(world, async () => {
				const {groups} = await at('looked-at');
				return groups[0] && inService(groups[0]) === 2 ? groups : undefined;
			});
			assert.deepEqual(
				[group?.max, group?.desired, group?.onDemandShare, group?.maxPrice, group?.protectsNew, group?.suspended, group?.isGoing, group?.shortSince],
				[5, 2, 25, '0.05', true, ['AZRebalance'], false, undefined],
			);
			assert.deepEqual([group?.template?.id, group?.template?.version, group?.template?.diskGib], [id, '1', 40]);
			assert.deepEqual(group?.types, ['t3.small', 't3.medium']);
			assert.ok(
				group?.members.every(
					({state, isOutdated, diskGib, type, zone}) => state === 'InService' && !isOutdated && diskGib === 40 && type && zone?.startsWith(region),
				),
			);

			const {Parameter} = await cloud().call('GetParameter', {Name: ecsImage});
			const LaunchTemplateData = {...dataOf('looked-at', Parameter?.Value), InstanceType: 't3.medium' as const};
			const {LaunchTemplateVersion} = await cloud().call('CreateLaunchTemplateVersion', {LaunchTemplateId: id, LaunchTemplateData});
			assert.equal(LaunchTemplateVersion?.VersionNumber, 2);
			await cloud().call('UpdateAutoScalingGroup', {
				AutoScalingGroupName: 'looked-at',
				MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateId: id, Version: '2'}, Overrides: [{InstanceType: 't3.small'}]}},
			});
			const [renewed] = await eventually(world, async () => {
				const {groups} = await at('looked-at');
				return groups[0]?.template?.version === '2' ? groups : undefined;
			});
			assert.deepEqual(
				renewed?.members.map(({isOutdated}) => isOutdated),
				[true, true],
			);
		});

		test('why launches fail is read once instances have been lacking for a while, and a group that isn’t there is told', async () => {
			await make(cloud(), 'lacking');
			await cloud().call('DeleteKeyPair', {KeyName: 'lacking'});
			await cloud().call('SetDesiredCapacity', {AutoScalingGroupName: 'lacking', DesiredCapacity: 1});
			const first = await eventually(world, async () => {
				const seen = await at('lacking');
				return seen.groups[0]?.shortSince === undefined ? undefined : seen;
			});
			const says = await eventually(world, async () => (await at('lacking', first, 60_000)).groups[0]?.failures[0]?.says);
			assert.match(says, /^The key pair 'lacking' does not exist/);
			assert.deepEqual(await at('nobody'), {groups: [], absent: ['nobody']});
		});

		test('what bears a fleet’s mark is found among what may be left: groups, templates and workers’ keys', async () => {
			const id = await make(cloud(), 'left-here');
			const left = await eventually(world, async () => {
				const seen = await lookAtScalingLeft(cloud());
				return seen?.templates.some((one) => one.id === id) &&
					seen.groups.some(({name}) => name === 'left-here') &&
					seen.keyPairs.some(({name}) => name === 'left-here')
					? seen
					: undefined;
			});
			const group = left.groups.find(({name}) => name === 'left-here');
			assert.deepEqual([group?.tags['gitlab-runner-aws:fleet'], group?.tags['gitlab-runner-aws:part'], group?.instanceIds], ['left-here', 'group', []]);
			assert.equal(left.templates.find((one) => one.id === id)?.tags['gitlab-runner-aws:part'], 'launch-template');
		});
	});
