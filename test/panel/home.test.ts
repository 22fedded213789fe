import assert from 'node:assert/strict';
import {test} from 'node:test';
import {lookAround} from '../../source/commands/home.ts';
import type {HomeSeen} from '../../source/faces/face.ts';
import type {World} from '../../source/simulated/world.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from './at-laptop.ts';

/** What home tells on a laptop that has never seen the fleet, in the same office, from the first word to the last; `leaves` says when the person goes. */
async function toldAt(world: World, gitlabToken?: string, leaves: (seen: HomeSeen) => boolean = () => false): Promise<HomeSeen[]> {
	const told: HomeSeen[] = [];
	const left = new AbortController();
	const session = sessionAt(world.another({address: world.laptop.address}), [], hearing(), gitlabToken === undefined ? {} : {gitlabToken});
	await lookAround(
		session,
		(seen) => {
			told.push(seen);
			if (leaves(seen)) left.abort();
		},
		left.signal,
	);
	return told;
}

const managerOf = (world: World): string =>
	[...world.outside.region(someFleet.region).instances.values()].find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager')?.id ?? '';

const lines = (told: readonly HomeSeen[]): string[] => [...new Set(told.flatMap(({fleets}) => fleets.map(({is, says}) => `${is}: ${says}`)))];

test('home says of a fleet that its manager runs, then what its machines do and why jobs wait, and changes nothing', async () => {
	const world = await standing(2);
	world.outside.queueJobs(5, {seconds: 3000});
	await world.time.advance(600_000);
	const acts = world.acts.length;
	const [first, last] = lines(await toldAt(world, world.tokens.gitlab));
	assert.match(first ?? '', /^looking: manager i-\w+ t3\.small running$/);
	assert.match(last ?? '', /^ready: online, 2 of 2 machines busy, 3 jobs wait\. The limit is 2 and all 2 machines are busy or being made/);
	assert.equal(world.acts.length, acts);
});

test('without a GitLab token how many jobs wait is left out, and an idle fleet is well', async () => {
	const world = await standing(2);
	await world.time.advance(600_000);
	assert.match(lines(await toldAt(world)).at(-1) ?? '', /^ready: running, 0 of 2 machines busy/);
});

test('what is wrong is said though no job waits', async () => {
	const world = await standing(2);
	world.outside.stopService(managerOf(world));
	await world.time.advance(60_000);
	assert.match(
		lines(await toldAt(world, world.tokens.gitlab)).at(-1) ?? '',
		/^note: \w+, 0 of 2 machines busy, no job waits\. GitLab Runner doesn't run on the manager/,
	);
});

test('a manager that can’t be asked is said so, beside what is known of it', async () => {
	const world = await standing(2);
	world.outside.machineFaults(managerOf(world), {ssh: 'refused'});
	const said = lines(await toldAt(world)).at(-1) ?? '';
	assert.match(said, /^note: manager i-\w+ t3\.small running\. The manager can't be asked\. .*refuses/);
});

test('a manager that is stopped isn’t asked', async () => {
	const world = await standing(2);
	world.outside.stopInstance(managerOf(world));
	await world.time.advance(60_000);
	assert.deepEqual(lines(await toldAt(world)), ['note: manager stopped: r starts it again']);
});

test('who leaves home while a manager is asked leaves nothing open', async () => {
	const world = await standing(2);
	const told = await toldAt(world, undefined, ({fleets}) => fleets.length > 0);
	assert.match(lines(told).join(), /^looking: manager i-\w+ t3\.small running$/);
});
