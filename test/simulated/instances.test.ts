import assert from 'node:assert/strict';
import {test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import type {Input} from '../../source/world/cloud/port.ts';
import {region, ubuntu} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

async function launch(world: World, over: Partial<Input<'RunInstances'>> = {}) {
	const image = (await world.cloudAt(region).call('GetParameter', {Name: ubuntu})).Parameter?.Value;
	const made = await world.cloudAt(region).call('RunInstances', {ImageId: image, InstanceType: 't3.small', MinCount: 1, MaxCount: 1, ...over});
	return made.Instances?.[0]?.InstanceId ?? '';
}

const instance = async (world: World, id: string) =>
	(await world.cloudAt(region).call('DescribeInstances', {InstanceIds: [id]})).Reservations?.[0]?.Instances?.[0];

test('a new instance is unseen for a moment, pending, then running with an address', async () => {
	const world = simulatedWorld();
	const id = await launch(world);
	assert.equal(await refusedWith(instance(world, id)), 'InvalidInstanceID.NotFound');
	await world.clock.sleep(2000);
	const young = await instance(world, id);
	assert.equal(young?.State?.Name, 'pending');
	assert.equal(young?.PublicIpAddress, undefined);
	await world.clock.sleep(20_000);
	const grown = await instance(world, id);
	assert.equal(grown?.State?.Name, 'running');
	assert.match(grown?.PublicIpAddress ?? '', /^18\./);
});

test('the same client token gives the same instance, other parameters under it are refused, and so is a terminated one', async () => {
	const world = simulatedWorld({lagMs: 0});
	const first = await launch(world, {ClientToken: 'one'});
	assert.equal(await launch(world, {ClientToken: 'one'}), first);
	assert.equal(await refusedWith(launch(world, {ClientToken: 'one', InstanceType: 't3.micro'})), 'IdempotentParameterMismatch');
	await world.cloudAt(region).call('TerminateInstances', {InstanceIds: [first]});
	await world.clock.sleep(60_000);
	assert.equal((await instance(world, first))?.State?.Name, 'terminated');
	assert.equal(await refusedWith(launch(world, {ClientToken: 'one'})), 'IdempotentInstanceTerminated');
	assert.notEqual(await launch(world, {ClientToken: 'two'}), first);
});

test('a terminated instance goes through shutting-down, gives up its address and disk, and is seen for about an hour', async () => {
	const world = simulatedWorld({lagMs: 0});
	const id = await launch(world);
	await world.clock.sleep(20_000);
	await world.cloudAt(region).call('TerminateInstances', {InstanceIds: [id]});
	assert.equal((await instance(world, id))?.State?.Name, 'shutting-down');
	await world.clock.sleep(45_000);
	const gone = await instance(world, id);
	assert.equal(gone?.State?.Name, 'terminated');
	assert.equal(gone?.PublicIpAddress, undefined);
	assert.equal(gone?.StateReason?.Code, 'Client.UserInitiatedShutdown');
	assert.deepEqual((await world.cloudAt(region).call('DescribeVolumes', {})).Volumes, []);
	await world.clock.sleep(2 * 3_600_000);
	assert.equal(await refusedWith(instance(world, id)), 'InvalidInstanceID.NotFound');
});

test('a stopped instance starts again with another address', async () => {
	const world = simulatedWorld({lagMs: 0});
	const id = await launch(world);
	await world.clock.sleep(20_000);
	const before = (await instance(world, id))?.PublicIpAddress;
	world.outside.stopInstance(id);
	await world.clock.sleep(30_000);
	assert.equal((await instance(world, id))?.State?.Name, 'stopped');
	await world.cloudAt(region).call('StartInstances', {InstanceIds: [id]});
	await world.clock.sleep(20_000);
	const after = (await instance(world, id))?.PublicIpAddress;
	assert.ok(after);
	assert.notEqual(after, before);
});

test('a launch is judged as EC2 judges it', async () => {
	const world = simulatedWorld({lagMs: 0});
	const {outside} = world;
	const arm = outside.publishImage(region, 'debian-13').find(({architecture}) => architecture === 'arm64')?.id ?? '';
	const [first] = outside.region('eu-west-1').images.values();
	const judged = async (over: Partial<Input<'RunInstances'>>) => refusedWith(launch(world, over));
	assert.equal(await judged({ImageId: arm}), 'InvalidParameterValue');
	assert.equal(await judged({ImageId: first?.id ?? ''}), 'InvalidAMIID.NotFound');
	assert.equal(await judged({KeyName: 'nobody'}), 'InvalidKeyPair.NotFound');
	assert.equal(await judged({SecurityGroupIds: ['sg-0123456789abcdef0']}), 'InvalidGroup.NotFound');
	assert.equal(await judged({SubnetId: 'subnet-0123456789abcdef0'}), 'InvalidSubnetID.NotFound');
	assert.equal(await judged({InstanceType: 'c5.large', Placement: {AvailabilityZone: `${region}c`}}), 'Unsupported');
	assert.equal(await judged({IamInstanceProfile: {Name: 'nobody'}}), 'InvalidParameterValue');
	assert.equal(await judged({BlockDeviceMappings: [{DeviceName: '/dev/sda1', Ebs: {VolumeSize: 4}}]}), 'InvalidBlockDeviceMapping');
	assert.equal(await judged({TagSpecifications: [{ResourceType: 'image', Tags: []}]}), 'InvalidParameterValue');
	assert.equal(await judged({DryRun: true}), 'DryRunOperation');
	outside.setQuota('L-1216C47A', 0);
	assert.equal(await judged({}), 'VcpuLimitExceeded');
	assert.equal(outside.region(region).instances.size, 0);
});

test('capacity, spot capacity, spot price and spot quota are refused at once', async () => {
	const world = simulatedWorld({lagMs: 0});
	const {outside} = world;
	const spot = (price?: string): Partial<Input<'RunInstances'>> => ({
		InstanceType: 'c5.large',
		Placement: {AvailabilityZone: `${region}a`},
		InstanceMarketOptions: {MarketType: 'spot', SpotOptions: price === undefined ? {} : {MaxPrice: price}},
	});
	assert.equal(await refusedWith(launch(world, spot('0.001'))), 'SpotMaxPriceTooLow');
	outside.capacity('c5.large', `${region}a`, 'none-on-spot');
	assert.equal(await refusedWith(launch(world, spot())), 'InsufficientInstanceCapacity');
	assert.match(await launch(world, {InstanceType: 'c5.large', Placement: {AvailabilityZone: `${region}a`}}), /^i-/);
	outside.capacity('c5.large', `${region}a`, 'some');
	const id = await launch(world, spot());
	assert.equal((await instance(world, id))?.InstanceLifecycle, 'spot');
	outside.setQuota('L-34B43A08', 2);
	assert.equal(await refusedWith(launch(world, spot())), 'MaxSpotInstanceCountExceeded');
	outside.interruptSpot(id);
	await world.clock.sleep(60_000);
	assert.equal((await instance(world, id))?.StateReason?.Code, 'Server.SpotInstanceTermination');
});

test('a spot launch makes the service-linked role, unless the caller may not', async () => {
	const world = simulatedWorld();
	const over: Partial<Input<'RunInstances'>> = {InstanceMarketOptions: {MarketType: 'spot'}};
	world.outside.deny('iam:CreateServiceLinkedRole');
	assert.equal(await refusedWith(launch(world, over)), 'AuthFailure.ServiceLinkedRoleCreationNotPermitted');
	world.outside.allow('iam:CreateServiceLinkedRole');
	await launch(world, over);
	assert.ok(world.outside.account.serviceLinkedRoles.has('AWSServiceRoleForEC2Spot'));
});

test('a token is remembered for a day after its instance was terminated, long after that can be seen', async () => {
	const world = simulatedWorld({lagMs: 0});
	const first = await launch(world, {ClientToken: 'one'});
	await world.cloudAt(region).call('TerminateInstances', {InstanceIds: [first]});
	await world.clock.sleep(2 * 3_600_000);
	assert.equal(await refusedWith(instance(world, first)), 'InvalidInstanceID.NotFound');
	assert.equal(await refusedWith(launch(world, {ClientToken: 'one'})), 'IdempotentInstanceTerminated');
	assert.equal(await refusedWith(launch(world, {ClientToken: 'one', InstanceType: 't3.micro'})), 'IdempotentParameterMismatch');
	await world.clock.sleep(24 * 3_600_000);
	assert.notEqual(await launch(world, {ClientToken: 'one', InstanceType: 't3.micro'}), first);
});

test('a new instance profile is invalid for EC2 for about ten seconds, and has no role for as long after that came', async () => {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt(region);
	const trust = '{"Statement":[]}';
	await cloud.call('CreateRole', {RoleName: 'r', AssumeRolePolicyDocument: trust});
	const refused = (says: string) =>
		assert.rejects(
			launch(world, {IamInstanceProfile: {Name: 'p'}}),
			(error) => isProblem(error, 'InvalidParameterValue') && String(error.cause).includes(says),
		);
	const arn = 'arn:aws:iam::123456789012:instance-profile/p';
	await cloud.call('CreateInstanceProfile', {InstanceProfileName: 'p'});
	await refused('Invalid IAM Instance Profile name');
	await world.clock.sleep(10_000);
	await refused(`IAM Instance Profile "${arn}" has no associated IAM Roles`);
	await cloud.call('AddRoleToInstanceProfile', {InstanceProfileName: 'p', RoleName: 'r'});
	await refused(`IAM Instance Profile "${arn}" has no associated IAM Roles`);
	await world.clock.sleep(10_000);
	assert.match(await launch(world, {IamInstanceProfile: {Name: 'p'}}), /^i-/);
});

test('the console shows nothing, then the host key of the first boot', async () => {
	const world = simulatedWorld();
	const id = await launch(world);
	const look = async (Latest: boolean) =>
		Buffer.from((await world.cloudAt(region).call('GetConsoleOutput', {InstanceId: id, Latest})).Output ?? '', 'base64').toString();
	await world.clock.sleep(60_000);
	assert.deepEqual([await look(true), await look(false)], ['', ''], 'a minute after the launch, when sshd has long been up');
	await world.clock.sleep(80_000);
	const text = await look(true);
	assert.match(text, /BEGIN SSH HOST KEY FINGERPRINTS/);
	assert.ok(text.includes(world.outside.hostKey(id)));
	assert.equal(await look(false), '');
	await world.clock.sleep(1_100_000);
	assert.equal(await look(false), text);
	world.outside.account.consoles = {latest: 'unsupported', buffered: [0, 0]};
	assert.equal(await refusedWith(look(true)), 'UnsupportedOperation');
	assert.equal(await look(false), text);
	await world.cloudAt(region).call('StopInstances', {InstanceIds: [id]});
	await world.clock.sleep(60_000);
	await world.cloudAt(region).call('StartInstances', {InstanceIds: [id]});
	await world.clock.sleep(60_000);
	assert.doesNotMatch(await look(false), /HOST KEY/);
});

test('a new image of a line is what the publisher’s parameter names from then on, and the old one stays', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt(region);
	const before = (await cloud.call('GetParameter', {Name: ubuntu})).Parameter?.Value ?? '';
	await world.clock.sleep(30 * 86_400_000);
	world.outside.publishImage(region, 'ubuntu-24.04');
	const after = (await cloud.call('GetParameter', {Name: ubuntu})).Parameter?.Value ?? '';
	assert.notEqual(after, before);
	assert.equal((await cloud.call('DescribeImages', {ImageIds: [before]})).Images?.[0]?.OwnerId, '099720109477');
});
