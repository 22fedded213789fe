import {project, type StoredJob, type StoredRunner} from './gitlab-store.ts';

/** An answer; a text body is sent as it is, anything else as JSON. */
export type Reply = {status: number; body?: unknown; headers?: Record<string, string>};
const plain: Record<number, Reply> = {
	400: {status: 400, body: {message: '400 Bad request'}},
	401: {status: 401, body: {message: '401 Unauthorized'}},
	403: {status: 403, body: {message: '403 Forbidden'}},
	404: {status: 404, body: {message: '404 Not found'}},
	429: {status: 429, body: 'Retry later\n'},
	500: {status: 500, body: {message: '500 Internal Server Error'}},
	502: {
		status: 502,
		body: '<!DOCTYPE html>\n<html><head><title>GitLab is not responding (502)</title></head><body><h1>502</h1><h3>Whoops, GitLab is taking too much time to respond.</h3></body></html>',
	},
	503: {status: 503, body: '<!DOCTYPE html>\n<html><head><title>GitLab is not available (503)</title></head><body><h1>503</h1></body></html>'},
};

/** GitLab's own words for a bare status. */
export const plainly = (status: number): Reply => plain[status] ?? {status, body: {message: `${status} Error`}};

/** Whatever a field holds, as text. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value));

/** The answer to a token without the scope for it. */
export function insufficient(needed: string): Reply {
	const sentence = 'The request requires higher privileges than provided by the access token.';
	return {status: 403, body: {error: 'insufficient_scope', error_description: sentence, scope: needed}};
}

/** A runner's details. */
export function describeRunner(runner: StoredRunner, jobs: readonly StoredJob[]): object {
	const busy = jobs.some((job) => job.status === 'running' && job.runner === runner.id);
	const online = runner.contactedAt !== null && Date.now() - Date.parse(runner.contactedAt) < 2 * 3_600_000;
	return {
		id: runner.id,
		description: runner.description,
		ip_address: null,
		active: !runner.paused,
		paused: runner.paused,
		is_shared: false,
		runner_type: runner.runnerType,
		name: null,
		online,
		created_at: runner.createdAt,
		created_by: {id: 1, username: 'peers'},
		status: runner.contactedAt === null ? 'never_contacted' : online ? 'online' : 'offline',
		job_execution_status: busy ? 'active' : 'idle',
		contacted_at: runner.contactedAt,
		tag_list: runner.tagList,
		run_untagged: runner.runUntagged,
		locked: runner.locked,
		maximum_timeout: runner.maximumTimeout,
		access_level: runner.accessLevel,
		maintenance_note: runner.maintenanceNote,
		version: runner.managers.at(-1)?.version ?? null,
		projects: runner.runnerType === 'project_type' ? [{id: project.id, name: project.name, path_with_namespace: project.path_with_namespace}] : [],
		groups: runner.runnerType === 'group_type' ? [{id: project.group.id, name: project.group.full_path}] : [],
	};
}

/** A job, as the lists of jobs have it. */
export function describeJob(job: StoredJob, base: string): object {
	const end = job.finishedAt === null ? Date.now() : Date.parse(job.finishedAt);
	const begun = job.startedAt === null ? null : Date.parse(job.startedAt);
	return {
		id: job.id,
		name: job.name,
		stage: job.stage,
		status: job.status,
		ref: job.ref,
		tag: job.tag,
		created_at: job.createdAt,
		started_at: job.startedAt,
		finished_at: job.finishedAt,
		duration: begun === null ? null : (end - begun) / 1000,
		queued_duration: ((begun ?? Date.now()) - Date.parse(job.createdAt)) / 1000,
		tag_list: [...job.tagList].sort(),
		web_url: `${base}/${job.trial?.owner.path ?? project.path_with_namespace}/-/jobs/${job.id}`,
		...(job.failureReason === undefined ? {} : {failure_reason: job.failureReason}),
		pipeline: {id: 9000 + job.id, project_id: project.id, status: job.status},
		runner: job.runner === null ? null : {id: job.runner},
		runner_manager: job.systemId === null ? null : {system_id: job.systemId},
	};
}
