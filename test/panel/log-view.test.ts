import assert from 'node:assert/strict';
import {test} from 'node:test';
import {keysOf} from '../../source/faces/ui/keys.ts';
import type {PanelScreen} from '../../source/faces/ui/panel/screen.ts';
import type {View} from '../../source/faces/ui/screen.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import {sizes} from '../faces/sizes.ts';
import {now} from './seeing.ts';
import {busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

const request = '7c1f2a60-5b1e-4a55-9f4e-0d6f1c3f9a11';
const reason = `Error creating machine: Error in driver during machine creation: Error launching instance: InsufficientInstanceCapacity: There is no Spot capacity available that matches your request. request id: ${request}`;
const entry = (at: number, msg = `line ${at}.`) => ({at: now - (200 - at) * 1000, message: JSON.stringify({level: 'info', msg})});
const log = [...Array.from({length: 198}, (_, at) => entry(at)), entry(198, reason), entry(199)];
const fleet = (lines = log): Snapshot => ({...busyFleet(2), log: lines});
const first = screenOf({view: 'log'});

/** The panel once these keys were pressed. */
function pressed(view: View, screen: PanelScreen, ...presses: string[]): PanelScreen {
	return presses.reduce((before, press) => {
		const move = keysOf(before, view)
			.find((one) => one.press.includes(press))
			?.act();
		return move && 'to' in move && move.to.is === 'panel' ? move.to : assert.fail(`${press} does nothing here`);
	}, screen);
}

const words = (lines: readonly string[]): string => lines.join(' ').replace(/\s+/g, ' ');

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} the line under the cursor opens whole with Enter or →, and closes again, with its key in the hints`, () => {
		const view = panelView(seenOf(fleet()), {columns, rows});
		for (const [opens, closes] of [
			['enter', 'enter'],
			['right', 'left'],
		] as const) {
			const on = pressed(view, first, 'up');
			assert.match(linesOf(on, view).at(-1) ?? '', /↵ whole line/);
			const open = pressed(view, on, opens);
			const lines = linesOf(open, view);
			// A narrow terminal breaks the long words of an id, so blanks don't count.
			assert.ok(lines.join('').replace(/\s/g, '').includes(reason.replace(/\s/g, '')), lines.join('\n'));
			assert.match(lines.at(-1) ?? '', /↵ close/);
			assert.equal(lines.length, rows);
			for (const line of lines) assert.ok(displayWidth(line) <= columns, line);
			assert.deepEqual(linesOf(pressed(view, open, closes), view), linesOf(on, view));
		}
	});
}

test('the cursor is on the newest line while the log is followed, and goes up line by line in a window that moves only when it must', () => {
	const view = panelView(seenOf(fleet()), {rows: 24});
	const pointed = (screen: PanelScreen): string => linesOf(screen, view).find((line) => line.startsWith('›')) ?? '';
	assert.match(pointed(first), /line 199\./);
	const up = pressed(view, first, 'up', 'up');
	assert.match(pointed(up), /line 197\./);
	assert.match(words(linesOf(up, view)), /held, 2 newer lines.*line 199\./);
	assert.match(pointed(pressed(view, up, 'down')), /Error creating machine/);
	assert.match(words(linesOf(pressed(view, up, 'down', 'down'), view)), /followed/);
	assert.match(pointed(pressed(view, up, 'home')), /line 0\./);
	assert.match(words(linesOf(pressed(view, up, 'home', 'end'), view)), /followed/);
});

test('an open line stays where it is while others come, and moving on closes it', () => {
	const view = panelView(seenOf(fleet()));
	const open = pressed(view, first, 'up', 'enter');
	const later = panelView(seenOf(fleet([...log.slice(1), entry(200)])));
	assert.match(words(linesOf(open, later)), new RegExp(`held, 2 newer lines.*${request}`));
	assert.doesNotMatch(words(linesOf(pressed(view, open, 'up'), view)), new RegExp(request));
});

test('a line that is longer than the window is gone through row by row, to its end', () => {
	const long = Array.from({length: 400}, (_, at) => `word${at}`).join(' ');
	const view = panelView(seenOf(fleet([...log, entry(200, long), entry(201)])), {columns: 60, rows: 20});
	let screen = pressed(view, first, 'up', 'enter');
	assert.match(words(linesOf(screen, view)), /word0 .*↓ \d+ more/);
	const seen = new Set<string>();
	for (let at = 0; at < 200 && screen.opened !== undefined; at++) {
		for (const word of words(linesOf(screen, view)).match(/word\d+/g) ?? []) seen.add(word);
		screen = pressed(view, screen, 'down');
	}
	assert.equal(seen.size, 400);
});

test('y copies the open line, and the report where none is open', () => {
	const view = panelView(seenOf(fleet()));
	const copied = (screen: PanelScreen) => keysOf(screen, view).flatMap((one) => (one.press.includes('y') ? [one.act()] : []));
	assert.deepEqual(copied(pressed(view, first, 'up', 'enter')), [{panel: {do: 'copy', text: reason}}]);
	assert.deepEqual(copied(first), [{panel: {do: 'copy'}}]);
});

test('no key means two things in a log that is open', () => {
	const view = panelView(seenOf(fleet()));
	const keys = keysOf(pressed(view, first, 'up', 'enter'), view).flatMap(({press}) => press);
	assert.deepEqual(
		keys.filter((key, at) => keys.indexOf(key) !== at),
		[],
	);
});
