import assert from 'node:assert/strict';
import {test} from 'node:test';
import {keysOf} from '../../source/faces/ui/keys.ts';
import type {Screen, View} from '../../source/faces/ui/screen.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import {good} from '../../source/panel/seen.ts';
import {sizes} from '../faces/sizes.ts';
import {now} from './seeing.ts';
import {busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

/** The screen after a key, where that shows another one. */
function pressed(screen: Screen, view: View, press: string): Screen {
	const move = keysOf(screen, view)
		.find((one) => one.press.includes(press))
		?.act();
	if (move && 'push' in move) return move.push;
	return move && 'to' in move ? move.to : screen;
}

/** All that `?` tells, gone through line by line. */
function told(view: View): string {
	let screen = pressed(screenOf(), view, '?');
	const seen: string[] = [];
	for (let at = 0; at < 60; at++) {
		for (const line of linesOf(screen, view).slice(2, -1)) if (line !== '' && !seen.includes(line)) seen.push(line);
		screen = pressed(screen, view, 'down');
	}
	return seen.join('\n').replace(/\s+/g, ' ');
}

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} ? tells every key of the panel, those without a hint too, and what the ones do that are but a word`, () => {
		const view = panelView(seenOf(busyFleet(2, {record: good([], now)})), {columns, rows});
		const text = told(view);
		for (const needed of [
			'↑↓ move: also k and j',
			'PgUp PgDn a page up, a page down',
			'g G the first, the last',
			'1 to 5 workers, jobs, log, config, costs',
			'- a lower limit',
			'm move workers: make new ones in another zone, of another type, on spot or on demand',
			'D drain: take no more jobs, let those that run end, then remove the machines',
			'u undo: the answers before the last change',
			'r repair: look at all that a setup makes, and mend what differs',
			'y copy report',
			'q quit',
		])
			assert.ok(text.includes(needed), `${needed}\n${text}`);
		for (const line of linesOf(pressed(screenOf(), view, '?'), view)) assert.ok(displayWidth(line) <= columns, line);
	});
}

test('where the list has no room, ? says how much is below, and goes there and back', () => {
	const view = panelView(seenOf(busyFleet(2)), {columns: 60, rows: 20});
	const top = pressed(screenOf(), view, '?');
	assert.match(linesOf(top, view).join('\n'), /keys, \d+ more below/);
	assert.match(linesOf(top, view).at(-1) ?? '', /↑↓ more +esc back/);
	assert.deepEqual(linesOf(pressed(pressed(top, view, 'pagedown'), view, 'pageup'), view), linesOf(top, view));
	const wide = panelView(seenOf(busyFleet(2)));
	assert.doesNotMatch(linesOf(pressed(screenOf(), wide, '?'), wide).join('\n'), /more below|↑↓ more/);
});
