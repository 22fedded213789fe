import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {connect, makeManager, startRunner} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

const wanted = {in: 'instance' as const, description: 'fleet', tags: ['aws'], runUntagged: false, maintenanceNote: 'gitlab-runner-aws:fleet=fleet'};

test('a runner’s token is known or refused', async () => {
	const world = simulatedWorld();
	const gitlab = world.gitlabAt('https://gitlab.com');
	assert.deepEqual(await gitlab.verify(world.tokens.runner), {id: 41});
	assert.equal(await refusedWith(gitlab.verify(world.outside.token('unknown'))), 'runner-token-refused');
});

test('a GitLab that is down, throttles, is elsewhere or shows another certificate is told as such', async () => {
	const world = simulatedWorld();
	const gitlab = world.gitlabAt('https://gitlab.com');
	for (const [health, code] of [
		['unreachable', 'gitlab-unreachable'],
		['certificate', 'gitlab-certificate'],
		['failing', 'gitlab-failing'],
		['throttled', 'gitlab-throttled'],
	] as const) {
		world.outside.setGitlab(health);
		assert.equal(await refusedWith(gitlab.verify(world.tokens.runner)), code);
	}
	world.outside.setGitlab('up');
	assert.equal(await refusedWith(world.gitlabAt('https://gitlab.example.org').verify(world.tokens.runner)), 'gitlab-unreachable');
	world.outside.gitlab.ca = 'PEM';
	assert.equal(await refusedWith(gitlab.verify(world.tokens.runner)), 'gitlab-certificate');
	assert.ok(await world.gitlabAt('https://gitlab.com', 'PEM').verify(world.tokens.runner));
});

test('a runner is made, listed with its note, looked at, and deleted once', async () => {
	const world = simulatedWorld();
	const gitlab = world.gitlabAt('https://gitlab.com');
	const made = await gitlab.createRunner(world.tokens.gitlab, wanted);
	assert.match(made.token, /^glrt-t3_[A-Za-z0-9]{20}$/);
	assert.deepEqual(await gitlab.verify(made.token), {id: made.id});
	const seen = await gitlab.runner(world.tokens.gitlab, made.id);
	assert.equal(seen.maintenanceNote, wanted.maintenanceNote);
	assert.equal(seen.online, false);
	assert.deepEqual(
		(await gitlab.runners(world.tokens.gitlab)).map(({id}) => id),
		[41, made.id],
	);
	await gitlab.deleteRunner(world.tokens.gitlab, made.id);
	assert.equal(await refusedWith(gitlab.deleteRunner(world.tokens.gitlab, made.id)), 'gitlab-not-found');
	assert.equal(await refusedWith(gitlab.verify(made.token)), 'runner-token-refused');
	assert.deepEqual(world.acts, ['gitlab createRunner', 'gitlab deleteRunner']);
});

test('a personal token is known and may only what its scopes allow', async () => {
	const world = simulatedWorld();
	const gitlab = world.gitlabAt('https://gitlab.com');
	assert.equal(await refusedWith(gitlab.runners('glpat-nobody')), 'gitlab-token-refused');
	world.outside.gitlab.tokens.set('glpat-small', ['create_runner']);
	const made = await gitlab.createRunner('glpat-small', wanted);
	assert.equal(await refusedWith(gitlab.runners('glpat-small')), 'gitlab-not-allowed');
	assert.equal(await refusedWith(gitlab.deleteRunner('glpat-small', made.id)), 'gitlab-not-allowed');
	assert.equal(await refusedWith(gitlab.createRunner('glpat-small', {...wanted, tags: []})), 'gitlab-refused');
});

test('a runner is online once a manager has called, and its jobs are listed newest first', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	await startRunner(world, await connect(world, manager), manager);
	world.outside.queueJobs(2, {seconds: 30, name: 'hello'});
	await world.clock.sleep(200_000);
	const gitlab = world.gitlabAt('https://gitlab.com');
	assert.equal((await gitlab.runner(world.tokens.gitlab, 41)).online, true);
	await world.clock.sleep(5 * 3_600_000);
	assert.equal((await gitlab.runner(world.tokens.gitlab, 41)).online, true);
	world.outside.stopInstance(manager.id);
	await world.clock.sleep(5 * 3_600_000);
	assert.equal((await gitlab.runner(world.tokens.gitlab, 41)).online, false);
	const jobs = await gitlab.jobs(world.tokens.gitlab, 41);
	assert.deepEqual(
		jobs.map(({id, name, status}) => `${id} ${name} ${status}`),
		['9001 hello success', '9000 hello success'],
	);
});
