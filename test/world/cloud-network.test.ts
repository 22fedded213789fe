import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {comesTo, defaultNetwork, eventually, group, launch, publicKey, region, rejects, started, tagged} from './cloud-parts.ts';
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

		test('the default network has a public subnet in every zone, with a way out', async () => {
			const {vpc} = await defaultNetwork(cloud);
			const [{AvailabilityZones}, {Subnets}, {RouteTables}] = await Promise.all([
				cloud.call('DescribeAvailabilityZones', {}),
				cloud.call('DescribeSubnets', {Filters: [{Name: 'vpc-id', Values: [vpc]}]}),
				cloud.call('DescribeRouteTables', {Filters: [{Name: 'vpc-id', Values: [vpc]}]}),
			]);
			assert.deepEqual(Subnets?.map((each) => each.AvailabilityZone).sort(), AvailabilityZones?.map((each) => each.ZoneName).sort());
			assert.ok(Subnets?.every((each) => each.MapPublicIpOnLaunch && (each.AvailableIpAddressCount ?? 0) > 0));
			assert.ok(RouteTables?.some((table) => table.Routes?.some((route) => route.GatewayId?.startsWith('igw-'))));
		});

		test("a security group's name is given once in a network, and its tags are there from the start", async () => {
			const id = await group(cloud, 'once');
			await rejects(group(cloud, 'once'), 'InvalidGroup.Duplicate');
			const found = await eventually(world, async () => {
				const {SecurityGroups = []} = await cloud.call('DescribeSecurityGroups', {Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['once']}]});
				return SecurityGroups.length > 0 ? SecurityGroups : undefined;
			});
			assert.deepEqual(
				found.map((each) => each.GroupId),
				[id],
			);
			assert.deepEqual(found[0]?.Tags, [{Key: 'gitlab-runner-aws:fleet', Value: 'once'}]);
		});

		test('a dry run of a security group makes none', async () => {
			const {vpc} = await defaultNetwork(cloud);
			await rejects(cloud.call('CreateSecurityGroup', {GroupName: 'dry', Description: 'Dry', VpcId: vpc, DryRun: true}), 'DryRunOperation');
			const {SecurityGroups} = await cloud.call('DescribeSecurityGroups', {Filters: [{Name: 'group-name', Values: ['dry']}]});
			assert.deepEqual(SecurityGroups, []);
		});

		test('a rule bears its tags, comes once, and goes by its id', async () => {
			const id = await group(cloud, 'rules');
			const rule = {
				GroupId: id,
				IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '198.51.100.4/32', Description: 'alice@laptop'}]}],
			};
			const made = await cloud.call('AuthorizeSecurityGroupIngress', {...rule, TagSpecifications: [tagged('security-group-rule', 'rules')]});
			await rejects(cloud.call('AuthorizeSecurityGroupIngress', rule), 'InvalidPermission.Duplicate');
			const look = async () =>
				(await cloud.call('DescribeSecurityGroupRules', {Filters: [{Name: 'group-id', Values: [id]}]})).SecurityGroupRules?.filter((each) => !each.IsEgress);
			const [seen] = (await look()) ?? [];
			assert.equal(seen?.SecurityGroupRuleId, made.SecurityGroupRules?.[0]?.SecurityGroupRuleId);
			assert.deepEqual([seen?.CidrIpv4, seen?.FromPort, seen?.ToPort, seen?.IpProtocol, seen?.Description], ['198.51.100.4/32', 22, 22, 'tcp', 'alice@laptop']);
			assert.deepEqual(seen?.Tags, [{Key: 'gitlab-runner-aws:fleet', Value: 'rules'}]);
			await cloud.call('RevokeSecurityGroupIngress', {GroupId: id, SecurityGroupRuleIds: [seen?.SecurityGroupRuleId ?? '']});
			assert.deepEqual(await look(), []);
		});

		test('a rule can let in another group', async () => {
			const [manager, workers] = [await group(cloud, 'from'), await group(cloud, 'to')];
			await cloud.call('AuthorizeSecurityGroupIngress', {
				GroupId: workers,
				IpPermissions: [{IpProtocol: 'tcp', FromPort: 2376, ToPort: 2376, UserIdGroupPairs: [{GroupId: manager}]}],
			});
			const {SecurityGroupRules} = await cloud.call('DescribeSecurityGroupRules', {Filters: [{Name: 'group-id', Values: [workers]}]});
			assert.equal(SecurityGroupRules?.find((each) => !each.IsEgress)?.ReferencedGroupInfo?.GroupId, manager);
		});

		test('a group that a machine is in stays, and a group that is not there is told', async () => {
			const id = await group(cloud, 'used');
			const {subnet} = await defaultNetwork(cloud);
			const input = await launch(cloud, 'used', {NetworkInterfaces: [{DeviceIndex: 0, SubnetId: subnet, AssociatePublicIpAddress: true, Groups: [id]}]});
			const instance = await started(cloud, input);
			await comesTo(world, cloud, instance, 'running');
			await rejects(cloud.call('DeleteSecurityGroup', {GroupId: id}), 'DependencyViolation');
			await cloud.call('TerminateInstances', {InstanceIds: [instance]});
			await comesTo(world, cloud, instance, 'terminated');
			await cloud.call('DeleteSecurityGroup', {GroupId: id});
			await rejects(cloud.call('DeleteSecurityGroup', {GroupId: id}), 'InvalidGroup.NotFound');
		});

		test('a public key is imported once under a name, with its tags, and taking away a missing one is no failure', async () => {
			const input = {KeyName: 'contract', PublicKeyMaterial: publicKey(), TagSpecifications: [tagged('key-pair', 'contract')]};
			const {KeyPairId} = await cloud.call('ImportKeyPair', input);
			await rejects(cloud.call('ImportKeyPair', input), 'InvalidKeyPair.Duplicate');
			const [seen] = await eventually(world, async () => {
				const {KeyPairs = []} = await cloud.call('DescribeKeyPairs', {Filters: [{Name: 'key-name', Values: ['contract']}], IncludePublicKey: true});
				return KeyPairs.length > 0 ? KeyPairs : undefined;
			});
			assert.deepEqual([seen?.KeyPairId, seen?.KeyType], [KeyPairId, 'ed25519']);
			assert.deepEqual(seen?.Tags, [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}]);
			await cloud.call('DeleteKeyPair', {KeyName: 'contract'});
			await cloud.call('DeleteKeyPair', {KeyName: 'contract'});
			await rejects(cloud.call('DescribeKeyPairs', {KeyNames: ['contract']}), 'InvalidKeyPair.NotFound');
		});
	});
}
