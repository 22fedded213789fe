import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelScript} from '../../source/executors/scripts.ts';
import type {World} from '../../source/simulated/world.ts';
import type {Connection} from '../../source/world/host/port.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {configText, runningBy} from './fleet-by-hand.ts';

const runnerOf = (world: World) => world.outside.gitlab.runners.get(41) ?? assert.fail('no runner');

async function told(connection: Connection, word: string): Promise<string[]> {
	const {journal} = await connection.script(panelScript, {host: false, journal: {since: 0, only: [word], most: 1000, tail: 0, seconds: 5}});
	return (journal?.entries ?? []).map(([, message]) => message);
}

test('a runner that GitLab refuses asks three times, switches itself off for an hour, and then asks again', async () => {
	const {world, connection} = await runningBy();
	const runner = runnerOf(world);
	const {token} = runner;
	runner.token = 'another';
	await world.clock.sleep(60_000);
	assert.equal((await told(connection, 'forbidden')).length, 3);
	assert.match((await told(connection, 'is unhealthy and will be disabled for 1h0m0s')).at(-1) ?? '', /^ERROR: Runner "https:\/\/gitlab\.com\S+"/);
	runner.token = token;
	world.outside.queueJobs(1, {seconds: 10});
	await world.clock.sleep(3_300_000);
	assert.deepEqual([world.takers(), world.jobs[0]?.state], [0, 'pending']);
	await world.clock.sleep(400_000);
	assert.equal((await told(connection, 'check for a new job will be forced')).length, 1);
	assert.deepEqual([world.takers(), world.jobs[0]?.state], [1, 'success']);
});

test('a new config.toml makes a runner that switched itself off ask again at once, and so does a restart', async () => {
	const {world, manager} = await runningBy();
	const off = async () => {
		world.outside.setGitlab('certificate', 'managers');
		await world.clock.sleep(60_000);
		world.outside.setGitlab('up');
		assert.equal(world.takers(), 0);
	};
	await off();
	world.outside.setFile(manager.id, paths.config, configText(world, manager));
	await world.clock.sleep(5000);
	assert.equal(world.takers(), 1);
	await off();
	world.outside.stopService(manager.id);
	world.outside.startService(manager.id);
	assert.equal(world.takers(), 1);
});

test('GitLab can be away for managers alone: a laptop is answered, and a manager’s requests wait until they give up', async () => {
	const {world, connection} = await runningBy();
	world.outside.setGitlab('unreachable', 'managers');
	await world.clock.sleep(29_000);
	assert.deepEqual(await told(connection, 'client error'), []);
	await world.clock.sleep(10_000);
	assert.match(
		(await told(connection, 'client error'))[0] ?? '',
		/status=couldn't execute POST against \S+\/jobs\/request: Post "\S+": dial tcp \S+: i\/o timeout$/,
	);
	assert.equal((await world.gitlabAt('https://gitlab.com').runner(world.tokens.gitlab, 41)).id, 41);
});

test('errors of GitLab’s own switch nothing off, and jobs are taken as soon as it answers again', async () => {
	const {world, connection} = await runningBy();
	world.outside.setGitlab('failing');
	await world.clock.sleep(120_000);
	assert.ok((await told(connection, '502 Bad Gateway')).length > 10);
	world.outside.setGitlab('up');
	world.outside.queueJobs(1);
	await world.clock.sleep(5000);
	assert.equal(world.jobs[0]?.state, 'running');
});

test('requests for jobs take GitLab’s time, and no more are under way than request_concurrency says', async () => {
	const taken = async (requests: number) => {
		const {world} = await runningBy({idle: 0}, (text) => text.replace('limit = 5', `limit = 5\nrequest_concurrency = ${requests}`));
		world.outside.gitlab.latency = 20_000;
		world.outside.queueJobs(5, {seconds: 3000});
		await world.clock.sleep(45_000);
		return world.jobs.filter(({state}) => state === 'running').length;
	};
	assert.equal(await taken(1), 2);
	assert.equal(await taken(4), 5);
});

test('a paused runner is heard and given no job; once it goes on it takes what waits', async () => {
	const {world} = await runningBy();
	const runner = runnerOf(world);
	runner.paused = true;
	world.outside.queueJobs(1);
	await world.clock.sleep(600_000);
	assert.equal(world.jobs[0]?.state, 'pending');
	assert.ok(world.clock.now() - (runner.contactedAt ?? 0) < 10_000);
	runner.paused = false;
	await world.clock.sleep(5000);
	assert.equal(world.jobs[0]?.state, 'running');
});

test('a runner for protected branches takes no job of another', async () => {
	const {world} = await runningBy();
	runnerOf(world).accessLevel = 'ref_protected';
	world.outside.queueJobs(1, {ref: 'feature'});
	world.outside.queueJobs(1, {ref: 'main'});
	await world.clock.sleep(10_000);
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['pending', 'running'],
	);
});
