import assert from 'node:assert/strict';
import {test} from 'node:test';
import {names} from '../../../../source/fleet.ts';
import type {World} from '../../../../source/simulated/world.ts';
import {standing as standingAt} from '../../../panel/at-laptop.ts';
import {listed, orphansAt, removed, said} from '../../../panel/orphans/at-laptop.ts';
import {someFleet} from '../../docker-machine/some-answers.ts';
import {scaled} from './scaled.ts';

const {region} = someFleet;
const here = ['--region', region];
const name = names.scalingGroup(someFleet);

/** A fleet that has a job on a worker and another worker idle. */
async function working(): Promise<{world: World; workers: string[]; manager: string}> {
	const world = await standingAt(3, {}, {...scaled, idleCount: 1, maxBuilds: 0});
	world.outside.queueJobs(1, {seconds: 100_000});
	await world.clock.sleep(400_000);
	const live = [...world.outside.region(region).instances.values()].filter(({ending}) => ending === undefined);
	const workers = live.filter(({tags}) => tags['aws:autoscaling:groupName'] === name).map(({id}) => id);
	const manager = live.find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager')?.id ?? assert.fail('no manager');
	assert.equal(workers.length, 2);
	return {world, workers, manager};
}

const stands = (world: World) => {
	const {instances, keyPairs, scalingGroups, templates} = world.outside.region(region);
	return {
		instances: [...instances.values()].filter(({ending}) => ending === undefined).map(({id}) => id),
		groups: [...scalingGroups.keys()],
		templates: [...templates.values()].map((one) => one.name),
		workerKey: keyPairs.has(name),
	};
};

test('of a fleet whose manager lives nothing is an orphan, whatever its workers do, and looking changes nothing', async () => {
	const {world} = await working();
	const from = world.acts.length;
	const run = await orphansAt(world, here);
	assert.deepEqual([listed(run), run.code], [[], 0]);
	assert.deepEqual(
		world.acts.slice(from).filter((act) => !act.startsWith('script')),
		[],
	);
});

test('workers in service whose manager is gone are found and end by their group, which stays with its fleet’s record', async () => {
	const {world, workers, manager} = await working();
	world.outside.terminateInstance(manager);
	await world.clock.sleep(60_000);
	const run = await orphansAt(world, here);
	assert.deepEqual(listed(run).sort(), workers.map((id) => `orphan: instance ${id}`).sort());
	assert.match(said(run), /^2 workers in us-east-2 cost about \$0\.\d+ an hour/);
	const taken = await orphansAt(world, [...here, '--yes']);
	assert.deepEqual([taken.code, taken.problems], [0, []]);
	assert.deepEqual(removed(taken).sort(), workers.map((id) => `instance ${id}`).sort());
	// No other one took their place.
	await world.clock.sleep(300_000);
	assert.deepEqual(stands(world), {instances: [], groups: [name], templates: [name], workerKey: true});
	assert.equal(world.outside.region(region).scalingGroups.get(name)?.desired, 0);
});

test('where the record is gone too, group, template and workers’ key are reviewed and go with the workers; what bears no mark stays', async () => {
	const {world, workers, manager} = await working();
	const [template] = world.outside.region(region).templates.values();
	assert.ok(template);
	world.outside.call('CreateLaunchTemplate', region, {LaunchTemplateName: 'web', LaunchTemplateData: template.versions[0]?.data ?? {}});
	await world.clock.sleep(10_000);
	world.outside.terminateInstance(manager);
	world.outside.call('DeleteParameter', region, {Name: names.record(someFleet)});
	await world.clock.sleep(60_000);
	const run = await orphansAt(world, here, 'agrees');
	assert.deepEqual(
		listed(run).sort(),
		[
			...workers.map((id) => `orphan: instance ${id}`),
			`orphan: Auto Scaling group ${name}`,
			`orphan: launch template ${template.id}`,
			`orphan: key pair ${name}`,
		].sort(),
	);
	assert.match(
		run.proposal?.says ?? '',
		/^2 workers, 1 Auto Scaling group, 1 launch template and 1 key pair that no live manager looks after are removed in us-east-2\.$/,
	);
	assert.match(
		run.proposal?.details.join('\n') ?? '',
		/Auto Scaling group {2}gitlab-runners-workers: us-east-2, .* old; fleet gitlab-runners has neither a record nor a live manager here; all of its instances end with it/,
	);
	assert.deepEqual([run.code, run.problems], [0, []]);
	assert.deepEqual(stands(world), {instances: [], groups: [], templates: ['web'], workerKey: false});
});

test('a manager that can’t be asked may know its workers: they stay', async () => {
	const {world, workers, manager} = await working();
	world.outside.stopInstance(manager);
	await world.clock.sleep(60_000);
	const run = await orphansAt(world, [...here, '--yes']);
	assert.deepEqual(listed(run).sort(), workers.map((id) => `not-known: instance ${id}`).sort());
	assert.deepEqual(removed(run), []);
});

test('who may not look at Auto Scaling groups is told of the workers all the same', async () => {
	const {world, workers, manager} = await working();
	world.outside.terminateInstance(manager);
	world.outside.deny('autoscaling:DescribeAutoScalingGroups');
	await world.clock.sleep(60_000);
	assert.deepEqual(listed(await orphansAt(world, here)).sort(), workers.map((id) => `orphan: instance ${id}`).sort());
});
