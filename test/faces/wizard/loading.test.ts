import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Choice} from '../../../source/answers/question.ts';
import {chooseFor, focusedIn, withChoices} from '../../../source/faces/ui/screens/choose.ts';
import {region} from '../asked.ts';

const asked = {...region(), default: {value: 'us-east-2'}};
const known: Choice<unknown>[] = [{value: 'us-east-2', label: 'us-east-2'}];
const come: Choice<unknown>[] = ['af-south-1', 'eu-west-1', 'us-east-2'].map((value) => ({value, label: value}));
const loading = chooseFor({...asked, choices: known}, known, {about: 'region', back: false, loading: true});

test('when live choices come, the cursor stays on its value', () => {
	const filled = withChoices(loading, {...asked, choices: come}, come);
	assert.equal(focusedIn(filled)?.value, 'us-east-2');
	assert.equal(filled.walk?.loading, undefined);
});

test('a cursor on the way to type another value stays there', () => {
	const filled = withChoices({...loading, at: 1}, {...asked, choices: come}, come);
	assert.equal(focusedIn(filled), undefined);
	assert.equal(filled.at, come.length);
});

test('a default that isn’t among the choices is offered first, so that Enter keeps it', () => {
	const screen = chooseFor({...asked, default: {value: 'ap-south-2'}}, come);
	assert.equal(focusedIn(screen)?.value, 'ap-south-2');
});

test('where only the choices can be taken, nothing else is offered', () => {
	const {question} = asked;
	assert.ok('kind' in question);
	const screen = chooseFor({...asked, question: {...question, closed: true}, default: {value: 'ap-south-2'}}, come);
	assert.equal(focusedIn(screen)?.value, 'af-south-1');
});
