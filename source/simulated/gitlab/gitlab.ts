import {Problem} from '../../problem.ts';
import type {JobSeen, WholeGitlab} from '../../world/gitlab/port.ts';
import {printableGitlab} from '../../world/gitlab/printable-gitlab.ts';
import {refusal, unreachable} from '../../world/gitlab/problems.ts';
import type {Laptop} from '../laptop.ts';
import {type Meeting, simulatedPanel} from './panel.ts';
import {requests} from './requests.ts';
import {isoTime, type RunnerKept, retried, type SimulatedGitlab, seen} from './state.ts';
import {simulatedTrial} from './trial.ts';

export type {GitlabHealth, Job, JobAnswer, SimulatedGitlab} from './state.ts';

/** Makes the GitLab of the world, with a runner and its token, and a person's token. */
export function simulatedGitlab(url: string, now: () => number, random: () => number, known: {runner: string; gitlab: string}): SimulatedGitlab {
	let nextId = 41;
	const runners = new Map<number, RunnerKept>();
	runners.set(41, {id: 41, token: known.runner, description: 'gitlab-runners', tags: [], runUntagged: true, note: '', paused: false});
	const newToken = () =>
		`glrt-t3_${Array.from({length: 20}, () => 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'[Math.floor(random() * 56)]).join('')}`;
	const byToken = (token: string) => [...runners.values()].find((runner) => runner.token === token);

	const gitlab: SimulatedGitlab = {
		url,
		health: 'up',
		managersMeet: undefined,
		latency: 200,
		ca: undefined,
		runners,
		tokens: new Map([[known.gitlab, ['api']]]),
		jobs: [],
		trials: new Map(),
		keepsDeleted: false,
		whenQueued: [],
		queue(job) {
			gitlab.jobs.push(job);
			for (const hear of gitlab.whenQueued) hear(job);
		},
		ended(job) {
			const next = job.state === 'success' ? job.trial?.pipeline.waiting.shift() : undefined;
			if (next) gitlab.queue(Object.assign(next, {queuedAt: now()}));
			const again = retried(job, gitlab.jobs, now());
			if (again) gitlab.queue(again);
		},
		projects: new Set(['acme/app']),
		protectedRefs: new Set(['main']),
		sent: [],
		whenAsked: [],
		...requests(() => gitlab, now, newToken),
		at: (laptop) => printableGitlab((asked, ca) => portOf(laptop, asked, ca)),
	};

	async function meet(
		laptop: Laptop,
		asked: string,
		ca: string | undefined,
		what: string,
		signal: AbortSignal | undefined,
		token?: string,
		scopes: string[] = [],
		scope?: 'api',
	): Promise<void> {
		laptop.judgeAlive();
		if (token !== undefined) gitlab.sent.push({url: asked, token, ca});
		await laptop.clock.sleep(120 + random() * 120, signal);
		for (const look of gitlab.whenAsked) look();
		const calling = {url: asked, what, scope};
		const answer = (status: number, text: object) => refusal({status, headers: {}, text: JSON.stringify(text)}, calling);
		if (asked !== url) throw unreachable(Object.assign(new Error(`getaddrinfo ENOTFOUND ${asked}`), {code: 'ENOTFOUND'}), calling, signal);
		if (gitlab.health === 'unreachable') throw unreachable(Object.assign(new Error('connect ETIMEDOUT'), {code: 'ETIMEDOUT'}), calling, signal);
		if (gitlab.health === 'certificate' || (gitlab.ca !== undefined && ca !== gitlab.ca)) {
			throw unreachable(Object.assign(new Error('unable to verify the first certificate'), {code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'}), calling, signal);
		}
		if (gitlab.health === 'failing') throw answer(502, {});
		if (gitlab.health === 'throttled') throw answer(429, {});
		if (token === undefined || scopes.length === 0) return;
		const has = gitlab.tokens.get(token);
		if (!has) throw answer(401, {message: '401 Unauthorized'});
		if (!has.includes('api') && !scopes.some((scope) => has.includes(scope)))
			throw answer(403, {error: 'insufficient_scope', error_description: 'The request requires higher privileges than provided by the access token.'});
	}

	function portOf(laptop: Laptop, asked: string, ca: string | undefined): WholeGitlab {
		const meeting: Meeting = (what, signal, token, scopes) => meet(laptop, asked, ca, what, signal, token, scopes);
		const find = (id: number, what: string): RunnerKept => {
			const runner = runners.get(id);
			if (!runner) throw refusal({status: 404, headers: {}, text: '{"message":"404 Not found"}'}, {url: asked, what});
			return runner;
		};
		return {
			...simulatedPanel(gitlab, laptop, asked, now, meeting),
			...simulatedTrial(gitlab, laptop, asked, now, (what, signal, token, scopes) => meet(laptop, asked, ca, what, signal, token, scopes, 'api')),
			url: asked,
			async verify(token, signal) {
				await meet(laptop, asked, ca, 'verify the runner token', signal, token);
				const runner = byToken(token);
				if (runner) return {id: runner.id, ...(runner.tokenExpiresAt === undefined ? {} : {tokenExpiresAt: isoTime(runner.tokenExpiresAt)})};
				throw new Problem({
					code: 'runner-token-refused',
					message: `${asked.replace(/^https?:\/\//, '')} doesn't know this runner token: it's deleted, or another GitLab's (403).`,
					advice: 'Make a runner under Settings › CI/CD › Runners, and give its token, which begins with `glrt-`.',
				});
			},
			async createRunner(token, wanted, signal) {
				await meet(laptop, asked, ca, 'make a runner', signal, token, ['create_runner']);
				if (!wanted.runUntagged && wanted.tags.length === 0) {
					const text = JSON.stringify({message: {tags_list: ['can not be empty when runner is not allowed to pick untagged jobs']}});
					throw refusal({status: 400, headers: {}, text}, {url: asked, what: 'make a runner'});
				}
				laptop.act('gitlab createRunner');
				nextId += 1;
				const made = {id: nextId, token: newToken()};
				runners.set(made.id, {
					...made,
					description: wanted.description,
					tags: wanted.tags,
					runUntagged: wanted.runUntagged,
					note: wanted.maintenanceNote,
					paused: false,
				});
				laptop.judgeAlive();
				return made;
			},
			async runners(token, signal) {
				await meet(laptop, asked, ca, 'list your runners', signal, token, ['read_api']);
				return [...runners.values()].map((runner) => seen(runner, now()));
			},
			async runner(token, id, signal) {
				const what = `look at runner ${id}`;
				await meet(laptop, asked, ca, what, signal, token, ['read_api', 'manage_runner']);
				return seen(find(id, what), now());
			},
			async deleteRunner(token, id, signal) {
				const what = `delete runner ${id}`;
				await meet(laptop, asked, ca, what, signal, token, ['manage_runner']);
				find(id, what);
				laptop.act('gitlab deleteRunner');
				runners.delete(id);
				laptop.judgeAlive();
			},
			async jobs(token, runnerId, signal) {
				await meet(laptop, asked, ca, `list the jobs of runner ${runnerId}`, signal, token, ['read_api', 'manage_runner']);
				const mine = gitlab.jobs.filter((job) => job.runnerId === runnerId).sort((one, other) => other.id - one.id);
				return mine.slice(0, 20).map(
					(job): JobSeen => ({
						id: job.id,
						name: job.name,
						status: job.state,
						webUrl: `${url}/${job.project}/-/jobs/${job.id}`,
						project: job.project,
					}),
				);
			},
		};
	}
	return gitlab;
}
