import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Asked} from '../../source/answers/question.ts';
import {layersOf, namedFleet} from '../../source/commands/open.ts';
import {presets} from '../../source/commands/presets.ts';
import {status} from '../../source/commands/status.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {commandAt} from './command.ts';
import {region, standingFleet} from './fleet.ts';

/** A session of somebody who answers each question so, and what they were asked. */
function answering(world: World, args: readonly string[], value: string) {
	const asked: Asked[] = [];
	const ask = async (one: Asked): Promise<unknown> => {
		asked.push(one);
		return value;
	};
	return {asked, session: {...sessionAt(world, args, {...hearing(), ask}), interactive: true}};
}

test('a fleet of which nothing stands is told as such by status, with those that stand, and changes nothing', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	const {code, problems} = await commandAt(world, world, status, ['status', '--fleet', 'gitlab-runer', '--region', region]);
	assert.deepEqual([code, problems[0]?.code], [2, 'no-such-fleet']);
	assert.equal(problems[0]?.message, `There is no fleet gitlab-runer in ${region}; there is gitlab-runners.`);
	assert.equal(problems[0]?.advice, 'Name one, such as `--fleet gitlab-runners`.');
});

test('a fleet of which nothing stands has nothing that a preset could be saved of', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	const {code, problems} = await commandAt(world, world, presets, ['presets', 'save', 'foo', '--fleet', 'nope', '--region', region]);
	assert.deepEqual([code, problems.map((one) => one.code)], [2, ['no-such-fleet']]);
	assert.equal(problems[0]?.message, `There is no fleet nope in ${region}; there is gitlab-runners.`);
});

test('where several fleets stand and none is named, somebody who is there chooses; nobody there, they are named', async () => {
	const world = simulatedWorld({lagMs: 0});
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	await world.cloudAt(region).call('PutParameter', {Name: '/gitlab-runner-aws/linux-spot', Type: 'String', Value: '{}'});
	const {asked, session} = answering(world, ['status', '--region', region], 'linux-spot');
	assert.deepEqual(await namedFleet(session), {name: 'linux-spot', region});
	assert.deepEqual(
		asked.map(({choices, question}) => [question.title, choices?.map(({value}) => value)]),
		[['Which fleet?', ['gitlab-runners', 'linux-spot']]],
	);
	assert.match(asked[0]?.wrong('nope') ?? '', /gitlab-runners or linux-spot/);
	await assert.rejects(namedFleet({...session, interactive: false}), {code: 'which-fleet', exit: 2});
});

test('where nothing names the region, somebody who is there is asked for it', async () => {
	const world = simulatedWorld();
	const {asked, session} = answering(world, ['status'], 'eu-west-1');
	const nowhere = {...session, world: {...session.world, defaultRegion: async () => undefined}};
	await assert.rejects(namedFleet({...nowhere, interactive: false}), {code: 'answers-missing', exit: 2});
	assert.deepEqual(await namedFleet(nowhere), {name: 'gitlab-runners', region: 'eu-west-1'});
	assert.deepEqual(
		asked.map(({question}) => question.id),
		['region'],
	);
});

test('the AWS profile that was chosen with the region is the one that all is looked at with', async () => {
	const world = simulatedWorld();
	const used: (string | undefined)[] = [];
	const ask = async ({question}: Asked): Promise<unknown> => (question.id === 'profile' ? 'acme-ci' : 'eu-west-1');
	const session = sessionAt(world, ['destroy'], {...hearing(), ask});
	const several = {...session.world, profiles: async () => ['acme-ci', 'acme-dev'], defaultRegion: async () => undefined};
	const chosen = {...session, interactive: true, world: {...several, use: (profile: string | undefined) => void used.push(profile)}};
	assert.deepEqual(await namedFleet(chosen), {name: 'gitlab-runners', region: 'eu-west-1'});
	assert.equal(used.at(-1), 'acme-ci');
	assert.deepEqual((await layersOf(chosen)).flag, {profile: 'acme-ci', region: 'eu-west-1'});
});
