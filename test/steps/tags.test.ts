import assert from 'node:assert/strict';
import {test} from 'node:test';
import {asAnswered, missingTags, tagChanges} from '../../source/steps/tags.ts';

const answers = {tags: {CostCenter: '42', team: 'ci', owner: 'mine'}};

test('tags are missing that aren’t there or have another value; others’ are none of ours', () => {
	assert.deepEqual(missingTags(answers, {}), answers.tags);
	assert.deepEqual(missingTags(answers, {CostCenter: '41', team: 'ci', owner: 'mine', theirs: 'x'}), {CostCenter: '42'});
	assert.deepEqual(missingTags({tags: {}}, {theirs: 'x', CostCenter: '41'}), {});
});

test('what IAM bears under a key in another case is there', () => {
	const standing = asAnswered(answers, {COSTCENTER: '42', Team: 'x', theirs: 'y'});
	assert.deepEqual(standing, {CostCenter: '42', team: 'x', theirs: 'y'});
	assert.deepEqual(missingTags(answers, standing), {team: 'ci', owner: 'mine'});
});

test('what several things lack is one change that says what was there before', () => {
	assert.deepEqual(
		tagChanges(answers, [
			{CostCenter: '42', team: 'ci', owner: 'mine'},
			{CostCenter: '41', owner: 'mine'},
		]),
		[{what: 'tags', from: 'CostCenter=41, no team', to: 'CostCenter=42, team=ci', how: 'live'}],
	);
	assert.deepEqual(tagChanges(answers, [answers.tags, answers.tags]), []);
	assert.deepEqual(tagChanges(answers, []), []);
});
