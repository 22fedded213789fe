import assert from 'node:assert/strict';
import {test} from 'node:test';
import {leftAsFound, openTerminal} from './terminal.ts';

test('in a terminal the calm face asks one question after the other, keeps what happens meanwhile, and is left with Enter', async (t) => {
	const terminal = openTerminal('calm.ts', []);
	t.after(() => terminal.close());
	await terminal.until(/ 2 {2}eu-west-1[\s\S]*helps\):/);
	assert.doesNotMatch(terminal.text(), /It happened meanwhile/);
	terminal.press('1\r');
	await terminal.until(/! It happened meanwhile\.[\s\S]*What is the runner's token[\s\S]*Hidden/);
	terminal.press('glrt-abcdefghij\r');
	await terminal.until(/Type ci to agree/);
	assert.ok(!terminal.raw().includes('abcdef'));
	terminal.press('ci\r');
	await terminal.until(/Press Enter to leave it/);
	terminal.press('\r');
	assert.equal(await terminal.ended(), 0);
	assert.match(terminal.text(), /! \["us-east-2","glrt-abcdefghij"\] true undefined/);
	assert.ok(!terminal.raw().includes('\u001b'), 'nothing is redrawn, and nothing moves the cursor');
});

test('ctrl-c in a question of the calm face ends it, says that nothing was made and how to go on, and leaves the terminal as it was', async (t) => {
	const terminal = openTerminal('../../dist/cli.js', ['setup', '--plain', '--region', 'us-east-2', '--limit', '3'], {
		columns: 100,
		shell: true,
		env: {
			NO_COLOR: '1',
			AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
			AWS_SECRET_ACCESS_KEY: 'none',
			AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
			AWS_MAX_ATTEMPTS: '1',
		},
	});
	t.after(() => terminal.close());
	await terminal.until(/mended first[\s\S]*Enter looks again/);
	terminal.press('\x03');
	await terminal.ended();
	leftAsFound(terminal, 130);
	assert.match(terminal.text(), /Nothing was made or changed\./);
	assert.ok(!terminal.raw().includes('\u001b'));
});
