import {randomBytes} from 'node:crypto';
import {appendFileSync, renameSync, statSync} from 'node:fs';
import {open, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import {dirname, isAbsolute, join} from 'node:path';
import * as z from 'zod';
import {makeOwnFolder} from '../own-folder.ts';
import {diskCode, unreadable, unwritable} from '../refused-by-disk.ts';
import type {Disk} from './port.ts';

/** Where this laptop's files are: this program's own folders, and the person's own. */
type Folders = {data: string; state: string; home: string};

/** Bytes after which the log begins anew; the one before is kept as `.1`. */
const logLimit = 1_000_000;
/** A private key that is made here is shorter than this many bytes. */
const keyBytes = 4096;
/** How many runs of a step are remembered. */
const timingsKept = 20;

const timingsShape = z.record(z.string(), z.array(z.number()));

/** XDG's folders for this program (data: keys, pins, timings; state: the log). A folder that isn't named whole is nobody's, as XDG says. */
export function foldersOf(env: Readonly<Record<string, string | undefined>>, home: string): Folders {
	const under = (named: string | undefined, otherwise: string): string =>
		join(named !== undefined && isAbsolute(named) ? named : join(home, otherwise), 'gitlab-runner-aws');
	return {data: under(env.XDG_DATA_HOME, '.local/share'), state: under(env.XDG_STATE_HOME, '.local/state'), home};
}

/** What names another folder for each of them. */
const variables = {data: 'XDG_DATA_HOME', state: 'XDG_STATE_HOME'} as const;

/** A file's text, or undefined where there is none. */
async function textOf(path: string): Promise<string | undefined> {
	try {
		return await readFile(path, 'utf8');
	} catch (error) {
		if (['ENOENT', 'ENOTDIR'].includes(diskCode(error))) return undefined;
		throw unreadable(path, error);
	}
}

/** The names of the keys in a folder; none where there is no folder. */
async function keysIn(folder: string): Promise<string[]> {
	try {
		return (await readdir(folder)).filter((file) => file.endsWith('.pem')).map((file) => file.slice(0, -'.pem'.length));
	} catch (error) {
		if (['ENOENT', 'ENOTDIR'].includes(diskCode(error))) return [];
		throw unreadable(folder, error);
	}
}

/** Does something to a file among the data; what the disk refuses of it is a Problem. */
async function onDisk<Result>(path: string, work: () => Promise<Result>, doing: 'written' | 'deleted' = 'written'): Promise<Result> {
	try {
		return await work();
	} catch (error) {
		throw unwritable(path, error, variables.data, doing);
	}
}

/** Writes a file beside another one, 0600, in a folder that is 0700, and gives its path. Nothing half-written stays. */
async function writeBeside(path: string, text: string): Promise<string> {
	makeOwnFolder(dirname(path));
	const beside = `${path}.${randomBytes(4).toString('hex')}`;
	try {
		const file = await open(beside, 'wx', 0o600);
		try {
			await file.writeFile(text);
			await file.sync();
		} finally {
			await file.close();
		}
		return beside;
	} catch (error) {
		await rm(beside, {force: true}).catch(() => undefined);
		throw error;
	}
}

/** Writes a file so that it's either the old or the new one, whole. */
const put = (path: string, text: string): Promise<void> =>
	onDisk(path, async () => {
		const beside = await writeBeside(path, text);
		try {
			await rename(beside, path);
		} catch (error) {
			await rm(beside, {force: true}).catch(() => undefined);
			throw error;
		}
	});

/** Throws what writing so much would throw, and leaves no file. */
const tryPut = (path: string, bytes: number): Promise<void> => onDisk(path, async () => rm(await writeBeside(path, ' '.repeat(bytes)), {force: true}));

/** A log that is one file, and the one before; written at once, so that a crash loses nothing. */
function logger(path: string): (line: string) => void {
	let size: number | undefined;
	const add = (line: string): void => {
		if (size === undefined) {
			makeOwnFolder(dirname(path));
			size = statSync(path, {throwIfNoEntry: false})?.size ?? 0;
		}
		if (size > logLimit) {
			renameSync(path, `${path}.1`);
			size = 0;
		}
		const text = `${new Date().toISOString()} ${line.replaceAll('\n', '\n  ')}\n`;
		appendFileSync(path, text, {mode: 0o600});
		size += Buffer.byteLength(text);
	};
	return (line) => {
		try {
			add(line);
		} catch (error) {
			throw unwritable(path, error, variables.state);
		}
	};
}

/** Reads timings; what can't be read or understood is as good as none. */
async function timingsIn(path: string): Promise<Record<string, number[]>> {
	try {
		return timingsShape.parse(JSON.parse(await readFile(path, 'utf8')));
	} catch {
		return {};
	}
}

/** This laptop's disk under XDG's folders. */
export function realDisk({data, state, home}: Folders): Disk & {readonly logPath: string} {
	const keyPath = (name: string): string => join(data, 'keys', `${name}.pem`);
	const pinPath = (instanceId: string): string => join(data, 'pins', instanceId);
	const gitlabsPath = join(data, 'gitlabs');
	const timingsPath = join(data, 'timings.json');
	const logPath = join(state, 'log');
	const named = (path: string): string => path.replace(/^~(?=\/)/, home);
	const gitlabs = async (): Promise<string[]> => ((await textOf(gitlabsPath)) ?? '').split('\n').filter((url) => url !== '');
	let writing: Promise<void> = Promise.resolve();

	return {
		logPath,
		log: logger(logPath),
		keyPath,
		keys: () => keysIn(join(data, 'keys')),
		key: (name) => textOf(keyPath(name)),
		saveKey: (name, privateKey) => put(keyPath(name), privateKey),
		trySaveKey: (name) => tryPut(keyPath(name), keyBytes),
		async removeKey(name) {
			if ((await textOf(keyPath(name))) === undefined) return;
			await onDisk(keyPath(name), () => rm(keyPath(name), {force: true}), 'deleted');
		},
		pin: async (instanceId) => (await textOf(pinPath(instanceId)))?.trim(),
		savePin: (instanceId, fingerprint) => put(pinPath(instanceId), `${fingerprint}\n`),
		gitlabs,
		saveGitlab: async (url) => put(gitlabsPath, `${[...new Set([...(await gitlabs()), url])].join('\n')}\n`),
		async read(path) {
			try {
				return await readFile(named(path), 'utf8');
			} catch (error) {
				throw unreadable(path, error);
			}
		},
		async mode(path) {
			try {
				return (await stat(named(path))).mode & 0o777;
			} catch (error) {
				throw unreadable(path, error);
			}
		},
		timings: () => timingsIn(timingsPath),
		saveTiming(step, seconds) {
			const write = async (): Promise<void> => {
				const known = await timingsIn(timingsPath);
				await put(timingsPath, `${JSON.stringify({...known, [step]: [...(known[step] ?? []), seconds].slice(-timingsKept)})}\n`);
			};
			writing = writing.catch(() => undefined).then(write);
			return writing;
		},
	};
}
