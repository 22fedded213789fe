import assert from 'node:assert/strict';
import type {PeerWorld} from '../peers/world.ts';
import type {LaptopOnPeers} from './laptop.ts';

/** A call of a command, by its action and how often that was asked for before it: a dry run comes first for some. */
export type CallOrdinal = readonly [action: string, nth: number];

/**
 * Runs a command again and again, each time killed once AWS has carried out one of these calls and before it hears the answer; each call kills once.
 * Gives the calls that never came.
 */
export async function killedAfter(world: PeerWorld, on: LaptopOnPeers, args: readonly string[], moments: readonly CallOrdinal[]): Promise<string[]> {
	let left = [...moments];
	while (left.length > 0) {
		world.aws.forget();
		const ran = await on.built(args, {started: (pid) => world.aws.faults(left.map(([action, nth]) => ({action, nth, kill: pid})))});
		world.aws.faults([]);
		if (ran.signal === null) return left.map(([action]) => action);
		assert.equal(ran.signal, 'SIGKILL');
		const came = ([action, nth]: CallOrdinal): boolean => world.aws.calls().filter((call) => call.action === action).length >= nth;
		left = left.filter((moment) => !came(moment));
	}
	return [];
}
