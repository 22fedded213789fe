import assert from 'node:assert/strict';
import {globSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../../../source', import.meta.url));
const files = ['executors/scripts.ts', ...globSync(['world/host/scripts/*.ts', 'executors/*/scripts/*.ts'], {cwd: root})];

test('the parts that a script is put together from give no name to two functions', async () => {
	const modules: Record<string, unknown>[] = await Promise.all(files.map((file) => import(join(root, file))));
	const scripts = modules
		.flatMap((module) => Object.values(module))
		.filter((one) => typeof one === 'object' && one !== null && 'text' in one && 'result' in one);
	assert.ok(scripts.length > 10);
	for (const {text} of scripts) {
		const names = [...String(text).matchAll(/^def (\w+)/gm)].map(([, name]) => name);
		assert.deepEqual(
			names.filter((name, index) => names.indexOf(name) !== index),
			[],
		);
	}
});
