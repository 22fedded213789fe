import {realCloud} from '../../../source/world/cloud/real.ts';
import {realGitlab} from '../../../source/world/gitlab/real.ts';
import {realHost} from '../../../source/world/host/real.ts';
import {realAddress} from '../../../source/world/laptop/address.ts';
import {realClock} from '../../../source/world/laptop/clock.ts';
import {foldersOf, realDisk} from '../../../source/world/laptop/disk/real.ts';
import type {PeerWorld} from '../../peers/world.ts';
import {laptopOver} from './laptop.ts';

/** A laptop with the real ports, in a world of peers. */
export function peersLaptop(world: PeerWorld) {
	const {env} = world;
	const cloud = realCloud({env, clock: realClock, random: Math.random});
	const laptop = laptopOver(({answers, home}) => ({
		cloud: cloud.at(answers.region),
		cloudAt: cloud.at,
		host: realHost(),
		gitlabAt: realGitlab({env}),
		address: realAddress({url: env.GITLAB_RUNNER_AWS_ADDRESS_URL}),
		disk: realDisk(foldersOf({}, home ?? env.HOME ?? '')),
		clock: realClock,
		random: Math.random,
		who: 'alice@laptop',
	}));
	return {...laptop, cloudAt: cloud.at, close: () => cloud.close()};
}
