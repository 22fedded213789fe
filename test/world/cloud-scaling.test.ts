import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import type {Cloud, Input, Output} from '../../source/world/cloud/port.ts';
import {defaultNetwork, eventually, publicKey, region, rejects, group as securityGroup, tagged} from './cloud-parts.ts';
import {type CloudSide, type CloudWorld, type LateAnswers, sides} from './cloud-sides.ts';

const ecsImage = (architecture: '' | 'arm64/') => `/aws/service/ecs/optimized-ami/amazon-linux-2023/${architecture}recommended/image_id`;

type TemplateData = NonNullable<Input<'CreateLaunchTemplate'>['LaunchTemplateData']>;
type Group = NonNullable<Output<'DescribeAutoScalingGroups'>['AutoScalingGroups']>[number];

/** What AWS says of a call in its own words. */
const words = async (call: Promise<unknown>): Promise<string> =>
	call.then(
		() => 'nothing',
		(error) => (isProblem(error) ? `${error.code}: ${error.message}` : Promise.reject(error)),
	);

/** The default subnets of the region's first two zones. */
async function subnets(cloud: Cloud): Promise<string[]> {
	const {vpc} = await defaultNetwork(cloud);
	const zones = [`${region}a`, `${region}b`];
	const {Subnets = []} = await cloud.call('DescribeSubnets', {Filters: [{Name: 'vpc-id', Values: [vpc]}]});
	return zones.flatMap((zone) => Subnets.find(({AvailabilityZone}) => AvailabilityZone === zone)?.SubnetId ?? []);
}

/** Makes a template of that name from Amazon's image for ECS, and gives its id. */
async function template(cloud: Cloud, name: string, more: TemplateData = {}): Promise<string> {
	const {Parameter} = await cloud.call('GetParameter', {Name: ecsImage('')});
	const data: TemplateData = {
		ImageId: Parameter?.Value,
		InstanceType: 't3.small',
		TagSpecifications: [tagged('instance', name), tagged('volume', name)],
		...more,
	};
	const {LaunchTemplate} = await cloud.call('CreateLaunchTemplate', {
		LaunchTemplateName: name,
		LaunchTemplateData: data,
		TagSpecifications: [{...tagged('instance', name), ResourceType: 'launch-template'}],
	});
	assert.ok(LaunchTemplate?.LaunchTemplateId);
	return LaunchTemplate.LaunchTemplateId;
}

/** What a group is made with: no instance, three at most, all on demand. */
async function groupInput(cloud: Cloud, name: string, more: Partial<Input<'CreateAutoScalingGroup'>> = {}): Promise<Input<'CreateAutoScalingGroup'>> {
	const LaunchTemplateSpecification = {LaunchTemplateName: name, Version: '1'};
	return {
		AutoScalingGroupName: name,
		MinSize: 0,
		MaxSize: 3,
		DesiredCapacity: 0,
		VPCZoneIdentifier: (await subnets(cloud)).join(','),
		MixedInstancesPolicy: {
			LaunchTemplate: {LaunchTemplateSpecification, Overrides: [{InstanceType: 't3.small'}, {InstanceType: 't3.medium'}]},
			InstancesDistribution: {OnDemandPercentageAboveBaseCapacity: 100, SpotAllocationStrategy: 'price-capacity-optimized'},
		},
		NewInstancesProtectedFromScaleIn: true,
		Tags: [
			{ResourceId: name, ResourceType: 'auto-scaling-group', Key: 'gitlab-runner-aws:fleet', Value: name, PropagateAtLaunch: true},
			{ResourceId: name, ResourceType: 'auto-scaling-group', Key: 'note', Value: 'of the group alone', PropagateAtLaunch: false},
		],
		...more,
	};
}

const policyOnSpot = (name: string): Partial<Input<'CreateAutoScalingGroup'>> => ({
	MixedInstancesPolicy: {
		LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: name, Version: '1'}, Overrides: [{InstanceType: 't3.small'}]},
		InstancesDistribution: {OnDemandBaseCapacity: 1, OnDemandPercentageAboveBaseCapacity: 0, SpotAllocationStrategy: 'price-capacity-optimized'},
	},
});

async function look(cloud: Cloud, name: string): Promise<Group | undefined> {
	const {AutoScalingGroups = []} = await cloud.call('DescribeAutoScalingGroups', {AutoScalingGroupNames: [name]});
	return AutoScalingGroups[0];
}

const activities = async (cloud: Cloud, name: string) =>
	(await cloud.call('DescribeScalingActivities', {AutoScalingGroupName: name, IncludeDeletedGroups: true})).Activities ?? [];

/** Makes a template and a group of that name. */
async function made(cloud: Cloud, name: string, more: {template?: TemplateData; group?: Partial<Input<'CreateAutoScalingGroup'>>} = {}): Promise<string> {
	const id = await template(cloud, name, more.template);
	await cloud.call('CreateAutoScalingGroup', await groupInput(cloud, name, more.group));
	return id;
}

/** Waits until so many instances of a group are in service and it has no others, and gives them. */
const inService = (world: CloudWorld, cloud: Cloud, name: string, count: number) =>
	eventually(world, async () => {
		const {Instances = []} = (await look(cloud, name)) ?? {};
		return Instances.length === count && Instances.every(({LifecycleState}) => LifecycleState === 'InService') ? Instances : undefined;
	});

const grown = async (world: CloudWorld, cloud: Cloud, name: string, count: number) => {
	await cloud.call('SetDesiredCapacity', {AutoScalingGroupName: name, DesiredCapacity: count, HonorCooldown: false});
	return inService(world, cloud, name, count);
};

const instanceOf = async (cloud: Cloud, id: string | undefined) =>
	(await cloud.call('DescribeInstances', {InstanceIds: [id ?? '']})).Reservations?.[0]?.Instances?.[0];

const gone = (world: CloudWorld, cloud: Cloud, name: string) => eventually(world, async () => ((await look(cloud, name)) === undefined ? true : undefined));

/** Opens a side's world for the tests of a suite. */
function opened(side: CloudSide, late: LateAnswers): {world(): CloudWorld; cloud(): Cloud} {
	let world: CloudWorld;
	before(async () => {
		world = await side.open(late);
	});
	after(() => world.stop());
	return {world: () => world, cloud: () => world.cloudAt(region)};
}

for (const side of sides) {
	suite(`${side.name}: launch templates`, () => {
		const {world, cloud} = opened(side, 'never');

		test("Amazon's parameters for ECS lead to an image with Docker for each architecture", async () => {
			for (const [place, architecture] of [
				['', 'x86_64'],
				['arm64/', 'arm64'],
			] as const) {
				const {Parameter} = await cloud().call('GetParameter', {Name: ecsImage(place)});
				const {Images} = await cloud().call('DescribeImages', {ImageIds: [Parameter?.Value ?? '']});
				assert.deepEqual([Images?.[0]?.Architecture, Images?.[0]?.RootDeviceName], [architecture, '/dev/xvda']);
				assert.match(Images?.[0]?.Name ?? '', /^al2023-ami-ecs-hvm-/);
			}
		});

		test('a template has its name alone, and is found by its id, its name and its tags', async () => {
			const id = await template(cloud(), 'named');
			await rejects(template(cloud(), 'named'), 'InvalidLaunchTemplateName.AlreadyExistsException');
			const Filters = [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['named']}];
			const found = (input: Input<'DescribeLaunchTemplates'>) =>
				eventually(world(), async () => {
					const {LaunchTemplates = []} = await cloud()
						.call('DescribeLaunchTemplates', input)
						.catch((error) => (isProblem(error) && error.code.startsWith('InvalidLaunchTemplate') ? {LaunchTemplates: []} : Promise.reject(error)));
					return LaunchTemplates.length === 1 ? LaunchTemplates[0] : undefined;
				});
			for (const input of [{LaunchTemplateIds: [id]}, {LaunchTemplateNames: ['named']}, {Filters}]) {
				const {LaunchTemplateId, LaunchTemplateName, DefaultVersionNumber, LatestVersionNumber, Tags} = await found(input);
				assert.deepEqual([LaunchTemplateId, LaunchTemplateName, DefaultVersionNumber, LatestVersionNumber], [id, 'named', 1, 1]);
				assert.deepEqual(Tags, [{Key: 'gitlab-runner-aws:fleet', Value: 'named'}]);
			}
			await rejects(cloud().call('DescribeLaunchTemplates', {LaunchTemplateNames: ['nobody']}), 'InvalidLaunchTemplateName.NotFoundException');
			await cloud().call('CreateTags', {Resources: [id], Tags: [{Key: 'team', Value: 'ci'}]});
			assert.equal((await found({Filters})).Tags?.find(({Key}) => Key === 'team')?.Value, 'ci');
			await cloud().call('DeleteLaunchTemplate', {LaunchTemplateId: id});
			await rejects(cloud().call('DescribeLaunchTemplates', {LaunchTemplateIds: [id]}), 'InvalidLaunchTemplateId.NotFound');
			await rejects(cloud().call('DeleteLaunchTemplate', {LaunchTemplateId: id}), 'InvalidLaunchTemplateId.NotFound');
		});

		test('versions are numbered, keep what they said, and are told with it, the newest first', async () => {
			const id = await template(cloud(), 'versions', {
				KeyName: 'workers',
				SecurityGroupIds: ['sg-00000000000000001'],
				MetadataOptions: {HttpTokens: 'required', HttpPutResponseHopLimit: 2},
				BlockDeviceMappings: [{DeviceName: '/dev/xvda', Ebs: {VolumeSize: 40, VolumeType: 'gp3', Encrypted: true}}],
				IamInstanceProfile: {Name: 'workers'},
				UserData: Buffer.from('#!/bin/sh\n').toString('base64'),
			});
			const LaunchTemplateData = {ImageId: 'ami-00000000000000001', InstanceType: 't3.medium'} as const;
			const {LaunchTemplateVersion} = await cloud().call('CreateLaunchTemplateVersion', {
				LaunchTemplateId: id,
				VersionDescription: 'other',
				LaunchTemplateData,
			});
			assert.equal(LaunchTemplateVersion?.VersionNumber, 2);
			const {LaunchTemplateVersions = []} = await cloud().call('DescribeLaunchTemplateVersions', {LaunchTemplateId: id});
			assert.deepEqual(
				LaunchTemplateVersions.map(({VersionNumber, DefaultVersion}) => [VersionNumber, DefaultVersion]),
				[
					[2, false],
					[1, true],
				],
			);
			const [second, first] = LaunchTemplateVersions.map((version) => version.LaunchTemplateData);
			assert.deepEqual([second?.InstanceType, second?.ImageId, second?.KeyName], ['t3.medium', 'ami-00000000000000001', undefined]);
			assert.deepEqual(
				[first?.KeyName, first?.SecurityGroupIds, first?.IamInstanceProfile?.Name, first?.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize, first?.UserData],
				['workers', ['sg-00000000000000001'], 'workers', 40, Buffer.from('#!/bin/sh\n').toString('base64')],
			);
			assert.deepEqual([first?.MetadataOptions?.HttpTokens, first?.MetadataOptions?.HttpPutResponseHopLimit], ['required', 2]);
			assert.deepEqual(first?.TagSpecifications, [tagged('instance', 'versions'), tagged('volume', 'versions')]);
			const latest = await cloud().call('DescribeLaunchTemplateVersions', {LaunchTemplateName: 'versions', Versions: ['$Latest']});
			assert.equal(latest.LaunchTemplateVersions?.[0]?.VersionNumber, 2);
			await rejects(cloud().call('DescribeLaunchTemplateVersions', {LaunchTemplateId: id, Versions: ['3']}), 'InvalidLaunchTemplateId.VersionNotFound');
		});

		test('the same token makes the same template, and a dry run makes none', async () => {
			const LaunchTemplateData = {InstanceType: 't3.small'} as const;
			const input = {LaunchTemplateName: 'token', ClientToken: 'contract-token', LaunchTemplateData};
			const ids = [await cloud().call('CreateLaunchTemplate', input), await cloud().call('CreateLaunchTemplate', input)];
			assert.equal(ids[1]?.LaunchTemplate?.LaunchTemplateId, ids[0]?.LaunchTemplate?.LaunchTemplateId);
			await rejects(cloud().call('CreateLaunchTemplate', {...input, LaunchTemplateData: {InstanceType: 't3.medium'}}), 'IdempotentParameterMismatch');
			await rejects(cloud().call('CreateLaunchTemplate', {LaunchTemplateName: 'dry', LaunchTemplateData, DryRun: true}), 'DryRunOperation');
			await rejects(cloud().call('DeleteLaunchTemplate', {LaunchTemplateName: 'dry'}), 'InvalidLaunchTemplateName.NotFoundException');
		});
	});

	suite(`${side.name}: Auto Scaling groups`, () => {
		const {world, cloud} = opened(side, 'never');

		test('the first group of an account needs the right to make Auto Scaling’s own role', async () => {
			await template(cloud(), 'first');
			await world().deny(['iam:CreateServiceLinkedRole']);
			assert.match(await words(cloud().call('CreateAutoScalingGroup', await groupInput(cloud(), 'first'))), /^not-allowed: .*`iam:CreateServiceLinkedRole`/);
			await world().deny([]);
			assert.equal(await look(cloud(), 'first'), undefined);
		});

		test('a group is made once, and shows what it was given', async () => {
			const id = await made(cloud(), 'once');
			assert.match(
				await words(cloud().call('CreateAutoScalingGroup', await groupInput(cloud(), 'once'))),
				/^AlreadyExists: .*A group with the name once already exists/,
			);
			await cloud().call('SuspendProcesses', {AutoScalingGroupName: 'once', ScalingProcesses: ['AZRebalance']});
			const seen = await eventually(world(), () => look(cloud(), 'once'));
			const policy = seen.MixedInstancesPolicy;
			assert.deepEqual([seen.MinSize, seen.MaxSize, seen.DesiredCapacity, seen.Instances?.length ?? 0, seen.Status], [0, 3, 0, 0, undefined]);
			assert.deepEqual([seen.NewInstancesProtectedFromScaleIn, seen.CapacityRebalance ?? false], [true, false]);
			assert.deepEqual(
				seen.SuspendedProcesses?.map(({ProcessName}) => ProcessName),
				['AZRebalance'],
			);
			assert.deepEqual(policy?.LaunchTemplate?.LaunchTemplateSpecification, {LaunchTemplateId: id, LaunchTemplateName: 'once', Version: '1'});
			assert.deepEqual(
				policy?.LaunchTemplate?.Overrides?.map(({InstanceType}) => InstanceType),
				['t3.small', 't3.medium'],
			);
			const {OnDemandAllocationStrategy, OnDemandBaseCapacity, OnDemandPercentageAboveBaseCapacity, SpotAllocationStrategy} =
				policy?.InstancesDistribution ?? {};
			assert.deepEqual(
				[OnDemandAllocationStrategy, OnDemandBaseCapacity, OnDemandPercentageAboveBaseCapacity, SpotAllocationStrategy],
				['prioritized', 0, 100, 'price-capacity-optimized'],
			);
			assert.deepEqual(seen.VPCZoneIdentifier?.split(','), await subnets(cloud()));
			assert.deepEqual(seen.Tags?.map(({Key, Value, PropagateAtLaunch}) => [Key, Value, PropagateAtLaunch]).sort(), [
				['gitlab-runner-aws:fleet', 'once', true],
				['note', 'of the group alone', false],
			]);
			assert.match(seen.AutoScalingGroupARN ?? '', /^arn:aws:autoscaling:us-east-2:\d{12}:autoScalingGroup:[^:]+:autoScalingGroupName\/once$/);
		});

		test('groups are found by their tags, which can be changed', async () => {
			await made(cloud(), 'tags');
			const found = async (Value: string) =>
				(await cloud().call('DescribeAutoScalingGroups', {Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: [Value]}]})).AutoScalingGroups?.map(
					(each) => each.AutoScalingGroupName,
				);
			await eventually(world(), async () => ((await found('tags'))?.includes('tags') ? true : undefined));
			const tag = {ResourceId: 'tags', ResourceType: 'auto-scaling-group', Key: 'gitlab-runner-aws:fleet', Value: 'renamed', PropagateAtLaunch: true};
			await cloud().call('CreateOrUpdateTags', {Tags: [tag]});
			assert.deepEqual([await found('tags'), await found('renamed')], [[], ['tags']]);
			const having = async (...Values: string[]) =>
				(await cloud().call('DescribeAutoScalingGroups', {Filters: [{Name: 'tag-key', Values}]})).AutoScalingGroups?.map((each) => each.AutoScalingGroupName);
			assert.ok((await having('gitlab-runner-aws:fleet', 'nobodys'))?.includes('tags'));
			assert.deepEqual(await having('nobodys'), []);
			assert.match(await words(cloud().call('CreateOrUpdateTags', {Tags: [{...tag, ResourceId: 'nobody'}]})), /^ValidationError: .*not found/);
			await rejects(cloud().call('CreateOrUpdateTags', {Tags: [{...tag, Key: 'aws:mine'}]}), 'ValidationError');
		});

		test('Auto Scaling takes no template from which nothing could be launched', async () => {
			const tried = async (name: string, more: Partial<Input<'CreateAutoScalingGroup'>> = {}) =>
				words(cloud().call('CreateAutoScalingGroup', await groupInput(cloud(), name, more)));
			assert.match(await tried('nowhere'), /^ValidationError: .*valid fully-formed launch template.*template name nowhere, does not exist/);
			await template(cloud(), 'keyless', {KeyName: 'nobodys'});
			assert.match(await tried('keyless'), /^ValidationError: .*valid fully-formed launch template.*key pair 'nobodys' does not exist/);
			await template(cloud(), 'faceless', {IamInstanceProfile: {Name: 'nobodys'}});
			assert.match(await tried('faceless'), /^ValidationError: .*valid fully-formed launch template.*Invalid IAM Instance Profile name/);
			await template(cloud(), 'market', {InstanceMarketOptions: {MarketType: 'spot'}});
			assert.match(await tried('market'), /^ValidationError: /);
			await template(cloud(), 'plain');
			const third = {LaunchTemplateSpecification: {LaunchTemplateName: 'plain', Version: '3'}, Overrides: []};
			assert.match(await tried('plain', {MixedInstancesPolicy: {LaunchTemplate: third}}), /^ValidationError: .*version 3/);
			assert.match(await tried('plain', {VPCZoneIdentifier: 'subnet-00000000000000001'}), /^ValidationError: .*subnet-00000000000000001/);
			assert.match(await tried('plain', {MinSize: 4}), /^ValidationError: /);
			assert.match(await tried('plain', {DesiredCapacity: 4}), /^ValidationError: .*4 must be between/);
			assert.equal(await look(cloud(), 'plain'), undefined);
		});

		test('the number that is wanted stays between the bounds', async () => {
			await made(cloud(), 'bounds', {group: {MinSize: 1, DesiredCapacity: 1}});
			const set = (DesiredCapacity: number, AutoScalingGroupName = 'bounds') =>
				words(cloud().call('SetDesiredCapacity', {AutoScalingGroupName, DesiredCapacity}));
			assert.match(await set(4), /^ValidationError: .*New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup/);
			assert.match(await set(0), /^ValidationError: .*New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup/);
			assert.match(await set(1, 'nobody'), /^ValidationError: .*AutoScalingGroup name not found/);
			const [only] = await inService(world(), cloud(), 'bounds', 1);
			const end = {InstanceId: only?.InstanceId ?? '', ShouldDecrementDesiredCapacity: true};
			assert.match(await words(cloud().call('TerminateInstanceInAutoScalingGroup', end)), /^ValidationError: .*desiredSize equals minSize \(1\)/);
		});

		test('instances come to be in service one by one in the zones, and bear the tags of group and template', async () => {
			const id = await made(cloud(), 'grows', {template: {KeyName: undefined, MetadataOptions: {HttpTokens: 'required', HttpPutResponseHopLimit: 2}}});
			const instances = await grown(world(), cloud(), 'grows', 2);
			assert.deepEqual(instances.map(({AvailabilityZone}) => AvailabilityZone).sort(), [`${region}a`, `${region}b`]);
			assert.ok(
				instances.every(
					({ProtectedFromScaleIn, HealthStatus, InstanceType}) => ProtectedFromScaleIn && HealthStatus === 'Healthy' && InstanceType === 't3.small',
				),
			);
			assert.deepEqual(instances[0]?.LaunchTemplate, {LaunchTemplateId: id, LaunchTemplateName: 'grows', Version: '1'});
			const seen = await instanceOf(cloud(), instances[0]?.InstanceId);
			const tags = new Map(seen?.Tags?.map(({Key, Value}) => [Key, Value]));
			assert.equal(tags.get('gitlab-runner-aws:fleet'), 'grows');
			assert.equal(tags.get('aws:autoscaling:groupName'), 'grows');
			assert.equal(tags.get('aws:ec2launchtemplate:version'), '1');
			assert.ok(!tags.has('note'));
			assert.deepEqual([seen?.State?.Name, seen?.MetadataOptions?.HttpTokens, seen?.InstanceLifecycle], ['running', 'required', undefined]);
			// Whatever addresses the stand-in gives, they are this computer's.
			assert.match(seen?.PrivateIpAddress ?? '', side.needs === 'moto' ? /^127\./ : /^172\.31\./);
			const told = await activities(cloud(), 'grows');
			assert.deepEqual(
				told.map(({StatusCode}) => StatusCode),
				['Successful', 'Successful'],
			);
			assert.match(told[0]?.Description ?? '', /^Launching a new EC2 instance: i-/);
			assert.match(told.at(-1)?.Cause ?? '', /a user request explicitly set group desired capacity changing the desired capacity from 0 to 2/);
			assert.ok(JSON.parse(told[0]?.Details ?? '{}')['Availability Zone']);
			for (const {EndTime, StartTime} of told) {
				const [from, to] = [StartTime?.getTime() ?? 0, EndTime?.getTime() ?? 0];
				assert.deepEqual([to % 1000, to > from - 1000], [0, true], 'the end is told in whole seconds');
			}
			const page = (more: object) => cloud().call('DescribeScalingActivities', {AutoScalingGroupName: 'grows', MaxRecords: 1, ...more});
			const first = await page({});
			const last = await page({NextToken: first.NextToken});
			assert.deepEqual(
				[first, last].flatMap(({Activities = []}) => Activities.map(({ActivityId}) => ActivityId)),
				told.map(({ActivityId}) => ActivityId),
			);
			assert.equal(last.NextToken, undefined);
			await rejects(page({MaxRecords: 101}), 'ValidationError');
		});

		test('what is protected stays when fewer are wanted, and goes when it is named', async () => {
			await made(cloud(), 'protected');
			const [one, other] = await grown(world(), cloud(), 'protected', 2);
			const set = (DesiredCapacity: number) => cloud().call('SetDesiredCapacity', {AutoScalingGroupName: 'protected', DesiredCapacity});
			await set(0);
			await eventually(world(), async () =>
				(await activities(cloud(), 'protected')).some(({StatusMessage}) => /all remaining instances are protected from scale-in/.test(StatusMessage ?? ''))
					? true
					: undefined,
			);
			await set(2);
			assert.equal((await inService(world(), cloud(), 'protected', 2)).length, 2);
			const protect = (InstanceIds: string[]) =>
				cloud().call('SetInstanceProtection', {AutoScalingGroupName: 'protected', InstanceIds, ProtectedFromScaleIn: false});
			assert.match(await words(protect(['i-00000000000000001'])), /^ValidationError: .*is not part of Auto Scaling group protected/);
			await protect([one?.InstanceId ?? '']);
			await set(1);
			assert.deepEqual(
				(await inService(world(), cloud(), 'protected', 1)).map(({InstanceId}) => InstanceId),
				[other?.InstanceId],
			);
			const {Activity} = await cloud().call('TerminateInstanceInAutoScalingGroup', {InstanceId: other?.InstanceId ?? '', ShouldDecrementDesiredCapacity: true});
			assert.match(Activity?.Description ?? '', /^Terminating EC2 instance: i-/);
			await inService(world(), cloud(), 'protected', 0);
			assert.equal((await look(cloud(), 'protected'))?.DesiredCapacity, 0);
			const again = {InstanceId: 'i-00000000000000001', ShouldDecrementDesiredCapacity: true};
			assert.match(await words(cloud().call('TerminateInstanceInAutoScalingGroup', again)), /^ValidationError: .*No managed instance found/);
		});

		test('an instance that somebody ends is replaced, and so is one that is taken out without lowering the number', async () => {
			await made(cloud(), 'replaced');
			const [first] = await grown(world(), cloud(), 'replaced', 1);
			const another = (than: string | undefined) =>
				eventually(world(), async () => {
					const {Instances = []} = (await look(cloud(), 'replaced')) ?? {};
					const found = Instances.find(({InstanceId, LifecycleState}) => InstanceId !== than && LifecycleState === 'InService');
					return Instances.length === 1 ? found : undefined;
				});
			await cloud().call('TerminateInstances', {InstanceIds: [first?.InstanceId ?? '']});
			const second = await another(first?.InstanceId);
			await cloud().call('TerminateInstanceInAutoScalingGroup', {InstanceId: second.InstanceId ?? '', ShouldDecrementDesiredCapacity: false});
			assert.notEqual((await another(second.InstanceId)).InstanceId, first?.InstanceId);
			assert.ok((await activities(cloud(), 'replaced')).some(({Cause}) => /in response to an EC2 health check/.test(Cause ?? '')));
		});

		test('why nothing comes is told by the activities alone, and the group tries again by itself', async () => {
			const open = await securityGroup(cloud(), 'stale');
			await cloud().call('ImportKeyPair', {KeyName: 'stale', PublicKeyMaterial: publicKey()});
			await made(cloud(), 'stale', {template: {KeyName: 'stale', SecurityGroupIds: [open]}});
			await cloud().call('DeleteKeyPair', {KeyName: 'stale'});
			await cloud().call('SetDesiredCapacity', {AutoScalingGroupName: 'stale', DesiredCapacity: 1});
			const failed = await eventually(world(), async () => (await activities(cloud(), 'stale')).find(({StatusCode}) => StatusCode === 'Failed'));
			assert.match(failed.StatusMessage ?? '', /^The key pair 'stale' does not exist\.? Launching EC2 instance failed\.$/);
			assert.match(failed.Description ?? '', /^Launching a new EC2 instance\.\s+Status Reason: The key pair 'stale' does not exist/);
			assert.deepEqual([(await look(cloud(), 'stale'))?.DesiredCapacity, (await look(cloud(), 'stale'))?.Instances?.length ?? 0], [1, 0]);
			await cloud().call('ImportKeyPair', {KeyName: 'stale', PublicKeyMaterial: publicKey()});
			const [only] = await inService(world(), cloud(), 'stale', 1);
			const seen = await instanceOf(cloud(), only?.InstanceId);
			assert.deepEqual([seen?.KeyName, seen?.SecurityGroups?.map(({GroupId}) => GroupId)], ['stale', [open]]);
			await rejects(cloud().call('DeleteSecurityGroup', {GroupId: open}), 'DependencyViolation');
		});

		test('where AWS has no capacity, the group goes on trying until there is some', async () => {
			await made(cloud(), 'capacity', {group: policyOnSpot('capacity')});
			const said =
				'Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that matches your request. Launching EC2 instance failed.';
			await world().groupLaunches(region, said);
			await cloud().call('SetDesiredCapacity', {AutoScalingGroupName: 'capacity', DesiredCapacity: 1});
			const failed = await eventually(world(), async () => {
				const all = (await activities(cloud(), 'capacity')).filter(({StatusCode}) => StatusCode === 'Failed');
				return all.length > 1 ? all : undefined;
			});
			assert.ok(failed.every(({StatusMessage, Description, EndTime}) => StatusMessage === said && Description?.endsWith(said) && EndTime));
			await world().groupLaunches(region, undefined);
			await inService(world(), cloud(), 'capacity', 1);
		});

		test('the base is on demand and what is above it on spot', async () => {
			await made(cloud(), 'spot', {group: policyOnSpot('spot')});
			const instances = await grown(world(), cloud(), 'spot', 2);
			const seen = await Promise.all(instances.map(({InstanceId}) => instanceOf(cloud(), InstanceId)));
			assert.deepEqual(seen.map((each) => each?.InstanceLifecycle ?? 'on demand').sort(), ['on demand', 'spot']);
		});

		test('a group that gets another version, other types or bounds launches by them from then on', async () => {
			await made(cloud(), 'changed');
			await cloud().call('CreateLaunchTemplateVersion', {
				LaunchTemplateName: 'changed',
				LaunchTemplateData: {ImageId: (await cloud().call('GetParameter', {Name: ecsImage('')})).Parameter?.Value, InstanceType: 't3.small'},
			});
			const [first] = await grown(world(), cloud(), 'changed', 1);
			await cloud().call('UpdateAutoScalingGroup', {
				AutoScalingGroupName: 'changed',
				MaxSize: 5,
				MixedInstancesPolicy: {
					LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: 'changed', Version: '2'}, Overrides: [{InstanceType: 't3.medium'}]},
				},
			});
			const instances = await grown(world(), cloud(), 'changed', 2);
			const seen = instances.map(({InstanceId, InstanceType, LaunchTemplate}) => [InstanceId === first?.InstanceId, InstanceType, LaunchTemplate?.Version]);
			assert.deepEqual(seen.sort(), [
				[false, 't3.medium', '2'],
				[true, 't3.small', '1'],
			]);
			const group = await look(cloud(), 'changed');
			assert.deepEqual([group?.MaxSize, group?.MixedInstancesPolicy?.InstancesDistribution?.SpotAllocationStrategy], [5, 'price-capacity-optimized']);
			assert.match(await words(cloud().call('UpdateAutoScalingGroup', {AutoScalingGroupName: 'nobody', MaxSize: 5})), /^ValidationError: .*name not found/);
		});

		test('a group with instances goes by force alone, once they have ended, and its story is told after it', async () => {
			await made(cloud(), 'deleted');
			const [only] = await grown(world(), cloud(), 'deleted', 1);
			await rejects(cloud().call('DeleteAutoScalingGroup', {AutoScalingGroupName: 'deleted'}), 'ResourceInUse');
			await cloud().call('DeleteAutoScalingGroup', {AutoScalingGroupName: 'deleted', ForceDelete: true});
			const going = await look(cloud(), 'deleted');
			assert.ok(going === undefined || going.Status === 'Delete in progress');
			await gone(world(), cloud(), 'deleted');
			assert.equal((await instanceOf(cloud(), only?.InstanceId))?.State?.Name, 'terminated');
			assert.ok((await activities(cloud(), 'deleted')).some(({Description}) => Description?.startsWith('Terminating EC2 instance: ')));
			assert.match(
				await words(cloud().call('DeleteAutoScalingGroup', {AutoScalingGroupName: 'deleted', ForceDelete: true})),
				/^ValidationError: .*name not found/,
			);
			await cloud().call('CreateAutoScalingGroup', await groupInput(cloud(), 'deleted'));
			await cloud().call('DeleteAutoScalingGroup', {AutoScalingGroupName: 'deleted'});
			await gone(world(), cloud(), 'deleted');
		});

		test('an empty group has Auto Scaling’s own role made, which stays, and is made once', async () => {
			await made(cloud(), 'role');
			const {Role} = await cloud().call('GetRole', {RoleName: 'AWSServiceRoleForAutoScaling'});
			assert.match(Role?.Arn ?? '', /:role\/aws-service-role\/autoscaling\.amazonaws\.com\/AWSServiceRoleForAutoScaling$/);
			assert.match(await words(cloud().call('CreateServiceLinkedRole', {AWSServiceName: 'autoscaling.amazonaws.com'})), /^InvalidInput: .*has been taken/);
		});

		test('who may not launch may make no group, and each call has its own right', async () => {
			await template(cloud(), 'refused');
			const input = await groupInput(cloud(), 'refused');
			for (const action of ['autoscaling:CreateAutoScalingGroup', 'ec2:RunInstances', 'iam:PassRole']) {
				await world().deny([action]);
				await rejects(cloud().call('CreateAutoScalingGroup', input), 'not-allowed');
			}
			await world().deny(['autoscaling:DescribeScalingActivities', 'ec2:CreateLaunchTemplate']);
			await rejects(cloud().call('DescribeScalingActivities', {}), 'not-allowed');
			await rejects(template(cloud(), 'refused-too'), 'not-allowed');
			await world().deny([]);
		});
	});

	suite(`${side.name}, where AWS never knows what was just made`, () => {
		const {world, cloud} = opened(side, 'for ever');

		test('Auto Scaling knows no template that is new', async () => {
			const id = await template(cloud(), 'late');
			await rejects(template(cloud(), 'late'), 'InvalidLaunchTemplateName.AlreadyExistsException');
			assert.match(
				await words(cloud().call('CreateAutoScalingGroup', await groupInput(cloud(), 'late'))),
				/^ValidationError: .*template name late, does not exist/,
			);
			assert.ok(id);
		});

		test('by a role that has just been made nothing is launched', async () => {
			const theirs = world().colleague(region);
			await template(theirs, 'young');
			await cloud().call('CreateServiceLinkedRole', {AWSServiceName: 'autoscaling.amazonaws.com'});
			await cloud().call('CreateAutoScalingGroup', await groupInput(cloud(), 'young', {DesiredCapacity: 1}));
			const failed = await eventually(world(), async () => (await activities(theirs, 'young')).find(({StatusCode}) => StatusCode === 'Failed'));
			assert.equal(failed.StatusMessage, 'Authentication Failure. Launching EC2 instance failed.');
		});
	});
}
