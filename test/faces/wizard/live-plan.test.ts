import assert from 'node:assert/strict';
import {test} from 'node:test';
import {settle} from '../../../source/answers/walk.ts';
import {openLooking} from '../../../source/engine/context.ts';
import type {Happening} from '../../../source/engine/events.ts';
import {turns as inLine, inTurns, livePlan, type Turns} from '../../../source/engine/plan.ts';
import type {AnyStep, Context, Look, Looking} from '../../../source/engine/step.ts';
import type {Answers} from '../../../source/fleet.ts';
import {Problem, Stopped} from '../../../source/problem.ts';
import {simulatedWorld} from '../../../source/simulated/world.ts';
import {addressLook} from '../../../source/steps/groups-seen.ts';
import {asking} from '../../answers/stub.ts';

/** Complete answers, these among them. */
async function answersOf(given: Partial<Answers> = {}): Promise<Answers> {
	const settled = await settle({typed: {region: 'us-east-2', ...given}}, asking());
	// Every key that has no default was given just now.
	return settled.given as Answers;
}

/** A call that a test lets end. */
function held() {
	const waiting: (() => void)[] = [];
	let most = 0;
	let under = 0;
	return {
		started: () => under + done,
		most: () => most,
		async call(): Promise<void> {
			under++;
			most = Math.max(most, under);
			await new Promise<void>((resolve) => waiting.push(resolve));
			under--;
			done++;
		},
		release() {
			for (const one of waiting.splice(0)) one();
		},
	};
}
let done = 0;

const turns = async (count = 20): Promise<void> => {
	for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function underTest(steps: readonly AnyStep[], {notYet = {}, turn = inLine()}: {notYet?: Record<string, string>; turn?: Turns} = {}) {
	const world = simulatedWorld({lagMs: 0});
	const told: Happening[] = [];
	const signal = new AbortController();
	const adapters = {...world, cloud: world.cloudAt('us-east-2'), cloudAt: world.cloudAt};
	const looking = openLooking(adapters, {fleet: {name: 'gitlab-runners', region: 'us-east-2'}, secrets: {}, signal: signal.signal});
	const plan = livePlan({stepsOf: () => steps, open: () => looking, allowed: {replaceManager: false, notYet}, emit: (happening) => told.push(happening), turn});
	const change = (answers: Answers) => plan.change({answers, sources: {}});
	const found = () => told.flatMap((one) => (one.event === 'step.found' ? [`${one.step} ${one.is} ${one.says}`] : []));
	return {plan, change, told, found, looking, world};
}

const so = (says: string) => ({is: 'ready' as const, resource: {exists: true}, says});

test('what the checks find for the newest answers is told, and a run can go on with it', async () => {
	const {plan, change, found} = underTest([{name: 'quota', title: 'Quota', needs: [], actions: [], check: async ({answers}) => so(`limit ${answers.limit}`)}]);
	change(await answersOf({limit: 7}));
	const ended = await plan.ended();
	assert.equal(ended?.plan.get('quota')?.is, 'ready');
	assert.equal(ended?.context.answers.limit, 7);
	assert.deepEqual(found(), ['quota ready limit 7']);
});

test('before any answers there is nothing to wait for', async () => {
	assert.equal(await underTest([]).plan.ended(), undefined);
});

test('findings of older answers are dropped, whenever they come', async () => {
	const gate = held();
	const {plan, change, found} = underTest([
		{
			name: 'quota',
			title: 'Quota',
			needs: [],
			actions: [],
			async check({answers}) {
				await gate.call();
				return so(`limit ${answers.limit}`);
			},
		},
	]);
	change(await answersOf({limit: 1}));
	await turns();
	change(await answersOf({limit: 2}));
	await turns();
	gate.release();
	assert.equal((await plan.ended())?.answers.limit, 2);
	assert.deepEqual(found(), ['quota ready limit 2']);
});

test('the same answers again look at nothing', async () => {
	let looks = 0;
	const {plan, change} = underTest([{name: 'quota', title: 'Quota', needs: [], actions: [], check: async () => so(`${++looks}`)}]);
	change(await answersOf());
	await plan.ended();
	change(await answersOf());
	await plan.ended();
	assert.equal(looks, 1);
});

test('a look that doesn’t depend on what changed is made once; with forgetting it is made again', async () => {
	const loads: string[] = [];
	const look = (name: string): Look<string> => ({
		name,
		async load() {
			loads.push(name);
			return name;
		},
	});
	const {plan, change} = underTest([
		{
			name: 'images',
			title: 'Images',
			needs: [],
			actions: [],
			async check(context) {
				await context.look(look('account'));
				await context.look(look(`type ${context.answers.workerType}`));
				return so('seen');
			},
		},
	]);
	change(await answersOf({workerType: 'c5.large'}));
	await plan.ended();
	change(await answersOf({workerType: 'm5.large'}));
	await plan.ended();
	assert.deepEqual(loads, ['account', 'type c5.large', 'type m5.large']);
	plan.again(true);
	await plan.ended();
	assert.deepEqual(loads.slice(3), ['account', 'type m5.large']);
});

test('choices that are asked for ahead wait in the same line as the checks: never more than four calls at once', async () => {
	const gate = held();
	const turn = inLine();
	const check = async (context: Context) => {
		await Promise.all(Array.from({length: 6}, () => context.cloud.call('DescribeImages', {})));
		return so('seen');
	};
	const {plan, change, looking} = underTest([{name: 'images', title: 'Images', needs: [], actions: [], check}], {turn});
	const called: string[] = [];
	const call = async (name: string) => {
		called.push(name);
		await gate.call();
		return {};
	};
	Object.assign(looking.cloud, {call});
	// Calls are all that choices make of a cloud here.
	const choices = inTurns({region: 'us-east-2', call} as unknown as Looking['cloud'], turn);
	change(await answersOf());
	await turns();
	const ahead = Promise.all([choices.call('DescribeKeyPairs', {}), choices.call('DescribeSecurityGroups', {})]);
	await turns();
	assert.equal(called.length, 4);
	for (let turn = 0; turn < 10; turn++) {
		gate.release();
		await turns();
	}
	await ahead;
	await plan.ended();
	assert.equal(gate.most(), 4);
	assert.equal(called.length, 8);
});

test('at most four calls are under way, and those that wait aren’t made for answers that have changed', async () => {
	const gate = held();
	const asked: string[] = [];
	const {plan, change, world, looking} = underTest([
		{
			name: 'images',
			title: 'Images',
			needs: [],
			actions: [],
			async check({answers, cloud}) {
				await Promise.all(Array.from({length: 12}, (_, at) => cloud.call('DescribeImages', {ImageIds: [`ami-${answers.limit}-${at}`]})));
				return so('seen');
			},
		},
	]);
	assert.ok(world);
	Object.assign(looking.cloud, {
		async call(_name: string, input: {ImageIds: string[]}) {
			asked.push(input.ImageIds[0] ?? '');
			await gate.call();
			return {};
		},
	});
	change(await answersOf({limit: 1}));
	await turns();
	assert.deepEqual(asked, ['ami-1-0', 'ami-1-1', 'ami-1-2', 'ami-1-3']);
	change(await answersOf({limit: 2}));
	for (let turn = 0; turn < 10; turn++) {
		await turns();
		gate.release();
	}
	await plan.ended();
	assert.equal(gate.most(), 4);
	assert.deepEqual(
		asked.filter((id) => id.startsWith('ami-1-')),
		['ami-1-0', 'ami-1-1', 'ami-1-2', 'ami-1-3'],
	);
	assert.equal(asked.filter((id) => id.startsWith('ami-2-')).length, 12);
});

test('a look that ended with the answers it began for is begun again by those that need it too', async () => {
	const loads: number[] = [];
	let first: ((error: unknown) => void) | undefined;
	const {plan, change} = underTest([
		{
			name: 'images',
			title: 'Images',
			needs: [],
			actions: [],
			async check(context) {
				const look: Look<string> = {
					name: 'shared',
					load: () =>
						new Promise((resolve, reject) => {
							loads.push(context.answers.limit);
							if (loads.length === 1) first = reject;
							else resolve('seen');
						}),
				};
				return so(await context.look(look));
			},
		},
	]);
	change(await answersOf({limit: 1}));
	await turns();
	change(await answersOf({limit: 2}));
	await turns();
	first?.(new Stopped());
	assert.equal((await plan.ended())?.answers.limit, 2);
	assert.deepEqual(loads, [1, 2]);
});

test('this machine’s address that wasn’t told yet, or whose answer was overtaken, is asked for again by the next round', async () => {
	const check = async (context: Context) => so(`from ${await context.look(addressLook)}`);
	const {plan, change, found, world} = underTest([{name: 'quota', title: 'Quota', needs: [], actions: [], check}]);
	world.outside.setOwnAddress(undefined);
	change(await answersOf({limit: 1}));
	await plan.ended();
	world.outside.setOwnAddress('203.0.113.7');
	change(await answersOf({limit: 2}));
	await turns(1);
	change(await answersOf({limit: 3}));
	await plan.ended();
	assert.deepEqual(found(), ['quota ready from undefined', 'quota ready from 203.0.113.7']);
});

test('what is blocked only for want of a token is not yet known, in its plan too', async () => {
	const missing = new Problem({code: 'runner-token-missing', message: "The runner's token is missing."});
	const {plan, change, found} = underTest([{name: 'runner', title: 'Runner', needs: [], actions: [], check: async () => ({is: 'blocked', problem: missing})}], {
		notYet: {'runner-token-missing': 'token not given yet'},
	});
	change(await answersOf());
	assert.equal((await plan.ended())?.plan.get('runner')?.is, 'waiting');
	assert.deepEqual(found(), ['runner waiting token not given yet']);
});

test('a fix comes with the answers that mend it', async () => {
	const problem = new Problem({code: 'VcpuLimitExceeded', message: 'Too many.'});
	const {plan, change, told} = underTest([
		{
			name: 'quota',
			title: 'Quota',
			needs: [],
			actions: [],
			check: async () => ({is: 'blocked', problem, fix: {says: 'lower the limit to 16', answers: {limit: 16}}}),
		},
	]);
	change(await answersOf());
	await plan.ended();
	const found = told.find((one) => one.event === 'step.found');
	assert.deepEqual(found?.event === 'step.found' && [found.fix, found.mends], ['lower the limit to 16', {limit: 16}]);
});

test('once closed, nothing is told any more', async () => {
	const gate = held();
	const {plan, change, found} = underTest([
		{
			name: 'quota',
			title: 'Quota',
			needs: [],
			actions: [],
			async check() {
				await gate.call();
				return so('late');
			},
		},
	]);
	change(await answersOf());
	await turns();
	plan.close();
	gate.release();
	await turns();
	assert.deepEqual(found(), []);
});
