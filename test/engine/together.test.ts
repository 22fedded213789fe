import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {clientToken} from '../../source/steps/launch.ts';
import {codesIn, name, planOf, problemsIn, region, type SetupWish, saidIn, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {bornIn, jobStates, launchedManagers, managers, noneAtAll, oneOfEach, onlyManager, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

test('two laptops that set the same fleet up at once make one of each, and both end well', async () => {
	for (const seed of [1, 2, 3, 4, 5]) {
		const world = simulatedWorld({seed});
		const second = world.another();
		const both = await Promise.all([setUp(world, withToken(world)), setUp(second, withToken(world))]);
		assert.deepEqual([seed, standing(world), launchedManagers(world)], [seed, oneOfEach, 1]);
		assert.deepEqual([seed, both.flatMap(problemsIn)], [seed, []]);
		for (const laptop of [world, second]) assert.deepEqual([seed, unlike(await planOf(laptop))], [seed, {}]);
	}
});

test('of two laptops that set the same fleet up at once with other answers the first to write wins, and the other is told what is there', async () => {
	for (const seed of [1, 2, 3, 4]) {
		const world = simulatedWorld({seed});
		const wishes = (['c5.large', 'm5.large'] as const).map((workerType): SetupWish => ({...withToken(world), flags: {workerType}}));
		const laptops = [world, world.another()];
		const both = await Promise.all(laptops.map((laptop, index) => setUp(laptop, wishes[index] ?? {})));
		const lost = both.find((one) => codesIn(one).length > 0);
		const winner = laptops[both.findIndex((one) => codesIn(one).length === 0)] ?? world;
		assert.deepEqual([seed, both.map((one) => codesIn(one).join()).sort()], [seed, ['', 'record-other-answers']]);
		assert.match(problemsIn(lost ?? {blocked: [], result: undefined}).join(), /workerType is [cm]5\.large there and [cm]5\.large here/);
		assert.deepEqual([seed, standing(world)], [seed, oneOfEach]);
		assert.deepEqual([seed, unlike(await planOf(winner))], [seed, {}]);
	}
});

test('who wrote the record between a look and a write is told, and the last write counts', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const record = '/gitlab-runner-aws/gitlab-runners';
	world.faults.meanwhile('PutParameter', 1, () => {
		const {Parameter} = world.outside.call('GetParameter', 'us-east-2', {Name: record});
		world.outside.call('PutParameter', 'us-east-2', {Name: record, Value: Parameter?.Value ?? '', Overwrite: true});
	});
	const changed = await setUp(world, {flags: {limit: 4, concurrent: 4}});
	assert.deepEqual(problemsIn(changed), []);
	assert.ok(
		saidIn(changed.events).some((said) => /bob.*wrote version 2 meanwhile/.test(said)),
		saidIn(changed.events).join('\n'),
	);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a record that somebody else wrote a moment ago with other answers is theirs until they are done, and nothing is changed', async () => {
	const world = simulatedWorld();
	const answers = {region, fleet: name, workerType: 'm5.large'};
	world.outside.call('PutParameter', region, {Name: `/gitlab-runner-aws/${name}`, Value: JSON.stringify({version: 1, answers}), Type: 'String'});
	const refused = await setUp(world, {...withToken(world), flags: {workerType: 'c5.large'}});
	assert.deepEqual(codesIn(refused), ['record-other-answers']);
	assert.match(problemsIn(refused).join(), /workerType is m5\.large there and c5\.large here/);
	assert.deepEqual(world.acts, []);
	await world.clock.sleep(3_600_000);
	assert.deepEqual(problemsIn(await setUp(world, {...withToken(world), flags: {workerType: 'c5.large'}})), []);
});

test('a manager that was terminated outside is made again under the next generation, once', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, withToken(world));
	world.outside.terminateInstance(dead);
	const again = await setUp(world, withToken(world));
	assert.deepEqual(problemsIn(again), []);
	assert.notEqual(onlyManager(world), dead);
	assert.deepEqual(standing(world), oneOfEach);
});

test('a manager that was terminated so long ago that AWS forgot it, but not its token, is made again all the same', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, withToken(world));
	world.outside.terminateInstance(dead);
	await world.clock.sleep(2 * 3_600_000);
	const again = await setUp(world, withToken(world));
	assert.deepEqual(problemsIn(again), []);
	assert.notEqual(onlyManager(world), dead);
});

test('answers that changed after a launch whose instance is gone find its token used up, and go on with the next one', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, withToken(world));
	world.outside.terminateInstance(dead);
	world.outside.region('us-east-2').instances.delete(dead);
	const again = await setUp(world, {...withToken(world), flags: {managerType: 't3.medium'}});
	assert.deepEqual(problemsIn(again), []);
	assert.deepEqual(standing(world), oneOfEach);
	assert.equal(world.outside.region('us-east-2').instances.get(onlyManager(world))?.type, 't3.medium');
});

test('a manager that somebody else’s run launched a moment ago with other answers is told, and no second one is made', async () => {
	const world = simulatedWorld();
	// The first RunInstances is the dry run of the permissions.
	world.faults.meanwhile('RunInstances', 2, () => {
		const ImageId = [...world.outside.region(region).images.keys()][0];
		const tags = [
			{Key: 'gitlab-runner-aws:fleet', Value: 'gitlab-runners'},
			{Key: 'gitlab-runner-aws:part', Value: 'manager'},
		];
		world.outside.call('RunInstances', region, {
			ImageId,
			InstanceType: 't3.large',
			MinCount: 1,
			MaxCount: 1,
			ClientToken: clientToken({name, region, born: bornIn(world)}, 0),
			TagSpecifications: [{ResourceType: 'instance', Tags: tags}],
		});
	});
	const made = await setUp(world, withToken(world));
	assert.deepEqual(codesIn(made), ['made-meanwhile']);
	assert.equal(managers(world).length, 1);
	assert.deepEqual(
		new Set(made.result?.skipped),
		new Set([
			'manager-profile',
			'connection',
			'host-key',
			'docker-machine',
			'registry-mirror',
			'test-machine',
			'software',
			'runner',
			'service',
			'old-manager',
			'old-group',
			'earlier-rights',
		]),
	);
});

test('a destroy beside a setup, whenever it comes, ends with nothing left once the same command is given again', async () => {
	for (const seconds of [0, 1, 5, 12, 25, 40, 60, 90, 140]) {
		const world = simulatedWorld();
		const second = world.another();
		await Promise.all([setUp(world, withToken(world)), second.clock.sleep(seconds * 1000).then(() => takeAway(second, {withCache: true}))]);
		await second.clock.sleep(10_000);
		const {left, result} = await takeAway(second, {withCache: true, drainSeconds: 0});
		assert.deepEqual([seconds, result.problems.map(({message}) => message), left, standing(world)], [seconds, [], [], noneAtAll]);
	}
});

test('two laptops that take the same fleet away at once leave nothing, and its jobs have ended well', async () => {
	for (const seed of [1, 2, 3]) {
		const world = simulatedWorld({seed});
		await standingFleet(world, withToken(world));
		world.outside.queueJobs(3, {seconds: 300});
		await world.clock.sleep(90_000);
		const second = world.another({address: '203.0.113.7'});
		const both = await Promise.all([world, second].map((laptop) => takeAway(laptop, {withCache: true})));
		assert.deepEqual([seed, both.flatMap(({result}) => result.problems.map(({message}) => message))], [seed, []]);
		assert.deepEqual([seed, standing(world), jobStates(world)], [seed, noneAtAll, {success: 3}]);
	}
});

test('two laptops that replace the same manager at once make one new one, and no job is lost', async () => {
	for (const seed of [1, 2, 3]) {
		const world = simulatedWorld({seed});
		await standingFleet(world, withToken(world));
		world.outside.queueJobs(3, {seconds: 400});
		await world.clock.sleep(90_000);
		world.leastTakers();
		const second = world.another({address: '203.0.113.7'});
		const wish: SetupWish = {flags: {managerType: 't3.medium'}, replaceManager: true};
		const both = await Promise.all([world, second].map((laptop) => setUp(laptop, wish)));
		assert.ok(
			both.some((one) => codesIn(one).length === 0),
			both.flatMap(problemsIn).join('\n'),
		);
		assert.deepEqual([seed, problemsIn(await setUp(second))], [seed, []]);
		assert.ok(world.leastTakers() >= 1);
		assert.deepEqual([seed, managers(world).map(({type}) => type), jobStates(world)], [seed, ['t3.medium'], {success: 3}]);
	}
});
