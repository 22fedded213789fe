import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

/** Files that import test files, so that each runs several in one process. */
export type Together = {files: string[]; remove(): Promise<void>};

/**
 * Deals test files out to so many processes. A file of simulated things takes longer to load than to run, and most load the same: run in one process,
 * they take half the time.
 */
export async function together(files: readonly string[], processes: number): Promise<Together> {
	const folder = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-tests-'));
	const shares = Array.from({length: processes}, (_, share) => files.filter((_file, index) => index % processes === share)).filter((share) => share.length > 0);
	const made = shares.map(async (share, index) => {
		const path = join(folder, `share-${index + 1}.test.mjs`);
		await writeFile(path, share.map((file) => `import ${JSON.stringify(pathToFileURL(resolve(file)).href)};\n`).join(''));
		return path;
	});
	return {files: await Promise.all(made), remove: () => rm(folder, {recursive: true, force: true})};
}
