import {afternoon} from '../demo/afternoon.ts';
import {type World as SimulatedWorld, simulatedWorld} from '../simulated.ts';
import {destroy} from './destroy.ts';
import type {Command, Session} from './session.ts';
import {setup} from './setup.ts';
import type {World} from './world.ts';

const region = 'us-east-2';
/** Simulated seconds in a second, where somebody looks on. */
const speed = 20;

/** The simulated world as commands take it; at once where no one looks on. */
export function demoWorld(isWatched: boolean): World & {simulated: SimulatedWorld} {
	const simulated = simulatedWorld({speed: isWatched ? speed : 'instant'});
	const {cloudAt, host, gitlabAt, address, disk, clock, random} = simulated;
	return {cloudAt, host, gitlabAt, address, disk, clock, random, simulated, defaultRegion: async () => region, profiles: async () => [], use() {}, close() {}};
}

/** The whole on the simulated world: the same setup, a short afternoon of jobs, destroy. Nothing of it costs anything, and it says so. */
export const demoOn =
	({simulated}: ReturnType<typeof demoWorld>): Command =>
	async (session) => {
		const {face, parsed, secrets, stops} = session;
		Object.assign(secrets, {runnerToken: simulated.outside.token()});
		const shown: Session = {...session, parsed: {...parsed, given: {limit: 4, ...parsed.given}}, demo: true};
		const made = await setup(shown);
		if (made !== 0) return made;
		await afternoon(simulated, simulated.clock, face.emit, stops.soft);
		return destroy(shown);
	};
