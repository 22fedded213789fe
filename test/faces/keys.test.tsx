import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import type {Asked} from '../../source/answers/question.ts';
import {App} from '../../source/faces/ui/app.tsx';
import {makeStore} from '../../source/faces/ui/controller.ts';
import {moveFor} from '../../source/faces/ui/keys.ts';
import type {Move, Screen} from '../../source/faces/ui/screen.ts';
import {choicesOf, chooseFor} from '../../source/faces/ui/screens/choose.ts';
import {fieldFor} from '../../source/faces/ui/screens/field.ts';
import {reviewOf} from '../../source/faces/ui/screens/review.ts';
import {stamped} from '../../source/faces/words/run-state.ts';
import {fleetName, limit, region, runnerToken, spot} from './asked.ts';
import {untilTestMachine} from './recorded.ts';
import {shown} from './shown.ts';
import {start} from './states.ts';

afterEach(cleanup);

/** The root on a screen; moves that change screens are carried out, the others are kept. */
function on(screen: Screen) {
	const store = makeStore((callback) => callback());
	for (const [ms, happening] of untilTestMachine) store.take(stamped(happening, start + ms));
	store.set(() => ({screens: [screen]}));
	const moves: Move[] = [];
	const {stdin, lastFrame} = render(
		<App
			store={store}
			look={{colour: false, ascii: false}}
			title="set up"
			now={() => start + 72_000}
			press={(press, view) => {
				const top = store.now().screens.at(-1);
				const move = top && moveFor(top, view, press);
				if (!move) return;
				if ('to' in move) store.set(({screens: [bottom, ...above]}) => ({screens: above.length > 0 ? [bottom, ...above.slice(0, -1), move.to] : [move.to]}));
				else if ('push' in move) store.set(({screens}) => ({screens: [...screens, move.push]}));
				else if ('pop' in move) store.set(({screens: [bottom, ...above]}) => ({screens: [bottom, ...above.slice(0, -1)]}));
				else moves.push(move);
			}}
		/>,
	);
	const frame = (): string => lastFrame() ?? '';
	return {stdin, moves, frame, until: (right: () => boolean) => shown(frame, right)};
}

const choose = (asked: Asked): Screen => chooseFor(asked, choicesOf(asked) ?? []);

test('Enter takes the default of a question', async () => {
	const {stdin, moves, frame, until} = on(fieldFor(limit()));
	await until(() => /10 {2}\(as many as a small team uses\)/.test(frame()));
	stdin.write('\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: 10}]);
});

test('a burst of letters with a return submits', async () => {
	const {stdin, moves, until} = on(fieldFor(fleetName()));
	stdin.write('ci-runners\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: 'ci-runners'}]);
});

test('four keys without a pause are four letters', async () => {
	const {stdin, moves, until} = on(fieldFor(fleetName()));
	for (const letter of ['a', 'c', 'm', 'e', '\r']) stdin.write(letter);
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: 'acme'}]);
});

test('a field is edited as a line of a shell: ends of the line, words, and the rest taken away', async () => {
	const {stdin, frame, until} = on(fieldFor(fleetName()));
	const after = async (pressed: string, line: RegExp): Promise<void> => {
		stdin.write(pressed);
		await until(() => line.test(frame()));
	};
	await after('one two', /› one two▏/);
	await after('\x01', /› ▏one two/);
	await after('\x05', /› one two▏/);
	await after('\x1bb', /› one ▏two/);
	await after('\x1bb', /› ▏one two/);
	await after('\x1bf', /› one▏ two/);
	await after('\x0b', /› one▏\s*\n/);
	await after('\x1b\x7f', /› ▏/);
	// What would clear the screen is letters there.
	await after('\x1b[200~one\x1b[2Jtwo\x1b[201~', /› one\[2Jtwo▏/);
});

test('a refused value stays in the field with the sentence that says what would be right', async () => {
	const {stdin, moves, frame, until} = on(fieldFor(limit()));
	stdin.write('0\r');
	await until(() => /✖ It takes a whole number from 1 to 5,000 machines/.test(frame()));
	assert.deepEqual(moves, []);
	stdin.write('\x7f');
	await until(() => !/It takes/.test(frame()));
});

test('a pasted token is taken whole, is hidden, and its line break doesn’t get in', async () => {
	const {stdin, moves, frame, until} = on(fieldFor(runnerToken()));
	await until(() => /What you type is hidden/.test(frame()));
	stdin.write('\x1b[200~glrt-abcdefghij\n\x1b[201~');
	await until(() => /•{15}/.test(frame()));
	assert.doesNotMatch(frame(), /abcdef/);
	stdin.write('\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: 'glrt-abcdefghij'}]);
});

test('arrows choose, Enter takes, and what can’t be taken says why', async () => {
	const {stdin, moves, frame, until} = on(choose(region()));
	await until(() => /› eu-west-1/.test(frame()));
	stdin.write('\x1b[B');
	await until(() => /› af-south-1/.test(frame()));
	stdin.write('\r');
	await until(() => / not enabled in this account$/m.test(frame()));
	stdin.write('\x1b[A');
	stdin.write('\x1b[A');
	await until(() => /› us-east-2/.test(frame()));
	stdin.write('\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: 'us-east-2'}]);
});

test('a long list is filtered with / and typed letters, and Escape shows all again', async () => {
	const choices = Array.from({length: 60}, (_, at) => ({value: `eu-${'x'.repeat(at + 1)}-1`, label: `eu ${at}`, hint: at === 41 ? 'São Paulo' : 'elsewhere'}));
	const {stdin, moves, frame, until} = on(choose({...region(), choices}));
	await until(() => /↓ \d+ more/.test(frame()));
	stdin.write('/');
	await until(() => /^ \/ /m.test(frame()));
	// Without its mark, which not every keyboard has.
	stdin.write('sao');
	await until(() => /› eu 41/.test(frame()) && !/elsewhere/.test(frame()));
	stdin.write('\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: `eu-${'x'.repeat(42)}-1`}]);
	stdin.write('\x1b');
	await until(() => /elsewhere/.test(frame()));
});

test('a value that is not in the list can be typed, and Escape leads back to the list', async () => {
	const {stdin, moves, frame, until} = on(choose({...region(), default: {value: 'eu-west-1'}}));
	for (let key = 0; key < 2; key++) stdin.write('\x1b[B');
	await until(() => /› Another, typed/.test(frame()));
	stdin.write('\r');
	await until(() => /back to the list/.test(frame()));
	stdin.write('\x1b');
	await until(() => /› Another, typed/.test(frame()));
	stdin.write('\r');
	stdin.write('ap-south-2\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: 'ap-south-2'}]);
});

test('yes and no have a key each', async () => {
	const {stdin, moves, until} = on(choose(spot()));
	stdin.write('n');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{answer: false}]);
});

test('a review goes with Enter and is left with Escape', async () => {
	const {stdin, moves, until} = on(reviewOf({says: 'This is going to be made.', details: ['Region  us-east-2']}));
	stdin.write('\r');
	await until(() => moves.length === 1);
	stdin.write('\x1b');
	await until(() => moves.length === 2);
	assert.deepEqual(moves, [{agree: true}, {agree: false}]);
});

test('where a word is asked for, Enter alone agrees to nothing', async () => {
	const {stdin, moves, frame, until} = on(reviewOf({says: 'All of ci goes.', details: ['manager i-1'], word: 'ci'}));
	stdin.write('\r');
	await until(() => /Only "ci", typed whole, agrees/.test(frame()));
	stdin.write('ci\r');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{agree: true}]);
});

test('the steps of a run are gone through, and the whole log is opened and left', async () => {
	const {stdin, frame, until} = on({is: 'run'});
	await until(() => /›⠋ test machine/.test(frame()));
	stdin.write('l');
	await until(() => /test machine: the last 2 lines, followed/.test(frame()));
	stdin.write('l');
	await until(() => /›⠋ test machine/.test(frame()));
	stdin.write('\x1b[A');
	await until(() => /›✔ software/.test(frame()) && /50 %/.test(frame()));
	stdin.write('\x1b');
	await until(() => /›⠋ test machine/.test(frame()));
});

test('? lists the keys of the screen, and any way back leads back', async () => {
	const {stdin, frame, until} = on({is: 'run'});
	stdin.write('?');
	await until(() => /── keys/.test(frame()) && /l +whole log/.test(frame()));
	stdin.write('?');
	await until(() => /›⠋ test machine/.test(frame()));
});

test('ctrl-c asks to stop, from a question too', async () => {
	for (const screen of [{is: 'run'} as const, fieldFor(fleetName())]) {
		const {stdin, moves, until} = on(screen);
		stdin.write('\x03');
		await until(() => moves.length === 1);
		assert.deepEqual(moves, [{stop: true}]);
	}
});

test('what is watched is left with q', async () => {
	const {stdin, moves, until} = on({is: 'watch', title: 'Waiting for the first job.', from: start});
	stdin.write('q');
	await until(() => moves.length === 1);
	assert.deepEqual(moves, [{leave: true}]);
});
