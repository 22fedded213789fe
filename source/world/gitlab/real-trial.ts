import * as z from 'zod';
import {ifAnswered, isProblem, unless} from '../../problem.ts';
import {absent, type GitlabApi} from './asking.ts';
import type {GitlabTrial, TrialProject} from './port.ts';

const projectShape = z.object({
	id: z.int(),
	path_with_namespace: z.string(),
	web_url: z.string(),
	default_branch: absent,
	namespace: z.object({id: z.int()}),
	description: absent,
});
const pipelineShape = z.object({id: z.int(), sha: z.string()});
const jobShape = z.object({
	id: z.int(),
	name: z.string(),
	status: z.string(),
	web_url: absent,
	created_at: z.string(),
	started_at: absent,
	failure_reason: absent,
});

const projectSeen = ({
	id,
	path_with_namespace: path,
	default_branch: defaultBranch,
	namespace,
	description = '',
}: z.infer<typeof projectShape>): TrialProject => ({
	id,
	path,
	namespaceId: namespace.id,
	description,
	...(defaultBranch === undefined ? {} : {defaultBranch}),
});

/** Whether a project's path ends with this name, or with it and a number. */
export const isNamed = (path: string, name: string): boolean => path.split('/').at(-1)?.replace(/-\d+$/, '') === name || path.endsWith(`/${name}`);

/** What answers to something that may be gone already: undefined where it is. */
const ifThere = <Result>(asked: Promise<Result>): Promise<Result | undefined> => unless(asked, 'gitlab-not-found');

/** Colours, cursor moves and what else a terminal would obey in a job's log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: They are what is looked for.
const escapes = /\u001b\[[0-9;]*[A-Za-z]/g;

/** The calls of a trial over GitLab's REST API (docs/facts.md, "GitLab's API"). */
export function trialOver({ask: asking, read}: GitlabApi): GitlabTrial {
	const ask: GitlabApi['ask'] = (request) => asking({...request, scope: 'api'});
	const at = (project: number | string): string => `/projects/${encodeURIComponent(project)}`;

	async function project(token: string, named: number | string, signal?: AbortSignal): Promise<TrialProject | undefined> {
		const what = `look up the project \`${named}\``;
		const answer = await ifThere(ask({path: at(named), what, token, signal}));
		return answer && projectSeen(read(answer, projectShape, what));
	}

	return {
		project,
		async projectsNamed(token, name, signal) {
			const what = `look for the project \`${name}\``;
			const answer = await ask({path: `/projects?membership=true&per_page=100&search=${encodeURIComponent(name)}`, what, token, signal});
			return read(answer, z.array(projectShape), what)
				.map(projectSeen)
				.filter(({path}) => isNamed(path, name));
		},
		async createProject(token, {name, namespaceId, description, sharedRunners}, signal) {
			const what = `make the project \`${name}\``;
			const fields = {
				name,
				path: name,
				description,
				visibility: 'private',
				shared_runners_enabled: sharedRunners,
				...(namespaceId === undefined ? {} : {namespace_id: namespaceId}),
			};
			return projectSeen(read(await ask({method: 'POST', path: '/projects', what, token, fields, signal}), projectShape, what));
		},
		async enableRunner(token, id, runnerId, signal) {
			await ask({method: 'POST', path: `${at(id)}/runners`, what: `give runner ${runnerId} to a project`, token, fields: {runner_id: runnerId}, signal});
		},
		async commit(token, id, {branch, from, path, text, message}, signal) {
			const what = `commit to the branch \`${branch}\``;
			const fields = (action: 'create' | 'update') => ({
				branch,
				...(from === undefined ? {} : {start_branch: from}),
				commit_message: message,
				actions: [{action, file_path: path, content: text}],
			});
			const commits = {method: 'POST', path: `${at(id)}/repository/commits`, what, token, signal};
			const answer = await ask({...commits, fields: fields('create')}).catch((error: unknown) => {
				// A branch that begins at another has that one's file.
				if (from !== undefined && isProblem(error, 'gitlab-refused')) return ask({...commits, fields: fields('update')});
				throw error;
			});
			return read(answer, z.object({id: z.string()}), what).id;
		},
		async pipelines(token, id, branch, signal) {
			const what = 'look for a pipeline';
			const answer = await ask({path: `${at(id)}/pipelines?per_page=100&ref=${encodeURIComponent(branch)}`, what, token, signal});
			return read(answer, z.array(pipelineShape), what).map(({id: pipeline, sha}) => ({id: pipeline, commit: sha}));
		},
		async pipelineJobs(token, id, pipeline, signal) {
			const what = "look at a pipeline's jobs";
			const answer = await ask({path: `${at(id)}/pipelines/${pipeline}/jobs?per_page=100`, what, token, signal});
			return read(answer, z.array(jobShape), what)
				.toSorted((one, other) => one.id - other.id)
				.map((job) => ({
					id: job.id,
					name: job.name,
					status: job.status,
					createdAt: job.created_at,
					...(job.started_at === undefined ? {} : {startedAt: job.started_at}),
					...(job.failure_reason === undefined ? {} : {failureReason: job.failure_reason}),
				}));
		},
		async trace(token, id, job, signal) {
			const answer = await ifThere(ask({path: `${at(id)}/jobs/${job}/trace`, what: "read a job's log", token, signal}));
			return (answer?.text ?? '').replace(escapes, '').split(/\r?\n|\r/);
		},
		async deletePipeline(token, id, pipeline, signal) {
			await ifThere(ask({method: 'DELETE', path: `${at(id)}/pipelines/${pipeline}`, what: 'delete a pipeline', token, signal}));
		},
		async deleteBranch(token, id, branch, signal) {
			const path = `${at(id)}/repository/branches/${encodeURIComponent(branch)}`;
			await ifThere(ask({method: 'DELETE', path, what: `delete the branch \`${branch}\``, token, signal}));
		},
		async deleteProject(token, id, signal) {
			const what = 'delete a project';
			const known = await project(token, id, signal);
			if (!known) return 'gone';
			await ifThere(ask({method: 'DELETE', path: at(id), what, token, signal}));
			// Since 18.0 GitLab only marks it, under another path; a second call then deletes it at once, where the GitLab allows that.
			const marked = await project(token, id, signal);
			if (!marked) return 'gone';
			const path = `${at(id)}?permanently_remove=true&full_path=${encodeURIComponent(marked.path)}`;
			const ended = await ifAnswered(ifThere(ask({method: 'DELETE', path, what, token, signal})), 'gitlab-refused', 'gitlab-not-allowed');
			return 'problem' in ended ? 'later' : 'gone';
		},
	};
}
