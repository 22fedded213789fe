import assert from 'node:assert/strict';
import {type Answers, names} from '../../source/fleet.ts';
import {join} from '../../source/panel/live/join.ts';
import {whyWaiting} from '../../source/panel/live/why-waiting.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import {watchSources} from '../../source/panel/sources.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {laptopOver, problems} from '../executors/docker-machine/laptop.ts';
import {someAnswers, someFleet} from '../executors/docker-machine/some-answers.ts';

/** A world in which a fleet with these answers has just been set up, by the real steps. */
export async function standing(over: Partial<Answers> = {}, world = simulatedWorld()): Promise<World> {
	const laptop = laptopOver(({answers}) => ({...world, cloud: world.cloudAt(answers.region)}));
	assert.deepEqual(problems(await laptop.setup({answers: someAnswers(over), secrets: {runnerToken: world.tokens.runner}})), []);
	return world;
}

/** Watches the world through the panel's own sources until `enough`; gives the last snapshot. */
async function watching(world: World, enough: (snapshot: Snapshot) => boolean, gitlabToken?: string): Promise<Snapshot | undefined> {
	const stop = new AbortController();
	let last: Snapshot | undefined;
	const privateKey = (await world.disk.key(names.keyFile(someFleet, '123456789012'))) ?? '';
	await watchSources(
		{
			cloud: world.cloudAt(someFleet.region),
			cloudAt: world.cloudAt,
			clock: world.clock,
			connect: (manager) => world.host.connect({address: manager.publicIp ?? '', port: 22, user: 'ubuntu', privateKey, trust: () => true}),
			...(gitlabToken === undefined ? {} : {gitlab: {panel: world.gitlabAt(world.outside.gitlab.url), token: gitlabToken, runnerId: 41}}),
		},
		{fleet: someFleet},
		{
			signal: stop.signal,
			emit: (snapshot) => {
				last = snapshot;
				if (enough(snapshot)) stop.abort();
			},
		},
	);
	return last;
}

/** Watches the world until a snapshot fits; after ten simulated minutes it never will. */
export async function watched(world: World, fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
	const until = world.clock.now() + 600_000;
	let found: Snapshot | undefined;
	const last = await watching(world, (snapshot) => {
		if (fits(snapshot)) found = snapshot;
		return found !== undefined || world.clock.now() > until;
	});
	return (
		found ??
		assert.fail(
			JSON.stringify(last && {rows: join(last, until), why: whyWaiting(last, until), host: last.host.problem, journal: last.journal.problem}, undefined, 1),
		)
	);
}

/** Watches the world for so many seconds, GitLab too where there is a token for it; gives what is seen then. */
export async function watchedFor(world: World, seconds: number, withGitlab = true): Promise<Snapshot> {
	const until = world.clock.now() + seconds * 1000;
	const last = await watching(world, () => world.clock.now() >= until, withGitlab ? world.tokens.gitlab : undefined);
	return last ?? assert.fail('Nothing was seen.');
}
