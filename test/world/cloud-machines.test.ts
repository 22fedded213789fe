import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {comesTo, eventually, group, launch, publicKey, region, rejects, started, tagged, ubuntu} from './cloud-parts.ts';
import {type CloudWorld, sides} from './cloud-sides.ts';

for (const side of sides) {
	suite(side.name, () => {
		let world: CloudWorld;
		let cloud: Cloud;
		before(async () => {
			world = await side.open();
			cloud = world.cloudAt(region);
		});
		after(() => world.stop());

		test("a publisher's parameter leads to its image", async () => {
			const {Parameter} = await cloud.call('GetParameter', {Name: ubuntu});
			const {Images} = await cloud.call('DescribeImages', {ImageIds: [Parameter?.Value ?? '']});
			assert.deepEqual([Images?.[0]?.Architecture, Images?.[0]?.RootDeviceName, Images?.[0]?.OwnerId], ['x86_64', '/dev/sda1', '099720109477']);
			await rejects(cloud.call('GetParameter', {Name: ubuntu.replace('24.04', '99.04')}), 'ParameterNotFound');
			await rejects(cloud.call('DescribeImages', {ImageIds: ['ami-00000000000000001']}), 'InvalidAMIID.NotFound');
		});

		test('the same launch again is the same machine, and with other words under the same token none', async () => {
			const input = await launch(cloud, 'twice');
			const [first, second] = [await started(cloud, input), await started(cloud, input)];
			assert.equal(second, first);
			await rejects(cloud.call('RunInstances', {...input, InstanceType: 't3.medium'}), 'IdempotentParameterMismatch');
			await cloud.call('TerminateInstances', {InstanceIds: [first]});
		});

		test('a machine comes to run with an address and its tags, stops, starts, goes, and is still told of', async () => {
			const id = await started(cloud, await launch(cloud, 'life'));
			await comesTo(world, cloud, id, 'running');
			const {Reservations} = await cloud.call('DescribeInstances', {Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['life']}]});
			const seen = Reservations?.flatMap((each) => each.Instances ?? []);
			assert.deepEqual(
				seen?.map((each) => each.InstanceId),
				[id],
			);
			assert.match(seen?.[0]?.PublicIpAddress ?? '', /^\d+\.\d+\.\d+\.\d+$/);
			assert.equal(seen?.[0]?.Placement?.AvailabilityZone, `${region}a`);
			await cloud.call('StopInstances', {InstanceIds: [id]});
			await comesTo(world, cloud, id, 'stopped');
			await cloud.call('StartInstances', {InstanceIds: [id]});
			await comesTo(world, cloud, id, 'running');
			await cloud.call('TerminateInstances', {InstanceIds: [id]});
			await comesTo(world, cloud, id, 'terminated');
			await rejects(cloud.call('DescribeInstances', {InstanceIds: ['i-00000000000000001']}), 'InvalidInstanceID.NotFound');
		});

		test('a launch with too long user data, and the dry run of one, start nothing', async () => {
			const UserData = Buffer.from('#'.repeat(16_385)).toString('base64');
			await rejects(cloud.call('RunInstances', {...(await launch(cloud, 'dry')), UserData}), 'InvalidParameterValue');
			await rejects(cloud.call('RunInstances', {...(await launch(cloud, 'dry')), DryRun: true}), 'DryRunOperation');
			const {Reservations} = await cloud.call('DescribeInstances', {Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['dry']}]});
			assert.deepEqual(Reservations, []);
		});

		test('tags are put on a machine and taken off it', async () => {
			const id = await started(cloud, await launch(cloud, 'tags'));
			await comesTo(world, cloud, id, 'running');
			await cloud.call('CreateTags', {Resources: [id], Tags: [{Key: 'gitlab-runner-aws:proven', Value: 'abc'}]});
			const tags = async () =>
				(await cloud.call('DescribeInstances', {InstanceIds: [id]})).Reservations?.[0]?.Instances?.[0]?.Tags?.find(
					(each) => each.Key === 'gitlab-runner-aws:proven',
				)?.Value;
			assert.equal(await eventually(world, tags), 'abc');
			await cloud.call('DeleteTags', {Resources: [id], Tags: [{Key: 'gitlab-runner-aws:proven'}]});
			assert.equal(await tags(), undefined);
			await cloud.call('TerminateInstances', {InstanceIds: [id]});
		});

		test('a machine that runs is given a profile, then another in its place', async () => {
			await cloud.call('CreateRole', {RoleName: 'both', AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
			for (const InstanceProfileName of ['one', 'other']) {
				await cloud.call('CreateInstanceProfile', {InstanceProfileName});
				await cloud.call('AddRoleToInstanceProfile', {InstanceProfileName, RoleName: 'both'});
			}
			const id = await started(cloud, await launch(cloud, 'profiles'));
			await comesTo(world, cloud, id, 'running');
			const associations = async () =>
				(await cloud.call('DescribeIamInstanceProfileAssociations', {Filters: [{Name: 'instance-id', Values: [id]}]})).IamInstanceProfileAssociations ?? [];
			assert.deepEqual(await associations(), []);
			const named = (Name: string) => ({IamInstanceProfile: {Name}});
			await eventually(world, async () => {
				const given = cloud.call('AssociateIamInstanceProfile', {InstanceId: id, ...named('one')});
				return given.catch((error) => (isProblem(error, 'InvalidParameterValue') ? undefined : Promise.reject(error)));
			});
			await rejects(cloud.call('AssociateIamInstanceProfile', {InstanceId: id, ...named('other')}), 'IncorrectState');
			const [given] = await associations();
			assert.deepEqual([given?.InstanceId, given?.IamInstanceProfile?.Arn?.split('/').at(-1)], [id, 'one']);
			const AssociationId = given?.AssociationId ?? '';
			await cloud.call('ReplaceIamInstanceProfileAssociation', {AssociationId, ...named('other')});
			assert.deepEqual(
				(await associations()).map((each) => each.IamInstanceProfile?.Arn?.split('/').at(-1)),
				['other'],
			);
			const nobodys = {AssociationId: 'iip-assoc-00000000000000001', ...named('one')};
			await rejects(cloud.call('ReplaceIamInstanceProfileAssociation', nobodys), 'InvalidAssociationID.NotFound');
			await cloud.call('TerminateInstances', {InstanceIds: [id]});
			await comesTo(world, cloud, id, 'terminated');
			assert.deepEqual(await associations(), []);
		});

		test('tags are put on a disk, a group, its rule and a key pair that stand already', async () => {
			const id = await started(cloud, await launch(cloud, 'tagged'));
			await comesTo(world, cloud, id, 'running');
			const groupId = await group(cloud, 'tagged');
			const {SecurityGroupRules} = await cloud.call('AuthorizeSecurityGroupIngress', {
				GroupId: groupId,
				IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '198.51.100.4/32'}]}],
				TagSpecifications: [tagged('security-group-rule', 'tagged')],
			});
			await cloud.call('ImportKeyPair', {KeyName: 'tagged', PublicKeyMaterial: publicKey(), TagSpecifications: [tagged('key-pair', 'tagged')]});
			const Filters = [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['tagged']}];
			const look = async () => {
				const [{Volumes = []}, {SecurityGroups = []}, rules, {KeyPairs = []}] = await Promise.all([
					cloud.call('DescribeVolumes', {Filters}),
					cloud.call('DescribeSecurityGroups', {Filters}),
					cloud.call('DescribeSecurityGroupRules', {Filters}),
					cloud.call('DescribeKeyPairs', {Filters}),
				]);
				return {disk: Volumes[0], group: SecurityGroups[0], rule: rules.SecurityGroupRules?.[0], pair: KeyPairs[0]};
			};
			const seen = await eventually(world, async () => {
				const {disk, group: seenGroup, pair, rule} = await look();
				return disk && seenGroup && pair && rule ? {disk, pair} : undefined;
			});
			assert.deepEqual(
				seen.disk.Attachments?.map(({InstanceId}) => InstanceId),
				[id],
			);
			const Resources = [seen.disk.VolumeId, groupId, SecurityGroupRules?.[0]?.SecurityGroupRuleId, seen.pair.KeyPairId].flatMap((one) => one ?? []);
			assert.equal(Resources.length, 4);
			await cloud.call('CreateTags', {Resources, Tags: [{Key: 'team', Value: 'ci'}]});
			const after = await look();
			for (const thing of [after.disk, after.group, after.rule, after.pair]) assert.equal(thing?.Tags?.find(({Key}) => Key === 'team')?.Value, 'ci');
			await cloud.call('TerminateInstances', {InstanceIds: [id]});
		});

		test('types say what they are, and where they are offered', async () => {
			const {InstanceTypes} = await cloud.call('DescribeInstanceTypes', {InstanceTypes: ['t3.small', 't4g.small']});
			const known = new Map(InstanceTypes?.map((each) => [each.InstanceType, each]));
			assert.equal(known.get('t3.small')?.VCpuInfo?.DefaultVCpus, 2);
			assert.deepEqual(known.get('t4g.small')?.ProcessorInfo?.SupportedArchitectures, ['arm64']);
			const {InstanceTypeOfferings} = await cloud.call('DescribeInstanceTypeOfferings', {
				LocationType: 'availability-zone',
				Filters: [{Name: 'instance-type', Values: ['t3.small']}],
			});
			assert.ok(InstanceTypeOfferings?.some((each) => each.Location === `${region}a`));
		});

		test('prices are told, on spot by zone and on demand wherever the fleet is', async () => {
			const {SpotPriceHistory} = await cloud.call('DescribeSpotPriceHistory', {
				InstanceTypes: ['c5.large'],
				ProductDescriptions: ['Linux/UNIX'],
				StartTime: new Date(0),
			});
			assert.ok(SpotPriceHistory?.every((each) => Number(each.SpotPrice) > 0 && each.AvailabilityZone?.startsWith(region)));
			assert.ok((SpotPriceHistory?.length ?? 0) > 0);
			const filters = {instanceType: 'c5.large', regionCode: region, operatingSystem: 'Linux', tenancy: 'Shared', preInstalledSw: 'NA', capacitystatus: 'Used'};
			const {PriceList} = await cloud.call('GetProducts', {
				ServiceCode: 'AmazonEC2',
				Filters: Object.entries(filters).map(([Field, Value]) => ({Type: 'TERM_MATCH' as const, Field, Value})),
			});
			assert.match(String(PriceList?.[0]), /pricePerUnit/);
		});
	});
}
