import assert from 'node:assert/strict';
import {test} from 'node:test';
import {questions} from '../../source/answers/all.ts';
import {fromText, toText, typedFor, wrongShape} from '../../source/answers/value.ts';

test('a list that is typed into a field is read as the one that a flag is given: parted by commas, or as JSON where an item holds a comma', () => {
	for (const [text, items] of [
		['linux, docker', ['linux', 'docker']],
		['engine-opt=mtu=1400', ['engine-opt=mtu=1400']],
		['["engine-label=a,b", "engine-opt=x"]', ['engine-label=a,b', 'engine-opt=x']],
		['', []],
	] as const) {
		assert.deepEqual(typedFor(questions.machineOptions, text), items, text);
		assert.deepEqual(fromText(questions.machineOptions, text), items, text);
		assert.deepEqual(typedFor(questions.machineOptions, toText(items)), items, `${text}, shown and read again`);
	}
});

test('a tag with a comma is no tag: GitLab would make two of it', () => {
	assert.match(wrongShape('runnerTags', ['a,b']) ?? '', /without commas/);
	assert.equal(wrongShape('runnerTags', ['a', 'b c']), undefined);
});
