import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import type {HomeSeen} from '../../source/face.ts';
import {Stopped} from '../../source/problem.ts';
import {App} from '../../source/ui/app.tsx';
import {makeDesk} from '../../source/ui/desk.ts';
import {start} from '../faces/states.ts';
import {keys} from './walking.tsx';

afterEach(cleanup);

/** The desk with a terminal that isn't one. */
function desk({ended}: {ended?: AbortSignal} = {}) {
	const stops: string[] = [];
	const made = makeDesk({
		yes: false,
		clock: {now: () => start},
		onStop: (kind) => stops.push(kind),
		ended,
		later(callback, ms) {
			const timer = setTimeout(callback, Math.min(ms, 5));
			return () => clearTimeout(timer);
		},
		handOver: async (run) => run(),
	});
	const drawn = render(<App store={made.store} look={{colour: false, ascii: false}} title="set up" now={() => start} press={made.press} />);
	const frame = () => drawn.lastFrame() ?? '';
	return {
		...made,
		stops,
		frame,
		press: (key: string) => void drawn.stdin.write(key),
		async until(right: RegExp) {
			for (let turn = 0; turn < 600 && !right.test(frame()); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
			assert.match(frame(), right);
		},
	};
}

const never = () => new Promise<void>(() => {});

function failedRun({emit}: ReturnType<typeof desk>): void {
	emit({
		event: 'run.started',
		doing: 'apply',
		steps: [
			{name: 'quota', title: 'Quota', needs: []},
			{name: 'bucket', title: 'Cache bucket', needs: []},
		],
	});
	emit({event: 'step.started', step: 'bucket'});
	emit({
		event: 'step.failed',
		step: 'bucket',
		seconds: 2,
		problem: {code: 'session-expired', message: 'The session of AWS profile acme-dev has expired.', fault: 'told'},
	});
	emit({event: 'run.ended', done: 1, failed: 1, skipped: 0, seconds: 3});
}

test('after a run with a problem r tries again, ← goes to the answer it is about, q leaves it', async () => {
	for (const [key, choice] of [
		['r', 'again'],
		[keys.left, {change: 'cache'}],
		['q', 'leave'],
	] as const) {
		const on = desk();
		failedRun(on);
		const chosen = on.screens.afterRun(undefined, never);
		await on.until(/r try again.*← change cache/);
		on.press(key);
		assert.deepEqual(await chosen, choice);
		cleanup();
	}
});

test('an expired session is mended with L, which hands the terminal over, and the run goes on', async () => {
	const on = desk();
	failedRun(on);
	let logins = 0;
	const chosen = on.screens.afterRun({command: 'aws sso login --profile acme-dev', run: () => ++logins > 1}, never);
	await on.until(/L log in: aws sso login --profile acme-dev/);
	on.press('L');
	await on.until(/L log in/);
	on.press('L');
	assert.equal(await chosen, 'again');
	assert.equal(logins, 2);
});

test('a login elsewhere is noticed, and the run goes on by itself', async () => {
	const on = desk();
	failedRun(on);
	let back = () => {};
	const chosen = on.screens.afterRun({command: 'aws sso login', run: () => false}, () => new Promise<void>((resolve) => (back = resolve)));
	await on.until(/r try again/);
	back();
	assert.equal(await chosen, 'again');
});

test('the end shows the commands that come next, saves a preset with p, and is left with q', async () => {
	const on = desk();
	const saved: string[] = [];
	const over = on.screens.farewell({
		says: 'ci is set up.',
		next: [{command: 'gitlab-runner-aws destroy --fleet ci', does: 'takes it away'}],
		async save(name) {
			saved.push(name);
			return '/x';
		},
	});
	await on.until(/✔ ci is set up\.[\s\S]*gitlab-runner-aws destroy --fleet ci/);
	on.press('p');
	await on.until(/What is the preset called/);
	on.press(keys.enter);
	await on.until(/Preset mine is saved[\s\S]*--preset mine/);
	on.press('q');
	await over;
	assert.deepEqual(saved, ['mine']);
});

const seen: HomeSeen = {
	regions: 3,
	looked: 1,
	refused: [],
	fleets: [{name: 'ci', region: 'us-east-2', is: 'so', says: 'manager i-1 running'}],
	presets: [{name: 'small', says: 'A few jobs.', used: 'yesterday'}],
};

test('home shows what has answered; the cursor stays on its fleet when others come in before it', async () => {
	const on = desk();
	let tell: (seen: HomeSeen) => void = () => {};
	const chosen = on.screens.home(async (how) => {
		tell = how;
		tell(seen);
		return new Promise(() => {});
	});
	await on.until(/looked in 1 of 3 regions…/);
	await on.until(/› ci +us-east-2 +✔ manager i-1 running/);
	on.press(keys.down);
	await on.until(/› small +used yesterday/);
	on.press(keys.up);
	await on.until(/› ci/);
	tell({
		...seen,
		looked: 2,
		refused: [{region: 'af-south-1', says: 'AWS refused it.'}],
		fleets: [{name: 'aa', region: 'eu-west-1', is: 'note', says: 'no manager'}, ...seen.fleets],
	});
	await on.until(/! af-south-1: AWS refused it\.[\s\S]*aa +eu-west-1 +! no manager/);
	on.press('x');
	assert.deepEqual(await chosen, {do: 'destroy', fleet: {name: 'ci', region: 'us-east-2'}});
});

test('each key of home does what it says', async () => {
	const fleet = {name: 'ci', region: 'us-east-2'};
	for (const [key, choice] of [
		[keys.enter, {do: 'open', fleet}],
		['n', {do: 'setup'}],
		['r', {do: 'repair', fleet}],
		['d', {do: 'demo'}],
		['q', {do: 'quit'}],
	] as const) {
		const on = desk();
		const chosen = on.screens.home(async (tell) => {
			tell(seen);
			return new Promise(() => {});
		});
		await on.until(/› ci/);
		on.press(key);
		assert.deepEqual(await chosen, choice);
		cleanup();
	}
});

test('where no region has a fleet, home ends by itself in setup; while it looks it says so', async () => {
	const on = desk();
	const chosen = on.screens.home(async (tell) => {
		tell({...seen, regions: 1, looked: 1, fleets: []});
		return {do: 'setup'};
	});
	assert.deepEqual(await chosen, {do: 'setup'});
});

test('a signal from outside ends whatever waits for the person, and isn’t counted as their ctrl-c', async () => {
	for (const open of [
		(on: ReturnType<typeof desk>) => on.screens.home(() => new Promise(() => {})),
		(on: ReturnType<typeof desk>) => on.screens.afterRun(undefined, never),
		(on: ReturnType<typeof desk>) => on.screens.farewell({says: 'x', next: [], save: async () => ''}),
		(on: ReturnType<typeof desk>) => on.agree({says: 'x', details: []}),
	]) {
		const ended = new AbortController();
		const on = desk({ended: ended.signal});
		const waiting = open(on);
		ended.abort();
		await assert.rejects(waiting, Stopped);
		assert.deepEqual(on.stops, []);
		cleanup();
	}
});

test('what is watched is left by a signal from outside, and no more is stopped', async () => {
	const ended = new AbortController();
	const on = desk({ended: ended.signal});
	const watched = on.watch('Waiting.', (signal) => new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(new Stopped()))));
	ended.abort();
	assert.equal(await watched, undefined);
	assert.deepEqual(on.stops, []);
});
