import * as z from 'zod';
import {unless} from '../../problem.ts';
import {absent, type GitlabApi, runnerSeen, runnerShape} from './asking.ts';
import type {GitlabPanel, PendingJob, RunnerServed} from './port.ts';

const some = z
	.number()
	.nullish()
	.transform((value) => value ?? undefined);
const accessLevels = ['not_protected', 'ref_protected'] as const;
const runnerTypes = ['instance_type', 'group_type', 'project_type'] as const;
const servedShape = runnerShape.extend({
	access_level: z.enum(accessLevels).optional().catch(undefined),
	runner_type: z.enum(runnerTypes).optional().catch(undefined),
	projects: z
		.array(z.object({path_with_namespace: z.string()}))
		.nullish()
		.catch(undefined),
	groups: z
		.array(z.object({id: z.int()}))
		.nullish()
		.catch(undefined),
});
const managerShape = z.object({contacted_at: absent});
const runningShape = z.object({
	id: z.int(),
	name: z.string(),
	stage: absent,
	web_url: absent,
	started_at: absent,
	project: z.object({path_with_namespace: absent, name: absent}).nullish(),
});
const pendingShape = z.object({
	id: z.int(),
	name: z.string(),
	web_url: absent,
	tag_list: z.array(z.string()).nullish(),
	ref: absent,
	tag: z.boolean().nullish(),
	created_at: absent,
	queued_duration: some,
});
const projectShape = z.object({path_with_namespace: z.string()});
const refShape = z.object({protected: z.boolean()});

/** Branches and tags of one project that are asked for by name in a round. */
const mostRefs = 10;
/** GitLab gives at most this many of a list at once. */
const pageSize = 100;

function served(runner: z.infer<typeof servedShape>): RunnerServed {
	const isFor = <Thing>(type: RunnerServed['runnerType'], list: Thing[] | null | undefined): Thing[] | undefined =>
		list && (runner.runner_type === undefined || runner.runner_type === type) ? list : undefined;
	const projects = isFor('project_type', runner.projects)?.map(({path_with_namespace: path}) => path);
	const groups = isFor('group_type', runner.groups)?.map(({id}) => id);
	return {
		...runnerSeen(runner),
		...(runner.access_level === undefined ? {} : {accessLevel: runner.access_level}),
		...(runner.runner_type === undefined ? {} : {runnerType: runner.runner_type}),
		...(projects === undefined ? {} : {projects}),
		...(groups === undefined ? {} : {groups}),
	};
}

const pending = (job: z.infer<typeof pendingShape>): PendingJob => ({
	id: job.id,
	name: job.name,
	webUrl: job.web_url ?? '',
	tags: job.tag_list ?? [],
	ref: job.ref ?? '',
	createdAt: job.created_at ?? '',
	...(job.queued_duration === undefined ? {} : {queuedSeconds: job.queued_duration}),
});

/** The panel's calls on one GitLab (docs/facts.md, "GitLab's API"). */
export function panelOver({ask, read}: GitlabApi): GitlabPanel {
	/** Whether a branch or tag is protected: a job itself doesn't tell. Undefined where that can't be read, as for a merge request's own ref. */
	async function isProtected(token: string, project: string, ref: string, isTag: boolean, signal?: AbortSignal): Promise<boolean | undefined> {
		if (ref === '' || ref.startsWith('refs/')) return undefined;
		const what = `look at ${isTag ? 'tag' : 'branch'} ${ref} of ${project}`;
		const path = `/projects/${encodeURIComponent(project)}/repository/${isTag ? 'tags' : 'branches'}/${encodeURIComponent(ref)}`;
		const look = async (): Promise<boolean | undefined> => read(await ask({path, what, token, signal}), refShape, what).protected;
		// Who may see the jobs need not see the code, and what waits is worth more than this.
		return unless(look());
	}

	async function withProtection(token: string, project: string, jobs: readonly z.infer<typeof pendingShape>[], signal?: AbortSignal): Promise<PendingJob[]> {
		const keyOf = ({ref, tag}: z.infer<typeof pendingShape>): string => `${tag === true ? 'tag' : 'branch'} ${ref ?? ''}`;
		const refs = [...new Map(jobs.map((job) => [keyOf(job), job]))].slice(0, mostRefs);
		const known = new Map(
			await Promise.all(refs.map(async ([key, {ref = '', tag}]) => [key, await isProtected(token, project, ref, tag === true, signal)] as const)),
		);
		return jobs.map((job) => {
			const isSafe = known.get(keyOf(job));
			return {...pending(job), ...(isSafe === undefined ? {} : {protected: isSafe})};
		});
	}

	return {
		async served(token, runnerId, signal) {
			const what = `look at runner ${runnerId}`;
			return served(read(await ask({path: `/runners/${runnerId}`, what, token, signal}), servedShape, what));
		},
		async managers(token, runnerId, signal) {
			const what = `list the managers of runner ${runnerId}`;
			const list = read(await ask({path: `/runners/${runnerId}/managers`, what, token, signal}), z.array(managerShape), what);
			return list.map(({contacted_at: contactedAt}) => (contactedAt === undefined ? {} : {contactedAt}));
		},
		async running(token, runnerId, signal) {
			const what = `list the running jobs of runner ${runnerId}`;
			// Without an order GitLab promises none.
			const path = `/runners/${runnerId}/jobs?status=running&order_by=id&sort=desc&per_page=${pageSize}`;
			return read(await ask({path, what, token, signal}), z.array(runningShape), what).map((job) => ({
				id: job.id,
				name: job.name,
				...(job.stage === undefined ? {} : {stage: job.stage}),
				project: job.project?.path_with_namespace ?? job.project?.name ?? '',
				webUrl: job.web_url ?? '',
			}));
		},
		async groupProjects(token, groupId, limit, signal) {
			const what = `list the projects of group ${groupId}`;
			const size = Math.max(1, Math.min(limit, pageSize));
			const query = `include_subgroups=true&with_shared=false&archived=false&simple=true&order_by=last_activity_at&sort=desc&per_page=${size}`;
			const paths: string[] = [];
			for (let page = 1; paths.length < limit; page += 1) {
				const list = read(await ask({path: `/groups/${groupId}/projects?${query}&page=${page}`, what, token, signal}), z.array(projectShape), what);
				paths.push(...list.map(({path_with_namespace: path}) => path));
				if (list.length < size) break;
			}
			return paths.slice(0, limit);
		},
		async pendingJobs(token, project, signal, {protection = false} = {}) {
			const what = `list the waiting jobs of ${project}`;
			const path = `/projects/${encodeURIComponent(project)}/jobs?scope[]=pending&per_page=${pageSize}`;
			const jobs = read(await ask({path, what, token, signal}), z.array(pendingShape), what);
			return protection ? withProtection(token, project, jobs, signal) : jobs.map(pending);
		},
		async pause(token, runnerId, paused, signal) {
			const what = `${paused ? 'pause' : 'unpause'} runner ${runnerId}`;
			await ask({method: 'PUT', path: `/runners/${runnerId}`, what, token, fields: {paused}, signal});
		},
	};
}
