import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {takeAll} from './take.ts';

const root = new URL('../../', import.meta.url);
const fileHere = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

test('the pictures are what the program shows today, and the readme has each for light and for dark paper; `npm run pictures` takes them anew', async () => {
	const files = await takeAll();
	assert.deepEqual((await readdir(new URL('docs/pictures/', root))).sort(), [...files.keys()].sort());
	const readme = await fileHere('readme.md');
	const stale: string[] = [];
	for (const [name, svg] of files) {
		assert.ok(readme.includes(`docs/pictures/${name}`), name);
		if ((await fileHere(`docs/pictures/${name}`)) !== svg) stale.push(name);
	}
	assert.deepEqual(stale, []);
});
