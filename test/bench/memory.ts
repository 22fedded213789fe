import {spawnSync} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {bundling} from '../../bundling.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const workers = 5;
const updates = 60;
const runs = 7;

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/** Megabytes that the panel of a small fleet takes, beside those of an Ink program that shows one line; both bundled, since a loader takes as much itself. */
export async function memoryLines(): Promise<string[]> {
	const folder = await mkdtemp(join(here, '../../node_modules/bench-'));
	try {
		await build({
			...bundling,
			entryPoints: {panel: join(here, 'panel.tsx'), line: join(here, 'one-line.tsx')},
			outdir: folder,
			outExtension: {'.js': '.mjs'},
		});
		const once = (file: string, args: readonly string[]): number => {
			const {status, stderr, stdout} = spawnSync(process.execPath, [join(folder, file), ...args], {env: {PATH: process.env.PATH}, encoding: 'utf8'});
			if (status !== 0) throw new Error(`${file} exits ${status}: ${stderr}`);
			return Number(/([\d.]+) MB/.exec(stdout)?.[1]);
		};
		// When memory is given back is up to threads of Node's own, so that each run takes another share.
		const take = (file: string, ...args: string[]): number => median(Array.from({length: runs}, () => once(file, args)));
		const line = take('line.mjs');
		return ['docker+machine', 'docker-autoscaler'].map((executor) => {
			const panel = take('panel.mjs', executor, String(updates), String(workers));
			return `panel of ${workers} workers of ${executor} after ${updates} updates: ${panel.toFixed(0)} MB, ${(panel / line).toFixed(2)} x an Ink program that shows one line (${line.toFixed(0)} MB), median of ${runs} runs`;
		});
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}
