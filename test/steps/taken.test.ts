import assert from 'node:assert/strict';
import {test} from 'node:test';
import {wrongShape} from '../../source/answers/value.ts';
import type {AnswerKey} from '../../source/fleet.ts';
import {drive, found, world} from './drive.ts';

/** Whether an answer passes its shape; what passes must be taken by every service that meets it. */
const passes = (key: AnswerKey, value: unknown): boolean => wrongShape(key, value) === undefined;

test('a name that passes is taken by EC2, IAM, S3 and Systems Manager, and one that any of them refuses is refused before any call', async () => {
	const refused = ['sg', 'sg-x', 'sthree', 'sthree-x', 'amzn-s3-demo', 'amzn-s3-demo-x', 'xn--x', 'Runners', '1st', 'x-', 'x', 'x'.repeat(25)];
	const taken = ['ng-runners', 'aws', 'ssm-x', 'sgx', 'sthrees', 'a--b', 'x1', 'x'.repeat(24)];
	assert.deepEqual(
		[...refused, ...taken].filter((fleet) => passes('fleet', fleet)),
		taken,
	);
	for (const fleet of taken) {
		const {failed, plan} = await drive(world(), {fleet}).setUp();
		assert.deepEqual([fleet, failed, Object.values(found(plan)).filter((is) => is !== 'ready')], [fleet, [], []]);
	}
});

const numbered = (count: number): Record<string, string> => Object.fromEntries(Array.from({length: count}, (_, index) => [`key${index}`, 'x']));

test('tags that pass are taken by EC2, IAM, S3 and Systems Manager, and those that any of them refuses are refused before any call', async () => {
	const refused: Record<string, string>[] = [
		{Name: 'ci'},
		{'aws:x': ''},
		{'AWS:x': ''},
		{'Gitlab-Runner-AWS:fleet': 'x'},
		{'': 'x'},
		{team: 'a', Team: 'b'},
		{['k'.repeat(129)]: ''},
		{k: 'v'.repeat(257)},
		...['a,b', 'a&b', 'a(b)', 'a;b', 'a"b', 'a{b}', 'a#b', 'a!b', 'a\u0007b', 'a\nb'].flatMap((text) => [{[text]: 'x'}, {x: text}]),
		numbered(41),
	];
	const taken: Record<string, string>[] = [
		{},
		{name: 'ci'},
		{'Kosten Stelle_.:/=+-@': 'für Ämter 42'},
		{['k'.repeat(128)]: 'v'.repeat(256)},
		{k: ''},
		numbered(40),
	];
	assert.deepEqual(
		[...refused, ...taken].filter((tags) => passes('tags', tags)),
		taken,
	);
	for (const tags of taken) {
		const {failed, plan} = await drive(world(), {tags}).setUp();
		assert.deepEqual([tags, failed, Object.values(found(plan)).filter((is) => is !== 'ready')], [tags, [], []]);
	}
});

test('answers with double braces, which Systems Manager refuses in a value, are recorded and read back as they were given', async () => {
	for (const option of ['engine-opt=log-opt=tag={{.Name}}', 'engine-env=A={{{{x}}}}', 'engine-env=B={{{']) {
		const at = world();
		const {plan} = await drive(at, {machineOptions: [option], runnerConfig: '[runners.docker]\nhelper_image = "{{x}}"'}).setUp('record');
		assert.equal(found(plan).record, 'ready');
	}
});
