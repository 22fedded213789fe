import assert from 'node:assert/strict';
import {test} from 'node:test';
import stringWidth from 'string-width';
import {questions} from '../../source/answers/all.ts';
import {typedFor} from '../../source/answers/value.ts';
import {pressesOf} from '../../source/faces/ui/screen.ts';
import {draftOf, typedInto} from '../../source/faces/ui/screens/field.ts';
import {cut, cutMiddle, displayWidth} from '../../source/faces/words/width.ts';
import {alignedColumns, wrap, wrapColumns} from '../../source/faces/words/wrapping.ts';
import {size, spent} from '../../source/panel/formats.ts';

test('a command in backticks is one word, and an address is never broken', () => {
	assert.deepEqual(wrap('Run `aws sso login --profile acme-dev`, then press r.', 20), ['Run', '`aws sso login --profile acme-dev`,', 'then press r.']);
	assert.deepEqual(wrap('See https://gitlab.com/acme/api/-/settings/ci_cd now', 20), ['See', 'https://gitlab.com/acme/api/-/settings/ci_cd', 'now']);
});

test('a time stays in one line with its unit', () => {
	assert.deepEqual(wrap('usually takes about 51 s; then', 22), ['usually takes about', '51 s; then']);
	assert.deepEqual(wrap('for 1 m 5 s, or 4 jobs', 7), ['for 1 m', '5 s, or', '4 jobs']);
});

test('a lone backtick loses no text', () => {
	assert.equal(wrap('a ` b', 40).join(' '), 'a ` b');
});

test('two columns of neighbouring lines stand below one another, as far as the second has room', () => {
	const lines = ['Goes:', '  a-name  a key', '  a-longer-name  a group', 'Stays:', '  b  a bucket'];
	assert.deepEqual(alignedColumns(lines, 80), ['Goes:', '  a-name         a key', '  a-longer-name  a group', 'Stays:', '  b  a bucket']);
	assert.deepEqual(alignedColumns(lines, 50), lines);
});

test('wide letters take two columns, and a cut never splits one', () => {
	assert.equal(displayWidth('日本'), 4);
	assert.equal(cut('日本語', 5), '日本…');
	assert.equal(cut('日本語', 4), '日…');
	assert.equal(cutMiddle('i-0ab12cd34ef567890', 9), 'i-0a…7890');
});

test('a letter that is counted at once is as wide as it is when measured', () => {
	const between = (from: number, to: number): string[] => Array.from({length: to - from + 1}, (_, at) => String.fromCodePoint(from + at));
	for (const letter of [...between(0x20, 0xff), ...between(0x2000, 0x28ff)]) assert.equal(displayWidth(letter), stringWidth(letter), letter);
});

test('times and sizes read as a person says them', () => {
	assert.deepEqual([0.4, 1.2, 9, 31, 60, 108, 3600 * 3 + 720].map(spent), ['0.4 s', '1.2 s', '9 s', '31 s', '1 m', '1 m 48 s', '3 h 12 m']);
	assert.deepEqual([512, 34_000, 1_500_000, 86_000_000, 2_000_000_000].map(size), ['512 B', '34 kB', '1.5 MB', '86 MB', '2.0 GB']);
});

test('a typed price is a number where the question takes one, else the word', () => {
	assert.equal(typedFor(questions.spotPrice, '0.2'), 0.2);
	assert.equal(typedFor(questions.spotPrice, 'on-demand'), 'on-demand');
	assert.equal(typedFor(questions.limit, 'many'), 'many');
});

const noKey = {
	upArrow: false,
	downArrow: false,
	leftArrow: false,
	rightArrow: false,
	pageDown: false,
	pageUp: false,
	home: false,
	end: false,
	return: false,
	escape: false,
	ctrl: false,
	shift: false,
	tab: false,
	backspace: false,
	delete: false,
	meta: false,
	super: false,
	hyper: false,
	capsLock: false,
	numLock: false,
};

test('a burst with a return in it is letters and then Enter', () => {
	assert.deepEqual(pressesOf('ok\r', noKey), [{text: 'o'}, {text: 'k'}, {key: 'enter'}]);
	assert.deepEqual(pressesOf('a\u0005b\u0003', noKey), [{text: 'a'}, {key: 'ctrl-e'}, {text: 'b'}, {key: 'ctrl-c'}]);
	assert.deepEqual(pressesOf('\r', {...noKey, return: true}), [{key: 'enter'}]);
	assert.deepEqual(pressesOf('c', {...noKey, ctrl: true}), [{key: 'ctrl-c'}]);
});

test('a paste goes in at the cursor, as one line', () => {
	const typed = typedInto({text: 'ab', at: 1}, {text: ' glrt-1\n', pasted: true});
	assert.deepEqual(typed, {text: 'aglrt-1b', at: 7});
	assert.deepEqual(typedInto(draftOf('one two'), {key: 'ctrl-w'}), {text: 'one ', at: 4});
});

test('text that has no room beside a long label stands below it, whole', () => {
	assert.deepEqual(wrapColumns('  gitlab-runners-cache-123456789012-us-east-2  the cache bucket; `--with-cache` deletes it', 57), [
		'  gitlab-runners-cache-123456789012-us-east-2',
		'    the cache bucket; `--with-cache` deletes it',
	]);
	assert.deepEqual(wrapColumns('  sg-fd5a2e010c6f953a6    security group gitlab-runners-manager', 50), [
		'  sg-fd5a2e010c6f953a6    security group',
		'                          gitlab-runners-manager',
	]);
});
