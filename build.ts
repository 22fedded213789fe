import {chmod, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {build} from 'esbuild';
import {banner, bundling} from './bundling.ts';
import {helpText} from './source/commands/line/help-text.ts';

await rm('dist', {recursive: true, force: true});
const {metafile} = await build({
	...bundling,
	entryPoints: {cli: 'source/cli.tsx'},
	outdir: 'dist',
	metafile: true,
	plugins: [
		...bundling.plugins,
		{
			// The help is the same for everybody, and asked for more often than anything else: it's printed without the tables that it's made of.
			name: 'help-as-text',
			setup(work) {
				work.onLoad({filter: /\/help-text\.ts$/}, () => ({contents: `export const helpText = ${JSON.stringify(helpText)};`}));
			},
		},
	],
});
// Version and help come from what is started first alone: it uses neither CommonJS's names nor the bundler's own helpers, which each file gets.
const first = (await readFile('dist/cli.js', 'utf8')).replace(`${banner}\n`, '').replace(/^import ?"\.\/chunks\/[^"]+";/gm, '');
await writeFile('dist/cli.js', first);
await chmod('dist/cli.js', 0o755);
// A text of plain ASCII takes half the memory of one with a single other letter in it: esbuild writes those of strings so, and regular expressions are ours to write so.
for (const file of Object.keys(metafile.outputs))
	if (/[^\0-\x7f]/.test(await readFile(file, 'utf8')))
		throw new Error(`${file} holds more than ASCII: write a regular expression with \\u escapes or as a string.`);
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
