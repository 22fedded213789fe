import type {Fleet} from '../fleet.ts';
import {usualFleet} from '../questions/account.ts';
import {onlyFleet} from './fleets.ts';
import {askingFor, layersOf} from './opening.ts';
import {regionOf} from './region.ts';
import type {Session} from './session.ts';

/** The fleet that a flag, a preset or the environment names, else the only one of the region; no answer is asked for. Throws a Problem (exit 2) where it can't be told. */
export async function namedFleet(session: Session): Promise<Fleet> {
	const layers = await layersOf(session);
	const region = await regionOf(session, layers);
	const name = layers.flag?.fleet ?? layers.preset?.fleet ?? layers.environment?.fleet;
	if (name !== undefined) return {name, region};
	const {cloud} = askingFor(session)({...layers.flag, region});
	return onlyFleet(cloud, usualFleet);
}

/** The same session as if the fleet had been named on the command line. */
export const forFleet = (session: Session, {name, region}: Fleet): Session => ({
	...session,
	parsed: {...session.parsed, given: {...session.parsed.given, fleet: name, region}},
});
