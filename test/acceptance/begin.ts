import type {Given} from '../../source/fleet.ts';
import {startWorld} from '../peers/world.ts';
import {accountAt, between, named} from './account.ts';
import {answersFor, laptopIn} from './laptop.ts';

/** The fleet that every laptop means. */
export const fleet = ['--fleet', 'gitlab-runners', '--region', 'us-east-1'];

/** A world with the laptop of somebody who is about to set up the first fleet, with these answers besides the usual ones. */
export async function begin(more: Given = {}) {
	const world = await startWorld();
	const account = accountAt(world);
	const laptop = await laptopIn(world, answersFor(world, more));
	const others = await account.things();
	return {
		world,
		account,
		laptop,
		/** The command that sets the fleet up from there. */
		setup: ['setup', '--yes', ...laptop.preset, ...laptop.tokenFile],
		/** What stands in the account that wasn't there before, in words. */
		standing: async (): Promise<string[]> => named(between(others, await account.things()).came),
	};
}
