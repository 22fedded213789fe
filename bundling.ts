import type {BuildOptions, Plugin} from 'esbuild';

/** Dependencies expect CommonJS's names; a bundle of ES modules has none of them. */
export const banner = `import {createRequire as _createRequire} from 'node:module';
import {fileURLToPath as _fileURLToPath} from 'node:url';
const require = _createRequire(import.meta.url);
const __filename = _fileURLToPath(import.meta.url);
const __dirname = _fileURLToPath(new URL('.', import.meta.url));`;

/** Ink asks for its developer tools only when DEV is set; they aren't shipped. */
const withoutDevtools: Plugin = {
	name: 'no-devtools',
	setup(work) {
		work.onResolve({filter: /^react-devtools-core$/}, ({path}) => ({path, namespace: 'empty'}));
		work.onLoad({filter: /.*/, namespace: 'empty'}, () => ({contents: 'export default {}'}));
	},
};

/** Imported as an ES module, node:http is asked for all that it exports, WebSocket with the rest, for which Node loads undici: 20 ms that nothing here needs. */
const httpWithoutUndici: Plugin = {
	name: 'http-without-undici',
	setup(work) {
		work.onResolve({filter: /^(node:)?http$/}, () => ({path: 'node:http', namespace: 'builtin'}));
		work.onLoad({filter: /.*/, namespace: 'builtin'}, ({path}) => ({contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`}));
	},
};

/**
 * How the program is bundled, and what `bench` measures with it. Node keeps the text of all that it has loaded, several times over until it runs:
 * what only people read is left out.
 */
export const bundling = {
	chunkNames: 'chunks/[name]-[hash]',
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'node',
	target: 'node22',
	jsx: 'automatic',
	mainFields: ['module', 'main'],
	external: ['*.node', 'cpu-features'],
	define: {'process.env.NODE_ENV': '"production"'},
	legalComments: 'none',
	minify: true,
	banner: {js: banner},
	plugins: [withoutDevtools, httpWithoutUndici],
} satisfies BuildOptions;
