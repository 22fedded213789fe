import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {foundIn} from '../../source/engine/plan.ts';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import {mark, type Part} from '../../source/fleet.ts';
import {Problem} from '../../source/problem.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {bake} from '../../source/steps/bake/bake.ts';
import {recipeOf} from '../../source/steps/bake/recipe.ts';
import {tagList} from '../../source/steps/tags.ts';
import {workerImageStep} from '../../source/steps/worker-image.ts';
import type {CloudAt} from '../../source/world/cloud/port.ts';
import {realCloud} from '../../source/world/cloud/real.ts';
import {realClock} from '../../source/world/laptop/clock.ts';
import {orphansAt, removed} from '../panel/orphans/at-laptop.ts';
import {startWithoutManager} from '../peers/no-manager.ts';
import {until} from '../peers/poll.ts';
import type {PeerWorld} from '../peers/world.ts';
import {awsSteps, drive, found, notes, region, sentence} from './drive.ts';

let peers: PeerWorld;
let close: () => void;
/** A laptop of the simulated world whose AWS is moto. */
let ports: Parameters<typeof drive>[0];
/** AWS for somebody who has waited until all that they made is known. */
let colleague: CloudAt;

before(async () => {
	peers = await startWithoutManager();
	Object.assign(process.env, peers.env);
	const cloud = realCloud({env: peers.env, clock: {...realClock, sleep: async () => undefined}, random: () => 0});
	const theirs = realCloud({env: {...peers.env, AWS_ENDPOINT_URL: peers.aws.direct}, clock: realClock, random: () => 0});
	colleague = theirs.at;
	close = () => {
		cloud.close();
		theirs.close();
	};
	// Waiting is for moto's own little delays only.
	const clock = {now: realClock.now, sleep: (ms: number) => realClock.sleep(Math.min(ms, 50))};
	ports = {...simulatedWorld(), cloudAt: cloud.at, clock};
});

after(async () => {
	close();
	await peers.stop();
});

const allReady = Object.fromEntries(awsSteps.map(({name}) => [name, 'ready']));
const changing = () =>
	peers.aws
		.calls()
		.filter((call) => call.changing)
		.map(({action}) => action);

test('on moto all AWS steps are made, then so, then gone', async () => {
	const first = await drive(ports).plan();
	assert.deepEqual(
		Object.entries(found(first)).filter(([name, is]) => name !== 'manager-profile' && is !== 'ready' && is !== 'missing'),
		[],
	);
	const {failed, plan} = await drive(ports).setUp();
	assert.deepEqual([failed, found(plan)], [[], allReady]);
	peers.aws.forget();
	const again = await drive(ports).setUp();
	assert.deepEqual([again.failed, found(again.plan), changing()], [[], allReady, []]);
	const removal = await drive(ports).destroy({withCache: true});
	assert.deepEqual([removal.failed, removal.left], [[], []]);
});

test('on moto an adopted bucket gets our rule beside another’s, and is left as it was', async () => {
	const cloud = colleague(region);
	await cloud.call('CreateBucket', {Bucket: 'acme-cache', CreateBucketConfiguration: {LocationConstraint: region}});
	const theirs = {ID: 'logs', Status: 'Enabled' as const, Filter: {Prefix: 'logs/'}, Expiration: {Days: 7}};
	const rules = async () => {
		const looked = await cloud.call('GetBucketLifecycleConfiguration', {Bucket: 'acme-cache'}).catch(() => ({Rules: []}));
		return (looked.Rules ?? []).map(({ID}) => ID);
	};
	for (const before of [[theirs], []]) {
		if (before.length > 0) await cloud.call('PutBucketLifecycleConfiguration', {Bucket: 'acme-cache', LifecycleConfiguration: {Rules: before}});
		else await cloud.call('DeleteBucketLifecycle', {Bucket: 'acme-cache'});
		const {failed, plan} = await drive(ports, {cache: 'acme-cache'}).setUp('record', 'bucket');
		assert.deepEqual([failed, found(plan)], [[], {record: 'ready', bucket: 'ready'}]);
		assert.deepEqual(await rules(), [...before.map(({ID}) => ID), 'gitlab-runner-aws-gitlab-runners']);
		assert.deepEqual((await drive(ports).destroy({withCache: true})).failed, []);
		assert.deepEqual(
			await rules(),
			before.map(({ID}) => ID),
		);
	}
});

test('on moto, whose machines don’t tell their vCPUs, others’ are counted by their types', async () => {
	const cloud = ports.cloudAt(region);
	const {Parameter} = await cloud.call('GetParameter', {Name: '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id'});
	const before = found(await drive(ports).plan('network', 'quota'));
	await cloud.call('RunInstances', {ImageId: Parameter?.Value, InstanceType: 'm5.xlarge', MinCount: 1, MaxCount: 1});
	const plan = await drive(ports, {spot: false}).plan('network', 'quota');
	assert.deepEqual(before, found(plan));
	assert.match([sentence(plan, 'quota'), ...notes(plan, 'quota')].join(), /others use 4 now|Others use 4 of/);
});

test('on moto tags that come later are set on all that stands, and then nothing is changed', async () => {
	assert.deepEqual((await drive(ports).setUp()).failed, []);
	peers.aws.forget();
	const {failed, plan} = await drive(ports, {tags: {CostCenter: '42'}}).setUp();
	assert.deepEqual([failed, found(plan)], [[], allReady]);
	assert.deepEqual(changing().sort(), [
		'AddTagsToResource',
		'CreateTags',
		'CreateTags',
		'CreateTags',
		'CreateTags',
		'PutBucketTagging',
		'PutParameter',
		// The policy names the tags that workers may get.
		'PutRolePolicy',
		'TagInstanceProfile',
		'TagRole',
	]);
	peers.aws.forget();
	assert.deepEqual([(await drive(ports, {tags: {CostCenter: '42'}}).setUp()).failed, changing()], [[], []]);
	assert.deepEqual((await drive(ports).destroy({withCache: true})).left, []);
});

test('on moto a fleet that was taken away is made again under the same name, with other answers and long after its manager could be seen', async () => {
	for (const managerType of ['t3.small', 't3.medium', 't3.small']) {
		peers.aws.forget();
		const {events, failed, plan} = await drive(ports, {managerType}).setUp();
		assert.deepEqual([failed, found(plan)], [[], allReady]);
		const refused = peers.aws.calls().flatMap(({action, code}) => (action === 'RunInstances' && code !== undefined ? [code] : []));
		assert.deepEqual(
			refused.filter((code) => code.startsWith('Idempotent')),
			[],
		);
		if (managerType !== 't3.small') assert.ok(events.some((event) => event.event === 'step.says' && /30 s after it was deleted/.test(event.says)));
		assert.deepEqual((await drive(ports, {managerType}).destroy({withCache: true})).left, []);
		await peers.aws.hour();
	}
});

test('on moto an image that no worker was proven with is gone on with, and goes with its snapshot and its fleet', async () => {
	const driver = drive(ports, {}, {}, [...awsSteps, workerImageStep]);
	const {failed, plan} = await driver.setUp('record', 'network', 'images', 'security-groups');
	const {images, network, 'security-groups': groups} = foundIn(plan);
	assert.ok(failed.length === 0 && images && network && groups);
	peers.aws.forget();
	const baked = (use: () => Promise<string>) => {
		const context = driver.context();
		const {worker: image} = images;
		const recipe = recipeOf(context.answers, {base: 'ubuntu-24.04', image, user: image.user}, dockerMachine.workers.bakeParts(context.answers));
		return bake(context, {recipe, network, groupId: groups.workersGroupId, emit: () => {}, use});
	};
	const unproven = await baked(async () => Promise.reject(new Problem({code: 'unproven', message: 'No worker came.'})));
	const proven = await baked(async () => 'proven');
	assert.deepEqual(
		[unproven, proven].map(({problems}) => problems.map(({message}) => message)),
		[['No worker came.'], []],
	);
	assert.ok(proven.image && proven.image.id === unproven.image?.id);
	// A group that has just been made isn't known to launches at once.
	const made = peers.aws.calls().filter(({changing: changes, code}) => changes && code === undefined);
	assert.deepEqual(
		made.map(({action}) => action),
		['RunInstances', 'CreateImage', 'TerminateInstances', 'CreateTags'],
	);
	const {Snapshots} = await colleague(region).call('DescribeSnapshots', {OwnerIds: ['self']});
	assert.deepEqual(
		Snapshots?.map(({SnapshotId, State}) => [SnapshotId, State]),
		proven.image.snapshotIds.map((id) => [id, 'completed']),
	);
	await goneFleet(images.worker.id);
	// What was made a moment ago is nobody's orphan yet.
	const later = {...ports, clock: {...ports.clock, now: () => realClock.now() + 600_000}};
	const taken = await orphansAt(later, ['--region', region, '--yes']);
	assert.deepEqual([taken.code, taken.problems.map(({message}) => message)], [0, []]);
	assert.deepEqual(
		removed(taken).map((one) => one.replace(/ \S+$/, '')),
		['image builder', 'image'],
	);
	const stays = (await colleague(region).call('DescribeSnapshots', {OwnerIds: ['self']})).Snapshots?.map(({SnapshotId}) => SnapshotId);
	assert.deepEqual(stays, proven.image.snapshotIds);
	const {failed: kept, left} = await driver.destroy({withCache: true});
	assert.deepEqual([kept, left], [[], []]);
	assert.deepEqual((await colleague(region).call('DescribeSnapshots', {OwnerIds: ['self']})).Snapshots, []);
});

/** What a fleet baked that nobody has any more: an image, and the machine that it was made of. */
async function goneFleet(ImageId: string): Promise<void> {
	const {call} = colleague(region);
	const marked = (ResourceType: 'instance' | 'image' | 'snapshot', part: Part) => ({ResourceType, Tags: tagList(mark({name: 'gone', region}, part))});
	const TagSpecifications = [marked('instance', 'image-builder')];
	const {Instances = []} = await call('RunInstances', {ImageId, InstanceType: 't3.small', MinCount: 1, MaxCount: 1, TagSpecifications});
	const of = {InstanceId: Instances[0]?.InstanceId, Name: 'gone-workers-1'};
	await until('the builder to run', async () => {
		const {Reservations} = await call('DescribeInstances', {InstanceIds: [of.InstanceId ?? '']});
		return Reservations?.[0]?.Instances?.[0]?.State?.Name === 'running' || undefined;
	});
	await call('CreateImage', {...of, TagSpecifications: [marked('image', 'worker-image'), marked('snapshot', 'worker-image')]});
	await until('the image to be known', async () =>
		(await ports.cloudAt(region).call('DescribeImages', {Owners: ['self']})).Images?.find(({Name}) => Name === of.Name),
	);
}
