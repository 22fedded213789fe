import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Problem, Stopped} from '../../source/problem.ts';
import type {Cloud, OperationName} from '../../source/world/cloud/port.ts';
import {patience, patient, pauseAfter} from '../../source/world/cloud/retry.ts';

/** A cloud that refuses so many calls, and a clock that only writes down the pauses. */
function world(refusals: Problem[], stop?: AbortController, enough?: AbortSignal) {
	const calls: OperationName[] = [];
	const pauses: number[] = [];
	const heard: number[] = [];
	const cloud: Cloud = {
		region: 'us-east-2',
		ahead: () => 0,
		async call(name) {
			calls.push(name);
			const refusal = refusals.shift();
			if (refusal) throw refusal;
			return JSON.parse('{}');
		},
	};
	const clock = {
		now: () => 0,
		async sleep(ms: number) {
			pauses.push(ms);
			stop?.abort();
			if (stop?.signal.aborted) throw new Stopped();
		},
	};
	return {calls, pauses, heard, cloud: patient(cloud, {clock, random: () => 0, onRetry: ({attempt}) => heard.push(attempt)}, stop?.signal, enough)};
}
const again = () => new Problem({code: 'RequestLimitExceeded', message: 'Request limit exceeded.', again: true});

test('what is worth another try is tried with pauses that double', async () => {
	const {cloud, calls, pauses, heard} = world([again(), again(), again()]);
	await cloud.call('DescribeVpcs', {});
	assert.equal(calls.length, 4);
	assert.deepEqual(pauses, [500, 1000, 2000]);
	assert.deepEqual(heard, [1, 2, 3]);
});

test('five attempts are enough', async () => {
	const {cloud, calls} = world(Array.from({length: 9}, again));
	await assert.rejects(cloud.call('DescribeVpcs', {}), {code: 'RequestLimitExceeded'});
	assert.equal(calls.length, 5);
});

test('a refusal that lasts is told at once, and so is a bug', async () => {
	const {cloud, calls, pauses} = world([new Problem({code: 'not-allowed', message: 'No.'})]);
	await assert.rejects(cloud.call('DescribeVpcs', {}), {code: 'not-allowed'});
	assert.deepEqual([calls.length, pauses.length], [1, 0]);
});

test('a pause ends with the signal, and nothing is called after it', async () => {
	const {cloud, calls} = world([again(), again()], new AbortController());
	await assert.rejects(cloud.call('DescribeVpcs', {}), {name: 'Stopped'});
	await assert.rejects(cloud.call('DescribeVpcs', {}), {name: 'Stopped'});
	assert.equal(calls.length, 1);
});

test('a call that fails once somebody has had enough is not tried again, and one that is well is let end', async () => {
	const refused = world([again()], undefined, AbortSignal.abort());
	await assert.rejects(refused.cloud.call('CreateBucket', {Bucket: 'b'}), {name: 'Stopped'});
	assert.deepEqual([refused.calls.length, refused.pauses.length], [1, 0]);
	assert.deepEqual(await world([], undefined, AbortSignal.abort()).cloud.call('CreateBucket', {Bucket: 'b'}), {});
});

test('jitter shortens a pause by up to half, and no pause is longer than the longest', () => {
	assert.equal(pauseAfter(1, () => 0.999_999) > patience.firstPause / 2, true);
	assert.equal(
		pauseAfter(1, () => 0),
		patience.firstPause,
	);
	assert.equal(
		pauseAfter(50, () => 0),
		patience.longestPause,
	);
});
