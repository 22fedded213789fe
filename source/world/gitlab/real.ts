import * as z from 'zod';
import {isProblem} from '../../problem.ts';
import type {Request} from '../request.ts';
import {absent, askingAt, runnerSeen, runnerShape} from './asking.ts';
import type {Gitlab, GitlabAt, NewRunner, RunnerSeen} from './port.ts';
import {printableGitlab} from './printable-gitlab.ts';
import {tokenRefused} from './problems.ts';
import {panelOver} from './real-panel.ts';
import {trialOver} from './real-trial.ts';

/** Pages of 100 that are read at most, and how many runners are looked at side by side. */
const mostPages = 20;
const together = 5;

const verified = z.object({id: z.int().optional(), token_expires_at: absent});
const made = z.object({id: z.int(), token: z.string(), token_expires_at: absent});
const withId = z.object({id: z.int()});
const jobShape = z.object({
	id: z.int(),
	name: z.string(),
	status: z.string(),
	web_url: absent,
	project: z.object({path_with_namespace: absent, name: absent}).optional(),
});

/** One GitLab's REST API (docs/facts.md, "GitLab's API"); `env` is for proxies. Tokens travel in headers and bodies only. */
export const realGitlab = ({env}: {env: Request['env']}): GitlabAt =>
	printableGitlab((url, ca) => {
		const asking = askingAt({url, ca, env});
		const {ask, read} = asking;

		async function idOf(kind: 'project' | 'group', named: number | string, token: string, signal?: AbortSignal): Promise<number> {
			if (typeof named === 'number' || /^\d+$/.test(named)) return Number(named);
			const what = `look up the ${kind} \`${named}\``;
			return read(await ask({path: `/${kind}s/${encodeURIComponent(named)}`, what, token, signal}), withId, what).id;
		}

		async function owner(by: NewRunner['in'], token: string, signal?: AbortSignal): Promise<object> {
			if (by === 'instance') return {runner_type: 'instance_type'};
			if ('project' in by) return {runner_type: 'project_type', project_id: await idOf('project', by.project, token, signal)};
			return {runner_type: 'group_type', group_id: await idOf('group', by.group, token, signal)};
		}

		async function runner(token: string, id: number, signal?: AbortSignal): Promise<RunnerSeen> {
			const what = `look at runner ${id}`;
			return runnerSeen(read(await ask({path: `/runners/${id}?include_projects=false`, what, token, signal}), runnerShape, what));
		}

		/** GitLab's list lacks the maintenance note, which `GET /runners/:id` has. */
		async function detailed(token: string, ids: number[], signal?: AbortSignal): Promise<RunnerSeen[]> {
			const all: RunnerSeen[] = [];
			for (let from = 0; from < ids.length; from += together) {
				const some = await Promise.all(
					ids.slice(from, from + together).map((id) =>
						runner(token, id, signal).catch((error: unknown) => {
							if (isProblem(error, 'gitlab-not-found')) return undefined;
							throw error;
						}),
					),
				);
				all.push(...some.filter((each) => each !== undefined));
			}
			return all;
		}

		const port: Gitlab = {
			url,
			async verify(token, signal) {
				const what = 'verify the runner token';
				const answer = await ask({method: 'POST', path: '/runners/verify', what, fields: {token}, signal}).catch((error: unknown) => {
					throw isProblem(error, 'gitlab-not-allowed') ? tokenRefused(url) : error;
				});
				if (/^"?200"?\s*$/.test(answer.text)) return {};
				const {id, token_expires_at: tokenExpiresAt} = read(answer, verified, what);
				return {...(id === undefined ? {} : {id}), ...(tokenExpiresAt === undefined ? {} : {tokenExpiresAt})};
			},
			async createRunner(token, wanted, signal) {
				const what = 'make a runner';
				const owned = await owner(wanted.in, token, signal);
				const fields = {
					...owned,
					description: wanted.description,
					tag_list: wanted.tags,
					run_untagged: wanted.runUntagged,
					maintenance_note: wanted.maintenanceNote,
				};
				const {
					id,
					token: runnerToken,
					token_expires_at: tokenExpiresAt,
				} = read(await ask({method: 'POST', path: '/user/runners', what, token, fields, signal}), made, what);
				return {id, token: runnerToken, ...(tokenExpiresAt === undefined ? {} : {tokenExpiresAt})};
			},
			async runners(token, signal) {
				const what = 'list your runners';
				const ids: number[] = [];
				for (let page = 1; page <= mostPages; page += 1) {
					const some = read(await ask({path: `/runners?per_page=100&page=${page}`, what, token, signal}), z.array(withId), what);
					ids.push(...some.map(({id}) => id));
					if (some.length < 100) break;
				}
				return detailed(token, ids, signal);
			},
			runner,
			async deleteRunner(token, id, signal) {
				await ask({method: 'DELETE', path: `/runners/${id}`, what: `delete runner ${id}`, token, signal});
			},
			async jobs(token, runnerId, signal) {
				const what = `list the jobs of runner ${runnerId}`;
				const answer = await ask({path: `/runners/${runnerId}/jobs?order_by=id&sort=desc&per_page=20`, what, token, signal});
				return read(answer, z.array(jobShape), what).map(({id, name, status, web_url: webUrl, project}) => ({
					id,
					name,
					status,
					webUrl: webUrl ?? '',
					project: project?.path_with_namespace ?? project?.name ?? '',
				}));
			},
		};
		return {...port, ...panelOver(asking), ...trialOver(asking)};
	});
