import assert from 'node:assert/strict';
import {test} from 'node:test';
import {redacting} from '../../source/faces/redacting.ts';
import {Problem} from '../../source/problem.ts';
import {plainUnderTest} from './streams.ts';

const token = 'glrt-t3_abcdefghijklmnop';

test('a given secret is hidden in every text of an event, however deep', () => {
	const {face, out} = plainUnderTest();
	const safe = redacting(face, ['correct horse battery']);
	safe.emit({event: 'document', name: 'preset', value: {answers: [{deep: 'it is correct horse battery indeed'}]}});
	assert.match(out(), /it is \[secret\] indeed/);
	assert.doesNotMatch(out(), /horse/);
});

test('what looks like a token, an access key or a private key is hidden, whoever gave it', () => {
	const {face, out} = plainUnderTest();
	const safe = redacting(face, []);
	for (const secret of [
		token,
		'glpat-abcdefghij0123456789',
		'AKIAIOSFODNN7EXAMPLE',
		'-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----',
	]) {
		safe.emit({event: 'step.says', step: 'runner', says: `said ${secret} aloud`});
		safe.emit({event: 'note', says: `then ${secret}.`});
	}
	assert.doesNotMatch(out(), /t3_abc|abcdefghij|EXAMPLE|b3Blb/);
	assert.match(out(), /said \[secret\] aloud/);
});

test('a problem keeps its code, its exit and its advice, and loses the secret and its cause', () => {
	const {face, err} = plainUnderTest();
	redacting(face, () => [token]).fail(
		new Problem({code: 'wrong-token', message: `gitlab.com doesn't know ${token}.`, advice: 'Make another one.', cause: token}),
	);
	assert.equal(err(), "✖ gitlab.com doesn't know [secret].\n  Make another one.\n");
});

test('secrets that are given later are hidden as well', () => {
	const {face, out} = plainUnderTest();
	const secrets: string[] = [];
	const safe = redacting(face, () => secrets);
	secrets.push('given-later');
	safe.emit({event: 'note', says: 'It was given-later.'});
	assert.match(out(), /It was \[secret\]\./);
});

test('a proposal shows no secret, and the word to type stays', async () => {
	const {face, out} = plainUnderTest({yes: true});
	await redacting(face, [token]).agree({says: `With ${token}.`, details: [`token ${token}`], word: 'ci'});
	assert.doesNotMatch(out(), /glrt-/);
});
