import {Problem} from '../problem.ts';
import type {Laptop} from '../simulated-laptop.ts';
import type {Disk} from './port.ts';

/** A laptop's disk in memory, which outlives the laptop's death; `files` are what the person may name. */
export type SimulatedDisk = Disk & {
	readonly files: Map<string, {text: string; mode: number}>;
	readonly logged: string[];
	/** The same disk in another laptop, or in the same one after its death. */
	in(laptop: Laptop): SimulatedDisk;
};

type Kept = {keys: Map<string, string>; pins: Map<string, string>; timings: Record<string, number[]>; files: SimulatedDisk['files']; logged: string[]};

/** Makes an empty disk. */
export const simulatedDisk = (laptop: Laptop): SimulatedDisk => onto({keys: new Map(), pins: new Map(), timings: {}, files: new Map(), logged: []}, laptop);

function onto(kept: Kept, laptop: Laptop): SimulatedDisk {
	const file = (path: string) => {
		laptop.judgeAlive();
		const found = kept.files.get(path);
		if (!found) throw new Problem({code: 'file-unreadable', message: `The file ${path} can't be read: there is none (ENOENT).`, advice: 'Name another path.'});
		return found;
	};
	const act = (what: string) => {
		laptop.judgeAlive();
		return what;
	};
	return {
		files: kept.files,
		logged: kept.logged,
		logPath: '/home/alice/.local/state/gitlab-runner-aws/log',
		in: (other) => onto(kept, other),
		key: async (name) => kept.keys.get(act(name)),
		async saveKey(name, privateKey) {
			kept.keys.set(act(name), privateKey);
		},
		async removeKey(name) {
			kept.keys.delete(act(name));
		},
		keyPath: (name) => `/home/alice/.local/share/gitlab-runner-aws/keys/${name}.pem`,
		pin: async (instanceId) => kept.pins.get(act(instanceId)),
		async savePin(instanceId, fingerprint) {
			kept.pins.set(act(instanceId), fingerprint);
		},
		read: async (path) => file(path).text,
		mode: async (path) => file(path).mode,
		timings: async () => structuredClone(kept.timings),
		async saveTiming(step, seconds) {
			kept.timings[act(step)] = [...(kept.timings[step] ?? []), seconds];
		},
		log: (line) => void kept.logged.push(line),
	};
}
