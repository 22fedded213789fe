import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import type {Gitlab, NewRunner} from '../../source/world/gitlab/port.ts';
import {rejects} from './cloud-parts.ts';
import {type GitlabWorld, sides} from './gitlab-sides.ts';

for (const side of sides) {
	suite(side.name, () => {
		let world: GitlabWorld;
		let gitlab: Gitlab;
		let person: string;
		let wanted: NewRunner;
		before(async () => {
			world = await side.open();
			gitlab = world.gitlabAt(world.url);
			person = world.personalToken('api');
			wanted = {
				in: {project: world.project},
				description: 'contract',
				tags: ['aws', 'spot'],
				runUntagged: false,
				maintenanceNote: 'gitlab-runner-aws:fleet=contract',
			};
		});
		after(() => world.stop());

		test("a runner's token is known", async () => {
			assert.equal(typeof (await gitlab.verify(world.runnerToken())).id, 'number');
		});

		test('a token that no runner has is refused, and the problem does not hold it', async () => {
			await assert.rejects(
				gitlab.verify('glrt-0123456789abcdefghij'),
				(error) => isProblem(error, 'runner-token-refused') && !error.message.includes('0123456789') && error.advice !== undefined,
			);
		});

		test('a runner is made, bears what was wanted, verifies, and is gone once deleted', async () => {
			const {id, token} = await gitlab.createRunner(person, wanted);
			assert.match(token, /^glrt-/);
			assert.equal((await gitlab.verify(token)).id, id);
			const seen = await gitlab.runner(person, id);
			assert.deepEqual(
				[seen.description, seen.tags, seen.runUntagged, seen.maintenanceNote, seen.paused],
				['contract', ['aws', 'spot'], false, wanted.maintenanceNote, false],
			);
			const mine = await gitlab.runners(person);
			assert.equal(mine.find((each) => each.id === id)?.maintenanceNote, wanted.maintenanceNote);
			assert.deepEqual(await gitlab.jobs(person, id), []);
			await gitlab.deleteRunner(person, id);
			await rejects(gitlab.runner(person, id), 'gitlab-not-found');
			await rejects(gitlab.deleteRunner(person, id), 'gitlab-not-found');
			await rejects(gitlab.verify(token), 'runner-token-refused');
		});

		test("a person's token that GitLab does not know is refused", async () => {
			await rejects(gitlab.createRunner('glpat-nobody', wanted), 'gitlab-token-refused');
		});

		test('a token without the scope may not', async () => {
			await rejects(gitlab.createRunner(world.personalToken('read_user'), wanted), 'gitlab-not-allowed');
		});

		test('throttling and trouble of its own are worth trying again', async () => {
			world.health('throttled');
			await assert.rejects(gitlab.verify(world.runnerToken()), (error) => isProblem(error, 'gitlab-throttled') && error.again);
			world.health('failing');
			await assert.rejects(gitlab.verify(world.runnerToken()), (error) => isProblem(error, 'gitlab-failing') && error.again && !error.message.includes('<'));
			world.health('up');
			assert.ok(await gitlab.verify(world.runnerToken()));
		});

		test('a call ends with its signal', async () => {
			const controller = new AbortController();
			controller.abort();
			await assert.rejects(gitlab.verify(world.runnerToken(), controller.signal), {name: 'Stopped'});
		});
	});
}
