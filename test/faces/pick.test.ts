import assert from 'node:assert/strict';
import {test} from 'node:test';
import {mayColour, onlyAscii, pickFace, type Terms} from '../../source/faces/face.ts';

const terminal: Terms = {json: false, plain: false, stdinIsTty: true, stdoutIsTty: true, env: {TERM: 'xterm-256color'}};

test('screens are for a terminal at both ends', () => {
	assert.equal(pickFace(terminal), 'screens');
	assert.equal(pickFace({...terminal, stdinIsTty: false}), 'plain');
	assert.equal(pickFace({...terminal, stdoutIsTty: false}), 'plain');
});

test('--json beats --plain, and both beat the terminal', () => {
	assert.equal(pickFace({...terminal, plain: true}), 'plain');
	assert.equal(pickFace({...terminal, plain: true, json: true}), 'json');
});

test('CI and a dumb terminal get the plain face', () => {
	assert.equal(pickFace({...terminal, env: {CI: 'true'}}), 'plain');
	assert.equal(pickFace({...terminal, env: {CI: 'false'}}), 'screens');
	assert.equal(pickFace({...terminal, env: {TERM: 'dumb'}}), 'plain');
});

test('no colour goes into a pipe, nor where NO_COLOR, FORCE_COLOR=0 or --no-color says so', () => {
	assert.equal(mayColour(terminal, false), true);
	assert.equal(mayColour(terminal, true), false);
	assert.equal(mayColour({...terminal, stdoutIsTty: false}, false), false);
	assert.equal(mayColour({...terminal, env: {NO_COLOR: '1'}}, false), false);
	assert.equal(mayColour({...terminal, env: {FORCE_COLOR: '0'}}, false), false);
});

test('a locale without UTF-8 gets ASCII, an unknown one gets the glyphs', () => {
	assert.equal(onlyAscii({LANG: 'C'}), true);
	assert.equal(onlyAscii({LANG: 'C', LC_ALL: 'en_US.UTF-8'}), false);
	assert.equal(onlyAscii({}), false);
	assert.equal(onlyAscii({TERM: 'dumb', LANG: 'en_US.UTF-8'}), true);
});
