import {randomBytes} from 'node:crypto';
import {readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type Conf from 'conf';
import {ifAnswered, Problem} from '../problem.ts';
import {makeOwnFolder} from '../world/laptop/own-folder.ts';
import {diskCode, diskReason, unwritable} from '../world/laptop/refused-by-disk.ts';
import {nearest} from './nearest.ts';
import {type Preset, presetIn, presetInText} from './preset-form.ts';

/** A preset with where it is from; one that can't be read has its problem instead. */
export type Listed = {name: string; from: 'yours' | 'shipped'} & ({preset: Preset} | {problem: Problem});

/** Where presets are kept: this person's own folder, and the folder that comes with the program. */
type PresetFolders = {own: string; shipped: string};

/** Presets on disk: one file each, its last whole write wins. */
export type Presets = {
	/** By name, own ones first, or by a file's path. Throws a Problem (exit 2) for one that isn't there or can't be used. */
	load(nameOrFile: string): Promise<Preset>;
	/** All of them by name. One that can't be read is listed with its problem and harms no other. */
	list(): Promise<Listed[]>;
	/** Writes one, 0600 in a folder of 0700; gives the file's path. A file of that name which can't be read is set aside first. Throws `file-unwritable`. */
	save(name: string, preset: Preset): Promise<string>;
	/** Removes an own one. Throws a Problem for a shipped one and for one that isn't there. */
	remove(name: string): Promise<void>;
};

/** Presets in these folders. */
export function presetsIn({own, shipped}: PresetFolders): Presets {
	const load = async (nameOrFile: string): Promise<Preset> => {
		if (isFile(nameOrFile)) return presetInText(await textOf(nameOrFile), nameOrFile);
		const name = checked(nameOrFile);
		if ((await namesIn(own)).includes(name)) return ownPreset(own, name);
		if ((await namesIn(shipped)).includes(name)) return shippedPreset(shipped, name);
		throw await notThere(name, [...(await namesIn(own)), ...(await namesIn(shipped))]);
	};
	return {
		load,
		async list() {
			const [mine, unread] = await ownNames(own);
			const theirs = (await namesIn(shipped)).filter((name) => !mine.includes(name));
			return Promise.all([
				...unread,
				...mine.map((name) => listed(name, 'yours', ownPreset(own, name))),
				...theirs.map((name) => listed(name, 'shipped', shippedPreset(shipped, name))),
			]);
		},
		async save(name, preset) {
			const sound = presetIn(preset, `Preset ${checked(name)}`);
			const path = pathOf(own, name);
			try {
				makeOwnFolder(own);
				await setAside(own, name);
				(await open(own, name)).store = sound;
			} catch (error) {
				throw unwritable(path, error, 'XDG_CONFIG_HOME');
			}
			return path;
		},
		async remove(name) {
			if ((await namesIn(own)).includes(checked(name))) return deleted(pathOf(own, name));
			if ((await namesIn(shipped)).includes(name))
				throw new Problem({
					code: 'preset-shipped',
					exit: 2,
					message: `Preset ${name} comes with the program, so it stays.`,
					advice: 'A preset of that name that you save is used instead of it.',
				});
			throw await notThere(name, await namesIn(own));
		},
	};
}

const nameShape = /^[a-zA-Z0-9][\w.-]{0,63}$/;
const isFile = (nameOrFile: string): boolean => /[/\\]/.test(nameOrFile) || nameOrFile.endsWith('.json');
const pathOf = (folder: string, name: string): string => join(folder, `${name}.json`);

function checked(name: string): string {
	if (nameShape.test(name) && !isFile(name)) return name;
	throw new Problem({
		code: 'preset-name',
		exit: 2,
		message: `A preset can't be called "${name.slice(0, 64)}". It takes up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.`,
	});
}

async function namesIn(folder: string): Promise<string[]> {
	try {
		const files = await readdir(folder);
		return (
			files
				.filter((file) => file.endsWith('.json'))
				.map((file) => file.slice(0, -'.json'.length))
				// Any other file can't be loaded by its name.
				.filter((name) => nameShape.test(name))
				.sort()
		);
	} catch (error) {
		// A path that leads nowhere holds none.
		if (['ENOENT', 'ENOTDIR'].includes(diskCode(error))) return [];
		throw unusable(folder, error);
	}
}

/** Names of own presets; a folder that can't be read is told in the list, and harms no shipped one. */
async function ownNames(folder: string): Promise<[names: string[], unread: Listed[]]> {
	const read = await ifAnswered(namesIn(folder));
	return 'result' in read ? [read.result, []] : [[], [{name: folder, from: 'yours', ...read}]];
}

async function listed(name: string, from: Listed['from'], loading: Promise<Preset>): Promise<Listed> {
	const loaded = await ifAnswered(loading);
	return 'result' in loaded ? {name, from, preset: loaded.result} : {name, from, ...loaded};
}

const shippedPreset = async (folder: string, name: string): Promise<Preset> => presetInText(await textOf(pathOf(folder, name)), `Preset ${name}`);

async function textOf(path: string): Promise<string> {
	try {
		return await readFile(path, 'utf8');
	} catch (error) {
		throw unusable(path, error);
	}
}

/** An own preset, read by `conf`; a file that holds no JSON is told and stays as it is. */
async function ownPreset(folder: string, name: string): Promise<Preset> {
	const where = `Preset ${name}`;
	const path = pathOf(folder, name);
	if (await isCorrupt(path)) return presetInText(await textOf(path), `${where} (${path})`);
	return presetIn((await open(folder, name)).store, where);
}

async function isCorrupt(path: string): Promise<boolean> {
	try {
		JSON.parse(await textOf(path));
		return false;
	} catch (error) {
		if (error instanceof SyntaxError) return true;
		throw error;
	}
}

async function setAside(folder: string, name: string): Promise<void> {
	const path = pathOf(folder, name);
	if ((await namesIn(folder)).includes(name) && (await isCorrupt(path))) await rename(path, `${path}.${randomBytes(3).toString('hex')}.set-aside`);
}

async function open(folder: string, name: string): Promise<Conf<Record<string, unknown>>> {
	const {default: Store} = await import('conf');
	return new Store<Record<string, unknown>>({
		cwd: folder,
		configName: name,
		configFileMode: 0o600,
		accessPropertiesByDotNotation: false,
		clearInvalidConfig: false,
	});
}

async function notThere(name: string, names: readonly string[]): Promise<Problem> {
	const near = nearest(name, names);
	return new Problem({
		code: 'preset-not-found',
		exit: 2,
		message: `There is no preset ${name}.${near ? ` Did you mean ${near}?` : ''}`,
		advice: '`gitlab-runner-aws presets list` shows those that there are; `--preset ./file.json` takes any file.',
	});
}

function unusable(path: string, error: unknown): Problem {
	const reason = diskCode(error) === 'ENOENT' ? "isn't there" : `can't be read: ${diskReason(error)}`;
	return new Problem({
		code: 'preset-unreadable',
		exit: 2,
		message: `${path} ${reason}.`,
		advice: 'Name the file of another preset, or mend that path.',
		cause: error,
	});
}

async function deleted(path: string): Promise<void> {
	try {
		await rm(path);
	} catch (error) {
		throw unwritable(path, error, 'XDG_CONFIG_HOME', 'deleted');
	}
}
