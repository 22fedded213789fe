import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {presetsIn} from '../answers/presets.ts';
import {fleetOfKeyFile} from '../fleet.ts';
import {awsFiles} from '../world/cloud/aws-files.ts';
import {foldersOf, realDisk} from '../world/laptop/disk/real.ts';
import {configFolder} from '../world/laptop/settings.ts';
import type {Remembered} from './line/command-table.ts';
import type {Surroundings} from './world.ts';

/** The names that this laptop remembers of a kind, in the order of the alphabet: what a shell's completion asks for while somebody types. */
export async function rememberedNames(kind: Remembered, {env, home, platform, shipped}: Surroundings): Promise<string[]> {
	if (kind === 'profile') return Object.keys((await awsFiles({...env, HOME: home})).profiles).sort();
	if (kind === 'fleet') return [...new Set((await realDisk(foldersOf(env, home)).keys()).flatMap((name) => fleetOfKeyFile(name) ?? []))].sort();
	const own = join(configFolder({environment: env, platform, home}), 'presets');
	const listed = await presetsIn({own, shipped: fileURLToPath(shipped)}).list();
	return listed.filter((one) => 'preset' in one && (kind === 'preset' || one.from === 'yours')).map(({name}) => name);
}
