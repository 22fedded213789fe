import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import type {HomeSeen} from '../../../source/faces/face.ts';
import {App} from '../../../source/faces/ui/app.tsx';
import {makeController} from '../../../source/faces/ui/controller.ts';
import {Stopped} from '../../../source/problem.ts';
import {shown} from '../shown.ts';
import {start} from '../states.ts';
import {keys} from './walking.tsx';

afterEach(cleanup);

/** The controller with a terminal that isn't one. */
function controller({ended}: {ended?: AbortSignal} = {}) {
	const suspended: string[] = [];
	const stops: string[] = [];
	const made = makeController({
		yes: false,
		clock: {now: () => start},
		onStop: (kind) => stops.push(kind),
		ended,
		later(callback, ms) {
			const timer = setTimeout(callback, Math.min(ms, 5));
			return () => clearTimeout(timer);
		},
		handOver: async (run) => run(),
		suspend: () => suspended.push('suspended'),
	});
	const drawn = render(<App store={made.store} look={{colour: false, ascii: false}} title="set up" now={() => start} press={made.press} />);
	const frame = () => drawn.lastFrame() ?? '';
	return {
		...made,
		stops,
		suspended,
		frame,
		press: (key: string) => void drawn.stdin.write(key),
		until: (right: RegExp | (() => boolean)) => shown(frame, right),
	};
}

test('the end shows the commands that come next, saves a preset with p, and is left with q', async () => {
	const on = controller();
	const saved: string[] = [];
	const over = on.show.farewell({
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

test('ctrl-z hands the terminal to the shell, wherever it is pressed, and changes nothing', async () => {
	const on = controller();
	void on.show.home(async () => new Promise(() => {}));
	await on.until(/a new fleet/);
	on.press('\u001a');
	await on.until(() => on.suspended.length === 1);
	await on.until(/› a new fleet/);
});

const seen: HomeSeen = {
	regions: 3,
	looked: 1,
	refused: [],
	fleets: [{name: 'ci', region: 'us-east-2', is: 'ready', says: 'manager i-1 running'}],
	presets: [{name: 'small', says: 'A few jobs.', used: 'yesterday'}],
};

test('home whose regions can’t be listed says so instead of asking for ever, and looks again with l', async () => {
	const on = controller();
	const chosen = on.show.home(async (tell) => {
		tell({...seen, regions: 0, looked: 0, fleets: [], refused: [{region: 'all regions', says: 'No AWS credentials are found.'}]});
		return new Promise(() => {});
	});
	await on.until(/can't be looked for[\s\S]*No AWS credentials[\s\S]*› a new fleet/);
	assert.match(on.frame(), /↵ set it up {2}l look again {2}n set up/);
	assert.doesNotMatch(on.frame(), /asking which/);
	on.press('l');
	assert.deepEqual(await chosen, {do: 'again'});
});

test('home shows what has answered; the cursor stays on its fleet when others come in before it', async () => {
	const on = controller();
	let tell: (seen: HomeSeen) => void = () => {};
	const chosen = on.show.home(async (how) => {
		tell = how;
		tell(seen);
		return new Promise(() => {});
	});
	await on.until(/looked in 1 of 3 regions…/);
	await on.until(/› ci +us-east-2 +✔ manager i-1 running/);
	for (let row = 0; row < 3; row++) on.press(keys.down);
	await on.until(/› small +used yesterday/);
	for (let row = 0; row < 3; row++) on.press(keys.up);
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
		const on = controller();
		const chosen = on.show.home(async (tell) => {
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
	const on = controller();
	const chosen = on.show.home(async (tell) => {
		tell({...seen, regions: 1, looked: 1, fleets: []});
		return {do: 'setup'};
	});
	assert.deepEqual(await chosen, {do: 'setup'});
});

test('a signal from outside ends whatever waits for the person, and isn’t counted as their ctrl-c', async () => {
	for (const open of [
		(on: ReturnType<typeof controller>) => on.show.home(() => new Promise(() => {})),
		(on: ReturnType<typeof controller>) => on.show.farewell({says: 'x', next: [], save: async () => ''}),
		(on: ReturnType<typeof controller>) => on.agree({says: 'x', details: []}),
	]) {
		const ended = new AbortController();
		const on = controller({ended: ended.signal});
		const waiting = open(on);
		ended.abort();
		await assert.rejects(waiting, Stopped);
		assert.deepEqual(on.stops, []);
		cleanup();
	}
});

test('what is watched and left with q leaves the next screen alone, whenever its work ends', async () => {
	const on = controller();
	const work = Promise.withResolvers<string>();
	const watched = on.watch('Waiting for the first job.', () => work.promise);
	await on.until(/Waiting for the first job/);
	on.press('q');
	assert.equal(await watched, undefined);
	const over = on.show.farewell({says: 'ci is set up.', next: [], save: async () => '/x'});
	await on.until(/✔ ci is set up/);
	work.reject(new Stopped());
	await work.promise.catch(() => undefined);
	assert.equal(on.store.now().screens.at(-1)?.is, 'end');
	on.press('q');
	await over;
});

test('what is watched is left by a signal from outside, and no more is stopped', async () => {
	const ended = new AbortController();
	const on = controller({ended: ended.signal});
	const watched = on.watch('Waiting.', (signal) => new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(new Stopped()))));
	ended.abort();
	assert.equal(await watched, undefined);
	assert.deepEqual(on.stops, []);
});
