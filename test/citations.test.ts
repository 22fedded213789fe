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

test('docs/tour.md names every entry of source/, only files that are there, and only what they hold', () => {
	const tour = textOf('docs/tour.md').replaceAll(/\s+/g, ' ');
	const paths = [...tour.matchAll(/`((?:docs|source|test)\/[^`]*)`/g)].map(([, path = '']) => path);
	assert.deepEqual(
		globSync('source/*', {cwd: root}).filter((entry) => !paths.includes(entry)),
		[],
	);
	assert.deepEqual(
		paths.filter((path) => !existsSync(join(root, path))),
		[],
	);
	const held = [...tour.matchAll(/`(\w+)` in `([^`]*)`/g)];
	assert.ok(held.length > 30);
	assert.deepEqual(
		held.filter(([, name, path = '']) => !new RegExp(`\\b${name}\\b`).test(textOf(path))).map(([named]) => named),
		[],
	);
});
