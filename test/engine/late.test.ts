import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelDriver} from '../../source/commands/panel.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import type {Happening} from '../../source/engine/events.ts';
import {nothingSeen} from '../../source/panel/snapshot.ts';
import {seededRandom} from '../../source/simulated/clock.ts';
import {type Late, type Lateness, latest} from '../../source/simulated/cloud/lateness.ts';
import {simulatedWorld, type World, type WorldOptions} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {name, planOf, problemsIn, region, type SetupWish, saidIn, setUp, takeAway, unlike} from './fleet.ts';
import {bornIn, launchedManagers, noneAtAll, oneOfEach, onlyManager, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

const kinds: readonly Late[] = [
	...(['seeing', 'group', 'rule', 'role', 'profile', 'ec2Profile', 'ec2Role', 'policy'] as const),
	...(['bucket', 'bucketSettings', 'bucketName', 'parameter'] as const),
];

/** Sets a fleet up where AWS is so late, looks once more, and takes it away; then all that again at once. */
async function endsWell(what: string, late: Lateness, options: WorldOptions = {}, flags: SetupWish['flags'] = {}): Promise<void> {
	const world = simulatedWorld({lagMs: 0, late, ...options});
	const wish = {...withToken(world), flags};
	const at = flags.region ?? 'us-east-2';
	for (const times of [1, 2]) {
		const made = await setUp(world, wish);
		assert.deepEqual([what, problemsIn(made)], [what, []]);
		assert.deepEqual(
			[what, standing(world, undefined, at), launchedManagers(world, undefined, at)],
			[what, {...oneOfEach, parameters: flags.tokenStore === 'ssm' ? 2 : 1}, times],
		);
		assert.deepEqual([what, unlike(await planOf(world, wish))], [what, {}]);
		const {result} = await takeAway(world, {...wish, withCache: true});
		assert.deepEqual([what, result.problems.map(({message}) => message), standing(world, undefined, at)], [what, [], noneAtAll]);
	}
}

test('whichever part of AWS is late for as long as it can be, a setup ends in one of each, its destroy in none, and the next setup too', async () => {
	for (const kind of kinds) await endsWell(kind, {[kind]: latest});
});

test('where all parts of AWS are late for as long as they can be, a setup still ends in one of each', async () => {
	const all = Object.fromEntries(kinds.map((kind) => [kind, latest]));
	await endsWell('all', all);
	await endsWell('all in us-east-1', all, {}, {region: 'us-east-1'});
	await endsWell('all with the token in SSM', all, {}, {tokenStore: 'ssm'});
});

test('however late each part of AWS is, a setup ends in one of each', async () => {
	const random = seededRandom(7);
	for (let turn = 1; turn <= 20; turn++) {
		const late = Object.fromEntries(kinds.map((kind) => [kind, Math.floor(random() ** 2 * latest)]));
		await endsWell(JSON.stringify({turn, late}), late, {seed: turn});
	}
});

/** What is said of each step that is at work, and for how many seconds nothing had been said of it before. */
function listening(world: World) {
	const last = new Map<string, number>();
	const silences: {said: string; seconds: number}[] = [];
	return {
		/** The longest of them first. */
		longest: () => silences.toSorted((one, other) => other.seconds - one.seconds)[0],
		heard(event: Happening): void {
			if (!('step' in event)) return;
			const since = last.get(event.step);
			if (since !== undefined) silences.push({said: JSON.stringify(event), seconds: (world.clock.now() - since) / 1000});
			if (event.event === 'step.started' || since !== undefined) last.set(event.step, world.clock.now());
			if (event.event === 'step.done' || event.event === 'step.failed') last.delete(event.step);
		},
	};
}

const isDry = (input: unknown): boolean => typeof input === 'object' && input !== null && 'DryRun' in input && input.DryRun === true;

/** What AWS refused of the launches of managers so far. */
const refusedLaunches = (world: World): string[] =>
	world.calls.flatMap(({name, input, refused}) => (name === 'RunInstances' && !isDry(input) && refused !== undefined ? [refused] : []));

test('setups and destroys of one name, one right after another or hours later, wait for nothing in silence, and no launch meets one of before', async () => {
	const world = simulatedWorld();
	const {heard, longest} = listening(world);
	const births: (string | undefined)[] = [];
	for (const [managerType, hours] of [
		['t3.small', 0],
		['t3.small', 0],
		['t3.medium', 2],
		['t3.small', 2],
		['t3.small', 0],
	] as const) {
		const made = await setUp(world, {...withToken(world), flags: {managerType}, heard});
		assert.deepEqual(problemsIn(made), []);
		births.push(bornIn(world));
		const {result} = await takeAway(world, {withCache: true, drainSeconds: 0, heard});
		assert.deepEqual([result.problems, standing(world)], [[], noneAtAll]);
		await world.clock.sleep(hours * 3_600_000);
	}
	assert.ok((longest()?.seconds ?? 0) < 15, JSON.stringify(longest()));
	assert.deepEqual(refusedLaunches(world), []);
	assert.deepEqual(births.toSorted(), births);
	assert.equal(new Set(births).size, births.length);
});

test('a changed record keeps the fleet’s birth date, whether setup, the panel or undo writes it', async () => {
	const world = simulatedWorld();
	await setUp(world, withToken(world));
	const born = bornIn(world);
	assert.ok(born);
	await setUp(world, {flags: {limit: 4, concurrent: 4}});
	const session = sessionAt(world, ['status'], hearing());
	const driver = panelDriver(session, await watchFleet(session, {name, region}));
	for (const [act, limit] of [
		[{do: 'scale', limit: 5}, 5],
		[{do: 'drain'}, 5],
		[{do: 'resume'}, 5],
		[{do: 'undo'}, 4],
	] as const) {
		const {carryOut} = await driver.prepare(act, nothingSeen(region, name));
		await carryOut(() => undefined);
		assert.equal(bornIn(world), born);
		assert.equal(JSON.parse(world.outside.call('GetParameter', region, {Name: `/gitlab-runner-aws/${name}`}).Parameter?.Value ?? '{}').answers.limit, limit);
	}
});

test('a manager that is gone and forgotten, whose launch AWS remembers with other answers, is waited for aloud, and then another is made', async () => {
	const world = simulatedWorld();
	await setUp(world, withToken(world));
	world.outside.terminateInstance(onlyManager(world));
	await world.clock.sleep(2 * 3_600_000);
	const {heard, longest} = listening(world);
	const again = await setUp(world, {...withToken(world), flags: {managerType: 't3.medium'}, heard});
	assert.deepEqual(problemsIn(again), []);
	assert.ok(refusedLaunches(world).includes('IdempotentParameterMismatch'));
	const said = saidIn(again.events).filter((says) => /under the same token/.test(says));
	assert.match(said[0] ?? '', /^waiting for an instance that AWS was asked for under the same token \(0 s so far, two minutes at most\)$/);
	assert.ok(said.length > 30, `${said.length} times`);
	assert.ok((longest()?.seconds ?? 0) < 15, JSON.stringify(longest()));
	assert.equal(standing(world).managers, 1);
});

test('a token whose parameter was deleted a moment ago is kept beside the record again, once AWS gives its name free', async () => {
	const world = simulatedWorld();
	await setUp(world, {...withToken(world), flags: {tokenStore: 'ssm'}});
	world.outside.call('DeleteParameter', region, {Name: `/gitlab-runner-aws/${name}/token`});
	const again = await setUp(world);
	assert.deepEqual(problemsIn(again), []);
	assert.ok(saidIn(again.events).some((says) => /AWS gives a name free 30 s after it was deleted/.test(says)));
	assert.deepEqual([standing(world).parameters, unlike(await planOf(world))], [2, {}]);
});
