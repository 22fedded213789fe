import assert from 'node:assert/strict';
import {test} from 'node:test';
import {missingTags, tagChanges} from '../../source/steps/tags.ts';

const answers = {tags: {CostCenter: '42', team: 'ci', Name: 'mine'}};

test('tags are missing that aren’t there or have another value; others’ are none of ours', () => {
	assert.deepEqual(missingTags(answers, {}), answers.tags);
	assert.deepEqual(missingTags(answers, {CostCenter: '41', team: 'ci', Name: 'mine', theirs: 'x'}), {CostCenter: '42'});
	assert.deepEqual(missingTags({tags: {}}, {theirs: 'x', CostCenter: '41'}), {});
});

test('a key that the creating call sets itself is never missing', () => {
	assert.deepEqual(missingTags(answers, {Name: 'gitlab-runners-manager'}, 'Name'), {CostCenter: '42', team: 'ci'});
});

test('what several things lack is one change that says what was there before', () => {
	assert.deepEqual(
		tagChanges(answers, [
			{CostCenter: '42', team: 'ci', Name: 'mine'},
			{CostCenter: '41', Name: 'mine'},
		]),
		[{what: 'tags', from: 'CostCenter=41, no team', to: 'CostCenter=42, team=ci', how: 'live'}],
	);
	assert.deepEqual(tagChanges(answers, [answers.tags, answers.tags]), []);
	assert.deepEqual(tagChanges(answers, []), []);
});
