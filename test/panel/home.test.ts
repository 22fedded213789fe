import assert from 'node:assert/strict';
import {test} from 'node:test';
import {lookAround} from '../../source/commands/home.ts';
import {lookOnce, watchFleet} from '../../source/commands/watch.ts';
import type {HomeSeen} from '../../source/faces/face.ts';
import {money} from '../../source/panel/formats.ts';
import {costs} from '../../source/panel/live/costs.ts';
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
	assert.match(last ?? '', /^ready: online, about \$[\d.]+\/h, 2 of 2 machines busy, 3 jobs wait\. The limit is 2 and all 2 machines are busy or being made/);
	assert.equal(world.acts.length, acts);
	// The panel says the same.
	const session = sessionAt(world, [], hearing());
	const {snapshot, rows, now} = await lookOnce(await watchFleet(session, someFleet), new AbortController().signal);
	const {perHour = 0, manager = 0} = costs(snapshot, rows, now);
	assert.ok(manager > 0 && perHour > manager && last?.includes(`about ${money(perHour)}/h`), `${last}, ${perHour}`);
});

test('prices never hold home up: what takes long comes later, and a fleet whose prices may not be seen has none', async () => {
	const world = await standing(2);
	const there = Promise.withResolvers<void>();
	const cloudAt: World['cloudAt'] = (region, signal) => {
		const cloud = world.cloudAt(region, signal);
		const call: typeof cloud.call = async (name, input) => {
			if (name === 'GetProducts') await there.promise;
			return cloud.call(name, input);
		};
		return {...cloud, call};
	};
	const told: HomeSeen[] = [];
	await lookAround(sessionAt({...world, cloudAt}, [], hearing()), (seen) => told.push(seen), new AbortController().signal);
	assert.match(lines(told).at(-1) ?? '', /^ready: running, 0 of 2 machines busy/);
	const before = told.length;
	there.resolve();
	while (told.length === before) await world.clock.sleep(100);
	assert.match(lines(told).at(-1) ?? '', /^ready: running, about \$[\d.]+\/h, 0 of 2 machines busy/);
	world.outside.deny('pricing:GetProducts');
	world.outside.deny('ec2:DescribeSpotPriceHistory');
	const asked = world.calls.length;
	assert.match(lines(await toldAt(world)).at(-1) ?? '', /^ready: running, 0 of 2 machines busy/);
	assert.ok(world.calls.slice(asked).filter(({name}) => name === 'GetProducts').length <= 2);
});

test('without a GitLab token how many jobs wait is left out, and an idle fleet is well', async () => {
	const world = await standing(2);
	await world.time.advance(600_000);
	assert.match(lines(await toldAt(world)).at(-1) ?? '', /^ready: running, about \$[\d.]+\/h, 0 of 2 machines busy/);
});

test('what is wrong is said though no job waits', async () => {
	const world = await standing(2);
	world.outside.stopService(managerOf(world));
	await world.time.advance(60_000);
	assert.match(
		lines(await toldAt(world, world.tokens.gitlab)).at(-1) ?? '',
		/^note: stopped, about \$[\d.]+\/h, 0 of 2 machines busy, no job waits\. GitLab Runner doesn't run on the manager/,
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
