import {chmod, rm} from 'node:fs/promises';
import {build} from 'esbuild';

/** Dependencies expect CommonJS's names; a bundle of ES modules has none of them. */
const banner = `import {createRequire as _createRequire} from 'node:module';
import {fileURLToPath as _fileURLToPath} from 'node:url';
const require = _createRequire(import.meta.url);
const __filename = _fileURLToPath(import.meta.url);
const __dirname = _fileURLToPath(new URL('.', import.meta.url));`;

await rm('dist', {recursive: true, force: true});
await build({
	entryPoints: {cli: 'source/cli.tsx'},
	outdir: 'dist',
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
	banner: {js: banner},
	plugins: [
		{
			// Ink asks for its developer tools only when DEV is set; they aren't shipped.
			name: 'no-devtools',
			setup(work) {
				work.onResolve({filter: /^react-devtools-core$/}, ({path}) => ({path, namespace: 'empty'}));
				work.onLoad({filter: /.*/, namespace: 'empty'}, () => ({contents: 'export default {}'}));
			},
		},
		{
			// Imported as an ES module, node:http is asked for all that it exports, WebSocket with the rest, for which Node loads undici: 20 ms that nothing here needs.
			name: 'http-without-undici',
			setup(work) {
				work.onResolve({filter: /^(node:)?http$/}, () => ({path: 'node:http', namespace: 'builtin'}));
				work.onLoad({filter: /.*/, namespace: 'builtin'}, ({path}) => ({contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`}));
			},
		},
	],
});
await chmod('dist/cli.js', 0o755);
