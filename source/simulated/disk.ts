import type {Disk} from '../world/laptop/disk/port.ts';
import {unreadable, unwritable} from '../world/laptop/refused-by-disk.ts';
import {copied} from './copied.ts';
import type {Laptop} from './laptop.ts';

/** The kinds of things that are kept, each with a folder or file of its own. */
type KeptKind = 'keys' | 'pins' | 'gitlabs' | 'timings' | 'log';

/** What a disk refuses, by Node's code: `EROFS`, `ENOSPC`, `EDQUOT`, `EACCES`, `ENOENT`, `ENOTDIR`, `EMFILE`, `EPERM`. */
export type Refusals = {writing?: string; reading?: string};

/** A laptop's disk in memory, which outlives the laptop's death; `files` are what the person may name. */
export type SimulatedDisk = Disk & {
	readonly files: Map<string, {text: string; mode: number}>;
	readonly logged: string[];
	/** All that is kept but the log, by path. */
	kept(): Record<string, string>;
	/** Refuses from now on, of these kinds or of all; with nothing to refuse it works again. */
	refuse(what: Refusals, ...kinds: KeptKind[]): void;
	/** The same disk in another laptop, or in the same one after its death. */
	in(laptop: Laptop): SimulatedDisk;
};

type DiskState = {
	keys: Map<string, string>;
	pins: Map<string, string>;
	gitlabs: Set<string>;
	timings: Record<string, number[]>;
	files: SimulatedDisk['files'];
	logged: string[];
	refusals: Partial<Record<KeptKind, Refusals>>;
};

const all: readonly KeptKind[] = ['keys', 'pins', 'gitlabs', 'timings', 'log'];
const data = '/home/alice/.local/share/gitlab-runner-aws';
const state = '/home/alice/.local/state/gitlab-runner-aws';
const paths = {
	keys: (name: string) => `${data}/keys/${name}.pem`,
	pins: (instanceId: string) => `${data}/pins/${instanceId}`,
	gitlabs: () => `${data}/gitlabs`,
	timings: () => `${data}/timings.json`,
	log: () => `${state}/log`,
} as const satisfies Record<KeptKind, (name: string) => string>;

/** What Node throws. */
const nodeError = (code: string): Error => Object.assign(new Error(`${code}: simulated`), {code});

/** Makes an empty disk. */
export const simulatedDisk = (laptop: Laptop): SimulatedDisk =>
	onto({keys: new Map(), pins: new Map(), gitlabs: new Set(), timings: {}, files: new Map(), logged: [], refusals: {}}, laptop);

function onto(kept: DiskState, laptop: Laptop): SimulatedDisk {
	const file = (path: string) => {
		laptop.judgeAlive();
		const found = kept.files.get(path);
		if (!found) throw unreadable(path, nodeError('ENOENT'));
		return found;
	};
	const judgeWriting = (kind: KeptKind, name = '', doing?: 'deleted'): void => {
		if (kind !== 'log') laptop.judgeAlive();
		const code = kept.refusals[kind]?.writing;
		if (code !== undefined) throw unwritable(paths[kind](name), nodeError(code), kind === 'log' ? 'XDG_STATE_HOME' : 'XDG_DATA_HOME', doing);
	};
	/** Whether something can be there at all; a path that leads nowhere holds nothing, which is no trouble. */
	const judgeReading = (kind: KeptKind, name = ''): boolean => {
		laptop.judgeAlive();
		const code = kept.refusals[kind]?.reading;
		if (code === 'ENOENT' || code === 'ENOTDIR') return false;
		if (code !== undefined) throw unreadable(paths[kind](name), nodeError(code));
		return true;
	};
	return {
		files: kept.files,
		logged: kept.logged,
		logPath: paths.log(),
		kept: () =>
			Object.fromEntries([
				...[...kept.keys].map(([name, text]) => [paths.keys(name), text]),
				...[...kept.pins].map(([id, text]) => [paths.pins(id), text]),
				[paths.gitlabs(), [...kept.gitlabs].join('\n')],
				[paths.timings(), JSON.stringify(kept.timings)],
			]),
		refuse(what, ...kinds) {
			for (const kind of kinds.length === 0 ? all : kinds) kept.refusals[kind] = what;
		},
		in: (other) => onto(kept, other),
		keys: async () => (judgeReading('keys') ? [...kept.keys.keys()] : []),
		key: async (name) => (judgeReading('keys', name) ? kept.keys.get(name) : undefined),
		async saveKey(name, privateKey) {
			judgeWriting('keys', name);
			kept.keys.set(name, privateKey);
		},
		trySaveKey: async (name) => judgeWriting('keys', name),
		async removeKey(name) {
			if (!judgeReading('keys', name) || !kept.keys.has(name)) return;
			judgeWriting('keys', name, 'deleted');
			kept.keys.delete(name);
		},
		keyPath: paths.keys,
		pin: async (instanceId) => (judgeReading('pins', instanceId) ? kept.pins.get(instanceId) : undefined),
		async savePin(instanceId, fingerprint) {
			judgeWriting('pins', instanceId);
			kept.pins.set(instanceId, fingerprint);
		},
		gitlabs: async () => (judgeReading('gitlabs') ? [...kept.gitlabs] : []),
		async saveGitlab(url) {
			judgeReading('gitlabs');
			judgeWriting('gitlabs');
			kept.gitlabs.add(url);
		},
		read: async (path) => file(path).text,
		mode: async (path) => file(path).mode,
		timings: async () => (kept.refusals.timings?.reading === undefined ? copied(kept.timings) : {}),
		async saveTiming(step, seconds) {
			judgeWriting('timings');
			kept.timings[step] = [...(kept.timings[step] ?? []), seconds];
		},
		log(line) {
			judgeWriting('log');
			kept.logged.push(line);
		},
	};
}
