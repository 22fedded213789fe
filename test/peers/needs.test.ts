import assert from 'node:assert/strict';
import {test} from 'node:test';
import {evenShares, leftOut, type Needs, needsOf} from './needs.ts';

const files = {
	machine: 'test/acceptance/later.test.ts',
	moto: 'test/steps/on-moto.test.ts',
	sides: 'test/world/host.test.ts',
	pure: 'test/policy.test.ts',
};
const needs = await needsOf(Object.values(files));
const of = (file: string): string[][] => {
	const {all, some} = needs.get(file) ?? assert.fail(file);
	return [[...all], [...some]];
};

test('what a test file needs of this computer is known by what it imports', () => {
	assert.deepEqual(of(files.machine), [['machine'], []]);
	assert.deepEqual(of(files.moto), [['moto'], []], 'a world without a manager needs no machine');
	assert.deepEqual(of(files.sides), [[], ['machine']], 'what is imported later is needed for some of its tests only');
	assert.deepEqual(of(files.pure), [[], []]);
});

test('one line says what is left out and why', () => {
	const all: Needs[] = [...needs.values(), {all: new Set(['machine']), some: new Set(), length: 100}];
	assert.equal(leftOut(all, new Map()), undefined);
	assert.equal(leftOut(all, new Map([['machine', 'not root']])), "Left out: 2 test files and parts of 1 for want of the manager's machine (not root).");
	assert.equal(leftOut(all, new Map([['python', 'python3 is not there']])), undefined, 'nothing needs it');
	assert.equal(
		leftOut(
			all,
			new Map([
				['moto', 'python3 is not there'],
				['machine', 'this is not Linux'],
			]),
		),
		"Left out: 1 test file for want of moto (python3 is not there); 2 test files and parts of 1 for want of the manager's machine (this is not Linux).",
	);
});

test('files are shared out so that all shares take about as long, each beginning with its longest', () => {
	const lengths = new Map<string, Needs>([9, 5, 4, 3, 1].map((length) => [`${length}`, {all: new Set(), some: new Set(), length}]));
	assert.deepEqual(evenShares([...lengths.keys()], lengths, 2), [
		['9', '3'],
		['5', '4', '1'],
	]);
	assert.deepEqual(evenShares(['9'], lengths, 2), [['9']]);
});
