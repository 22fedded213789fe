import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import {App} from '../../source/faces/ui/app.tsx';
import {makeController} from '../../source/faces/ui/controller.ts';
import {keysOf} from '../../source/faces/ui/keys.ts';
import type {PanelAbout, PanelAct, PanelDriver, PanelLeft} from '../../source/panel/acts/driver.ts';
import {good} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import {Problem} from '../../source/problem.ts';
import {shown} from '../faces/shown.ts';
import {gitlabSees, host, journal, now, pending} from './seeing.ts';
import {about, busyFleet, panelView, screenOf, seenOf} from './shown.ts';

afterEach(cleanup);

/** The panel on a driver that a test tells what was seen. */
function open(first: Snapshot, driver: Partial<PanelDriver> = {}) {
	const acts: PanelAct[] = [];
	const written: string[] = [];
	let tell: (snapshot: Snapshot) => void = () => undefined;
	const controller = makeController({
		yes: false,
		clock: {now: () => now},
		onStop: () => undefined,
		later: (callback) => {
			callback();
			return () => undefined;
		},
		handOver: async (run) => run(),
		write: (text) => void written.push(text),
	});
	const left: PanelLeft[] = [];
	const begin = (of: PanelAbout) =>
		controller.show
			.panel({
				about: of,
				watch(hear, signal) {
					tell = hear;
					hear(first);
					return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), {once: true}));
				},
				async prepare(act) {
					acts.push(act);
					return {
						proposal: {says: `This is ${act.do}${act.do === 'scale' ? ` to ${act.limit}` : ''}.`, details: ['Quota  enough']},
						carryOut: async () => `${act.do} is done.`,
					};
				},
				moves: async () => [
					{to: {spot: false}, label: 'on demand instead', says: 'about $0.085/h each'},
					{to: {zone: 'us-east-2c'}, label: 'zone us-east-2c', says: '', disabled: "c5.large isn't offered there"},
				],
				shell: async () => ({run: () => 0, close: async () => undefined}),
				report: () => 'the report',
				...driver,
			})
			.then((to) => left.push(to));
	const ends = begin(about);
	const {stdin, lastFrame, stdout} = render(
		<App store={controller.store} look={{colour: false, ascii: false}} title="status" now={() => now} press={controller.press} />,
	);
	Object.defineProperty(stdout, 'columns', {get: () => 120});
	Object.defineProperty(stdout, 'rows', {get: () => 40});
	stdout.emit('resize');
	const frame = () => lastFrame() ?? '';
	const until = (right: RegExp | (() => boolean)): Promise<string> => shown(frame, right);
	const press = (keys: string, right: RegExp | (() => boolean)): Promise<string> => {
		stdin.write(keys);
		return until(right);
	};
	const trends = () => controller.store.now().panel?.trends;
	return {acts, written, left, ends, frame, until, press, tell: (snapshot: Snapshot) => tell(snapshot), again: (of: PanelAbout) => void begin(of), trends};
}

const focusedIn = (frame: string): string => /› (runner-\S+)/.exec(frame)?.[1] ?? '';
const rowOf = (frame: string): number => frame.split('\n').findIndex((line) => line.includes('› runner-'));
const down = '\u001b[B';

test('the cursor stays on its worker, at its height, while others come above it and go', async () => {
	const panel = open(busyFleet(300));
	await panel.until(/› runner-/);
	for (let at = 0; at < 60; at++) await panel.press(down, () => true);
	const before = seenOf(busyFleet(300)).rows[60]?.name.slice(-8) ?? '';
	await panel.until(() => focusedIn(panel.frame()).endsWith(before));
	const height = rowOf(panel.frame());
	const fewer = busyFleet(300);
	const ended = new Set(
		seenOf(fewer)
			.rows.slice(0, 10)
			.map(({name}) => name),
	);
	panel.tell({
		...fewer,
		host: good({...fewer.host.value, machines: fewer.host.value?.machines.filter(({name}) => !ended.has(name))} as never, now),
		ec2: good({...fewer.ec2.value, instances: fewer.ec2.value?.instances.filter(({keyName}) => !ended.has(keyName ?? ''))} as never, now),
	});
	await panel.until(/jobs .*300 running/);
	await panel.until(() => /machines .*290/.test(panel.frame()));
	assert.ok(focusedIn(panel.frame()).endsWith(before), panel.frame());
	assert.equal(rowOf(panel.frame()), height);
});

test('a filter leaves the rows with its letters, says how many of how many, and Escape shows all', async () => {
	const panel = open(busyFleet(40));
	await panel.until(/› runner-/);
	await panel.press('/', /\/ ▏/);
	for (const letter of '#8007') await panel.press(letter, () => true);
	await panel.until(/\/ #8007▏ +1 of 40/);
	await panel.press('\r', /#8007 +1 of 40/);
	assert.match(panel.frame(), /› runner-.*#8007/);
	await panel.press('\u001b', /40 busy[\s\S]*› runner-.*#8000/);
});

test('letters of a filter are no commands', async () => {
	const panel = open(busyFleet(4));
	await panel.until(/› runner-/);
	await panel.press('/', /\/ ▏/);
	await panel.press('q', /\/ q▏/);
	assert.deepEqual(panel.left, []);
});

test('o goes through the orders, and the order is said', async () => {
	const panel = open(busyFleet(4));
	await panel.until(/› runner-.*#8000/);
	await panel.press('o', /by oldest,/);
	assert.match(
		panel
			.frame()
			.split('\n')
			.find((line) => line.includes(' runner-')) ?? '',
		/#8003/,
	);
});

test('Enter opens the details of the worker under the cursor, and back', async () => {
	const panel = open(busyFleet(4));
	await panel.until(/› runner-/);
	await panel.press('\r', /State +busy[\s\S]*Instance +i-/);
	await panel.press('\u001b', /› runner-/);
});

test('views are one key away, and tab goes round', async () => {
	const panel = open(busyFleet(2));
	await panel.until(/NAME/);
	await panel.press('2', /JOB +STATE +STAGE/);
	await panel.press('3', /the runner's log/);
	await panel.press('4', /config\.toml on the manager/);
	await panel.press('5', /This month/);
	await panel.press('\t', /NAME/);
});

test('the log is held where it is scrolled to, and followed again with f', async () => {
	const log = Array.from({length: 200}, (_, at) => ({at: now - (200 - at) * 1000, message: `line ${at}.`}));
	const panel = open({...busyFleet(2), log});
	await panel.press('3', /followed[\s\S]*line 199\./);
	await panel.press('\u001b[A', /held, 1 newer line,?/);
	panel.tell({...busyFleet(2), log: [...log.slice(1), {at: now, message: 'line 200.'}]});
	await panel.until(/held, 2 newer lines/);
	assert.doesNotMatch(panel.frame(), /line 200\./);
	await panel.press('f', /followed[\s\S]*line 200\./);
});

test('+ shows first what will happen; + and - and digits change the number; only Enter does it, and the news says what now is', async () => {
	const panel = open(busyFleet(16));
	await panel.until(/› runner-/);
	await panel.press('+', /This is scale to 20\.[\s\S]*Quota +enough/);
	await panel.press('+', /scale to 21\./);
	await panel.press('-', /scale to 20\./);
	await panel.press('3', /scale to 3\./);
	await panel.press('2', /scale to 32\./);
	await panel.press('\r', /✔ scale is done\./);
	assert.deepEqual(panel.acts.at(-1), {do: 'scale', limit: 32});
});

test('where a worker runs several jobs at a time, + goes by workers, which the limit counts', async () => {
	const panel = open(busyFleet(16, {host: good(host([], {}, {limit: 32, maxWorkers: 16}), now)}));
	await panel.press('+', /This is scale to 20\./);
});

test('leaving it with Escape does nothing', async () => {
	let done = 0;
	const panel = open(busyFleet(16), {
		prepare: async () => ({
			proposal: {says: 'The fleet is drained.', details: []},
			carryOut: async () => {
				done += 1;
				return '';
			},
		}),
	});
	await panel.until(/› runner-/);
	await panel.press('D', /The fleet is drained\./);
	await panel.press('\u001b', /› runner-/);
	assert.equal(done, 0);
});

test('a problem of an act is told in the news, with what to do, and stays', async () => {
	const panel = open(busyFleet(4), {
		prepare: async () => ({
			proposal: {says: 'It goes.', details: []},
			carryOut: () => Promise.reject(new Problem({code: 'still-busy', message: '3 jobs still run.', advice: 'Wait, then press D again.'})),
		}),
	});
	await panel.until(/› runner-/);
	await panel.press('D', /It goes\./);
	await panel.press('\r', /✖ 3 jobs still run\. Wait, then press D again\./);
});

test('what can’t be readied is told on its own screen, and can be looked at again', async () => {
	let tries = 0;
	const panel = open(busyFleet(4), {
		async prepare() {
			tries += 1;
			if (tries === 1) throw new Problem({code: 'nothing-to-undo', message: 'There is nothing to undo.'});
			return {proposal: {says: 'It comes back.', details: []}, carryOut: async () => ''};
		},
	});
	await panel.until(/› runner-/);
	await panel.press('u', /✖ There is nothing to undo\./);
	await panel.press('r', /It comes back\./);
});

test('m lists ways to move new workers with what they cost; what isn’t offered says so and can’t be taken', async () => {
	const panel = open(busyFleet(4));
	await panel.until(/› runner-/);
	await panel.press('m', /› on demand instead +about \$0\.085\/h each/);
	await panel.press(down, /› zone us-east-2c +c5\.large isn't offered there/);
	await panel.press('\r', /› zone us-east-2c/);
	assert.deepEqual(panel.acts, []);
	await panel.press('\u001b[A', /› on demand/);
	await panel.press('\r', /This is move\./);
	assert.deepEqual(panel.acts, [{do: 'move', to: {spot: false}, label: 'on demand instead'}]);
});

test('p pauses a runner that isn’t paused, and unpauses one that is', async () => {
	const panel = open(busyFleet(2));
	await panel.until(/› runner-/);
	await panel.press('p', /This is pause\./);
	await panel.press('\u001b', /› runner-/);
	panel.tell(busyFleet(2, {gitlab: good(gitlabSees([pending(1)], {runner: {id: 5, description: 'r', paused: true, tags: [], runUntagged: true}}), now)}));
	await panel.until(/paused/);
	await panel.press('p', () => panel.acts.length === 2);
	assert.deepEqual(
		panel.acts.map((act) => act.do === 'pause' && act.paused),
		[true, false],
	);
});

test('s hands the terminal over and takes it back', async () => {
	const ran: string[] = [];
	const panel = open(busyFleet(2), {
		shell: async (worker) => ({
			run: () => {
				ran.push(worker ?? 'manager');
				return 0;
			},
			close: async () => undefined,
		}),
	});
	await panel.until(/› runner-/);
	await panel.press('s', /✔ The shell on runner-\S+ has ended\./);
	assert.equal(ran.length, 1);
});

test('y copies the report into the terminal’s clipboard', async () => {
	const panel = open(busyFleet(2));
	await panel.until(/› runner-/);
	// No terminal tells whether it took it: a stranger reads which often don't, and what to do then.
	await panel.press('y', /Copied, if the terminal allows it: macOS's[\s\S]*Nothing\s+to\s+paste\?\s+`status\s+--report`\s+prints\s+it\./);
	assert.equal(panel.written[0], `\u001b]52;c;${Buffer.from('the report').toString('base64')}\u0007`);
});

test('q, r and x leave the panel, each to its own place', async () => {
	for (const [key, to] of [
		['q', 'quit'],
		['r', 'repair'],
		['x', 'orphans'],
	] as const) {
		const panel = open(busyFleet(2));
		await panel.until(/› runner-/);
		await panel.press(key, () => panel.left.length === 1);
		assert.deepEqual(panel.left, [to]);
		cleanup();
	}
});

test('the panel that comes back after leftovers is as it was: its order, its cursor, the history of its gauges, and it says what was removed', async () => {
	const panel = open(busyFleet(4));
	await panel.until(/› runner-.*#8000/);
	await panel.press('o', /by oldest,/);
	await panel.press(down, /› runner-.*#8002/);
	const before = panel.trends();
	await panel.press('x', () => panel.left.length === 1);
	panel.again({...about, before: {says: '1 worker removed.', well: true}});
	await panel.until(/by oldest,[\s\S]*› runner-.*#8002[\s\S]*✔ 1 worker removed\./);
	assert.equal(panel.trends(), before);
	await panel.press('q', () => panel.left.length === 2);
	panel.again(about);
	await panel.until(/› runner-.*#8000/);
	assert.doesNotMatch(panel.frame(), /by oldest,/);
});

test('? lists the keys of the panel', async () => {
	const panel = open(busyFleet(2));
	await panel.until(/› runner-/);
	await panel.press('?', /move workers[\s\S]*copy report[\s\S]*quit/);
});

test('no key means two things at once', () => {
	const view = panelView(seenOf(busyFleet(3)));
	for (const screen of [screenOf(), screenOf({view: 'jobs'}), screenOf({view: 'log'}), screenOf({view: 'config'}), screenOf({typing: true})]) {
		const keys = keysOf(screen, view).flatMap(({press}) => press);
		assert.deepEqual(
			keys.filter((key, at) => keys.indexOf(key) !== at),
			[],
		);
	}
});

test('R does what the runner needs: it starts one that has crashed, has one that switched itself off ask again, and restarts any other', async () => {
	const crashed = {active: 'activating', sub: 'auto-restart', result: 'exit-code', status: 1, since: now - 40_000, restarts: 0};
	const off = journal({is: 'unhealthy', seconds: 3600, runner: 'ab12cd', at: now - 60_000});
	for (const [snapshot, act, does] of [
		[busyFleet(1, {host: good(host([], {service: crashed}), now)}), 'start', 'start it now'],
		[busyFleet(1, {journal: good(off, now)}), 'reload', 'ask again now'],
		[busyFleet(1), 'restart', 'restart the service'],
	] as const) {
		const view = panelView(seenOf(snapshot));
		assert.ok(keysOf(screenOf(), view).some(({shows, does: says}) => shows === 'R' && says === does));
		const panel = open(snapshot);
		await panel.until(/› runner-/);
		await panel.press('R', new RegExp(`This is ${act}\\.`));
		assert.deepEqual(panel.acts, [{do: act}]);
	}
});

test('a drain that waits for jobs can be told not to, once, and only while it waits', async () => {
	let ended: (says: string) => void = () => undefined;
	const panel = open(busyFleet(3), {
		prepare: async () => ({
			proposal: {says: 'This is drain.', details: []},
			waits: true,
			carryOut: (tell, hurry) => {
				tell('2 jobs still run: app #1, app #2, 30 m left');
				hurry?.addEventListener('abort', () => tell('2 jobs end now'));
				return new Promise((resolve) => {
					ended = resolve;
				});
			},
		}),
	});
	assert.ok(!(await panel.until(/NAME/)).includes('N end jobs now'));
	await panel.press('D', /This is drain/);
	await panel.press('\r', /2 jobs still run: app #1, app #2, 30 m left, [\s\S]*N end jobs now/);
	assert.ok(!(await panel.press('N', /2 jobs end now/)).includes('N end jobs now'));
	ended('The fleet is drained.');
	await panel.until(/The fleet is drained/);
});
