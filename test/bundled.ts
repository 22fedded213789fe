import {readFile, rm, writeFile} from 'node:fs/promises';
import {join, relative, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {build, type Plugin} from 'esbuild';

/** Test files as plain JavaScript. Nothing is left of them after `remove`. */
export type Bundled = {
	/** Where a test file is to be run from. */
	of(file: string): string;
	/** Files that run several test files each, which leave the processor to whoever else wants it. */
	together(shares: readonly (readonly string[])[]): Promise<string[]>;
	remove(): Promise<void>;
};

/** Simulated things wait for nothing, so they take what is left by tests that wait for other programs, which have limits. */
const lowPriority = `import {setPriority} from 'node:os';\nsetPriority(5);\n`;

const root = fileURLToPath(new URL('..', import.meta.url));

/** A module still finds the files beside it where it was written. */
const whereWritten: Plugin = {
	name: 'where-written',
	setup(work) {
		work.onLoad({filter: /\.tsx?$/}, async ({path}) => {
			const text = await readFile(path, 'utf8');
			return {contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: path.endsWith('x') ? 'tsx' : 'ts'};
		});
	},
};

/**
 * Makes plain JavaScript of test files and of all that they read from here, each module once, so that no process has to translate
 * them once more.
 */
export async function bundled(files: readonly string[]): Promise<Bundled> {
	// Packages are found from here as they are from the tests.
	const folder = join(root, 'node_modules/.cache/tests', `all-${process.pid}`);
	await build({
		entryPoints: [...files],
		outbase: root,
		outdir: folder,
		outExtension: {'.js': '.mjs'},
		bundle: true,
		splitting: true,
		packages: 'external',
		format: 'esm',
		platform: 'node',
		jsx: 'automatic',
		sourcemap: true,
		logLevel: 'error',
		plugins: [whereWritten],
	});
	const of = (file: string): string => join(folder, relative(root, resolve(file)).replace(/\.tsx?$/, '.mjs'));
	return {
		of,
		/** A file of simulated things takes longer to load than to run, and most load the same: run in one process, they take half the time. */
		async together(shares) {
			const made = shares.map(async (share, index) => {
				const path = join(folder, `share-${index + 1}.test.mjs`);
				await writeFile(path, [lowPriority, ...share.map((file) => `import ${JSON.stringify(pathToFileURL(of(file)).href)};\n`)].join(''));
				return path;
			});
			return Promise.all(made);
		},
		remove: () => rm(folder, {recursive: true, force: true}),
	};
}
