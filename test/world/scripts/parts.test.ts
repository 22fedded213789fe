import assert from 'node:assert/strict';
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const folder = fileURLToPath(new URL('../../../source/world/host/scripts', import.meta.url));

test('the parts that a script is put together from give no name to two functions', async () => {
	const modules: Record<string, unknown>[] = await Promise.all((await readdir(folder)).map((file) => import(join(folder, file))));
	const scripts = modules
		.flatMap((module) => Object.values(module))
		.filter((one) => typeof one === 'object' && one !== null && 'text' in one && 'result' in one);
	assert.ok(scripts.length > 8);
	for (const {text} of scripts) {
		const names = [...String(text).matchAll(/^def (\w+)/gm)].map(([, name]) => name);
		assert.deepEqual(
			names.filter((name, index) => names.indexOf(name) !== index),
			[],
		);
	}
});
