import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Happening} from '../../source/engine/events.ts';
import {frameOf, spokenRows} from '../../source/faces/ui/frame.ts';
import {fittingKeys} from '../../source/faces/ui/hints.ts';
import {keysOf} from '../../source/faces/ui/keys.ts';
import {type Row, textOf} from '../../source/faces/ui/row.ts';
import type {Screen, View} from '../../source/faces/ui/screen.ts';
import {fieldFor} from '../../source/faces/ui/screens/field.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import {region} from './asked.ts';
import {everything, steps as stepsRun, untilTestMachine, untilTheEnd} from './recorded.ts';
import {sizes, smallSizes} from './sizes.ts';
import {everyScreen, stateAfter, viewOf} from './states.ts';

const running = stateAfter(untilTestMachine);
const failed = stateAfter([...untilTestMachine, ...untilTheEnd]);
const planned = stateAfter(untilTestMachine.slice(0, 9));

const blocked = stateAfter([
	...untilTestMachine.slice(0, 9),
	[
		900,
		{
			event: 'step.found',
			step: 'runner',
			is: 'blocked',
			says: 'the image is arm64',
			problem: {
				code: 'image-architecture',
				message: "The image ubuntu-24.04-arm64 (ami-0abcdef0123456789) is arm64, but t3.small is x86_64, so it can't start there.",
				fault: 'told',
			},
			fix: 'use t4g.small instead',
			mends: {managerType: 't4g.small'},
		},
	],
]);

const linesOf = (rows: Row[]): string[] => rows.map((row) => textOf(row).trimEnd());
const frame = (screen: Screen, view: View): string => linesOf(frameOf(screen, view)).join('\n');

for (const [columns, rows] of [...sizes, ...smallSizes]) {
	for (const [name, screen] of Object.entries(everyScreen)) {
		test(`${name} fills ${columns}x${rows} and no more, with its header on top and its keys at the bottom`, () => {
			for (const state of [running, failed, stateAfter(everything)]) {
				const view = viewOf(state, {columns, rows});
				const lines = linesOf(frameOf(screen, view));
				assert.equal(lines.length, rows);
				for (const line of lines) assert.ok(displayWidth(line) <= columns, line);
				assert.match(lines[0] ?? '', columns < 60 ? /set up › / : /set up › .*gitlab-runners( +\d of \d)?$/);
				assert.match(lines.at(-1) ?? '', screen.is === 'help' ? /esc back/ : / (?:ctrl-c (?:quit|stop)|q (?:↵ )?quit)\b/);
			}
		});
	}
}

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} the run shows what works, its time, its waterfall and the log’s last line`, () => {
		const shown = frame({is: 'run'}, viewOf(running, {columns, rows}));
		for (const needed of [
			/4 of 7 done · 1 m 11 s/,
			/⠋ test machine +waiting for SSH/,
			/29 s/,
			/⠋ runner/,
			/create ▇+ 6 s/,
			/running ▇+ 19 s/,
			/ssh ▇+… 4 s/,
			/Waiting for SSH to be available/,
		])
			assert.match(shown, needed);
	});

	test(`at ${columns}x${rows} a problem is whole: what, why, the code, what to do`, () => {
		const shown = frame({is: 'run'}, viewOf(failed, {columns, rows})).replace(/\s+/g, ' ');
		assert.match(
			shown,
			/✖ runner: alice may not create the manager: AWS refused ec2:RunInstances\. \(UnauthorizedOperation\) Run `gitlab-runner-aws plan --fleet gitlab-runners` for the policy to ask for\./,
		);
	});

	for (const [name, press] of [
		['a choice in the walk', 'f'],
		['a field in the walk', 'ctrl-f'],
		['the token in the walk', 'ctrl-f'],
		['overview', 'f'],
	] as const) {
		test(`at ${columns}x${rows} ${name} shows why something is blocked, whole, and the key that mends it`, () => {
			const shown = frame(everyScreen[name] ?? {is: 'plan'}, viewOf(blocked, {columns, rows}));
			// Beside a pane of its own a line is cut into two columns.
			const text = shown.replaceAll(/^.*│ /gm, '').replace(/\s+/g, ' ');
			assert.match(
				text,
				/✖ runner: blocked: The image ubuntu-24\.04-arm64 \(ami-0abcdef0123456789\) is arm64, but t3\.small is x86_64, so it can't start there\./,
			);
			assert.match(text, new RegExp(` ${press} use t4g\\.small instead`));
		});
	}

	test(`at ${columns}x${rows} the plan shows each finding with glyph and word, and the blocked one whole`, () => {
		const shown = frame({is: 'plan'}, viewOf(planned, {columns, rows}));
		assert.match(shown.replace(/\s+/g, ' '), /Plan: 1 ready, 1 will be made, 1 will change, 3 not yet known, 1 blocked/);
		for (const needed of [
			/\+ will be made +cache bucket/,
			/✔ ready +key pair/,
			/· not yet known +software +after manager/,
			/What would mend it: use another token\./,
		])
			assert.match(shown, needed);
		assert.match(shown.replace(/\s+/g, ' '), /Run `gitlab-runner-aws plan --fleet gitlab-runners`/);
	});
}

test('a terminal too small says which size is needed, within its own size', () => {
	for (const [columns, rows] of [
		[39, 20],
		[60, 11],
		[20, 5],
		[8, 1],
	] as const) {
		const lines = linesOf(frameOf({is: 'run'}, viewOf(running, {columns, rows})));
		assert.ok(lines.length <= rows && lines.every((line) => displayWidth(line) <= columns), lines.join('\n'));
		if (columns >= 24) assert.match(lines.join(' '), /needs 40 columns and 12 rows/);
	}
});

test('where the steps don’t fit, those at work stay and the others are counted', () => {
	const shown = frame(
		{is: 'run'},
		viewOf({...failed, steps: [...failed.steps, ...failed.steps.map((step) => ({...step, name: `${step.name}-2`}))]}, {columns: 60, rows: 20}),
	);
	assert.match(shown, /✔ 1[0-9] done/);
	assert.match(shown, /✖ runner/);
});

test('a step that waits for one of which nothing is told names what that one waits for', () => {
	const leftover = {name: 'old-mirror', title: 'Old mirror', needs: ['software', 'runner'], leftover: true as const};
	const last = {name: 'last', title: 'Last', needs: ['runner', 'old-mirror']};
	const state = stateAfter([...untilTestMachine.slice(0, 9), [1000, {event: 'run.started', doing: 'apply', steps: [...stepsRun, leftover, last]}]]);
	assert.match(frame({is: 'run'}, viewOf(state)), /· last +after runner, software$/m);
});

test('a step that is skipped names what failed or was stopped, and not all that was skipped for it too', () => {
	const skipped = (['software', 'runner', 'service'] as const).map((step, at): [number, Happening] => [
		1100 + at,
		{event: 'step.skipped', step, because: ['software', 'runner'].slice(0, at)},
	]);
	const state = stateAfter([...untilTestMachine.slice(0, 9), [1000, {event: 'run.started', doing: 'apply', steps: stepsRun}], ...skipped]);
	const shown = frame({is: 'run'}, viewOf(state));
	assert.match(shown, /software +stopped half way; the same command goes on$/m);
	// A demo that has ended is gone.
	const target = {...(state.target ?? assert.fail('no fleet')), demo: true};
	assert.match(frame({is: 'run'}, viewOf({...state, target})), /software +stopped half way$/m);
	assert.match(shown, /- service +skipped, since it needs software$/m);
});

test('a download is a bar with its share', () => {
	assert.match(frame({is: 'run', focus: 'software'}, viewOf(running)), /gitlab-runner 19\.3\.0 .*▇+░+ +50 % {2}43 MB of 86 MB/);
});

test('the line of keys says only what works, and every key in it works', () => {
	for (const [name, screen] of Object.entries(everyScreen)) {
		for (const columns of [60, 200]) {
			const view = viewOf(failed, {columns});
			for (const binding of fittingKeys(keysOf(screen, view), columns, view.look)) {
				assert.ok(binding.press.length > 0, name);
				assert.ok(binding.act(), `${name}: ${binding.shows}`);
			}
		}
	}
});

test('no two keys of a screen are the same', () => {
	for (const [name, screen] of Object.entries(everyScreen)) {
		const pressed = keysOf(screen, viewOf(failed)).flatMap(({press}) => press);
		assert.equal(new Set(pressed).size, pressed.length, `${name}: ${pressed.join(' ')}`);
	}
});

test('without Unicode every screen is ASCII, and its words stay', () => {
	for (const [name, screen] of Object.entries(everyScreen))
		assert.match(frame(screen, viewOf(failed, {look: {colour: false, ascii: true}})), /^[\n -~]*$/, name);
	assert.match(frame({is: 'run'}, viewOf(failed, {look: {colour: false, ascii: true}})), /x runner +failed/);
});

test('no fact is only in a colour: each state has a word', () => {
	assert.match(frame({is: 'run'}, viewOf(failed)), /✖ runner +failed:/);
	assert.match(frame({is: 'run'}, viewOf(failed)), /- service +skipped, since it needs runner/);
});

test('a secret’s letters are nowhere on its screen', () => {
	const screen = everyScreen.secret;
	assert.ok(screen?.is === 'field');
	const shown = frame({...screen, draft: {text: 'glrt-abcdefghij', at: 15}}, viewOf(running));
	assert.doesNotMatch(shown, /abcdef/);
	assert.match(shown, /•{15}/);
});

test('a demo says so in the header', () => {
	const target = {fleet: 'f', region: 'us-east-2', account: '123456789012', arn: 'a', stands: false, demo: true};
	assert.match(frame({is: 'run'}, viewOf({...running, target}, {columns: 60})).split('\n')[0] ?? '', /demo/);
});

test('a screen reader hears the same words, without drawing', () => {
	const spoken = linesOf(spokenRows({is: 'run'}, viewOf(running))).join('\n');
	assert.match(spoken, /test machine +waiting for SSH/);
	assert.doesNotMatch(linesOf(spokenRows({is: 'plan'}, viewOf(planned))).join('\n'), /─{10}/);
});

test('at 60 columns a typed answer’s way back to the list stands in the line of keys, up to its last column', () => {
	const view = viewOf(running, {columns: 60, rows: 20});
	const typed = fieldFor(region(), true, {about: 'region', back: false});
	assert.equal(linesOf(frameOf(typed, view)).at(-1), ' ↵ take it  esc back  → edit it  ctrl-g help  ctrl-c quit');
});
