import * as z from 'zod';
import {describeJob, describeRunner, insufficient, plainly, type Reply, text} from './gitlab-bodies.ts';
import {type GitlabStore, project, type StoredRunner} from './gitlab-store.ts';
import {trialsOver} from './gitlab-trials.ts';

type ApiFields = Record<string, unknown>;
/** A request to the API. */
export type ApiCall = {method: string; path: string; query: URLSearchParams; fields: ApiFields; scopes: string[] | undefined};

/** A JSON body's fields. */
export const fieldsOfJson = z.record(z.string(), z.unknown());
const isTrue = (value: unknown): boolean => text(value) === 'true' || text(value) === '1';
const tags = (value: unknown): string[] =>
	(Array.isArray(value) ? value.map(text) : text(value).split(',')).map((tag) => tag.trim()).filter((tag) => tag !== '');

/** One page of a list, as `page` and `per_page` ask for it; 20 a page unless told. */
function paged<Thing>(list: readonly Thing[], query: URLSearchParams): Thing[] {
	const size = Math.min(100, Number(query.get('per_page') ?? 20));
	const from = (Number(query.get('page') ?? 1) - 1) * size;
	return list.slice(from, from + size);
}

/** GitLab's API over a store; `base` is the URL that it calls itself. */
export function makeApi(store: GitlabStore, base: () => string): (asked: ApiCall) => Reply {
	const trials = trialsOver(store, base);

	function contact(runner: StoredRunner, fields: ApiFields): string {
		const systemId = text(fields.system_id);
		const now = new Date().toISOString();
		const info = fieldsOfJson.safeParse(fields.info);
		runner.contactedAt = now;
		if (systemId !== '') {
			const known = runner.managers.find((each) => each.systemId === systemId);
			const version = text(info.success ? info.data.version : '') || known?.version || '';
			if (known) {
				Object.assign(known, {contactedAt: now, version});
			} else {
				runner.managers.push({id: runner.id * 100 + runner.managers.length, systemId, version, createdAt: now, contactedAt: now});
			}
		}
		return systemId;
	}

	function verify({fields}: ApiCall): Reply {
		const runner = store.byToken(text(fields.token));
		if (!runner) {
			return plainly(403);
		}
		contact(runner, fields);
		return {status: 200, body: {id: runner.id, token: runner.token, token_expires_at: runner.tokenExpiresAt}};
	}

	function renew({fields}: ApiCall): Reply {
		const runner = store.byToken(text(fields.token));
		if (!runner) {
			return plainly(403);
		}
		store.renew(runner);
		return {status: 201, body: {token: runner.token, token_expires_at: runner.tokenExpiresAt}};
	}

	function create({fields, scopes}: ApiCall): Reply {
		if (!scopes) {
			return plainly(401);
		}
		if (!scopes.some((scope) => scope === 'api' || scope === 'create_runner')) {
			return insufficient('create_runner api');
		}
		const runnerType = text(fields.runner_type);
		const owner = {group_type: 'group_id', project_type: 'project_id'}[runnerType];
		if (!['instance_type', 'group_type', 'project_type'].includes(runnerType)) {
			return {
				status: 400,
				body: {error: runnerType === '' ? 'runner_type is missing, runner_type does not have a valid value' : 'runner_type does not have a valid value'},
			};
		}
		if (owner !== undefined && text(fields[owner]) === '') {
			return {status: 400, body: {error: `${owner} is missing`}};
		}
		if (owner !== undefined && Number(fields[owner]) !== (owner === 'group_id' ? project.group.id : project.id)) {
			return {status: 403, body: {message: '403 Forbidden'}};
		}
		const tagList = tags(fields.tag_list);
		const runUntagged = fields.run_untagged === undefined || isTrue(fields.run_untagged);
		const maximumTimeout = fields.maximum_timeout === undefined || text(fields.maximum_timeout) === '' ? null : Number(fields.maximum_timeout);
		if (!runUntagged && tagList.length === 0) {
			return {status: 400, body: {message: {tags_list: ['can not be empty when runner is not allowed to pick untagged jobs']}}};
		}
		if (maximumTimeout !== null && maximumTimeout < 600) {
			return {status: 400, body: {message: {maximum_timeout: ['needs to be at least 10 minutes']}}};
		}
		const runner = store.addRunner({
			runnerType,
			tagList,
			runUntagged,
			maximumTimeout,
			description: text(fields.description),
			maintenanceNote: text(fields.maintenance_note),
			paused: isTrue(fields.paused),
			locked: isTrue(fields.locked),
			accessLevel: text(fields.access_level) || 'not_protected',
		});
		return {status: 201, body: {id: runner.id, token: runner.token, token_expires_at: null}};
	}

	function requestJob({fields}: ApiCall): Reply {
		const runner = store.byToken(text(fields.token));
		if (!runner) {
			return plainly(403);
		}
		const job = store.take(runner, contact(runner, fields));
		if (!job) {
			return {status: 204, headers: {'X-GitLab-Last-Update': 'peers'}};
		}
		return {
			status: 201,
			body: {
				id: job.id,
				token: `glcbt-${job.id}`,
				job_info: {id: job.id, name: job.name, stage: job.stage, project_id: job.trial?.owner.id ?? project.id, project_name: project.name},
				git_info: {repo_url: `${base()}/${job.trial?.owner.path ?? project.path_with_namespace}.git`},
				image: {name: 'alpine:latest'},
				peers: {
					seconds: job.seconds,
					fails: job.fails,
					isTrial: job.trial !== undefined,
					needsCache: job.trial?.needsCache === true,
					waiting: store.jobs.filter(({status}) => status === 'pending').length,
				},
			},
		};
	}

	function updateJob(id: number, {fields}: ApiCall): Reply {
		const job = store.jobs.find((each) => each.id === id);
		const state = text(fields.state);
		if (!job) {
			return plainly(403);
		}
		if (state === 'success' || state === 'failed') {
			Object.assign(job, {status: state, finishedAt: new Date().toISOString(), ...(state === 'failed' ? {failureReason: text(fields.failure_reason)} : {})});
			store.ended(job);
		}
		return {status: 200, body: {over: job.seconds !== Number.POSITIVE_INFINITY}};
	}

	function leave({fields}: ApiCall): Reply {
		const runner = store.byToken(text(fields.token));
		if (!runner) {
			return plainly(403);
		}
		const systemId = text(fields.system_id);
		if (systemId === '') {
			return {status: 400, body: {error: 'system_id is missing'}};
		}
		const at = runner.managers.findIndex((each) => each.systemId === systemId);
		if (at === -1) {
			return {status: 404, body: {message: '404 Runner Manager Not Found'}};
		}
		runner.managers.splice(at, 1);
		return {status: 204};
	}

	function ofRunner(runner: StoredRunner, rest: string, asked: ApiCall): Reply {
		const jobs = store.jobs.filter((job) => job.runner === runner.id);
		if (asked.method === 'GET' && rest === '') {
			return {status: 200, body: describeRunner(runner, store.jobs)};
		}
		if (asked.method === 'GET' && rest === '/managers') {
			return {
				status: 200,
				body: runner.managers.map((each) => ({
					id: each.id,
					system_id: each.systemId,
					version: each.version,
					revision: 'peers',
					platform: 'linux',
					architecture: 'amd64',
					created_at: each.createdAt,
					contacted_at: each.contactedAt,
					ip_address: '127.0.0.1',
					status: 'online',
					job_execution_status: jobs.some((job) => job.status === 'running' && job.systemId === each.systemId) ? 'active' : 'idle',
				})),
			};
		}
		if (asked.method === 'GET' && rest === '/jobs') {
			const status = asked.query.get('status');
			const found = jobs.filter((job) => status === null || job.status === status).sort((one, other) => other.id - one.id);
			return {
				status: 200,
				body: paged(found, asked.query).map((job) => ({
					...describeJob(job, base()),
					project: {id: project.id, path_with_namespace: project.path_with_namespace},
				})),
			};
		}
		if (asked.method === 'PUT' && rest === '') {
			const {fields} = asked;
			Object.assign(runner, {
				...(fields.paused === undefined ? {} : {paused: isTrue(fields.paused)}),
				...(fields.tag_list === undefined ? {} : {tagList: tags(fields.tag_list)}),
				...(fields.run_untagged === undefined ? {} : {runUntagged: isTrue(fields.run_untagged)}),
				...(fields.description === undefined ? {} : {description: text(fields.description)}),
				...(fields.maintenance_note === undefined ? {} : {maintenanceNote: text(fields.maintenance_note)}),
			});
			return {status: 200, body: describeRunner(runner, store.jobs)};
		}
		if (asked.method === 'DELETE' && rest === '') {
			store.runners.delete(runner.id);
			return {status: 204};
		}
		return plainly(404);
	}

	function reading(asked: ApiCall): Reply {
		const {path, query} = asked;
		const jobsPath = /^\/projects\/([^/]+)\/jobs$/.exec(path);
		const isOurs = (name: string): boolean => name === String(project.id) || decodeURIComponent(name) === project.path_with_namespace;
		if (jobsPath) {
			const scopes = query.getAll('scope[]').concat(query.getAll('scope'));
			const found = store.jobs.filter((job) => scopes.length === 0 || scopes.includes(job.status)).sort((one, other) => other.id - one.id);
			return isOurs(jobsPath[1] ?? '')
				? {status: 200, body: paged(found, query).map((job) => describeJob(job, base()))}
				: {status: 404, body: {message: '404 Project Not Found'}};
		}
		const refPath = /^\/projects\/([^/]+)\/repository\/(branches|tags)\/([^/]+)$/.exec(path);
		if (refPath) {
			const [, owner = '', kind, ref = ''] = refPath;
			const isProtected = store.refs.get(decodeURIComponent(ref));
			return isOurs(owner) && isProtected !== undefined
				? {status: 200, body: {name: decodeURIComponent(ref), protected: isProtected}}
				: {status: 404, body: {message: `404 ${kind === 'tags' ? 'Tag' : 'Branch'} Not Found`}};
		}
		const projectPath = /^\/projects\/([^/]+)(\/runners)?$/.exec(path);
		if (projectPath) {
			const about = {
				id: project.id,
				name: project.name,
				path_with_namespace: project.path_with_namespace,
				web_url: `${base()}/${project.path_with_namespace}`,
				default_branch: 'main',
				namespace: {id: project.group.id, full_path: project.group.full_path, kind: 'group'},
			};
			const body = projectPath[2] === undefined ? about : [...store.runners.values()].map((runner) => describeRunner(runner, store.jobs));
			return isOurs(projectPath[1] ?? '') ? {status: 200, body} : {status: 404, body: {message: '404 Project Not Found'}};
		}
		const groupPath = /^\/groups\/([^/]+)(\/projects)?$/.exec(path);
		if (groupPath) {
			const about = {id: project.group.id, full_path: project.group.full_path, web_url: `${base()}/groups/${project.group.full_path}`};
			const body = groupPath[2] === undefined ? about : paged([{id: project.id, path_with_namespace: project.path_with_namespace}], query);
			return groupPath[1] === String(project.group.id) || groupPath[1] === project.group.full_path
				? {status: 200, body}
				: {status: 404, body: {message: '404 Group Not Found'}};
		}
		if (path === '/user') {
			return {status: 200, body: {id: 1, username: 'peers', name: 'Peers'}};
		}
		if (path === '/personal_access_tokens/self') {
			return {status: 200, body: {id: 1, name: 'peers', revoked: false, active: true, scopes: asked.scopes, expires_at: '2027-01-01'}};
		}
		if (path === '/version' || path === '/metadata') {
			return {status: 200, body: {version: '19.3.0-ee', revision: 'peers', enterprise: true}};
		}
		if (path === '/runners') {
			return {status: 200, body: [...store.runners.values()].map((runner) => describeRunner(runner, store.jobs))};
		}
		return plainly(404);
	}

	function route(asked: ApiCall): Reply {
		const {method, path, scopes} = asked;
		const jobPath = /^\/jobs\/(\d+)$/.exec(path);
		switch (`${method} ${path}`) {
			case 'POST /runners/verify':
				return verify(asked);
			case 'POST /runners/reset_authentication_token':
				return renew(asked);
			case 'POST /user/runners':
				return create(asked);
			case 'POST /jobs/request':
				return requestJob(asked);
			case 'DELETE /runners': {
				const runner = store.byToken(text(asked.fields.token));
				return runner && store.runners.delete(runner.id) ? {status: 204} : plainly(403);
			}
			case 'DELETE /runners/managers':
				return leave(asked);
			default:
		}
		const tracePath = /^\/jobs\/(\d+)\/trace$/.exec(path);
		if (method === 'PATCH' && tracePath) {
			const job = store.jobs.find(({id}) => String(id) === tracePath[1]);
			if (!job) return plainly(404);
			job.trace += text(asked.fields.trace);
			return {status: 202};
		}
		if (method === 'PUT' && jobPath) {
			return updateJob(Number(jobPath[1]), asked);
		}
		if (!scopes) {
			return plainly(401);
		}
		const runnerPath = /^\/runners\/(\d+)(\/\w+)?$/.exec(path);
		const allowed = method === 'GET' ? ['api', 'read_api'] : ['api'];
		if (
			!scopes.some((scope) =>
				[
					...allowed,
					...(runnerPath ? ['manage_runner'] : []),
					...(path.startsWith('/personal') || path === '/version' ? ['create_runner', 'manage_runner'] : []),
				].includes(scope),
			)
		) {
			return insufficient(runnerPath ? 'api manage_runner' : allowed.join(' '));
		}
		if (runnerPath) {
			const runner = store.runners.get(Number(runnerPath[1]));
			return runner ? ofRunner(runner, runnerPath[2] ?? '', asked) : {status: 404, body: {message: '404 Runner Not Found'}};
		}
		const known = method === 'GET' && /^\/projects\/[^/]+\/(?:jobs|runners|repository\/(?:branches|tags)\/[^/]+)$/.test(path);
		return (known ? undefined : trials(asked)) ?? (method === 'GET' ? reading(asked) : plainly(404));
	}

	return route;
}
