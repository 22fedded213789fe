import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {policyOf} from '../source/engine/policy.ts';
import {dockerMachine} from '../source/executors/docker-machine/executor.ts';

const readme = await readFile(new URL('../readme.md', import.meta.url), 'utf8');

test('the policy in the readme is the one that the steps need', () => {
	const [, printed = ''] = /<!-- policy -->\n```json\n([\s\S]*?)```\n<!-- \/policy -->/.exec(readme) ?? [];
	assert.deepEqual(JSON.parse(printed), policyOf(dockerMachine.steps));
});

test('the first fenced block of the readme holds exactly two command lines', () => {
	const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(readme) ?? [];
	assert.equal(block.trim().split('\n').length, 2);
});
