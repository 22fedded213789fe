import {randomBytes} from 'node:crypto';
import {appendFileSync, mkdirSync, renameSync, statSync} from 'node:fs';
import {chmod, mkdir, open, readFile, rename, rm, stat} from 'node:fs/promises';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';
import {z} from 'zod';
import {Problem} from '../problem.ts';
import type {Disk} from './port.ts';

/** Where this laptop's files are, each this program's own folder. */
export type Folders = {data: string; state: string};

/** Bytes after which the log begins anew; the one before is kept as `.1`. */
const logLimit = 1_000_000;
/** How many runs of a step are remembered. */
const timingsKept = 20;

const timingsShape = z.record(z.string(), z.array(z.number()));

/** XDG's folders for this program (data: keys, pins, timings; state: the log). */
export function foldersOf(env: Readonly<Record<string, string | undefined>>, home = env.HOME ?? homedir()): Folders {
	const under = (named: string | undefined, otherwise: string): string => join(named?.startsWith('/') ? named : join(home, otherwise), 'gitlab-runner-aws');
	return {data: under(env.XDG_DATA_HOME, '.local/share'), state: under(env.XDG_STATE_HOME, '.local/state')};
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');

/** A sentence about a file of the person's that can't be used. */
function unreadable(path: string, error: unknown): Problem {
	const reasons: Record<string, string> = {
		ENOENT: 'there is none',
		EACCES: 'its permissions keep you out',
		EISDIR: "it's a folder",
		ENOTDIR: 'a part of its path is no folder',
	};
	const code = codeOf(error);
	return new Problem({
		code: 'file-unreadable',
		message: `The file ${path} can't be read: ${reasons[code] ?? String(error)} (${code}).`,
		advice: 'Name another file, or mend that one.',
		cause: error,
	});
}

/** A file's text, or undefined where there is none. */
async function textOf(path: string): Promise<string | undefined> {
	try {
		return await readFile(path, 'utf8');
	} catch (error) {
		if (codeOf(error) === 'ENOENT') return undefined;
		throw unreadable(path, error);
	}
}

/** Writes a file so that it's either the old or the new one, whole: 0600, in a folder that is 0700. */
async function put(path: string, text: string): Promise<void> {
	const folder = dirname(path);
	await mkdir(folder, {recursive: true, mode: 0o700});
	await chmod(folder, 0o700);
	const beside = `${path}.${randomBytes(4).toString('hex')}`;
	try {
		const file = await open(beside, 'wx', 0o600);
		try {
			await file.writeFile(text);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(beside, path);
	} catch (error) {
		await rm(beside, {force: true});
		throw new Problem({
			code: 'file-failed',
			message: `${path} can't be written: ${error instanceof Error ? error.message : String(error)}.`,
			advice: 'Make room or mend the folder, then run the same command again.',
			cause: error,
		});
	}
}

/** A log that is one file, and the one before; written at once, so that a crash loses nothing. */
function logger(path: string): (line: string) => void {
	let size: number | undefined;
	const add = (line: string): void => {
		if (size === undefined) {
			mkdirSync(dirname(path), {recursive: true, mode: 0o700});
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
	let works = true;
	return (line) => {
		if (!works) return;
		try {
			add(line);
		} catch {
			// A log that can't be written, on a full or read-only disk, is no reason to stop the work that it tells of.
			works = false;
		}
	};
}

/** Reads timings; what can't be understood is as good as none, since they're only for guesses. */
async function timingsIn(path: string): Promise<Record<string, number[]>> {
	const text = await textOf(path);
	if (text === undefined) return {};
	try {
		return timingsShape.parse(JSON.parse(text));
	} catch {
		return {};
	}
}

/** This laptop's disk under XDG's folders. */
export function realDisk({data, state}: Folders): Disk {
	const keyPath = (name: string): string => join(data, 'keys', `${name}.pem`);
	const pinPath = (instanceId: string): string => join(data, 'pins', instanceId);
	const timingsPath = join(data, 'timings.json');
	const logPath = join(state, 'log');
	const named = (path: string): string => path.replace(/^~(?=\/)/, homedir());
	let writing: Promise<void> = Promise.resolve();

	return {
		logPath,
		log: logger(logPath),
		keyPath,
		key: (name) => textOf(keyPath(name)),
		saveKey: (name, privateKey) => put(keyPath(name), privateKey),
		removeKey: (name) => rm(keyPath(name), {force: true}),
		async pin(instanceId) {
			return (await textOf(pinPath(instanceId)))?.trim();
		},
		savePin: (instanceId, fingerprint) => put(pinPath(instanceId), `${fingerprint}\n`),
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
