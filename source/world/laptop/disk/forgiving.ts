import {isProblem} from '../../../problem.ts';
import {diskCode, diskReason} from '../refused-by-disk.ts';
import type {Disk} from './port.ts';

/** Something worth knowing that is no failure. */
type Said = {says: string; advice?: string};

/** Does something that a person can do without: where the disk refuses it, that is told, and `instead` is what comes of it. */
type Without = <Result>(work: () => Promise<Result>, instead: Result) => Promise<Result>;

const isRefused = (error: unknown) => isProblem(error, 'file-unwritable', 'file-unreadable');

/** Tells the first refusal of each sort: a disk that is full or read-only refuses everything alike. */
function teller(tell: (said: Said) => void): (error: unknown) => void {
	const told = new Set<string>();
	return (error) => {
		if (!isRefused(error)) throw error;
		const {cause, message} = error;
		const sort = `${error.code} ${diskCode(cause)}`;
		if (told.has(sort)) return;
		told.add(sort);
		tell({says: `${message} It goes on without: no fleet depends on what this laptop keeps.`});
	};
}

/**
 * This laptop's disk for a run that mustn't end because a convenience can't be kept: pins, GitLabs named here, timings, the log, a key that is looked for or taken away. What
 * the disk refuses of these is told once. A key that is to be kept still throws. `without` does the same for what is kept elsewhere.
 */
export function forgiving(disk: Disk, tell: (said: Said) => void): {disk: Disk; without: Without} {
	const refused = teller(tell);
	let logs = true;
	const without: Without = async (work, instead) => {
		try {
			return await work();
		} catch (error) {
			refused(error);
			return instead;
		}
	};
	return {
		without,
		disk: {
			...disk,
			keys: () => without(() => disk.keys(), []),
			key: (name) => without(() => disk.key(name), undefined),
			async removeKey(name) {
				try {
					await disk.removeKey(name);
				} catch (error) {
					// Where nothing there can even be looked at, whether it is there isn't known either.
					if (!isProblem(error, 'file-unwritable')) return refused(error);
					tell({
						says: `The private key ${disk.keyPath(name)} stays on this laptop: ${diskReason(error.cause, 'deleted')}.`,
						advice: 'It opens nothing any more; delete it yourself.',
					});
				}
			},
			pin: (instanceId) => without(() => disk.pin(instanceId), undefined),
			savePin: (instanceId, fingerprint) => without(() => disk.savePin(instanceId, fingerprint), undefined),
			gitlabs: () => without(() => disk.gitlabs(), []),
			saveGitlab: (url) => without(() => disk.saveGitlab(url), undefined),
			saveTiming: (step, seconds) => without(() => disk.saveTiming(step, seconds), undefined),
			log(line) {
				if (!logs) return;
				try {
					disk.log(line);
				} catch (error) {
					logs = false;
					refused(error);
				}
			},
			get logPath() {
				return logs ? disk.logPath : undefined;
			},
		},
	};
}
