import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {policy, wholePolicy} from '../source/commands/policy.ts';
import {simulatedWorld} from '../source/simulated/world.ts';
import {hearing, sessionAt} from './panel/at-laptop.ts';

const fileHere = (name: string): Promise<string> => readFile(new URL(`../${name}`, import.meta.url), 'utf8');

test('docs/policy.md holds what `policy` prints: all that the steps and `orphans` need', async () => {
	const [, printed = ''] = /```json\n([\s\S]*?)\n```/.exec(await fileHere('docs/policy.md')) ?? [];
	assert.equal(printed, JSON.stringify(wholePolicy(), undefined, 2), '`gitlab-runner-aws policy --plain` prints it');
	const heard = hearing();
	assert.equal(await policy(sessionAt(simulatedWorld(), ['policy'], heard)), 0);
	assert.deepEqual(heard.events, [{event: 'document', name: 'policy', value: wholePolicy()}]);
});

test('the first fenced block of the readme holds exactly two command lines', async () => {
	const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(await fileHere('readme.md')) ?? [];
	assert.equal(block.trim().split('\n').length, 2);
});
