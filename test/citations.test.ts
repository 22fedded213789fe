import assert from 'node:assert/strict';
import {existsSync, globSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
const comments = globSync('{source,test}/**/*.{ts,tsx}', {cwd: root}).flatMap((file) =>
	[...textOf(file).matchAll(/\/\*\*?[^/][\s\S]*?\*\/|(?:^|\s)\/\/ .*/g)].map(([said]) => ({file, said: said.replaceAll(/\s+\*? */g, ' ')})),
);

/** What of the comments names a source by this pattern and doesn't stand, by the file of the comment. */
const missing = (pattern: RegExp, stands: (cited: string) => boolean): string[] =>
	comments.flatMap(({file, said}) => [...said.matchAll(pattern)].filter(([all, cited = all]) => !stands(cited)).map(([all]) => `${file}: ${all}`));

test('a comment cites no file that the repository lacks', () => {
	assert.ok(comments.length > 1000);
	assert.deepEqual(
		missing(/\b(?:facts|design|stack|peers|screens|exemplars|real|used)(?:\.md)? §[\d.]*/g, () => false),
		[],
	);
	assert.deepEqual(
		missing(/(?<![\w/-])(?:(?:docs|source|test)\/)?[\w-]+\.md\b/g, (cited) => existsSync(join(root, cited))),
		[],
	);
});

test('a heading of docs/facts.md that a comment names is there', () => {
	const headings: readonly string[] = textOf('docs/facts.md').match(/(?<=^## ).+$/gm) ?? [];
	assert.deepEqual(
		missing(/docs\/facts\.md, "([^"]+)"/g, (heading) => headings.includes(heading)),
		[],
	);
});
