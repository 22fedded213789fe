import assert from 'node:assert/strict';
import {test} from 'node:test';
import {keysOf} from '../../source/faces/ui/keys.ts';
import type {PanelSeen} from '../../source/faces/ui/panel/seen.ts';
import {lookOf} from '../../source/faces/words/cells.ts';
import type {PanelAct} from '../../source/panel/acts/driver.ts';
import type {RowState, WorkerRow} from '../../source/panel/rows.ts';
import {sizes as usual} from '../faces/sizes.ts';
import {minutes, now} from './seeing.ts';
import {about, busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

const sizes = [...usual, [100, 30]] as const;

/** Busy workers, and one of another state that is older than all of them. */
function seenWith(state: RowState, more: Partial<WorkerRow> = {}): PanelSeen {
	const seen = seenOf(busyFleet(3));
	const [like] = seen.rows;
	if (!like) return assert.fail('no row');
	return {...seen, rows: [...seen.rows, {...like, key: 'left', name: 'runner-left', state, job: undefined, createdAt: now - minutes(300), ...more}]};
}

const removing = (seen: PanelSeen, screen = screenOf()) =>
	keysOf(screen, panelView(seen)).flatMap((one) => (one.press.includes('x') ? [{does: one.does, move: one.act()}] : []));

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} an orphan, what failed and what stopped come first, and the cursor is on them with the key that removes them`, () => {
		for (const state of ['orphan', 'failed', 'stopped'] as const) {
			const view = panelView(seenWith(state), {columns, rows});
			const lines = linesOf(screenOf(), view);
			assert.match(lines.find((line) => line.includes('› ')) ?? '', new RegExp(`› runner-left .*${state}`));
			assert.match(lines.at(-1) ?? '', /x remove it/);
			const details = linesOf({is: 'panel-item', on: 'left'}, view);
			assert.match(details.at(-1) ?? '', /x remove it/);
		}
	});
}

test('x on an orphan leads to what is left over, and on one that failed to what its removal does; elsewhere to what is left over', () => {
	assert.deepEqual(removing(seenWith('orphan')), [{does: 'remove it', move: {panel: {do: 'leave', to: 'orphans'}}}]);
	const act: PanelAct = {do: 'remove', worker: 'runner-left'};
	assert.deepEqual(removing(seenWith('failed')), [{does: 'remove it', move: {panel: {do: 'prepare', act}}}]);
	assert.deepEqual(removing(seenWith('orphan'), screenOf({workers: {at: 1, top: 0}})), [
		{does: 'remove leftovers', move: {panel: {do: 'leave', to: 'orphans'}}},
	]);
});

test('where nothing may be changed, x is no key, on an orphan neither', () => {
	assert.deepEqual(removing({...seenWith('orphan'), about: {...about, readOnly: 'Only looked at.'}}), []);
});

test('a worker that is made for a quarter of an hour is stuck: it comes first with a warning; one that is made for a minute isn’t', () => {
	const focused = (age: number): string =>
		linesOf(screenOf(), panelView(seenWith('creating', {createdAt: now - minutes(age)}))).find((line) => line.includes('› ')) ?? '';
	assert.match(focused(20), /runner-left +! creating/);
	assert.doesNotMatch(focused(14), /runner-left/);
	const [like] = seenOf(busyFleet(1)).rows;
	assert.equal(like && lookOf({...like, state: 'creating', createdAt: now - minutes(1)}, now).mark, undefined);
});

test('the order that is asked for holds: newest has the orphan where its age is', () => {
	const lines = linesOf(screenOf({order: 'newest'}), panelView(seenWith('orphan')));
	assert.doesNotMatch(lines.find((line) => line.includes('› ')) ?? '', /runner-left/);
	assert.match(lines.join('\n'), /by newest/);
});

test('details of an orphan say that it costs until somebody removes it', () => {
	const text = linesOf({is: 'panel-item', on: 'left'}, panelView(seenWith('orphan', {detail: 'not managed'}))).join('\n');
	assert.match(text, /To be done +No manager looks after it, so it costs until somebody removes it\./);
});

test('the header of an act says which it is', () => {
	const acts: readonly (readonly [PanelAct, string])[] = [
		[{do: 'drain'}, 'drain'],
		[{do: 'resume'}, 'resume'],
		[{do: 'restart'}, 'restart'],
		[{do: 'scale', limit: 5}, 'limit'],
		[{do: 'idle', count: 1}, 'idle count'],
		[{do: 'pause', paused: true}, 'pause'],
		[{do: 'pause', paused: false}, 'unpause'],
		[{do: 'reload'}, 'ask again'],
		[{do: 'remove', worker: 'runner-left'}, 'remove worker'],
		[{do: 'move', to: {spot: false}, label: 'on demand instead'}, 'move workers'],
		[{do: 'undo'}, 'undo'],
	];
	for (const [act, word] of acts) assert.match(linesOf({is: 'panel-act', act}, panelView(seenOf(busyFleet(1))))[0] ?? '', new RegExp(`^ status › ${word}\\b`));
});
