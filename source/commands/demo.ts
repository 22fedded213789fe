import {usualFleet} from '../answers/account.ts';
import type {Happening} from '../engine/events.ts';
import {simulatedWorld, type World} from '../simulated/world.ts';
import {afternoon} from './demo/afternoon.ts';
import {play} from './demo/script.ts';
import {destroy} from './destroy.ts';
import type {Command, Session} from './session.ts';
import {setup} from './setup.ts';
import type {CommandWorld} from './world.ts';

const region = 'us-east-2';
/** Simulated seconds in a second, where somebody looks on. */
const speed = 20;
/** Who works in the demo, as whom AWS knows them there. */
const who = 'alice@laptop';
/** AWS's quota of Standard spot vCPUs, and how many the demo's account has: enough for any preset that is shipped. */
const spotQuota = {code: 'L-34B43A08', vcpus: 640};

/** The simulated world as commands take it; at once where no one looks on. */
export function demoWorld(isWatched: boolean): CommandWorld & {simulated: World} {
	const simulated = simulatedWorld({speed: isWatched ? speed : 'instant'});
	simulated.outside.setQuota(spotQuota.code, spotQuota.vcpus);
	return {
		...simulated,
		simulated,
		defaultRegion: async () => region,
		profiles: async () => [],
		timeZone: () => 'Europe/Berlin',
		login: () => undefined,
		use() {},
		close() {},
	};
}

/**
 * The whole on the simulated world: the same setup, an afternoon of jobs, destroy. In a terminal the afternoon is the live panel, until it's left;
 * elsewhere it's short and ends by itself. Nothing of it costs anything, and it says so.
 */
export const demoOn =
	({simulated}: ReturnType<typeof demoWorld>): Command =>
	async (session) => {
		const {face, secrets, stops} = session;
		Object.assign(secrets, {runnerToken: simulated.outside.token(), gitlabToken: simulated.outside.token('gitlab')});
		const emit = (happening: Happening): void => {
			face.emit(happening);
			// What a person would do now: commit the file that has just been shown.
			if (happening.event === 'document' && happening.name === '.gitlab-ci.yml') simulated.outside.queueJobs(1, {name: 'hello', seconds: 20});
		};
		const shown: Session = {...session, face: {...face, emit}, who, usual: {limit: 4}, demo: true};
		const made = await setup(session.interactive ? {...shown, leadsTo: 'the panel'} : shown);
		if (made !== 0) return made;
		if (session.interactive) await panel(shown, simulated);
		else await afternoon(simulated, simulated.clock, face.emit, stops.soft);
		return destroy(shown);
	};

/** The live panel, while the afternoon goes on. */
async function panel(session: Session, simulated: World): Promise<void> {
	const {live} = await import('./status.ts');
	const {watchFleet} = await import('./watch.ts');
	const fleet = {
		name: session.parsed.given.fleet ?? usualFleet,
		region: session.parsed.given.region ?? region,
	};
	const ended = new AbortController();
	const playing = play(simulated, fleet, simulated.clock, AbortSignal.any([ended.signal, session.stops.soft]));
	try {
		await live(session, await watchFleet(session, fleet));
	} finally {
		ended.abort();
		await playing;
	}
}
