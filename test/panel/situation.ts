import assert from 'node:assert/strict';
import {test} from 'node:test';
import {jobWords, runnerWord} from '../../source/faces/words/status-words.ts';
import {type Answers, names} from '../../source/fleet.ts';
import {type Verdict, verdictOf} from '../../source/panel/live/verdict.ts';
import {whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {standing, watchedFor} from './watched.ts';

/** The fleet that a situation is brought about in: the world with a fleet in it, and what is asked of it most. */
export type SituationFleet = {
	world: World;
	/** Instance id of the fleet's manager. */
	manager: string;
	/** The AWS region of the fleet, to be looked at or changed by hand. */
	region: ReturnType<World['outside']['region']>;
	/** GitLab's runner of the fleet. */
	runner: NonNullable<ReturnType<World['outside']['gitlab']['runners']['get']>>;
	/** Jobs are pushed. */
	jobs(count: number, fields?: Parameters<World['outside']['queueJobs']>[1]): void;
	/** So many seconds go by. */
	passes(seconds: number): Promise<void>;
	/** Somebody edits config.toml on the manager. */
	edits(change: (text: string) => string): void;
	/** Id of the workers' security group. */
	workersGroup: string;
};

/** One situation of waiting jobs: what happens in the world, and what the panel says after it has been watched for a while. */
export type Situation = {
	/** Answers of the fleet besides the usual ones of tests. */
	fleet?: Partial<Answers>;
	/** What is in the world before the fleet; gives answers that depend on it. */
	before?(world: World): Partial<Answers>;
	happens(subject: SituationFleet): void | Promise<void>;
	/** Seconds that the panel looks on. */
	watched: number;
	/** Whoever looks has no token for GitLab. */
	withoutGitlab?: true;
	asks: Wanted;
	/** Every sentence, the one to act on first coming first, each with who tells it and the key that acts: why jobs wait, or what is wrong where none does. */
	says: readonly Wanted[] | ((subject: SituationFleet) => readonly Wanted[]);
	/** How many jobs run and wait, in the panel's words, where that is what matters. */
	jobs?: Wanted;
	/** How the runner is called, and whether the fleet is well. */
	runner?: string;
	verdict?: Verdict['is'];
};

/** A sentence as it is to be; a pattern where it counts what depends on the world's chances. Times may be a little off for the same reason. */
type Wanted = string | RegExp;

const time = /(\d+(?:\.\d+)?) (s|m|h)(?: (\d+) s)?\b/g;
const secondsIn = {s: 1, m: 60, h: 3600} as const;

/** A sentence without its times, and those in seconds. */
function parted(text: string): {words: string; times: number[]} {
	const times: number[] = [];
	const words = text.replace(time, (_, count: string, unit: keyof typeof secondsIn, more?: string) => {
		times.push(Number(count) * secondsIn[unit] + Number(more ?? 0));
		return 'TIME';
	});
	return {words, times};
}

/** What is wanted where a sentence is that, else the sentence itself. */
function matched(text: string, wanted: Wanted | undefined): Wanted {
	if (wanted === undefined) return text;
	if (wanted instanceof RegExp) return wanted.test(text) ? wanted : text;
	const [one, other] = [parted(text), parted(wanted)];
	return one.words === other.words && one.times.every((seconds, at) => Math.abs(seconds - (other.times[at] ?? 0)) <= 5 + seconds / 5) ? wanted : text;
}

function fleetIn(world: World): SituationFleet {
	const region = world.outside.region(someFleet.region);
	const manager = [...region.instances.values()].find(({tags}) => tags.Name === names.manager(someFleet))?.id ?? assert.fail('no manager');
	const runner = world.outside.gitlab.runners.get(41) ?? assert.fail('no runner');
	return {
		world,
		manager,
		region,
		runner,
		jobs: (count, fields) => void world.outside.queueJobs(count, fields),
		passes: (seconds) => world.time.sleep(seconds * 1000),
		edits: (change) => world.outside.setFile(manager, paths.config, change(world.outside.file(manager, paths.config)?.text ?? '')),
		workersGroup: [...region.groups.values()].find(({name}) => name === names.workersGroup(someFleet))?.id ?? assert.fail('no group'),
	};
}

/** Brings each situation about in a world of its own and holds what the panel says against what is so. */
export function prove(situations: Readonly<Record<string, Situation>>): void {
	for (const [name, {fleet, before, happens, watched, withoutGitlab, asks, says, jobs, runner, verdict}] of Object.entries(situations)) {
		test(`in the simulated world: ${name}`, async () => {
			const world = simulatedWorld();
			await standing({limit: 4, concurrent: 4, ...fleet, ...before?.(world)}, world);
			const subject = fleetIn(world);
			await happens(subject);
			const snapshot = await watchedFor(world, watched, !withoutGitlab);
			const now = world.clock.now();
			const why = whyWaiting(snapshot, now);
			const told = [...why.causes, ...why.troubles].map((cause) => `${cause.says} [${cause.source}: ${cause.key}]`);
			const wanted = typeof says === 'function' ? says(subject) : says;
			assert.deepEqual({asks: matched(why.asks, asks), says: told.map((text, at) => matched(text, wanted[at]))}, {asks, says: wanted});
			if (jobs !== undefined) assert.deepEqual(matched(jobWords(why), jobs), jobs);
			if (runner !== undefined) assert.equal(runnerWord(snapshot).word, runner);
			if (verdict !== undefined) assert.equal(verdictOf(snapshot, now).is, verdict);
		});
	}
}
