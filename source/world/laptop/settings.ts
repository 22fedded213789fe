import {readFile, rename} from 'node:fs/promises';
import {isAbsolute, join} from 'node:path';
import * as z from 'zod';
import {printableIn} from '../printable.ts';
import {makeOwnFolder} from './own-folder.ts';
import {diskCode, unwritable} from './refused-by-disk.ts';

const shape = z.object({
	/** When each preset was used last, ISO 8601. */
	presetsUsed: z.record(z.string(), z.string()).optional(),
	/** Answers of somebody who left the questions at that time (ISO 8601), by their keys; `left` are those kept at their defaults. */
	draft: z
		.object({at: z.string(), answers: z.record(z.string(), z.unknown()), left: z.array(z.string())})
		.optional()
		.catch(undefined),
});

/** Preferences of this laptop: conveniences, whose loss costs nothing. */
type Settings = z.infer<typeof shape>;

/** Preferences on disk: one file, its last whole write wins. */
export type SettingsStore = {
	/** What was remembered; what can't be read counts as nothing remembered. */
	read(): Promise<Settings>;
	/** Changes what is given and keeps the rest. Throws a Problem `file-unwritable`. */
	remember(changed: {[Name in keyof Settings]?: Settings[Name] | undefined}): Promise<void>;
};

/** Preferences in a folder. */
export function settingsIn(folder: string): SettingsStore {
	const path = join(folder, 'settings.json');
	const read = async (): Promise<Settings> => shape.catch({}).parse(printableIn(await contentOf(path)));
	return {
		read,
		async remember(changed) {
			const settings = {...(await read()), ...changed};
			try {
				makeOwnFolder(folder);
				if ((await contentOf(path)) === unusable) await rename(path, `${path}.set-aside`);
				const {default: Store} = await import('conf');
				new Store<Record<string, unknown>>({cwd: folder, configName: 'settings', configFileMode: 0o600, clearInvalidConfig: false}).store = JSON.parse(
					JSON.stringify(settings),
				);
			} catch (error) {
				throw unwritable(path, error, 'XDG_CONFIG_HOME');
			}
		},
	};
}

const unusable = Symbol('unusable');

/** What a file holds; nothing where there is none. One that can't be read, or holds something else, is set aside before another is written. */
async function contentOf(path: string): Promise<unknown> {
	try {
		return JSON.parse(await readFile(path, 'utf8'));
	} catch (error) {
		return ['ENOENT', 'ENOTDIR'].includes(diskCode(error)) ? {} : unusable;
	}
}

/** Where this program keeps presets and preferences: XDG's configuration folder, or the platform's own. */
export function configFolder({environment, platform, home}: {environment: Record<string, string | undefined>; platform: string; home: string}): string {
	const name = 'gitlab-runner-aws';
	if (environment.XDG_CONFIG_HOME !== undefined && isAbsolute(environment.XDG_CONFIG_HOME)) return join(environment.XDG_CONFIG_HOME, name);
	if (platform === 'darwin') return join(home, 'Library', 'Preferences', name);
	if (platform === 'win32') return join(environment.APPDATA ?? join(home, 'AppData', 'Roaming'), name);
	return join(home, '.config', name);
}

const day = 86_400_000;

/** When something was, as a person says it: `today`, `yesterday`, `3 days ago`, else the date. Milliseconds since 1970. */
export function whenWords(at: number, now: number): string {
	const days = Math.floor(now / day) - Math.floor(at / day);
	if (days <= 0) return 'today';
	if (days === 1) return 'yesterday';
	return days < 15 ? `${days} days ago` : new Date(at).toISOString().slice(0, 10);
}

/** When each preset was used last, in words; what can't be read counts as never. */
export async function presetsUsed(settings: SettingsStore, now: number): Promise<Record<string, string>> {
	const {presetsUsed: used = {}} = await settings.read();
	return Object.fromEntries(Object.entries(used).flatMap(([name, at]) => (Number.isNaN(Date.parse(at)) ? [] : [[name, whenWords(Date.parse(at), now)]])));
}

/** Remembers that a preset was used now. */
export async function rememberPreset(settings: SettingsStore, name: string, now: number): Promise<void> {
	const {presetsUsed: used = {}} = await settings.read();
	await settings.remember({presetsUsed: {...used, [name]: new Date(now).toISOString()}});
}
