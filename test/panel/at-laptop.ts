import {type Presets, presetsIn} from '../../source/answers/presets.ts';
import {parse} from '../../source/commands/line/argv.ts';
import type {Session} from '../../source/commands/session.ts';
import {makeStops, type Stops} from '../../source/commands/world.ts';
import type {Happening} from '../../source/engine/events.ts';
import {type Face, unattended} from '../../source/faces/face.ts';
import type {Answers} from '../../source/fleet.ts';
import type {Problem} from '../../source/problem.ts';
import {type Ports, simulatedWorld, type World, type WorldOptions} from '../../source/simulated/world.ts';
import {namedGitlabs} from '../../source/world/gitlab/named.ts';
import {forgiving} from '../../source/world/laptop/disk/forgiving.ts';
import {laptopOver, problems} from '../executors/docker-machine/laptop.ts';
import {someAnswers} from '../executors/docker-machine/some-answers.ts';

/** A world in which a fleet with this limit has just been set up. */
export async function standing(limit: number, options: WorldOptions = {}, over: Partial<Answers> = {}): Promise<World> {
	const world = simulatedWorld(options);
	const laptop = laptopOver(({answers}) => ({...world, cloud: world.cloudAt(answers.region)}));
	const went = problems(await laptop.setup({answers: someAnswers({limit, concurrent: limit, ...over}), secrets: {runnerToken: world.tokens.runner}}));
	if (went.length > 0) throw new Error(went.join('\n'));
	return world;
}

/** A face that hears, and agrees to everything. */
export function hearing(): Face & {events: Happening[]; problems: Problem[]} {
	const events: Happening[] = [];
	const told: Problem[] = [];
	return {
		...unattended,
		events,
		problems: told,
		ask: () => Promise.reject(new Error('Nobody is asked here.')),
		agree: async () => true,
		emit: (happening) => void events.push(happening),
		watch: (_title, work) => work(new AbortController().signal),
		fail: (problem) => void told.push(problem),
		close: async () => {},
	};
}

/** A session of somebody at a laptop of the simulated world. */
export function sessionAt(
	ports: Ports,
	args: readonly string[],
	face: Face,
	more: {gitlabToken?: string; runnerToken?: string; stops?: Stops; demo?: boolean; interactive?: boolean; presets?: Presets} = {},
): Session {
	const {address, clock, cloudAt, gitlabAt, host, random, who} = ports;
	const {disk} = forgiving(ports.disk, (said) => face.emit({event: 'note', about: 'laptop', ...said}));
	const {gitlabToken, runnerToken} = more;
	const parsed = parse(args);
	const gitlabs = namedGitlabs(gitlabAt, disk);
	return {
		parsed,
		options: parsed.options,
		around: {
			argv: [...args],
			env: {LANG: 'C.UTF-8'},
			version: '0.0.0',
			stdin: process.stdin,
			stdout: process.stdout,
			stderr: process.stderr,
			home: '/home/alice',
			platform: 'linux',
			who,
			shipped: new URL('../../presets/', import.meta.url),
			onSignal: () => {},
			onUnread: () => {},
			atEnd: () => {},
			end: () => {},
		},
		face,
		interactive: more.interactive ?? false,
		world: {
			cloudAt,
			host,
			gitlabAt: gitlabs.at,
			address,
			disk,
			clock,
			random,
			defaultRegion: async () => 'us-east-2',
			login: () => undefined,
			profiles: async () => [],
			timeZone: () => 'Europe/Berlin',
			use: () => {},
			close: () => {},
		},
		stops: more.stops ?? makeStops(),
		secrets: {...(gitlabToken === undefined ? {} : {gitlabToken}), ...(runnerToken === undefined ? {} : {runnerToken})},
		presets: more.presets ?? presetsIn({own: '/nowhere', shipped: '/nowhere'}),
		settings: {read: async () => ({}), remember: async () => {}},
		who,
		hide: () => {},
		nameGitlab: gitlabs.name,
		instead: async () => 0,
		demo: more.demo ?? false,
	};
}
