import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parse} from 'yaml';
import {plan} from '../../source/commands/plan.ts';
import {planExit} from '../../source/engine/plan.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {firstJobFile, runnerTags} from '../../source/steps/first-job.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {appliedIn, codesIn, planned, planOf, problemsIn, type SetupWish, setUp, standingFleet, unlike, zone} from './fleet.ts';
import {config, jobStates, oneOfEach, onlyManager, standing, startedAt} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const creating = (world: World, flags: SetupWish['flags'] = {}): SetupWish => ({
	flags: {runner: 'create', project: 'acme/app', ...flags},
	secrets: {gitlabToken: world.outside.token('gitlab')},
});

/** Another runner that somebody made in GitLab. */
function anotherRunner(world: World): string {
	const token = 'glrt-t3_another-runner-token';
	world.outside.gitlab.runners.set(77, {id: 77, token, description: 'another', tags: [], runUntagged: true, note: '', paused: false});
	return token;
}

test('the first job’s file has the tags of the runner that was made, as GitLab has them', async () => {
	const world = simulatedWorld();
	const wanted = creating(world, {runnerTags: ['linux', 'on', 'gpu 2'], runUntagged: false});
	assert.deepEqual(problemsIn(await setUp(world, wanted)), []);
	const made = [...world.outside.gitlab.runners.values()].at(-1);
	const tags = await planned(world, wanted, (context) => runnerTags(context, made?.id));
	const {hello} = parse(firstJobFile(tags, 'alpine:latest', false), {version: '1.1'});
	assert.deepEqual([hello.tags, made?.tags, made?.runUntagged], [['linux', 'on', 'gpu 2'], ['linux', 'on', 'gpu 2'], false]);
});

test('a token is in config.toml on the manager alone: no event, no log, no call and no file here holds it', async () => {
	const world = simulatedWorld();
	const made = await setUp(world, withToken(world));
	assert.deepEqual(problemsIn(made), []);
	const {runner} = world.tokens;
	assert.match(config(world, onlyManager(world)), new RegExp(runner));
	for (const where of [made.events, world.calls, world.disk.logged, [...world.disk.files.values()]]) assert.ok(!JSON.stringify(where).includes(runner));
	assert.equal(world.outside.file(onlyManager(world), paths.config)?.mode, 0o600);
});

test('a token that SSM keeps is in its SecureString besides, and in no event', async () => {
	const world = simulatedWorld();
	const made = await setUp(world, {...withToken(world), flags: {tokenStore: 'ssm'}});
	const kept = [...world.outside.region('us-east-2').parameters.values()].find(({type}) => type === 'SecureString');
	assert.equal(kept?.versions.at(-1)?.value, world.tokens.runner);
	assert.ok(!JSON.stringify(made.events).includes(world.tokens.runner));
});

test('a token that the runner rotates just while config.toml is written is the one that stays', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const rotated = anotherRunner(world);
	let done = false;
	const changed = await setUp(world, {
		flags: {limit: 4, concurrent: 4},
		heard: (event) => {
			if (done || event.event !== 'step.says' || !event.says.includes('being written')) return;
			done = true;
			world.outside.setFile(manager, paths.config, config(world, manager).replace(world.tokens.runner, rotated));
		},
	});
	assert.deepEqual([done, problemsIn(changed)], [true, []]);
	assert.match(config(world, manager), new RegExp(rotated));
	assert.match(config(world, manager), /limit = 4\n/);
});

test('a runner that was deleted in GitLab is told, and another token takes its place without ending the service', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const started = startedAt(world, manager);
	world.outside.gitlab.runners.delete(41);
	const refused = await setUp(world);
	assert.deepEqual(codesIn(refused), ['runner-token-refused']);
	const token = anotherRunner(world);
	const mended = await setUp(world, {secrets: {runnerToken: token}});
	assert.deepEqual(problemsIn(mended), []);
	assert.deepEqual(appliedIn(mended.events), ['runner', 'service']);
	assert.deepEqual([startedAt(world, manager), world.takers()], [started, 1]);
	assert.doesNotMatch(config(world, manager), new RegExp(world.tokens.runner));
});

test('a GitLab that can’t be reached is told of a fleet that stands, and nothing on it is changed', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.setGitlab('unreachable');
	const acts = world.acts.length;
	const plan = await planOf(world);
	assert.equal(planExit(plan), 1);
	const refused = await setUp(world, {flags: {limit: 4, concurrent: 4}});
	assert.match(codesIn(refused).join(), /^gitlab-unreachable/);
	assert.equal(world.acts.length, acts);
});

test('a runner that is created is known by the mark in GitLab, and a dead manager’s runner is replaced by one new one', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, creating(world));
	const ours = () => [...world.outside.gitlab.runners.values()].filter(({note}) => note.includes('fleet=gitlab-runners'));
	assert.equal(ours().length, 1);
	world.outside.terminateInstance(dead);
	assert.deepEqual(problemsIn(await setUp(world, creating(world))), []);
	assert.deepEqual([ours().length, standing(world)], [1, oneOfEach]);
});

test('a runner that is created and kept in SSM comes back with a dead manager as it was, asking nothing', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, creating(world, {tokenStore: 'ssm'}));
	const runners = [...world.outside.gitlab.runners.keys()];
	world.outside.terminateInstance(dead);
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.deepEqual([...world.outside.gitlab.runners.keys()], runners);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('options that no test machine has proven never reach config.toml: the fleet goes on with those it has', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const before = config(world, manager);
	world.outside.capacity('m5.large', zone, 'none');
	const failed = await setUp(world, {flags: {workerType: 'm5.large'}});
	assert.deepEqual(codesIn(failed), ['InsufficientInstanceCapacity']);
	assert.equal(config(world, manager), before);
	world.outside.queueJobs(2, {seconds: 60});
	await world.clock.sleep(400_000);
	assert.deepEqual(jobStates(world), {success: 2});
	assert.equal(planExit(await planOf(world)), 3);
	world.outside.capacity('m5.large', zone, 'some');
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.match(config(world, manager), /amazonec2-instance-type=m5\.large/);
});

test('a runnerConfig that gitlab-runner refuses leaves the config.toml that stands as it is', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const before = config(world, manager);
	const refused = await setUp(world, {flags: {runnerConfig: 'no_such_key = 1'}});
	assert.deepEqual(codesIn(refused), ['config-refused']);
	assert.match(refused.result?.problems[0]?.advice ?? '', /runnerConfig/);
	assert.equal(config(world, manager), before);
	assert.equal(world.takers(), 1);
});

test('a plan of a new fleet needs no token, since it changes nothing: the runner is not known yet, and what would be made is shown', async () => {
	for (const [flags, says] of [
		[[], 'token not given yet'],
		[['--runner', 'create', '--project', 'acme/app'], 'GitLab token not given yet'],
	] as const) {
		const world = simulatedWorld();
		const heard = hearing();
		assert.equal(await plan(sessionAt(world, ['plan', '--region', 'us-east-2', ...flags], heard)), 3);
		assert.deepEqual([heard.problems, world.acts], [[], []]);
		const found = heard.events.flatMap((event) => (event.event === 'step.found' && event.step === 'runner' ? [[event.is, event.says]] : []));
		assert.deepEqual(found, [['waiting', says]]);
		assert.equal(heard.events.find((event) => event.event === 'plan.ended')?.blocked, 0);
	}
});
