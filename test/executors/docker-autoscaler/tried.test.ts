import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Given} from '../../../source/fleet.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {codesIn, planOf, problemsIn, region, type SetUp, type SetupWish, saidIn, setUp, standingFleet, unlike} from '../../engine/fleet.ts';
import {jobStates, oneGroup, standing} from '../../engine/seen.ts';

const scaled = (world: World, flags: Given = {}): SetupWish => ({
	flags: {executor: 'docker-autoscaler', ...flags},
	secrets: {runnerToken: world.outside.token()},
});

/** What a setup failed by, as a person reads it. */
const told = ({result}: SetUp): string => (result?.problems ?? []).map(({advice = '', code, message}) => `${code}: ${message} ${advice}`).join('\n');

/** After a worker that failed nothing of it is left, and once its cause is gone the same command ends well. */
async function goesOn(world: World): Promise<void> {
	assert.equal(standing(world).workers, 0);
	assert.deepEqual(problemsIn(await setUp(world, scaled(world))), []);
	await world.clock.sleep(120_000);
	assert.deepEqual([standing(world), world.takers()], [oneGroup, 1]);
}

test('a role of Auto Scaling’s that was made only just now is waited for, though the first try fails by it', async () => {
	const world = simulatedWorld();
	world.faults.afterwards('CreateLaunchTemplate', 1, () => {
		world.outside.account.groupsLaunchFrom = world.clock.now() + 280_000;
	});
	const made = await setUp(world, scaled(world));
	assert.deepEqual(problemsIn(made), []);
	assert.ok(saidIn(made.events).includes('waiting until AWS lets Auto Scaling launch'));
	assert.deepEqual(standing(world), oneGroup);
});

test('a worker that can’t be got on to is told with what to check, and is gone', async () => {
	const world = simulatedWorld();
	const made = await setUp(world, scaled(world, {workerImage: 'ubuntu-24.04', workerSshUser: 'nobody'}));
	assert.match(told(made), /^ssh-failed: The manager doesn't get on to the worker i-[0-9a-f]+: .*Permission denied.*--worker-ssh-user/);
	assert.equal(standing(world).workers, 0);
	assert.deepEqual(problemsIn(await setUp(world, scaled(world, {workerSshUser: 'ubuntu'}))), []);
});

test('a registry that gives nothing is told with what to check', async () => {
	const world = simulatedWorld();
	world.outside.setDockerHub('none');
	const made = await setUp(world, scaled(world));
	assert.match(told(made), /^container-failed: A container doesn't run on the worker i-[0-9a-f]+: .*pull rate limit/);
	world.outside.setDockerHub('images');
	await goesOn(world);
});

test('Docker is put on images that have none, by the packages of their system', async () => {
	for (const line of ['ubuntu/images', 'debian-13', 'al2023-ami-2']) {
		const world = simulatedWorld();
		const image = [...world.outside.region(region).images.values()].find(({architecture, name}) => name.startsWith(line) && architecture === 'x86_64');
		const made = await setUp(world, scaled(world, {workerImage: image?.id ?? assert.fail(`no image ${line}`)}));
		assert.deepEqual([line, problemsIn(made), world.takers()], [line, [], 1]);
	}
});

test('AWS’s reasons for launching nothing are told one by one, while it is waited for and at the end', async () => {
	const reasons: [says: string, code: string, tells: RegExp][] = [
		[
			'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded. Launching EC2 instance failed.',
			'MaxSpotInstanceCountExceeded',
			/quota of spot vCPUs.*L-34B43A08/,
		],
		[
			'Your Spot request price of 0.01 is lower than the minimum required Spot request fulfillment price of 0.034. Launching EC2 instance failed.',
			'SpotMaxPriceTooLow',
			/\$0\.01, and AWS asks \$0\.034.*--spot-price/,
		],
		['Client.InternalError: Client error on launch.', 'kms-key', /KMS key/],
	];
	for (const [says, code, tells] of reasons) {
		const world = simulatedWorld();
		world.outside.groupLaunches(region, says);
		const made = await setUp(world, scaled(world));
		assert.deepEqual([codesIn(made), tells.test(told(made))], [[code], true], told(made));
		world.outside.groupLaunches(region, undefined);
		await goesOn(world);
	}
});

test('a worker is tried beside jobs that run: its instance gets none, whatever happens', async () => {
	const world = simulatedWorld();
	await standingFleet(world, scaled(world, {limit: 2}));
	world.outside.queueJobs(6, {seconds: 150});
	await world.clock.sleep(60_000);
	const tried = new Set<string>();
	const before = new Set(world.outside.region(region).instances.keys());
	const changed = await setUp(world, {
		flags: {workerDisk: 60},
		heard() {
			for (const {id, tags} of world.outside.region(region).instances.values())
				if (tags['aws:autoscaling:groupName'] === 'gitlab-runners-workers-test' && !before.has(id)) tried.add(id);
		},
	});
	assert.deepEqual(problemsIn(changed), []);
	await world.clock.sleep(1_800_000);
	assert.deepEqual([tried.size, jobStates(world), unlike(await planOf(world))], [1, {success: 6}, {}]);
});
