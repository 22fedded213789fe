import assert from 'node:assert/strict';
import {test} from 'node:test';
import {roundTripsDeep} from './depth.ts';

test('calls made side by side are one round trip deep, however many they are', () => {
	assert.equal(roundTripsDeep([]), 0);
	assert.equal(
		roundTripsDeep([
			{from: 0, to: 10},
			{from: 1, to: 11},
			{from: 9, to: 30},
		]),
		1,
	);
});

test('each call that begins after an answer is one deeper, and the longest chain counts', () => {
	const chain = [
		{from: 0, to: 10},
		{from: 10, to: 20},
		{from: 25, to: 40},
	];
	assert.equal(roundTripsDeep(chain), 3);
	assert.equal(roundTripsDeep([{from: 0, to: 100}, ...chain]), 3, 'a long call beside a chain takes nothing from it');
	assert.equal(roundTripsDeep(chain.toReversed()), 3, 'in whatever order they are told');
});
