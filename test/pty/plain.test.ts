import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openTerminal} from './terminal.ts';

test('in a terminal the calm face asks one question after the other, keeps what happens meanwhile, and is left with Enter', async (t) => {
	const terminal = openTerminal('calm.ts', []);
	t.after(() => terminal.close());
	await terminal.until(/❯ eu-west-1/);
	terminal.press('\x1b[A');
	await terminal.until(/❯ us-east-2/);
	assert.doesNotMatch(terminal.text(), /It happened meanwhile/);
	terminal.press('\r');
	await terminal.until(/! It happened meanwhile\.[\s\S]*What is the runner's token/);
	terminal.press('glrt-abcdefghij\r');
	await terminal.until(/Type ci to agree/);
	assert.ok(!terminal.raw().includes('abcdef'));
	terminal.press('ci\r');
	await terminal.until(/Press Enter to leave it/);
	terminal.press('\r');
	assert.equal(await terminal.ended(), 0);
	assert.match(terminal.text(), /! \["us-east-2","glrt-abcdefghij"\] true undefined/);
	assert.equal(terminal.kind(), 'normal');
});

test('ctrl-c in a question of the calm face ends it, and the cursor is back', async (t) => {
	const terminal = openTerminal('calm.ts', []);
	t.after(() => terminal.close());
	await terminal.until(/Which region/);
	terminal.press('\x03');
	assert.equal(await terminal.ended(), 130);
	assert.ok(terminal.raw().lastIndexOf('\x1b[?25h') > terminal.raw().lastIndexOf('\x1b[?25l'));
});
