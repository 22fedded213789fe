import {spawnSync} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build, type Plugin} from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const workers = 5;
const updates = 60;

/** As in the program that is shipped: Ink asks for its developer tools only when DEV is set. */
const withoutDevtools: Plugin = {
	name: 'no-devtools',
	setup(work) {
		work.onResolve({filter: /^react-devtools-core$/}, ({path}) => ({path, namespace: 'empty'}));
		work.onLoad({filter: /.*/, namespace: 'empty'}, () => ({contents: 'export default {}'}));
	},
};

/** Megabytes that the panel of a small fleet takes, beside those of an Ink program that shows one line; both bundled, since a loader takes as much itself. */
export async function memoryLines(): Promise<string[]> {
	const folder = await mkdtemp(join(here, '../../node_modules/.cache/bench-'));
	try {
		await build({
			entryPoints: {panel: join(here, 'panel.tsx'), line: join(here, 'one-line.tsx')},
			outdir: folder,
			outExtension: {'.js': '.mjs'},
			bundle: true,
			format: 'esm',
			platform: 'node',
			target: 'node22',
			jsx: 'automatic',
			mainFields: ['module', 'main'],
			external: ['*.node', 'cpu-features'],
			plugins: [withoutDevtools],
			define: {'process.env.NODE_ENV': '"production"'},
			banner: {js: "import {createRequire as _createRequire} from 'node:module';\nconst require = _createRequire(import.meta.url);"},
		});
		const take = (file: string, ...args: string[]): number => {
			const {status, stderr, stdout} = spawnSync(process.execPath, [join(folder, file), ...args], {env: {PATH: process.env.PATH}, encoding: 'utf8'});
			if (status !== 0) throw new Error(`${file} exits ${status}: ${stderr}`);
			return Number(/([\d.]+) MB/.exec(stdout)?.[1]);
		};
		const line = take('line.mjs');
		return ['docker+machine', 'docker-autoscaler'].map((executor) => {
			const panel = take('panel.mjs', executor, String(updates), String(workers));
			return `panel of ${workers} workers of ${executor} after ${updates} updates: ${panel.toFixed(0)} MB, ${(panel / line).toFixed(2)} x an Ink program that shows one line (${line.toFixed(0)} MB)`;
		});
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}
