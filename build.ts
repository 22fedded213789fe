import {chmod, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {build} from 'esbuild';
import {helpText} from './source/commands/line/help-text.ts';

/** Dependencies expect CommonJS's names; a bundle of ES modules has none of them. */
const banner = `import {createRequire as _createRequire} from 'node:module';
import {fileURLToPath as _fileURLToPath} from 'node:url';
const require = _createRequire(import.meta.url);
const __filename = _fileURLToPath(import.meta.url);
const __dirname = _fileURLToPath(new URL('.', import.meta.url));`;

await rm('dist', {recursive: true, force: true});
const {metafile} = await build({
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
	metafile: true,
	banner: {js: banner},
	plugins: [
		{
			// The help is the same for everybody, and asked for more often than anything else: it's printed without the tables that it's made of.
			name: 'help-as-text',
			setup(work) {
				work.onLoad({filter: /\/help-text\.ts$/}, () => ({contents: `export const helpText = ${JSON.stringify(helpText)};`}));
			},
		},
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
// Version and help come from what is started first alone: it uses neither CommonJS's names nor the bundler's own helpers, which each file gets.
const first = (await readFile('dist/cli.js', 'utf8')).replace(`${banner}\n`, '').replace(/^import "\.\/chunks\/[^"]+";\n/gm, '');
await writeFile('dist/cli.js', first);
await chmod('dist/cli.js', 0o755);
await writeFile('dist/notices.txt', await notices(Object.keys(metafile.inputs)));

/** The licences of all packages that these files are from, since a bundle has none of theirs in it. Throws where one isn't permissive. */
async function notices(inputs: readonly string[]): Promise<string> {
	const folders = new Set(inputs.flatMap((path) => /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? []));
	const each = [...folders].sort().map(async (folder) => {
		const {name, version, ...told}: {name: string; version: string; license?: string; licenses?: {type: string}[]} = JSON.parse(
			await readFile(join(folder, 'package.json'), 'utf8'),
		);
		// The older of the two ways to say it.
		const license = told.license ?? told.licenses?.[0]?.type;
		if (!/^\(?(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|Unlicense|BlueOak-1\.0\.0|CC0-1\.0)\b/.test(license ?? ''))
			throw new Error(`${name} has the licence ${license}`);
		const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
		const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
		return {title: `${name} ${version}: ${license}`, text: texts.map((one) => one.trim()).join('\n\n')};
	});
	const alike = [...Map.groupBy(await Promise.all(each), ({text}) => text)].map(([text, same]) => [...same.map(({title}) => title), '', text].join('\n'));
	return ['gitlab-runner-aws holds parts of these packages, under their own licences.', ...alike].join(`\n\n${'-'.repeat(80)}\n\n`);
}
