import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Happening} from '../../source/engine/events.ts';
import {type Ports, simulatedWorld, type World} from '../../source/simulated/world.ts';
import {codesIn, problemsIn, type SetupWish, setUp, standingFleet, takeAway} from './fleet.ts';
import {launchedManagers, noneAtAll, oneOfEach, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** A laptop whose temporary credentials expire with its n-th call to AWS, which is refused; `made` tells how many it has made. */
function expiring(world: World, nth: number): Ports & {made(): number} {
	let made = 0;
	return {
		...world,
		made: () => made,
		cloudAt(region, signal) {
			const cloud = world.cloudAt(region, signal);
			return {
				...cloud,
				call(name, input) {
					made += 1;
					if (made === nth) world.outside.credentials('expired');
					return cloud.call(name, input);
				},
			};
		},
	};
}

/** How many calls to AWS some work of a laptop's makes. */
async function callsOf(begin: (world: World) => Promise<unknown>, work: (ports: Ports, world: World) => Promise<unknown>): Promise<number> {
	const world = simulatedWorld();
	await begin(world);
	const laptop = expiring(world, Number.POSITIVE_INFINITY);
	await work(laptop, world);
	return laptop.made();
}

const nothing = async (): Promise<void> => {};

/** What a problem is told with, in full, as far as it isn't about the session. */
const otherProblems = (problems: readonly {code: string; message: string; advice?: string | undefined}[]): string[] =>
	problems.filter(({code, advice = ''}) => code !== 'session-expired' || !/run the same command again/i.test(advice)).map(({message}) => message);

test('a session that expires at any call of a setup that nobody looks after ends it with the command that goes on, and that makes nothing twice', async () => {
	const calls = await callsOf(nothing, (ports, world) => setUp(ports, withToken(world)));
	assert.ok(calls > 100, `${calls} calls`);
	for (let nth = 1; nth <= calls; nth++) {
		const world = simulatedWorld();
		const first = await setUp(expiring(world, nth), withToken(world)).catch((error) => ({blocked: [error], result: undefined}));
		assert.deepEqual([nth, otherProblems([...first.blocked, ...(first.result?.problems ?? [])])], [nth, []]);
		world.outside.credentials('good');
		const again = await setUp(world, withToken(world));
		assert.deepEqual([nth, problemsIn(again), standing(world), launchedManagers(world)], [nth, [], oneOfEach, 1]);
	}
});

test('a session that expires at any call of a setup that somebody looks after pauses it, and once there is another it goes on by itself to one of each', async () => {
	const calls = await callsOf(nothing, (ports, world) => setUp(ports, {...withToken(world), pauses: true}));
	for (let nth = 1; nth <= calls; nth++) {
		const world = simulatedWorld();
		const heard: Happening['event'][] = [];
		const hears = ({event}: Happening): void => {
			heard.push(event);
			if (event === 'run.paused') world.outside.credentials('good');
		};
		const made = await setUp(expiring(world, nth), {...withToken(world), pauses: true, heard: hears}).catch((error) => ({blocked: [error], result: undefined}));
		// Before anything is agreed to there is nothing to keep: the looks that come first end with the same sentence.
		if (!heard.includes('run.started')) {
			assert.deepEqual([nth, [...new Set(codesIn(made))]], [nth, ['session-expired']]);
			continue;
		}
		assert.deepEqual([nth, problemsIn(made), standing(world), launchedManagers(world)], [nth, [], oneOfEach, 1]);
		assert.deepEqual([nth, heard.filter((event) => event === 'run.paused').length, heard.filter((event) => event === 'run.resumed').length], [nth, 1, 1]);
	}
});

test('a session that expires at any call of a destroy ends it with the command that goes on, and that leaves nothing', async () => {
	const begin = (world: World) => standingFleet(world, withToken(world));
	const calls = await callsOf(begin, (ports) => takeAway(ports, {withCache: true}));
	for (let nth = 1; nth <= calls; nth++) {
		const world = simulatedWorld();
		await begin(world);
		const problems = await takeAway(expiring(world, nth), {withCache: true}).then(
			({result}) => result.problems,
			(error) => [error],
		);
		assert.deepEqual([nth, otherProblems(problems)], [nth, []]);
		world.outside.credentials('good');
		const {result, left} = await takeAway(world, {withCache: true});
		assert.deepEqual([nth, result.problems.map(({message}) => message), left, standing(world)], [nth, [], [], noneAtAll]);
	}
});
