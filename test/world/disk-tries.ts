import {isProblem} from '../../source/problem.ts';
import type {Disk} from '../../source/world/laptop/disk/port.ts';
import {diskCode} from '../../source/world/laptop/refused-by-disk.ts';

/** How each verb of the disk went: `done`, or the problem's code with Node's. */
export type Tries = Record<string, string>;

async function tried(work: () => unknown): Promise<string> {
	try {
		await work();
		return 'done';
	} catch (error) {
		return isProblem(error) ? `${error.code} ${diskCode(error.cause)}` : `no problem, but ${String(error)}`;
	}
}

/** Tries all that the disk can be asked to keep or to give back. */
export async function triesOf(disk: Disk): Promise<Tries> {
	return {
		trySaveKey: await tried(() => disk.trySaveKey('f')),
		saveKey: await tried(() => disk.saveKey('f', 'secret')),
		savePin: await tried(() => disk.savePin('i-1', 'SHA256:abc')),
		saveGitlab: await tried(() => disk.saveGitlab('https://gitlab.example')),
		saveTiming: await tried(() => disk.saveTiming('bucket', 1)),
		log: await tried(() => disk.log('a line')),
		removeKey: await tried(() => disk.removeKey('f')),
		timings: await tried(() => disk.timings()),
		key: await tried(() => disk.key('f')),
		gitlabs: await tried(() => disk.gitlabs()),
		pin: await tried(() => disk.pin('i-1')),
	};
}
