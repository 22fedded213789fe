import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {smokePipeline} from '../../source/steps/smoke/pipeline.ts';
import type {TrialProject, WholeGitlab} from '../../source/world/gitlab/port.ts';
import {rejects} from './cloud-parts.ts';
import {type GitlabWorld, sides} from './gitlab-sides.ts';

const path = '.gitlab-ci.yml';
const text = smokePipeline({cache: 'create', dockerImage: 'alpine:latest', privileged: true}, []);
const name = 'gitlab-runner-aws-smoke-gitlab-runners';

for (const side of sides) {
	suite(`${side.name}: a trial in GitLab`, () => {
		let world: GitlabWorld;
		let gitlab: WholeGitlab;
		let token: string;
		before(async () => {
			world = await side.open();
			gitlab = world.gitlabAt(world.url);
			token = world.personalToken('api');
		});
		after(() => world.stop());

		const make = async (): Promise<TrialProject> => {
			const home = (await gitlab.project(token, world.projectPath)) ?? assert.fail('no project');
			return gitlab.createProject(token, {name, namespaceId: home.namespaceId, description: 'a trial', sharedRunners: false});
		};
		const jobsOf = async (project: number, pipeline: number) => (await gitlab.pipelineJobs(token, project, pipeline)).map((job) => `${job.name} ${job.status}`);

		test('a project is made beside another one, found by its name, and once it’s deleted it is gone', async () => {
			const made = await make();
			assert.deepEqual([made.path.split('/').at(-1), made.path.split('/')[0]], [name, world.projectPath.split('/')[0]]);
			await rejects(make(), 'gitlab-refused');
			assert.deepEqual(
				(await gitlab.projectsNamed(token, name)).map(({id}) => id),
				[made.id],
			);
			assert.equal(await gitlab.deleteProject(token, made.id), 'gone');
			assert.equal(await gitlab.deleteProject(token, made.id), 'gone');
			assert.deepEqual([await gitlab.project(token, made.id), await gitlab.projectsNamed(token, name)], [undefined, []]);
		});

		test('what is committed begins a pipeline, whose jobs only a runner of the project gets, one after the other', async () => {
			const runner = world.runnerToken();
			const {id = 0} = await gitlab.verify(runner);
			const project = await make();
			const commit = await gitlab.commit(token, project.id, {branch: 'main', path, text, message: 'a trial'});
			const [pipeline] = await gitlab.pipelines(token, project.id, 'main');
			assert.equal(pipeline?.commit, commit);
			const of = pipeline?.id ?? 0;
			assert.deepEqual(await jobsOf(project.id, of), ['make pending', 'use created']);
			assert.equal(world.run(runner), undefined);
			await gitlab.enableRunner(token, project.id, id);
			assert.equal(world.run(runner), 'make');
			assert.deepEqual(await jobsOf(project.id, of), ['make success', 'use pending']);
			const [job] = await gitlab.pipelineJobs(token, project.id, of);
			assert.ok(job?.startedAt !== undefined && Date.parse(job.startedAt) >= Date.parse(job.createdAt) - 60_000);
			const trace = await gitlab.trace(token, project.id, job.id);
			assert.match(trace.find((line) => line.includes('section_start')) ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z 00O section_start:\d+:prepare_executor$/);
			assert.ok(trace.some((line) => / 00O Preparing/.test(line)) && !trace.join('').includes('[0K'));
			assert.equal(world.run(runner), 'use');
			await gitlab.deleteProject(token, project.id);
			await rejects(gitlab.pipelineJobs(token, project.id, of), 'gitlab-not-found');
		});

		test('a branch is made from another, whatever file is there already, and goes with its pipeline', async () => {
			const project = (await gitlab.project(token, world.projectPath)) ?? assert.fail('no project');
			const from = project.defaultBranch;
			await gitlab.commit(token, project.id, {branch: name, from, path, text, message: 'a trial'});
			await rejects(gitlab.commit(token, project.id, {branch: name, from, path, text, message: 'a trial'}), 'gitlab-refused');
			const [pipeline, ...others] = await gitlab.pipelines(token, project.id, name);
			assert.deepEqual([others, await gitlab.pipelines(token, project.id, 'main')], [[], []]);
			for (let turn = 0; turn < 2; turn += 1) {
				await gitlab.deletePipeline(token, project.id, pipeline?.id ?? 0);
				await gitlab.deleteBranch(token, project.id, name);
			}
			assert.deepEqual(await gitlab.pipelines(token, project.id, name), []);
			assert.equal(world.run(world.runnerToken()), undefined, 'its jobs are gone too');
		});

		test('a runner that is locked is given to no other project, and a token that only reads may make nothing', async () => {
			const runner = world.runnerToken();
			const {id = 0} = await gitlab.verify(runner);
			world.lock(runner);
			const project = await make();
			await rejects(gitlab.enableRunner(token, project.id, id), 'gitlab-not-allowed');
			const reads = world.personalToken('read_api');
			await rejects(gitlab.createProject(reads, {name: 'another', description: '', sharedRunners: false}), 'gitlab-not-allowed');
			await rejects(gitlab.deleteProject(reads, project.id), 'gitlab-not-allowed');
			world.keepDeleted();
			assert.equal(await gitlab.deleteProject(token, project.id), 'later');
			assert.deepEqual(await gitlab.projectsNamed(token, name), []);
		});
	});
}
