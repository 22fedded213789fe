import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import type {Happening} from '../../../source/engine/events.ts';
import {pausing} from '../../../source/engine/pausing.ts';
import {removeAll} from '../../../source/engine/remove.ts';
import {type RunResult, runPlan} from '../../../source/engine/run.ts';
import {dockerMachine} from '../../../source/executors/docker-machine/executor.ts';
import type {AfterRun, Login} from '../../../source/faces/face.ts';
import {App} from '../../../source/faces/ui/app.tsx';
import {makeController} from '../../../source/faces/ui/controller.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {planned, planOf, removing, standingFleet, unlike} from '../../engine/fleet.ts';
import {oneOfEach, onlyManager, standing} from '../../engine/seen.ts';
import {shown} from '../shown.ts';
import {keys} from './walking.tsx';

afterEach(cleanup);

/** Simulated seconds a real one, where a person's keys come in between: so few that a busy computer's own time isn't taken for docker-machine's. */
const paced = 200;

type Ended = {result: RunResult; choice: AfterRun | undefined};

/** The controller before a world, with the terminal handed over to whatever `login` does. */
function controllerFor(world: World) {
	const stopped = new AbortController();
	const stops: string[] = [];
	const heard: Happening[] = [];
	const listeners = new Set<(happening: Happening) => void>();
	const made = makeController({
		yes: false,
		clock: world.clock,
		onStop(kind) {
			stops.push(kind);
			stopped.abort();
		},
		later(callback, ms) {
			const timer = setTimeout(callback, Math.min(ms, 5));
			return () => clearTimeout(timer);
		},
		handOver: async (run) => run(),
	});
	const drawn = render(<App store={made.store} look={{colour: false, ascii: false}} title="set up" now={() => world.clock.now()} press={made.press} />);
	const frame = () => drawn.lastFrame() ?? '';
	const emit = (happening: Happening): void => {
		heard.push(happening);
		made.emit(happening);
		for (const listener of listeners) listener(happening);
	};
	const wish = {secrets: {runnerToken: world.outside.token()}, signal: stopped.signal};
	return {
		stops,
		heard,
		frame,
		named: (name: Happening['event']) => heard.filter(({event}) => event === name),
		/** Does something when a step says this. */
		when(name: 'step.started' | 'step.failed' | 'step.done', step: string, act: () => void): void {
			const listener = (happening: Happening): void => {
				if (happening.event !== name || happening.step !== step) return;
				listeners.delete(listener);
				act();
			};
			listeners.add(listener);
		},
		press: (key: string) => void drawn.stdin.write(key),
		until: (right: RegExp) => shown(frame, right),
		run: (login?: Login): Promise<Ended> =>
			planned(world, wish, (context, plan) =>
				made.run(login, (helping = assert.fail('nobody helps it along')) =>
					runPlan(dockerMachine.steps, pausing(context, {...helping, emit}), plan, emit, {replaceManager: false, again: helping.again}),
				),
			),
		remove: (login?: Login): Promise<Ended> =>
			removing(world, wish, (removal) =>
				made.run(login, (helping = assert.fail('nobody helps it along')) => {
					removal.hurry = helping.hurry;
					return removeAll(dockerMachine.steps, pausing(removal, {...helping, emit}), emit, {again: helping.again});
				}),
			),
	};
}

const noProblems = ({result}: Ended): void =>
	assert.deepEqual(
		result.problems.map(({code, message}) => `${code}: ${message}`),
		[],
	);

async function standsWell(world: World): Promise<void> {
	assert.deepEqual(standing(world), oneOfEach);
	assert.deepEqual(unlike(await planOf(world)), {});
	assert.equal(world.takers(), 1);
}

test('a session that expires in the middle of the run pauses it; L hands the terminal to the login, and it goes on and ends well', async () => {
	const world = simulatedWorld({speed: paced});
	const on = controllerFor(world);
	on.when('step.started', 'manager', () => world.outside.credentials('expired'));
	let logins = 0;
	const run = on.run({
		command: 'aws sso login --profile acme-dev',
		run() {
			if (++logins === 1) return false;
			world.outside.credentials('good');
			return true;
		},
	});
	await on.until(/Paused, .*what stands is kept[\s\S]*has expired[\s\S]*L log in/);
	assert.match(on.frame(), /L runs `aws sso login --profile acme-dev`/);
	on.press('L');
	await on.until(/`aws sso login --profile acme-dev` didn't log in/);
	on.press('L');
	const ended = await run;
	noProblems(ended);
	assert.equal(logins, 2);
	assert.deepEqual(on.named('step.failed'), [], 'nothing failed');
	assert.equal(on.named('run.resumed').length, 1);
	await standsWell(world);
});

test('a login elsewhere is noticed within seconds, and the run goes on by itself', async () => {
	const world = simulatedWorld();
	const on = controllerFor(world);
	on.when('step.done', 'manager', () => {
		world.outside.credentials('expired');
		world.time.at(world.clock.now() + 60_000, () => world.outside.credentials('good'));
	});
	noProblems(await on.run());
	const [resumed] = on.named('run.resumed');
	assert.ok(resumed?.event === 'run.resumed' && resumed.seconds >= 55 && resumed.seconds < 70, JSON.stringify(resumed));
	assert.deepEqual(on.named('step.failed'), []);
	await standsWell(world);
});

test('ctrl-c ends a paused run; what stands is kept, and the next run goes on from it', async () => {
	const world = simulatedWorld({speed: paced});
	const on = controllerFor(world);
	on.when('step.started', 'manager', () => world.outside.credentials('expired'));
	const run = on.run({command: 'aws sso login', run: () => false});
	await on.until(/Paused/);
	on.press(keys.ctrlC);
	const {result} = await run;
	assert.equal(result.stopped, true);
	assert.deepEqual(on.stops, ['soft']);
	assert.deepEqual(result.problems, []);
	world.outside.credentials('good');
	const next = controllerFor(world);
	noProblems(await next.run());
	await standsWell(world);
});

/** After the plan the bucket can't be made any more. */
const refusingTheBucket = (world: World, on: ReturnType<typeof controllerFor>): void =>
	on.when('step.started', 'record', () => world.outside.deny('s3:CreateBucket'));

test('a step that failed is tried again with r while the others go on, and all ends well', async () => {
	const world = simulatedWorld({speed: 100});
	const on = controllerFor(world);
	refusingTheBucket(world, on);
	const run = on.run();
	await on.until(/s3:CreateBucket[\s\S]*r try cache bucket again +← change cache/);
	world.outside.allow('s3:CreateBucket');
	on.press('r');
	const ended = await run;
	noProblems(ended);
	assert.equal(ended.choice, undefined);
	const order = on.heard.flatMap((one) =>
		'step' in one && ['step.started', 'step.failed', 'step.done'].includes(one.event) ? [`${one.event} ${one.step}`] : [],
	);
	assert.deepEqual(
		order.filter((one) => one.endsWith('bucket')),
		['step.started bucket', 'step.failed bucket', 'step.started bucket', 'step.done bucket'],
	);
	assert.ok(order.indexOf('step.failed bucket') < order.indexOf('step.done manager'), 'the rest went on');
	await standsWell(world);
});

test('once nothing goes on without help, r tries all of it again after another look, and q leaves it', async () => {
	for (const [key, choice] of [
		['r', 'again'],
		['q', 'leave'],
	] as const) {
		const world = simulatedWorld();
		const on = controllerFor(world);
		refusingTheBucket(world, on);
		const run = on.run();
		await on.until(/r try again +← change cache +q leave it so/);
		on.press(key);
		const ended = await run;
		assert.equal(ended.choice, choice);
		assert.deepEqual(ended.result.failed, ['bucket']);
		cleanup();
	}
});

test('← goes to the answer at once: what is under way is finished, and no more is begun', async () => {
	const world = simulatedWorld({speed: 100});
	const on = controllerFor(world);
	refusingTheBucket(world, on);
	const run = on.run();
	await on.until(/← change cache/);
	on.press(keys.left);
	const {result, choice} = await run;
	assert.deepEqual(choice, {change: 'cache'});
	assert.deepEqual(result.failed, ['bucket']);
	assert.ok(!result.done.includes('test-machine'));
	assert.deepEqual(on.stops, [], 'the program goes on');
	world.outside.allow('s3:CreateBucket');
	noProblems(await controllerFor(world).run());
	await standsWell(world);
});

test('ctrl-c ends a run that waits with a failed step', async () => {
	const world = simulatedWorld();
	const on = controllerFor(world);
	refusingTheBucket(world, on);
	const run = on.run();
	await on.until(/q leave it so/);
	on.press(keys.ctrlC);
	const {result, choice} = await run;
	assert.deepEqual(result.failed, ['bucket']);
	assert.equal(choice, undefined);
	assert.deepEqual(on.stops, ['soft']);
});

test('a session that expires while a fleet is taken away pauses that too, and nothing of it is left in the end', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	onlyManager(world);
	const on = controllerFor(world);
	on.when('step.started', 'manager', () => {
		world.outside.credentials('expired');
		world.time.at(world.clock.now() + 30_000, () => world.outside.credentials('good'));
	});
	noProblems(await on.remove());
	assert.equal(on.named('run.resumed').length, 1);
	assert.deepEqual(standing(world), {...Object.fromEntries(Object.keys(oneOfEach).map((key) => [key, 0])), buckets: 1});
});

test('a removal that waits for jobs names them and its time, and N ends them', async () => {
	const world = simulatedWorld({speed: paced});
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	world.outside.queueJobs(2, {seconds: 100_000});
	while (world.jobs.some(({state}) => state !== 'running')) await world.clock.sleep(10_000);
	const on = controllerFor(world);
	const removed = on.remove();
	assert.match(await on.until(/2 jobs still run: app #\d+, app #\d+, \d+ m left/), /N end jobs now/);
	on.press('N');
	noProblems(await removed);
	assert.ok(!on.frame().includes('N end jobs now'));
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['failed', 'failed'],
	);
});
