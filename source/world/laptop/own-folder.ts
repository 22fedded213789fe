import {chmodSync, mkdirSync} from 'node:fs';
import {dirname} from 'node:path';
import {diskCode} from './refused-by-disk.ts';

/** Makes a folder and all above it; what is there stays. Node's own recursive way never ends where the system denies a folder with ENOENT, as /proc does. */
function make(folder: string, mayMakeParent: boolean): void {
	try {
		mkdirSync(folder, {mode: 0o700});
	} catch (error) {
		const code = diskCode(error);
		if (code === 'EEXIST') return;
		const parent = dirname(folder);
		if (code !== 'ENOENT' || !mayMakeParent || parent === folder) throw error;
		make(parent, true);
		make(folder, false);
	}
}

/** Makes a folder of this program's own, for its owner alone. Throws Node's own error. */
export function makeOwnFolder(folder: string): void {
	make(folder, true);
	chmodSync(folder, 0o700);
}
