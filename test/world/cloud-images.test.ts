import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import type {Cloud, Input} from '../../source/world/cloud/port.ts';
import {comesTo, eventually, launch, region, rejects, started, tagged} from './cloud-parts.ts';
import {type CloudWorld, sides} from './cloud-sides.ts';

const script = `#!/bin/sh
say 'installing Docker'
pull alpine:3 || fail 'alpine:3 could not be pulled'
say 'done'
systemctl poweroff
`;

/** Starts a builder, which switches itself off once it has done what its script says. */
const builder = async (cloud: Cloud, name: string, more: Partial<Input<'RunInstances'>> = {}) =>
	started(cloud, await launch(cloud, name, {UserData: Buffer.from(script).toString('base64'), ...more}));

const instanceOf = async (cloud: Cloud, id: string) => (await cloud.call('DescribeInstances', {InstanceIds: [id]})).Reservations?.[0]?.Instances?.[0];

const consoleOf = async (cloud: Cloud, id: string) =>
	Buffer.from((await cloud.call('GetConsoleOutput', {InstanceId: id, Latest: true})).Output ?? '', 'base64').toString();

const make = async (cloud: Cloud, InstanceId: string, Name: string): Promise<string> => {
	const {ImageId} = await cloud.call('CreateImage', {
		InstanceId,
		Name,
		Description: `Of ${Name}`,
		TagSpecifications: [tagged('image', Name), tagged('snapshot', Name)],
	});
	assert.ok(ImageId);
	return ImageId;
};

/** An image once it is in that state and tells its snapshot, and that snapshot's id. */
const imageIn = (world: CloudWorld, cloud: Cloud, id: string, state: 'available' | 'pending') =>
	eventually(world, async () => {
		const Filters = [
			{Name: 'image-id', Values: [id]},
			{Name: 'state', Values: [state]},
		];
		const {Images} = await cloud.call('DescribeImages', {Owners: ['self'], Filters});
		const snapshotId = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
		return snapshotId === undefined ? undefined : {image: Images?.[0], snapshotId};
	});

for (const side of sides) {
	suite(side.name, () => {
		let world: CloudWorld;
		let cloud: Cloud;
		let built: string;
		before(async () => {
			world = await side.open();
			cloud = world.cloudAt(region);
			const BlockDeviceMappings = [{DeviceName: '/dev/sda1', Ebs: {VolumeSize: 20, DeleteOnTermination: true}}];
			built = await builder(cloud, 'built', {BlockDeviceMappings, InstanceInitiatedShutdownBehavior: 'stop'});
		});
		after(() => world.stop());

		test('a builder stops by itself, which is told apart from one that was stopped, and has said on its console what it did', async () => {
			const stopped = await started(cloud, await launch(cloud, 'stopped'));
			await comesTo(world, cloud, stopped, 'running');
			await cloud.call('StopInstances', {InstanceIds: [stopped]});
			await comesTo(world, cloud, built, 'stopped');
			assert.equal((await instanceOf(cloud, built))?.StateReason?.Code, 'Client.InstanceInitiatedShutdown');
			await comesTo(world, cloud, stopped, 'stopped');
			assert.equal((await instanceOf(cloud, stopped))?.StateReason?.Code, 'Client.UserInitiatedShutdown');
			const text = await eventually(world, async () => (await consoleOf(cloud, built)) || undefined);
			const said = [...text.matchAll(/^gitlab-runner-aws bake: (.*?)\r$/gm)].map(([, says]) => says);
			assert.deepEqual(said, ['installing Docker', 'pulling alpine:3', 'done']);
			await cloud.call('TerminateInstances', {InstanceIds: [stopped]});
		});

		test('a builder that fails says so and stays, and one that was launched so ends by itself', async () => {
			const ends = await builder(cloud, 'ends', {InstanceInitiatedShutdownBehavior: 'terminate'});
			await comesTo(world, cloud, ends, 'terminated');
			await world.failBuilds('alpine:3 could not be pulled');
			const failing = await builder(cloud, 'failing');
			await eventually(world, async () => (/bake: failed: alpine:3 could not be pulled/.test(await consoleOf(cloud, failing)) ? true : undefined));
			assert.equal((await instanceOf(cloud, failing))?.State?.Name, 'running');
			await world.failBuilds(undefined);
			await cloud.call('TerminateInstances', {InstanceIds: [failing]});
			await rejects(make(cloud, failing, 'failing'), 'InvalidParameterValue');
		});

		test('an image is pending while its snapshot is made, then launches, and is found by its tags', async () => {
			await comesTo(world, cloud, built, 'stopped');
			await rejects(make(cloud, built, 'a*'), 'InvalidAMIName.Malformed');
			await rejects(cloud.call('CreateImage', {InstanceId: built, Name: 'wrong', TagSpecifications: [tagged('volume', 'wrong')]}), 'InvalidParameterValue');
			await rejects(cloud.call('CreateImage', {InstanceId: built, Name: 'dry', DryRun: true}), 'DryRunOperation');
			const id = await make(cloud, built, 'made');
			await rejects(builder(cloud, 'young', {ImageId: id}), 'InvalidAMIID.Unavailable');
			await rejects(make(cloud, built, 'made'), 'InvalidAMIName.Duplicate');
			const {snapshotId} = await imageIn(world, cloud, id, 'pending');
			const snapshots = async (input: Input<'DescribeSnapshots'>) => (await cloud.call('DescribeSnapshots', {OwnerIds: ['self'], ...input})).Snapshots ?? [];
			const [young] = await eventually(world, async () => {
				const seen = await snapshots({Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['made']}]});
				return seen.length > 0 ? seen : undefined;
			});
			assert.deepEqual([young?.SnapshotId, young?.State, young?.VolumeSize, young?.Encrypted], [snapshotId, 'pending', 20, false]);
			assert.match(young?.Progress ?? '', /^\d\d?%$/);
			assert.equal(young?.Description, `Created by CreateImage(${built}) for ${id}`);
			const {image} = await imageIn(world, cloud, id, 'available');
			assert.deepEqual([image?.Name, image?.Description, image?.Architecture, image?.Public], ['made', 'Of made', 'x86_64', false]);
			assert.deepEqual([image?.RootDeviceName, image?.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize, image?.Tags?.length], ['/dev/sda1', 20, 1]);
			assert.deepEqual(
				(await snapshots({SnapshotIds: [snapshotId]})).map(({State, Progress}) => [State, Progress]),
				[['completed', '100%']],
			);
			const {Images} = await cloud.call('DescribeImages', {Owners: ['self'], Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['made']}]});
			assert.deepEqual(
				Images?.map(({ImageId, Description}) => [ImageId, Description]),
				[[id, 'Of made']],
			);
			await cloud.call('CreateTags', {Resources: [id, snapshotId], Tags: [{Key: 'team', Value: 'ci'}]});
			assert.equal((await snapshots({SnapshotIds: [snapshotId]}))[0]?.Tags?.find(({Key}) => Key === 'team')?.Value, 'ci');
		});

		test("an image that is deregistered launches nothing, frees its name and its snapshot, and what is another's stays", async () => {
			await comesTo(world, cloud, built, 'stopped');
			const id = await make(cloud, built, 'leaving');
			const {snapshotId} = await imageIn(world, cloud, id, 'available');
			const worker = await started(cloud, await launch(cloud, 'worker', {ImageId: id}));
			await rejects(cloud.call('DeleteSnapshot', {SnapshotId: snapshotId}), 'InvalidSnapshot.InUse');
			await cloud.call('DeregisterImage', {ImageId: id});
			await rejects(cloud.call('DeregisterImage', {ImageId: id}), 'InvalidAMIID.Unavailable');
			await rejects(builder(cloud, 'none', {ImageId: id}), 'InvalidAMIID.Unavailable');
			assert.deepEqual((await cloud.call('DescribeImages', {ImageIds: [id]})).Images, []);
			await comesTo(world, cloud, worker, 'running');
			const again = await make(cloud, built, 'leaving');
			assert.notEqual(again, id);
			await cloud.call('DeleteSnapshot', {SnapshotId: snapshotId});
			await rejects(cloud.call('DeleteSnapshot', {SnapshotId: snapshotId}), 'InvalidSnapshot.NotFound');
			await rejects(cloud.call('DescribeSnapshots', {SnapshotIds: [snapshotId]}), 'InvalidSnapshot.NotFound');
			await cloud.call('TerminateInstances', {InstanceIds: [worker, built]});
			for (const one of [worker, built]) await comesTo(world, cloud, one, 'terminated');
			await rejects(cloud.call('DescribeImages', {ImageIds: [id]}), 'InvalidAMIID.NotFound');
			await rejects(cloud.call('DeregisterImage', {ImageId: 'ami-00000000000000001'}), 'InvalidAMIID.NotFound');
			await rejects(cloud.call('DeregisterImage', {ImageId: (await launch(cloud, 'publisher')).ImageId}), 'AuthFailure');
		});
	});

	suite(`${side.name}, late`, () => {
		test('as long as AWS does not know that an image is deregistered, it is told and its snapshot in use', async (t) => {
			const world = await side.open('for ever');
			t.after(() => world.stop());
			const [cloud, theirs] = [world.cloudAt(region), world.colleague(region)];
			const source = await started(theirs, await launch(theirs, 'late'));
			const Filters = [{Name: 'instance-state-name', Values: ['running']}];
			await eventually(world, async () => (await theirs.call('DescribeInstances', {Filters})).Reservations?.[0]);
			const id = await make(theirs, source, 'late');
			const {snapshotId} = await imageIn(world, theirs, id, 'available');
			await cloud.call('DeregisterImage', {ImageId: id});
			assert.equal((await cloud.call('DescribeImages', {ImageIds: [id]})).Images?.[0]?.State, 'available');
			await rejects(cloud.call('DeleteSnapshot', {SnapshotId: snapshotId}), 'InvalidSnapshot.InUse');
		});
	});
}
