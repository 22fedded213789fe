import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World, type WorldOptions} from '../../source/simulated/world.ts';
import {atEachPair} from './deaths.ts';
import {planOf, problemsIn, type SetupWish, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {actsSince, jobStates, launchedManagers, noneAtAll, oneOfEach, rules, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const creating = (world: World): SetupWish => ({flags: {runner: 'create', project: 'acme/app'}, secrets: {gitlabToken: world.outside.token('gitlab')}});
const ownRules = [
	'gitlab-runners-manager 22 203.0.113.7/32',
	'gitlab-runners-workers 22 gitlab-runners-manager',
	'gitlab-runners-workers 2376 gitlab-runners-manager',
];

/** Every act of a whole run, one world for each: the laptop dies right after the n-th. */
async function atEachAct(
	begin: (world: World) => Promise<unknown>,
	run: (world: World) => Promise<unknown>,
	then: (world: World, act: string) => Promise<void>,
	options: WorldOptions = {},
): Promise<number> {
	const whole = simulatedWorld(options);
	await begin(whole);
	const before = whole.acts.length;
	await run(whole);
	const acts = actsSince(whole, before);
	for (const [index, act] of acts.entries()) {
		const world = simulatedWorld(options);
		await begin(world);
		world.faults.dieAt(world.acts.length + index + 1);
		await run(world).catch(() => undefined);
		await then(world, `killed at act ${index + 1}, ${act}`);
	}
	return acts.length;
}

test('where AWS shows new things many seconds late, the same command given at once after a death makes nothing a second time', async () => {
	await atEachAct(
		async () => {},
		(world) => setUp(world, withToken(world)),
		async (world, act) => {
			const again = await setUp(world.reboot(), withToken(world));
			assert.deepEqual([act, problemsIn(again), standing(world), launchedManagers(world)], [act, [], oneOfEach, 1]);
		},
		{lagMs: 15_000},
	);
});

test('a second laptop goes on where the first one died, and its own address is let in too', async () => {
	await atEachAct(
		async () => {},
		(world) => setUp(world, withToken(world)),
		async (world, act) => {
			const second = world.another();
			const again = await setUp(second, withToken(world));
			assert.deepEqual([act, problemsIn(again)], [act, []]);
			assert.deepEqual([act, standing(world)], [act, oneOfEach]);
			assert.deepEqual([act, unlike(await planOf(second))], [act, {}]);
		},
	);
});

test('a runner that is created in GitLab is there once, wherever the laptop died', async () => {
	await atEachAct(
		async () => {},
		(world) => setUp(world, creating(world)),
		async (world, act) => {
			const again = await setUp(world.reboot(), creating(world));
			assert.deepEqual([act, problemsIn(again)], [act, []]);
			const ours = [...world.outside.gitlab.runners.values()].filter(({note}) => note.includes('fleet=gitlab-runners'));
			assert.deepEqual([act, ours.length, standing(world)], [act, 1, oneOfEach]);
			assert.deepEqual([act, unlike(await planOf(world.reboot()))], [act, {}]);
		},
	);
});

test('a laptop that dies at any act of a change leaves what the same command ends, without the flags, and running jobs end well', async () => {
	const changes: SetupWish[] = [
		{flags: {workerType: 'm5.large', limit: 4, concurrent: 4, tokenStore: 'ssm'}},
		{flags: {gitlabRunnerVersion: '19.2.1', cacheDays: 7}},
	];
	for (const change of changes) {
		await atEachAct(
			async (world) => {
				await standingFleet(world, withToken(world));
				world.outside.queueJobs(2, {seconds: 200});
				await world.clock.sleep(60_000);
			},
			(world) => setUp(world, change),
			async (world, act) => {
				const rebooted = world.reboot();
				const again = await setUp(rebooted);
				assert.deepEqual([act, problemsIn(again), unlike(await planOf(rebooted))], [act, [], {}]);
				assert.deepEqual([act, standing(world).managers, world.takers()], [act, 1, 1]);
				await rebooted.clock.sleep(900_000);
				assert.deepEqual([act, jobStates(world)], [act, {success: 2}]);
			},
		);
	}
});

test('a runner that is created and kept in SSM is there once too, wherever the laptop died, and its token in both places', async () => {
	const kept = (world: World): SetupWish => ({...creating(world), flags: {...creating(world).flags, tokenStore: 'ssm'}});
	await atEachAct(
		async () => {},
		(world) => setUp(world, kept(world)),
		async (world, act) => {
			const again = await setUp(world.reboot(), kept(world));
			assert.deepEqual([act, problemsIn(again), unlike(await planOf(world.reboot()))], [act, [], {}]);
			const ours = [...world.outside.gitlab.runners.values()].filter(({note}) => note.includes('fleet=gitlab-runners'));
			assert.deepEqual([act, ours.length, standing(world)], [act, 1, {...oneOfEach, parameters: 2}]);
		},
	);
});

test('a second laptop finishes a destroy that the first one died in', async () => {
	await atEachAct(
		(world) => standingFleet(world, withToken(world)),
		(world) => takeAway(world, {withCache: true}),
		async (world, act) => {
			const {result, left} = await takeAway(world.another(), {withCache: true});
			assert.deepEqual([act, result.problems.map(({message}) => message), left, standing(world)], [act, [], [], noneAtAll]);
		},
	);
});

test('a setup that died can be taken away once the laptop is on again, wherever that was', async () => {
	await atEachAct(
		async () => {},
		(world) => setUp(world, withToken(world)),
		async (world, act) => {
			const rebooted = world.reboot();
			await rebooted.clock.sleep(20_000);
			const {result, left} = await takeAway(rebooted, {withCache: true});
			assert.deepEqual([act, result.problems.map(({message}) => message), left, standing(world)], [act, [], [], noneAtAll]);
		},
	);
});

test('a destroy that follows at once may not see all yet: it says what stands, and the same command takes it away', async () => {
	await atEachAct(
		async () => {},
		(world) => setUp(world, withToken(world)),
		async (world, act) => {
			const rebooted = world.reboot();
			const {left: told} = await takeAway(rebooted, {withCache: true});
			const stood = Object.values(standing(world)).some((count) => count > 0);
			// Where nothing but the record stands and AWS doesn't show it yet, nobody can know of it.
			const isUnseen = told.length === 0 && standing(world).parameters === Object.values(standing(world)).reduce((sum, count) => sum + count, 0);
			assert.ok(told.length > 0 === stood || isUnseen, act);
			const {result, left} = await takeAway(rebooted, {withCache: true});
			assert.deepEqual([act, result.problems.map(({message}) => message), left, standing(world)], [act, [], [], noneAtAll]);
		},
	);
});

test('a laptop that dies at any act of a setup, and once more at any act of the next one, leaves what the same command makes whole, with one of each and no test machine', async () => {
	const {acts, pairs} = await atEachPair({
		run: (ports, world) => setUp(ports, withToken(world)),
		async holds(last, ports, world, at) {
			assert.deepEqual([at, problemsIn(last), standing(world)], [at, [], oneOfEach]);
			assert.deepEqual([at, rules(world), launchedManagers(world)], [at, ownRules, 1]);
			assert.deepEqual([at, unlike(await planOf(ports)), world.takers()], [at, {}, 1]);
		},
	});
	assert.ok(acts > 20 && pairs > 200, `${acts} acts, ${pairs} pairs`);
});

test('a laptop that dies at any act of a destroy, and once more at any act of the next one, leaves what the same command takes away, and its jobs have ended well', async () => {
	const {acts, pairs} = await atEachPair({
		async begin(world) {
			await standingFleet(world, withToken(world));
			world.outside.queueJobs(3, {seconds: 90});
			await world.clock.sleep(60_000);
			return undefined;
		},
		run: (ports) => takeAway(ports, {withCache: true}),
		async holds({result, left}, _ports, world, at) {
			assert.deepEqual([at, result.problems.map(({message}) => message), left], [at, [], []]);
			assert.deepEqual([at, standing(world), jobStates(world)], [at, noneAtAll, {success: 3}]);
		},
	});
	assert.ok(acts > 10 && pairs > 50, `${acts} acts, ${pairs} pairs`);
});
