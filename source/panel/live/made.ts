import {executorOf} from '../../executors/list.ts';
import {type Made, makersIn} from '../makers.ts';
import type {Snapshot} from '../snapshot.ts';

/** How each runner of config.toml that makes machines makes them now, as far as it says so. */
export const allMade = (snapshot: Pick<Snapshot, 'host' | 'region'>): Made[] =>
	makersIn(snapshot).flatMap((maker) => executorOf(maker).made(maker, snapshot.region) ?? []);

/** How workers are made now: by the first runner that makes machines. */
export function workersMade(snapshot: Pick<Snapshot, 'host' | 'region'>): Made | undefined {
	const [maker] = makersIn(snapshot);
	return maker && executorOf(maker).made(maker, snapshot.region);
}
