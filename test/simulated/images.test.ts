import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import type {Input} from '../../source/world/cloud/port.ts';
import {region, ubuntu} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

const script = `#!/bin/sh
say() {
  echo "gitlab-runner-aws bake: $*"
}
say 'installing Docker'
pull alpine:3 || fail 'alpine:3 could not be pulled'
say 'done'
systemctl poweroff
`;

async function launchBuilder(world: World, over: Partial<Input<'RunInstances'>> = {}): Promise<string> {
	const image = (await world.cloudAt(region).call('GetParameter', {Name: ubuntu})).Parameter?.Value;
	const UserData = Buffer.from(script).toString('base64');
	const input = {ImageId: image, InstanceType: 't3.small', MinCount: 1, MaxCount: 1, UserData, ...over} as const;
	return (await world.cloudAt(region).call('RunInstances', input)).Instances?.[0]?.InstanceId ?? '';
}

const instance = async (world: World, id: string) =>
	(await world.cloudAt(region).call('DescribeInstances', {InstanceIds: [id]})).Reservations?.[0]?.Instances?.[0];

const consoleOf = async (world: World, id: string) =>
	Buffer.from((await world.cloudAt(region).call('GetConsoleOutput', {InstanceId: id, Latest: true})).Output ?? '', 'base64').toString();

test('a builder prints what it does, switches itself off and is stopped for that reason; started again it does nothing', async () => {
	const world = simulatedWorld({lagMs: 0});
	const id = await launchBuilder(world);
	await world.clock.sleep(100_000);
	assert.equal((await instance(world, id))?.State?.Name, 'running');
	await world.clock.sleep(60_000);
	const ended = await instance(world, id);
	assert.deepEqual([ended?.State?.Name, ended?.StateReason?.Code], ['stopped', 'Client.InstanceInitiatedShutdown']);
	const said = [...(await consoleOf(world, id)).matchAll(/^gitlab-runner-aws bake: (.*?)\r$/gm)].map(([, says]) => says);
	assert.deepEqual(said, ['installing Docker', 'pulling alpine:3', 'done']);
	await world.cloudAt(region).call('StartInstances', {InstanceIds: [id]});
	await world.clock.sleep(300_000);
	assert.equal((await instance(world, id))?.State?.Name, 'running');
});

test('a build that fails says so and stays up, and one that is stopped by a call or has no way to the internet makes nothing', async () => {
	const world = simulatedWorld({lagMs: 0});
	world.outside.failBuilds('docker pull alpine:3 ended with 1');
	const failing = await launchBuilder(world);
	await world.clock.sleep(300_000);
	assert.equal((await instance(world, failing))?.State?.Name, 'running');
	const said = await consoleOf(world, failing);
	assert.match(said, /gitlab-runner-aws bake: failed: docker pull alpine:3 ended with 1\r\n$/);
	assert.doesNotMatch(said, /bake: done/);
	world.outside.failBuilds(undefined);
	const apart = await launchBuilder(world, {SubnetId: world.outside.addSubnet(`${region}a`, 'nowhere').id});
	const stopped = await launchBuilder(world);
	await world.clock.sleep(60_000);
	await world.cloudAt(region).call('StopInstances', {InstanceIds: [stopped]});
	await world.clock.sleep(100_000);
	assert.equal((await instance(world, stopped))?.StateReason?.Code, 'Client.UserInitiatedShutdown');
	assert.match(await consoleOf(world, apart), /bake: failed: /);
});

test('a new image is unseen, then pending without its snapshot, and available after the snapshot is complete', async () => {
	const world = simulatedWorld({late: {seeing: 2000}});
	const cloud = world.cloudAt(region);
	const id = await launchBuilder(world);
	await world.clock.sleep(200_000);
	const {ImageId = ''} = await cloud.call('CreateImage', {InstanceId: id, Name: 'fleet-worker 1'});
	const image = async () => (await cloud.call('DescribeImages', {ImageIds: [ImageId]})).Images?.[0];
	assert.equal(await refusedWith(image()), 'InvalidAMIID.NotFound');
	assert.equal(await refusedWith(launchBuilder(world, {ImageId})), 'InvalidAMIID.Unavailable');
	await world.clock.sleep(2100);
	assert.deepEqual([(await image())?.State, (await image())?.BlockDeviceMappings], ['pending', []]);
	await world.clock.sleep(20_000);
	const SnapshotId = (await image())?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';
	const snapshot = async () => (await cloud.call('DescribeSnapshots', {SnapshotIds: [SnapshotId]})).Snapshots?.[0];
	const [young] = [await snapshot()];
	assert.equal(young?.State, 'pending');
	assert.match(young?.Progress ?? '', /^[1-9]\d?%$/);
	await world.clock.sleep(60_000);
	assert.deepEqual([(await snapshot())?.State, (await snapshot())?.Progress, (await image())?.State], ['completed', '100%', 'available']);
	assert.match((await snapshot())?.Description ?? '', new RegExp(`${id}.*${ImageId}`));
	assert.deepEqual(world.outside.region(region).images.get(ImageId)?.contents, {docker: '29.1.2', pulled: ['alpine:3']});
	assert.match(await launchBuilder(world, {ImageId}), /^i-/);
	world.outside.failImage(ImageId);
	assert.deepEqual([(await image())?.State, await refusedWith(launchBuilder(world, {ImageId}))], ['failed', 'InvalidAMIID.Unavailable']);
});

test('a deregistered image is told and its snapshot in use for a moment, and its id is known while an instance of it stands', async () => {
	const world = simulatedWorld({late: {seeing: 0, imageGone: 5000}});
	const cloud = world.cloudAt(region);
	const builder = await launchBuilder(world);
	await world.clock.sleep(200_000);
	const {ImageId = ''} = await cloud.call('CreateImage', {InstanceId: builder, Name: 'fleet-worker 1'});
	await world.clock.sleep(100_000);
	const worker = await launchBuilder(world, {ImageId});
	const image = async () => (await cloud.call('DescribeImages', {ImageIds: [ImageId]})).Images;
	const SnapshotId = (await image())?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
	await cloud.call('DeregisterImage', {ImageId});
	assert.equal((await image())?.[0]?.ImageId, ImageId);
	assert.equal(await refusedWith(cloud.call('DeleteSnapshot', {SnapshotId})), 'InvalidSnapshot.InUse');
	await world.clock.sleep(6000);
	assert.deepEqual(await image(), []);
	await cloud.call('DeleteSnapshot', {SnapshotId});
	await cloud.call('TerminateInstances', {InstanceIds: [worker]});
	await world.clock.sleep(60_000);
	assert.equal(await refusedWith(image()), 'InvalidAMIID.NotFound');
});
