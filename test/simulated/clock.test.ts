import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Stopped} from '../../source/problem.ts';
import {seededRandom, simulatedClock} from '../../source/simulated/clock.ts';

const start = Date.parse('2026-11-24T09:00:00Z');

test('hours of waiting take no real time, and wake in the order of their time', async () => {
	const clock = simulatedClock(start, 'instant');
	const woken: string[] = [];
	const wait = async (name: string, ms: number) => {
		await clock.sleep(ms);
		woken.push(`${name} ${clock.now() - start}`);
	};
	await Promise.all([wait('day', 86_400_000), wait('second', 1000), wait('hour', 3_600_000), wait('second too', 1000)]);
	assert.deepEqual(woken, ['second 1000', 'second too 1000', 'hour 3600000', 'day 86400000']);
});

test('what is going on is finished before time jumps', async () => {
	const clock = simulatedClock(start, 'instant');
	const seen: string[] = [];
	const busy = async () => {
		for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
		seen.push(`busy ${clock.now() - start}`);
	};
	await Promise.all([clock.sleep(5000).then(() => seen.push('slept')), busy()]);
	assert.deepEqual(seen, ['busy 0', 'slept']);
});

test('an abort ends a wait at once, and one that was aborted before never begins', async () => {
	const clock = simulatedClock(start, 'instant');
	const controller = new AbortController();
	const waiting = clock.sleep(3_600_000, controller.signal);
	controller.abort();
	await assert.rejects(waiting, Stopped);
	await assert.rejects(clock.sleep(1, controller.signal), Stopped);
	assert.equal(clock.now(), start);
});

test('what the world does by itself happens at its own time, in order, and makes no time pass', async () => {
	const clock = simulatedClock(start, 'instant');
	const happened: number[] = [];
	clock.at(start + 2000, () => happened.push(clock.now() - start));
	clock.at(start + 1000, () => {
		happened.push(clock.now() - start);
		clock.at(start + 1500, () => happened.push(clock.now() - start));
	});
	const callOff = clock.at(start + 1200, () => happened.push(-1));
	callOff();
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(happened, []);
	await clock.sleep(3000);
	assert.deepEqual(happened, [1000, 1500, 2000]);
});

test('time can be moved by hand, with all that is due on the way', () => {
	const clock = simulatedClock(start, 'instant');
	const happened: number[] = [];
	clock.at(start + 60_000, () => happened.push(clock.now() - start));
	clock.advance(30 * 86_400_000);
	assert.deepEqual(happened, [60_000]);
	assert.equal(clock.now(), start + 30 * 86_400_000);
});

test('a paced clock passes simulated time by real time, and does not let itself be moved', async () => {
	const clock = simulatedClock(start, 100_000);
	let happened = 0;
	clock.at(start + 1000, () => {
		happened = clock.now() - start;
	});
	await clock.sleep(2000);
	assert.equal(happened, 1000);
	assert.ok(clock.now() >= start + 2000);
	assert.throws(() => clock.advance(1), /by hand/);
});

test('the same seed gives the same numbers, another one others', () => {
	const some = (seed: number) => {
		const random = seededRandom(seed);
		return [random(), random(), random()];
	};
	assert.deepEqual(some(1), some(1));
	assert.notDeepEqual(some(1), some(2));
	for (const number of some(3)) assert.ok(number >= 0 && number < 1);
});
