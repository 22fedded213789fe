import {build, type Metafile} from 'esbuild';
import type {Lacking, Peer} from './here.ts';

/** What a test file needs of this computer. */
export type Needs = {
	/** Without these it isn't run. */
	all: ReadonlySet<Peer>;
	/** Without these some of its tests aren't: it looks what is here, and only then imports what starts them. */
	some: ReadonlySet<Peer>;
	/** How long its tests may take, against other files that need the same. */
	length: number;
};

/** The modules that use a peer, and which. What one of them imports isn't looked at: a world without a manager is a world, and needs no machine. */
const users: Record<string, Peer> = {
	'test/peers/no-manager.ts': 'moto',
	'test/peers/world.ts': 'machine',
	'test/peers/relay.ts': 'machine',
	'test/peers/system.ts': 'machine',
	'test/peers/python.ts': 'python',
	'test/pty/terminal.ts': 'terminal',
};

/** The users that a file reaches by imports of one kind. */
function reached(inputs: Metafile['inputs'], from: string, mayWait: boolean): Set<Peer> {
	const found = new Set<Peer>();
	const seen = new Set<string>();
	const walk = (file: string): void => {
		if (seen.has(file)) return;
		seen.add(file);
		const peer = users[file];
		if (peer !== undefined) return void found.add(peer);
		for (const {path, kind, external} of inputs[file]?.imports ?? []) {
			if (external !== true && (mayWait || kind !== 'dynamic-import')) walk(path);
		}
	};
	walk(from);
	return found;
}

/** What runs one test hundreds of times. */
const repeating = ['test/engine/deaths.ts', 'fast-check'];

/** How long a file's tests are, in bytes: its own, and those of modules that it takes tests from, or long runs of the program. What runs them again and again counts. */
function lengthOf(inputs: Metafile['inputs'], file: string): number {
	const {bytes = 0, imports = []} = inputs[file] ?? {};
	const shared = imports.filter(({path}) => path.startsWith('test/acceptance/') || inputs[path]?.imports.some((one) => one.path === 'node:test'));
	const length = shared.reduce((sum, {path}) => sum + (inputs[path]?.bytes ?? 0), bytes);
	return imports.some(({path}) => repeating.includes(path)) ? 8 * length : length;
}

/** What each test file needs, told by its imports. The working directory is the project's. */
export async function needsOf(files: readonly string[]): Promise<Map<string, Needs>> {
	const {metafile} = await build({
		entryPoints: [...files],
		bundle: true,
		packages: 'external',
		external: ['../source/*', '../../source/*', '../../../source/*'],
		format: 'esm',
		platform: 'node',
		outdir: 'nowhere',
		write: false,
		metafile: true,
		logLevel: 'error',
	});
	return new Map(
		files.map((file) => {
			const all = reached(metafile.inputs, file, false);
			const some = new Set([...reached(metafile.inputs, file, true)].filter((peer) => !all.has(peer)));
			return [file, {all, some, length: lengthOf(metafile.inputs, file)}];
		}),
	);
}

const names: Record<Peer, string> = {machine: "the manager's machine", moto: 'moto', python: 'Python', terminal: 'a pseudo-terminal'};

/** The line that says what is left out for want of what, and why; nothing when all can run. */
export function leftOut(needs: Iterable<Needs>, lacking: Lacking): string | undefined {
	const all = [...needs];
	const each = [...lacking].flatMap(([peer, why]) => {
		const count = (kind: 'all' | 'some'): number => all.filter((one) => one[kind].has(peer)).length;
		const [whole, parts] = [count('all'), count('some')];
		const files = [whole > 0 && `${whole} test ${whole === 1 ? 'file' : 'files'}`, parts > 0 && `parts of ${parts}`].filter((words) => words !== false);
		return files.length === 0 ? [] : `${files.join(' and ')} for want of ${names[peer]} (${why})`;
	});
	return each.length === 0 ? undefined : `Left out: ${each.join('; ')}.`;
}

/** How long a test takes that uses a peer, against those that use none. */
const weights: Record<Peer, number> = {machine: 8, moto: 4, terminal: 2, python: 1};

/** Files in the order in which they are best started: the longest first, so that none is left to run alone. */
export function longestFirst(needs: ReadonlyMap<string, Needs>): string[] {
	const weight = ({all, some, length}: Needs): number => length * [...all, ...some].reduce((sum, peer) => sum + weights[peer], 1);
	return [...needs].toSorted(([, one], [, other]) => weight(other) - weight(one)).map(([file]) => file);
}

/** Files in so many shares that take about the same time, those in each by the order given. */
export function evenShares(files: readonly string[], needs: ReadonlyMap<string, Needs>, count: number): string[][] {
	const shares = Array.from({length: count}, (): {files: string[]; length: number} => ({files: [], length: 0}));
	for (const file of files) {
		const shortest = shares.reduce((least, share) => (share.length < least.length ? share : least));
		shortest.files.push(file);
		shortest.length += needs.get(file)?.length ?? 0;
	}
	return shares.map((share) => share.files).filter((share) => share.length > 0);
}
