import assert from 'node:assert/strict';
import {test} from 'node:test';
import {wrongShape} from '../../source/fleet.ts';
import {fromText, toText} from '../../source/questions/text.ts';
import {fromField, toField} from '../../source/telling/answer-text.ts';

const none = (): undefined => undefined;

test('a list that is typed into a field is read as the one that a flag is given: parted by commas, or as JSON where an item holds a comma', () => {
	for (const [text, items] of [
		['linux, docker', ['linux', 'docker']],
		['engine-opt=mtu=1400', ['engine-opt=mtu=1400']],
		['["engine-label=a,b", "engine-opt=x"]', ['engine-label=a,b', 'engine-opt=x']],
		['', []],
	] as const) {
		assert.deepEqual(fromField('list', text, none), items, text);
		assert.deepEqual(fromText('machineOptions', text), items, text);
		assert.deepEqual(fromField('list', toField(items), none), items, `${text}, shown and read again`);
		assert.deepEqual(fromText('machineOptions', toText('machineOptions', items)), items);
	}
});

test('a tag with a comma is no tag: GitLab would make two of it', () => {
	assert.match(wrongShape('runnerTags', ['a,b']) ?? '', /without commas/);
	assert.equal(wrongShape('runnerTags', ['a', 'b c']), undefined);
});
