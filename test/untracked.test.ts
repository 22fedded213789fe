import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

const uncaught = {
	'an error that nobody catches': 'setImmediate(() => { throw new Error("lost"); }); await new Promise((resolve) => setTimeout(resolve, 20));',
	'a promise that nobody catches': 'Promise.reject(new Error("lost")); await new Promise((resolve) => setImmediate(resolve));',
	'an error after the tests': 'setTimeout(() => { throw new Error("lost"); }, 20);',
};

for (const [what, body] of Object.entries(uncaught)) {
	test(`${what} fails its file, with its message`, async (t) => {
		const folder = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-untracked-'));
		t.after(() => rm(folder, {recursive: true}));
		const file = join(folder, 'lost.test.mjs');
		await writeFile(file, `import {test} from 'node:test';\ntest('one', async () => { ${body} });\n`);
		const {NODE_TEST_CONTEXT: _within, ...env} = process.env;
		const {status, stdout} = spawnSync(process.execPath, ['--import', './test/untracked.ts', file], {encoding: 'utf8', env});
		assert.notEqual(status, 0);
		assert.match(stdout, /lost/);
	});
}
