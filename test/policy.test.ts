import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {wholePolicy} from '../source/commands/policy.ts';

const readme = await readFile(new URL('../readme.md', import.meta.url), 'utf8');

test('the policy in the readme is all that the steps and `orphans` need', () => {
	const [, printed = ''] = /<!-- policy -->\n```json\n([\s\S]*?)```\n<!-- \/policy -->/.exec(readme) ?? [];
	assert.deepEqual(JSON.parse(printed), wholePolicy());
});

test('the first fenced block of the readme holds exactly two command lines', () => {
	const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(readme) ?? [];
	assert.equal(block.trim().split('\n').length, 2);
});
