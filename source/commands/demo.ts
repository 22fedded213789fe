import {simulatedWorld} from '../simulated.ts';
import {destroy} from './destroy.ts';
import type {Command, Session} from './session.ts';
import {setup} from './setup.ts';

/** Answers of the demo, where nobody gives others. */
const answers = {region: 'us-east-2', limit: 4, runner: 'token'} as const;

/** The whole on the simulated world, sped up: the same setup, a short afternoon of jobs, destroy. Nothing of it costs anything, and it says so. */
export const demo: Command = async (session) => {
	const {face, around, parsed} = session;
	const inTerminal = session.interactive;
	const simulated = simulatedWorld({speed: inTerminal ? 30 : 'instant'});
	const shown: Session = {
		...session,
		world: {
			...simulated,
			defaultRegion: async () => answers.region,
			profiles: async () => [],
			use() {},
			close() {},
		},
		parsed: {...parsed, given: {...answers, ...parsed.given}},
		secrets: {runnerToken: simulated.outside.token()},
		demo: true,
	};
	face.emit({event: 'note', says: 'This is a demo on a simulated AWS: no account is used, nothing is made, and nothing costs.'});
	const made = await setup(shown);
	if (made !== 0) return made;
	return destroy(shown);
};
