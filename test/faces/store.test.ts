import assert from 'node:assert/strict';
import {test} from 'node:test';
import {makeStore} from '../../source/faces/ui/controller.ts';
import {stamped, stepIn} from '../../source/faces/words/run-state.ts';
import {untilTestMachine} from './recorded.ts';
import {start} from './states.ts';

/** A store whose pauses end when a test says so. */
function underTest() {
	const due: (() => void)[] = [];
	const store = makeStore((callback, ms) => {
		assert.ok(ms >= 100, 'at most ten times a second');
		due.push(callback);
	});
	let drawn = 0;
	store.subscribe(() => drawn++);
	return {store, due, drawn: () => drawn};
}

test('a thousand lines at once are drawn once', () => {
	const {store, due, drawn} = underTest();
	for (let at = 0; at < 1000; at++) store.take(stamped({event: 'step.line', step: 'software', line: `line ${at}`}, start));
	assert.equal(drawn(), 0);
	assert.equal(due.length, 1);
	due[0]?.();
	assert.equal(drawn(), 1);
	assert.equal(stepIn(store.shown().state, 'software').log.at(-1), 'line 999');
});

test('a key is shown at once, whatever waits', () => {
	const {store, drawn} = underTest();
	store.take(stamped({event: 'step.line', step: 'software', line: 'one'}, start));
	store.set(() => ({stops: 1}));
	assert.equal(drawn(), 1);
	assert.equal(store.shown().stops, 1);
});

test('the screen below follows from plan to run, while a question stays on top', () => {
	const {store} = underTest();
	store.set(({screens}) => ({screens: [...screens, {is: 'watch', title: 'Waiting.', from: start}]}));
	for (const [ms, happening] of untilTestMachine) store.take(stamped(happening, start + ms));
	assert.deepEqual(
		store.now().screens.map(({is}) => is),
		['run', 'watch'],
	);
});
