import {realAddress} from '../address/real.ts';
import {realClock, setByAws} from '../clock.ts';
import {type RealCloud, realCloud} from '../cloud/real.ts';
import {foldersOf, realDisk} from '../disk/real.ts';
import {realGitlab} from '../gitlab/real.ts';
import {realHost} from '../host/real.ts';
import type {Surroundings} from './surroundings.ts';
import type {World} from './world.ts';

/** What the real world needs of the person: the code of an MFA device, by its serial. */
export type Person = {mfaCode(serial: string): Promise<string>};

/** AWS, GitLab, SSH and this laptop. The name of the address service can be given by `GITLAB_RUNNER_AWS_ADDRESS_URL`. */
export function realWorld({env, home}: Surroundings, person: Person): World {
	const random = Math.random;
	const clouds = new Map<string | undefined, RealCloud>();
	let profile: string | undefined;
	const cloud = (): RealCloud => {
		const known = clouds.get(profile) ?? realCloud({env, profile, clock: realClock, random, mfaCode: person.mfaCode});
		clouds.set(profile, known);
		return known;
	};
	return {
		cloudAt: (region, ...ends) => cloud().at(region, ...ends),
		host: realHost(),
		gitlabAt: realGitlab({env}),
		address: realAddress({url: env.GITLAB_RUNNER_AWS_ADDRESS_URL}),
		disk: realDisk(foldersOf(env, home)),
		clock: setByAws(realClock, () => cloud().ahead()),
		random,
		defaultRegion: () => cloud().defaultRegion(),
		login: () => cloud().login(),
		use(named) {
			profile = named;
		},
		profiles: () => cloud().profiles(),
		close() {
			for (const opened of clouds.values()) opened.close();
		},
	};
}
