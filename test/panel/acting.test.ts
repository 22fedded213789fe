import assert from 'node:assert/strict';
import {test} from 'node:test';
import {keysOf} from '../../source/faces/ui/keys.ts';
import type {Screen, View} from '../../source/faces/ui/screen.ts';
import {sizes} from '../faces/sizes.ts';
import {busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

const details = Array.from({length: 24}, (_, at) => `Quota      detail ${at} ${'of what changes '.repeat(4)}end`);
const review: Screen = {is: 'panel-act', act: {do: 'drain'}, ready: {says: 'The fleet is drained.', details}};
const words = (lines: readonly string[]): string => lines.join(' ').replace(/\s+/g, ' ');

const paged = (screen: Screen, view: View, press: 'pagedown' | 'pageup'): Screen => {
	const move = keysOf(screen, view)
		.find((one) => one.press.includes(press))
		?.act();
	return move && 'to' in move ? move.to : screen;
};

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} a review that is longer than the screen says how much is below, and is gone through with PgDn and PgUp`, () => {
		const view = panelView(seenOf(busyFleet(2)), {columns, rows});
		let screen: Screen = review;
		let text = '';
		for (let at = 0; at < 8; at++) {
			const lines = linesOf(screen, view);
			assert.equal(lines.length, rows);
			text += words(lines);
			screen = paged(screen, view, 'pagedown');
		}
		for (let at = 0; at < 24; at++) assert.match(text, new RegExp(`detail ${at} `));
		if (rows < 40) {
			assert.match(linesOf(review, view).at(-2) ?? '', /↓ \d+ more/);
			assert.match(linesOf(review, view).at(-1) ?? '', /↵ do it.*PgDn more/);
		}
		for (let at = 0; at < 8; at++) screen = paged(screen, view, 'pageup');
		assert.deepEqual(linesOf(screen, view), linesOf(review, view));
	});

	test(`at ${columns}x${rows} all that is known of the choice under the cursor can be read, also why it can't be taken`, () => {
		const says = 'about $0.043/h each, 8 of 64 vCPUs for 4 workers, others use 2 now, 4,088 addresses free';
		const choices = [
			{to: {zone: 'us-east-2b'}, label: 'zone us-east-2b', says},
			{to: {zone: 'us-east-2c'}, label: 'zone us-east-2c', says, disabled: "c5.large isn't offered in us-east-2c now"},
		];
		const at = (index: number): string => words(linesOf({is: 'panel-moves', choices, at: index}, panelView(seenOf(busyFleet(2)), {columns, rows})));
		assert.match(at(0), /as what\? Those that run stay as they are\./);
		assert.ok(at(0).includes(says), at(0));
		assert.match(at(0), /zone us-east-2c c5\.large isn't offered/);
		assert.ok(at(1).includes(`c5.large isn't offered in us-east-2c now, ${says}`), at(1));
	});
}

test('a review that fits has no key to go through it', () => {
	const view = panelView(seenOf(busyFleet(2)));
	const short: Screen = {is: 'panel-act', act: {do: 'drain'}, ready: {says: 'The fleet is drained.', details: ['Quota  enough']}};
	assert.deepEqual(
		keysOf(short, view).filter(({press}) => press.includes('pagedown')),
		[],
	);
	assert.ok(keysOf(screenOf(), view).some(({press}) => press.includes('pagedown')));
});
