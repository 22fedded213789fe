import assert from 'node:assert/strict';
import {test} from 'node:test';
import {questions} from '../../source/answers/all.ts';
import {type Schedule, scheduleIn, weekOf} from '../../source/answers/schedule.ts';
import {flagsOf, fromText, inWords, toText, wrongAlone} from '../../source/answers/value.ts';
import {parse} from '../../source/commands/line/argv.ts';
import {asking} from './stub.ts';

const {schedule} = questions;
const read = (text: string): unknown => fromText(schedule, text);
const known = (text: string): Schedule => scheduleIn(read(text)) ?? assert.fail(`${text} is no schedule`);

const said: [text: string, periods: string, idleCount: number, idleTime: number][] = [
	['weekdays 8-18, 2 idle, Europe/Berlin', '* * 8-17 * * mon-fri *', 2, 1800],
	['weekdays, 1 idle, UTC', '* * * * * mon-fri *', 1, 1800],
	['weekends 10-14, 1 idle, America/New_York', '* * 10-13 * * sat,sun *', 1, 1800],
	['daily 0-6, 3 idle, Asia/Kolkata, 600 s', '* * 0-5 * * * *', 3, 600],
	['mon-thu 7-20, 2 idle, UTC', '* * 7-19 * * mon-thu *', 2, 1800],
	['mon,wed 9-10, 2 idle, UTC', '* * 9-9 * * mon,wed *', 2, 1800],
];

for (const [text, periods, idleCount, idleTime] of said)
	test(`a schedule in words is the runner's own fields, and is written as it was typed: ${text}`, () => {
		const [window] = known(text);
		assert.deepEqual(window?.periods, [periods]);
		assert.deepEqual([window?.idleCount, window?.idleTime], [idleCount, idleTime]);
		assert.equal(toText(known(text), schedule), text);
	});

test('several windows are parted by semicolons, none is none, and JSON is taken as the runner has it', () => {
	const both = 'weekdays 8-18, 2 idle, UTC; sat 10-14, 1 idle, UTC';
	assert.equal(toText(known(both), schedule), both);
	assert.deepEqual(read('none'), []);
	assert.equal(inWords([], schedule), 'none');
	const own = [{periods: ['0 30 8-9 1 * mon *'], timezone: 'UTC', idleCount: 1, idleTime: 60}];
	assert.deepEqual(read(JSON.stringify(own)), own);
	// What only the fields say stays in them.
	assert.equal(toText(own, schedule), JSON.stringify(own));
});

test('one time zone does for all windows; without any, that is what is said to be missing', () => {
	assert.deepEqual(read('weekdays 8-18, 2 idle; sat 10-14, 1 idle, UTC'), read('weekdays 8-18, 2 idle, UTC; sat 10-14, 1 idle, UTC'));
	assert.match(wrongAlone('schedule', read('weekdays 8-18, 2 idle, 600 s')) ?? '', /takes a time zone such as Europe\/Berlin/);
});

test('a schedule that isn’t understood is refused with how one is written', () => {
	for (const text of ['8-18', 'weekdays 18-8, 2 idle, UTC', 'weekdays 8-25, 2 idle, UTC', 'someday, 1 idle, UTC'])
		assert.match(wrongAlone('schedule', read(text)) ?? '', /such as "weekdays 8-18, 2 idle, Europe\/Berlin"/, text);
});

test('the flag takes the words, and the command that goes on gives them', () => {
	const {given} = parse(['setup', '--schedule', 'weekdays 8-18, 2 idle, UTC']);
	assert.deepEqual(flagsOf(given), ['--schedule', 'weekdays 8-18, 2 idle, UTC']);
});

test('windows are offered in this laptop’s time zone, each as it’s written', async () => {
	const choices = (await schedule.choices?.(asking()({}))) ?? [];
	assert.deepEqual(
		choices.map(({label}) => label),
		[
			'none',
			'weekdays 8-18, 1 idle, Europe/Berlin',
			'weekdays 6-22, 1 idle, Europe/Berlin',
			'weekdays, 1 idle, Europe/Berlin',
			'daily 8-20, 1 idle, Europe/Berlin',
		],
	);
	for (const {label, value} of choices) assert.deepEqual(read(label), value);
});

test('a week shows in each hour what holds then; of windows that overlap the last one counts', () => {
	// A Tuesday: the week begins on Monday all the same.
	const week = weekOf(known('weekdays 8-18, 2 idle, Europe/Berlin; mon 10-12, 0 idle, Europe/Berlin'), Date.parse('2026-11-24T09:10:00Z'));
	const drawn = week?.days.map(({day, hours}) => `${day} ${hours.map((idle) => idle ?? '.').join('')}`);
	assert.deepEqual(drawn, [
		'Mon ........2200222222......',
		...['Tue', 'Wed', 'Thu', 'Fri'].map((day) => `${day} ........2222222222......`),
		...['Sat', 'Sun'].map((day) => `${day} ........................`),
	]);
	assert.equal(weekOf([], 0), undefined);
});

test('windows of other time zones are drawn where they are in the first one’s', () => {
	const week = weekOf(known('mon 0-1, 1 idle, UTC; mon 8-9, 2 idle, Asia/Kolkata'), Date.parse('2026-11-24T09:10:00Z'));
	// 8 o'clock at +05:30 is half past two.
	assert.deepEqual(week?.days[0]?.hours.slice(0, 5), [1, undefined, 2, 2, undefined]);
});
