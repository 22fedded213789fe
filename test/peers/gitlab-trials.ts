import * as z from 'zod';
import type {ApiCall} from './gitlab-api.ts';
import {describeJob, plainly, type Reply, text} from './gitlab-bodies.ts';
import {project as first, type GitlabStore, type StoredJob, type TrialProject} from './gitlab-store.ts';

const committed = z.object({
	branch: z.string(),
	start_branch: z.string().optional(),
	actions: z.array(z.object({action: z.enum(['create', 'update']), file_path: z.string(), content: z.string()})),
});
/** JSON is YAML too; the stages' names are the jobs'. */
const pipelineFile = z.object({stages: z.array(z.string())}).catchall(z.unknown());
const jobInFile = z.object({tags: z.array(z.string()).default([]), cache: z.unknown().optional()});

const notFound = (what: string): Reply => ({status: 404, body: {message: `404 ${what} Not Found`}});
const refused = (message: unknown): Reply => ({status: 400, body: {message}});

/** The part of GitLab's API with which projects, branches and pipelines are made and deleted; undefined for any other request. */
export function trialsOver(store: GitlabStore, base: () => string): (asked: ApiCall) => Reply | undefined {
	let last = 500;
	const next = (): number => {
		last += 1;
		return last;
	};
	const namespace = {id: first.group.id, full_path: first.group.full_path, kind: 'group'};
	store.trials.set(first.id, {
		id: first.id,
		path: first.path_with_namespace,
		description: null,
		runners: undefined,
		branches: new Map([['main', new Map()]]),
		pipelines: [],
		marked: false,
	});

	const about = ({description, id, path}: TrialProject): object => ({
		id,
		name: path.split('/').at(-1),
		path_with_namespace: path,
		web_url: `${base()}/${path}`,
		description,
		default_branch: 'main',
		namespace,
	});
	const find = (named: string): TrialProject | undefined =>
		[...store.trials.values()].find(({id, path}) => String(id) === named || path === decodeURIComponent(named));

	/** The runners that a new project has by itself: its group's, and the instance's where they are on. */
	const given = (shared: boolean): Set<number> =>
		new Set([...store.runners.values()].filter(({runnerType}) => runnerType === 'group_type' || (shared && runnerType === 'instance_type')).map(({id}) => id));

	function create({fields}: ApiCall): Reply {
		const path = `${namespace.full_path}/${text(fields.path)}`;
		if (fields.namespace_id !== undefined && Number(fields.namespace_id) !== namespace.id) return plainly(403);
		if (find(path)) return refused({project_namespace: ['has already been taken'], path: ['has already been taken']});
		const made: TrialProject = {
			id: next(),
			path,
			description: text(fields.description),
			runners: given(fields.shared_runners_enabled !== false),
			branches: new Map(),
			pipelines: [],
			marked: false,
		};
		store.trials.set(made.id, made);
		return {status: 201, body: about(made)};
	}

	function enable(owner: TrialProject, {fields}: ApiCall): Reply {
		const runner = store.runners.get(Number(fields.runner_id));
		if (!runner) return notFound('Runner');
		if (runner.locked) return {status: 403, body: {message: '403 Forbidden - Runner is locked'}};
		if (runner.runnerType !== 'project_type') return {status: 403, body: {message: '403 Forbidden - No access granted'}};
		owner.runners?.add(runner.id);
		return {status: 201, body: {id: runner.id}};
	}

	function commit(owner: TrialProject, {fields}: ApiCall): Reply {
		const read = committed.safeParse(fields);
		if (!read.success) return refused('400 Bad request');
		const {actions, branch, start_branch: from} = read.data;
		const known = owner.branches.get(branch);
		if (known && from !== undefined) return refused(`A branch called '${branch}' already exists. Switch to that branch in order to make changes`);
		if (!known && from === undefined && owner.branches.size > 0) return refused('You can only create or edit files when you are on a branch');
		const files = new Map(known ?? owner.branches.get(from ?? '') ?? []);
		for (const {action, file_path: path, content} of actions) {
			if (action === 'create' && files.has(path)) return refused('A file with this name already exists');
			if (action === 'update' && !files.has(path)) return refused("A file with this name doesn't exist");
			files.set(path, content);
		}
		owner.branches.set(branch, files);
		const sha = `${owner.id}`.padStart(8, '0') + `${next()}`.padStart(32, '0');
		begin(owner, {branch, sha, file: files.get('.gitlab-ci.yml')});
		return {status: 201, body: {id: sha, short_id: sha.slice(0, 8)}};
	}

	function begin(owner: TrialProject, {branch, file, sha}: {branch: string; sha: string; file: string | undefined}): void {
		if (file === undefined) return;
		const {stages, ...jobs} = pipelineFile.parse(JSON.parse(file));
		const pipeline = {
			id: next(),
			sha,
			branch,
			jobs: stages.map((stage) => {
				const {cache, tags} = jobInFile.parse(jobs[stage]);
				const status = stage === stages[0] ? ('pending' as const) : ('created' as const);
				return store.addJob({
					name: stage,
					stage,
					status,
					tagList: tags,
					ref: branch,
					trial: {owner, needsCache: cache !== undefined && stage !== stages[0]},
				});
			}),
		};
		owner.pipelines.push(pipeline);
	}

	const inPipelines = ({pipelines}: TrialProject): StoredJob[] => pipelines.flatMap(({jobs}) => jobs);

	/** Its jobs are GitLab's no longer: a runner that tells of one is refused. */
	function drop(owner: TrialProject, gone: readonly StoredJob[]): void {
		for (const job of gone) store.jobs.splice(store.jobs.indexOf(job), 1);
		owner.pipelines = owner.pipelines.filter(({jobs}) => !jobs.some((job) => gone.includes(job)));
	}

	function remove(owner: TrialProject, {query}: ApiCall): Reply {
		if (query.get('permanently_remove') === 'true') {
			if (!owner.marked) return refused('Project must be marked for deletion first.');
			if (query.get('full_path') !== owner.path) return refused('`full_path` is incorrect. You must enter the complete path for the project.');
			if (store.keepsDeleted) return refused('Permanently removing projects is not allowed');
			store.trials.delete(owner.id);
			return {status: 202, body: {message: '202 Accepted'}};
		}
		if (owner.marked) return refused('Project has been already marked for deletion');
		drop(owner, inPipelines(owner));
		owner.marked = true;
		owner.path += `-deletion_scheduled-${owner.id}`;
		return {status: 202, body: {message: '202 Accepted'}};
	}

	return (asked) => {
		const {method, path, query} = asked;
		if (path === '/projects' && method === 'POST') return create(asked);
		if (path === '/projects' && method === 'GET') {
			const search = query.get('search') ?? '';
			return {status: 200, body: [...store.trials.values()].filter((one) => one.path.includes(search)).map(about)};
		}
		const [, named = '', rest = ''] = /^\/projects\/([^/]+)(\/.*)?$/.exec(path) ?? [];
		const owner = find(named);
		if (named === '') return undefined;
		if (!owner) return notFound('Project');
		if (rest === '' && method === 'GET') return {status: 200, body: about(owner)};
		if (rest === '' && method === 'DELETE') return remove(owner, asked);
		if (rest === '/runners' && method === 'POST') return enable(owner, asked);
		if (rest === '/repository/commits' && method === 'POST') return commit(owner, asked);
		if (rest === '/pipelines' && method === 'GET') {
			const found = owner.pipelines.filter(({branch}) => query.get('ref') === null || branch === query.get('ref')).reverse();
			return {
				status: 200,
				body: found.map(({id, sha, branch}) => ({id, sha, ref: branch, status: 'running', web_url: `${base()}/${owner.path}/-/pipelines/${id}`})),
			};
		}
		const [, id, jobs] = /^\/pipelines\/(\d+)(\/jobs)?$/.exec(rest) ?? [];
		const pipeline = owner.pipelines.find((one) => String(one.id) === id);
		if (id !== undefined && !pipeline) return notFound('Pipeline');
		if (pipeline && jobs !== undefined && method === 'GET') return {status: 200, body: pipeline.jobs.map((job) => describeJob(job, base())).reverse()};
		if (pipeline && jobs === undefined && method === 'DELETE') {
			drop(owner, pipeline.jobs);
			return {status: 204};
		}
		const job = /^\/jobs\/(\d+)\/trace$/.exec(rest)?.[1];
		const known = (owner.id === first.id ? store.jobs : inPipelines(owner)).find((one) => String(one.id) === job);
		if (job !== undefined) return known ? {status: 200, body: known.trace} : notFound('Job');
		const branch = decodeURIComponent(/^\/repository\/branches\/([^/]+)$/.exec(rest)?.[1] ?? '');
		if (branch !== '' && method === 'DELETE') return owner.branches.delete(branch) ? {status: 204} : notFound('Branch');
		return undefined;
	};
}
