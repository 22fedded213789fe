import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import type {Gitlab, GitlabPanel} from '../../source/world/gitlab/port.ts';
import {rejects} from './cloud-parts.ts';
import {type GitlabWorld, sides} from './gitlab-sides.ts';

for (const side of sides) {
	suite(side.name, () => {
		let world: GitlabWorld;
		let gitlab: Gitlab & GitlabPanel;
		let reader: string;
		let id: number;
		before(async () => {
			world = await side.open();
			gitlab = world.gitlabAt(world.url);
			reader = world.personalToken('read_api');
			id = world.groupRunner();
		});
		after(() => world.stop());

		test('a group’s runner tells which groups it is for, and that it takes protected branches only', async () => {
			const {accessLevel, runnerType, groups, projects, tags, paused} = await gitlab.served(reader, id);
			assert.deepEqual(
				{accessLevel, runnerType, groups, projects, tags, paused},
				{accessLevel: 'ref_protected', runnerType: 'group_type', groups: [world.group], projects: undefined, tags: ['aws'], paused: false},
			);
		});

		test('a project’s runner tells the projects’ paths', async () => {
			const {id: own = 0} = await gitlab.verify(world.runnerToken());
			const {accessLevel, runnerType, groups, projects} = await gitlab.served(reader, own);
			assert.deepEqual(
				{accessLevel, runnerType, groups, projects},
				{accessLevel: 'not_protected', runnerType: 'project_type', groups: undefined, projects: [world.projectPath]},
			);
		});

		test('a manager that asked for jobs is listed with when it was heard', async () => {
			assert.deepEqual(await gitlab.managers(reader, id), []);
			world.heard(id, 's_0123456789ab');
			const [manager, ...others] = await gitlab.managers(reader, id);
			assert.equal(others.length, 0);
			assert.ok(Number.isFinite(Date.parse(manager?.contactedAt ?? '')));
		});

		test('running jobs come newest first with their project, and waiting ones aren’t among them', async () => {
			for (const name of ['one', 'two']) world.queue({name, tags: [], ref: 'main', runBy: id});
			world.queue({name: 'waits', tags: [], ref: 'main'});
			const jobs = await gitlab.running(reader, id);
			assert.deepEqual(
				jobs.map(({name, project}) => ({name, project})),
				['two', 'one'].map((name) => ({name, project: world.projectPath})),
			);
			assert.ok(jobs.every(({webUrl}) => webUrl.includes(world.projectPath)));
		});

		test('waiting jobs are told with their tags and since when', async () => {
			world.queue({name: 'tagged', tags: ['aws', 'spot'], ref: 'feature/new'});
			const jobs = await gitlab.pendingJobs(reader, world.projectPath);
			assert.deepEqual(
				jobs.map(({name, tags, ref}) => ({name, tags, ref})),
				[
					{name: 'tagged', tags: ['aws', 'spot'], ref: 'feature/new'},
					{name: 'waits', tags: [], ref: 'main'},
				],
			);
			assert.ok(jobs.every((job) => job.protected === undefined && (job.queuedSeconds ?? -1) >= 0 && Number.isFinite(Date.parse(job.createdAt))));
		});

		test('asked for it, whether their branches are protected is told too', async () => {
			const jobs = await gitlab.pendingJobs(reader, world.projectPath, undefined, {protection: true});
			assert.deepEqual(
				jobs.map((job) => `${job.ref} ${job.protected}`),
				['feature/new false', 'main true'],
			);
		});

		test('a group’s projects are told by path, and no more than were asked for', async () => {
			assert.deepEqual(await gitlab.groupProjects(reader, world.group, 20), [world.projectPath]);
			assert.deepEqual(await gitlab.groupProjects(reader, world.group, 0), []);
		});

		test('a runner is paused and takes up its work again', async () => {
			const mender = world.personalToken('manage_runner');
			await gitlab.pause(mender, id, true);
			assert.equal((await gitlab.served(mender, id)).paused, true);
			await gitlab.pause(mender, id, false);
			assert.equal((await gitlab.served(mender, id)).paused, false);
		});

		test('the scope decides what a token may: reading doesn’t pause, and managing runners doesn’t list a project’s jobs', async () => {
			await rejects(gitlab.pause(reader, id, true), 'gitlab-not-allowed');
			assert.equal((await gitlab.served(reader, id)).paused, false);
			const mender = world.personalToken('manage_runner');
			assert.equal((await gitlab.running(mender, id)).length, 2);
			await rejects(gitlab.pendingJobs(mender, world.projectPath), 'gitlab-not-allowed');
			await rejects(gitlab.groupProjects(mender, world.group, 5), 'gitlab-not-allowed');
			await rejects(gitlab.served(world.personalToken('create_runner'), id), 'gitlab-not-allowed');
		});

		test('a token that GitLab doesn’t know is refused, and what isn’t there isn’t found', async () => {
			await rejects(gitlab.served('glpat-nobody', id), 'gitlab-token-refused');
			await rejects(gitlab.served(reader, 424_242), 'gitlab-not-found');
			await rejects(gitlab.managers(reader, 424_242), 'gitlab-not-found');
			await rejects(gitlab.pendingJobs(reader, 'nobody/knows'), 'gitlab-not-found');
			await rejects(gitlab.pause(world.personalToken('api'), 424_242, true), 'gitlab-not-found');
		});

		test('throttling and trouble of its own are worth trying again', async () => {
			world.health('throttled');
			await assert.rejects(gitlab.pendingJobs(reader, world.projectPath), (error) => isProblem(error, 'gitlab-throttled') && error.again);
			world.health('failing');
			await assert.rejects(gitlab.served(reader, id), (error) => isProblem(error, 'gitlab-failing') && error.again && !error.message.includes('<'));
			world.health('up');
			assert.equal((await gitlab.served(reader, id)).id, id);
		});

		test('names of jobs and branches come as text that a terminal only shows', async () => {
			world.queue({name: 'a\u001b]52;c;eA==\u0007b', tags: [], ref: 'main\u202e', runBy: id});
			world.queue({name: 'c\nd\u200b', tags: ['t\u009b1m'], ref: 'x\u2028y'});
			const [running] = await gitlab.running(reader, id);
			assert.equal(running?.name, 'a<U+001B>]52;c;eA==<U+0007>b');
			const waits = (await gitlab.pendingJobs(reader, world.projectPath)).find(({name}) => name.startsWith('c'));
			assert.deepEqual([waits?.name, waits?.tags, waits?.ref], ['c d<U+200B>', ['t<U+009B>1m'], 'x y']);
		});

		test('a call ends with its signal', async () => {
			const controller = new AbortController();
			controller.abort();
			await assert.rejects(gitlab.running(reader, id, controller.signal), {name: 'Stopped'});
		});
	});
}
