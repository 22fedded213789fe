import assert from 'node:assert/strict';
import {test} from 'node:test';
import {markKeys, names, type Part} from '../../../source/fleet.ts';
import {judgeBaked} from '../../../source/panel/orphans/baked.ts';
import type {World} from '../../../source/simulated/world.ts';
import type {BakedImage} from '../../../source/steps/looks/baked-images.ts';
import {tagList} from '../../../source/steps/tags.ts';
import {someFleet} from '../../executors/docker-machine/some-answers.ts';
import {standing} from '../at-laptop.ts';
import {instance, minutes, now} from '../seeing.ts';
import {listed, orphansAt, removed, said} from './at-laptop.ts';

const {name: own, region} = someFleet;
const here = ['--region', region];
const marked = (fleet: string, part: Part) => ({[markKeys.fleet]: fleet, [markKeys.part]: part});

/** A machine that an image of a fleet is made of, launched so many hours ago. */
const addBuilder = (world: World, fleet: string, hours: number): string =>
	world.outside.addInstance(region, {type: 'c5.large', tags: marked(fleet, 'image-builder'), launchedAt: world.clock.now() - hours * 3_600_000}).id;

/** An image of a machine, which bears these tags with its snapshot. */
function addImage(world: World, name: string, InstanceId: string, tags: Record<string, string>): string {
	const TagSpecifications = (['image', 'snapshot'] as const).map((ResourceType) => ({ResourceType, Tags: tagList(tags)}));
	return world.outside.call('CreateImage', region, {InstanceId, Name: name, TagSpecifications}).ImageId ?? assert.fail('no image');
}

const imagesIn = (world: World): string[] =>
	[...world.outside.region(region).images.values()].filter(({deregistered, made}) => made && !deregistered).map(({name}) => name);
const snapshotsOf = (world: World, id: string): string[] =>
	[...world.outside.region(region).snapshots.values()].filter(({imageId}) => imageId === id).map((one) => one.id);

/** What the fleet's record holds from now on; gives what it held. */
function writeRecord(world: World, change: (value: string) => string): string {
	const Name = names.record(someFleet);
	const {Value = ''} = world.outside.call('GetParameter', region, {Name}).Parameter ?? {};
	world.outside.call('PutParameter', region, {Name, Value: change(Value), Overwrite: true});
	return Value;
}

test('images, snapshots and builders of fleets that are gone, and a builder that no bake waits for, are told with size and cost, and go; what a fleet, a template, an instance or a stranger has stays', async () => {
	const world = await standing(1);
	const builder = addBuilder(world, 'gone', 5);
	const source = [...world.outside.region(region).instances.values()].find(({tags}) => tags[markKeys.part] === 'manager')?.id ?? assert.fail('no manager');
	const make = (name: string, tags: Record<string, string> = marked('gone', 'worker-image')): string => addImage(world, name, source, tags);
	const [orphan, recorded, templated, running, lone] = [make('orphan'), make('recorded'), make('templated'), make('running'), make('lone')];
	make('own', marked(own, 'worker-image'));
	make('strange', {type: 'gitlab-runner'});
	const [snapshot] = snapshotsOf(world, lone);
	world.outside.call('DeregisterImage', region, {ImageId: lone});
	const before = writeRecord(world, (value) => {
		const {answers, ...rest} = JSON.parse(value);
		return JSON.stringify({...rest, answers: {...answers, workerImage: recorded}});
	});
	const TagSpecifications = [{ResourceType: 'launch-template' as const, Tags: tagList(marked(own, 'launch-template'))}];
	world.outside.call('CreateLaunchTemplate', region, {LaunchTemplateName: 'own', LaunchTemplateData: {ImageId: templated}, TagSpecifications});
	const runs = world.outside.addInstance(region, {imageId: running, tags: {Name: 'web'}}).id;
	const [left, awaited] = [addBuilder(world, own, 3), addBuilder(world, own, 1)];
	await world.clock.sleep(600_000);

	const looked = await orphansAt(world, here, 'declines');
	assert.deepEqual(looked.problems, []);
	assert.deepEqual(
		listed(looked).sort(),
		[
			`orphan: image builder ${builder}`,
			`orphan: image builder ${left}`,
			`not-known: image builder ${awaited}`,
			`orphan: image ${orphan}`,
			`not-known: image ${running}`,
			`orphan: snapshot ${snapshot}`,
		].sort(),
	);
	const found = new Map(looked.events.flatMap((one) => (one.event === 'orphan.found' ? [[one.id, one] as const] : [])));
	assert.deepEqual(
		[found.get(left)?.because, found.get(running)?.because, found.get(orphan)?.because],
		[`no bake of fleet ${own} takes that long`, `${runs} runs from it`, 'fleet gone has neither a record nor a live manager here'],
	);
	assert.ok((found.get(builder)?.usdPerHour ?? 0) > 0);
	const {sizeGib = 0} = found.get(orphan) ?? {};
	const details = looked.proposal?.details.join('\n') ?? '';
	assert.match(details, new RegExp(`image +${orphan} orphan: ${sizeGib} GiB, us-east-2, 10 m old; .*; its snapshot goes with it`));
	assert.match(details, new RegExp(`What is written of 1 image and 1 snapshot, ${2 * sizeGib} GiB in whole, costs about \\$0\\.05 per GiB and month\\.`));
	assert.match(details, /Stays, since it isn't known whose it is: 1 image builder and 1 image\./);

	// Whoever may not look at images is told of the rest.
	world.outside.deny('ec2:DescribeImages');
	const builders = listed(looked).filter((one) => one.includes('builder'));
	assert.deepEqual(listed(await orphansAt(world, here)).sort(), builders.sort());
	world.outside.allow('ec2:DescribeImages');

	const taken = await orphansAt(world, [...here, '--yes']);
	assert.deepEqual([taken.code, taken.problems], [0, []]);
	assert.deepEqual(removed(taken).sort(), [`image ${orphan}`, `image builder ${builder}`, `image builder ${left}`, `snapshot ${snapshot}`].sort());
	assert.deepEqual(imagesIn(world), ['recorded', 'templated', 'running', 'own', 'strange']);
	assert.equal(world.outside.region(region).snapshots.size, 5);
	assert.match(said(await orphansAt(world, here)), /^No orphans in us-east-2\. Of 1 image builder and 1 image it isn't known whose they are/);

	// A record that nobody can read may name any of them.
	world.outside.terminateInstance(runs);
	writeRecord(world, () => '?');
	await world.clock.sleep(60_000);
	const unread = listed(await orphansAt(world, here));
	assert.deepEqual([unread.includes(`not-known: image ${running}`), unread.includes(`not-known: image ${recorded}`)], [true, true]);

	// What can't go after its image is told, and goes the next time.
	writeRecord(world, () => before);
	const snapshots = [...snapshotsOf(world, recorded), ...snapshotsOf(world, running)];
	world.outside.deny('ec2:DeleteSnapshot');
	const refused = await orphansAt(world, [...here, '--yes']);
	assert.deepEqual([refused.code, removed(refused)], [1, []]);
	assert.match(refused.problems[0]?.message ?? '', /ec2:DeleteSnapshot/);
	world.outside.allow('ec2:DeleteSnapshot');
	assert.deepEqual(
		removed(await orphansAt(world, [...here, '--yes'])),
		snapshots.map((id) => `snapshot ${id}`),
	);
	assert.deepEqual(imagesIn(world), ['templated', 'own', 'strange']);
});

test('a builder that is old is of use as long as an image is made of it, and no fleet’s things are judged where none is marked', () => {
	const builder = instance('i-0abc0abc0abc0abc0', 'ci-image-builder', {tags: marked(own, 'image-builder'), launchedAt: now - minutes(300)});
	const nobody = {fleets: new Map(), instances: new Map(), unread: undefined};
	const judged = (state: BakedImage['state']) => {
		const image = {
			id: 'ami-1',
			name: 'ci-workers-1',
			fleet: own,
			version: 1,
			state,
			createdAt: now,
			sizeGib: 20,
			snapshotIds: [],
			base: '',
			baseImage: '',
			recipe: '',
		};
		const region = {region: 'us-east-2', fleets: [own], managers: [], instances: [builder, {...builder, id: 'i-2', tags: {}}], now};
		return judgeBaked(
			{...region, leftovers: {keyPairs: [], spotRequests: [], volumes: []}},
			{images: [{...image, builder: builder.id, provenAt: undefined}], snapshots: []},
			nobody,
		).map(({because, id, is}) => [id, is, because]);
	};
	const image = ['ami-1', 'known', `fleet ${own} has a record`];
	assert.deepEqual(judged('pending'), [[builder.id, 'known', 'image ami-1 is being made of it'], image]);
	assert.deepEqual(judged('available'), [[builder.id, 'orphan', `no bake of fleet ${own} takes that long`], image]);
});
