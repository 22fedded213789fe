import {createServer} from 'node:http';
import {simulatedWorld} from '../../source/simulated/world.ts';
import type {GitlabAt} from '../../source/world/gitlab/port.ts';
import {realGitlab} from '../../source/world/gitlab/real.ts';
import {makeGitlab} from '../peers/gitlab.ts';
import {listen} from '../peers/listen.ts';

/** One side's GitLab, with the tests' ways to reach behind it. */
export type GitlabWorld = {
	gitlabAt: GitlabAt;
	url: string;
	/** Token of a runner that GitLab knows. */
	runnerToken(): string;
	/** A person's token with these scopes. */
	personalToken(...scopes: string[]): string;
	/** A project where that person may make runners. */
	project: number;
	/** The path of a project with jobs, and the group that it is in. */
	projectPath: string;
	group: number;
	/** A runner for all that the group holds, which takes protected branches only. */
	groupRunner(): number;
	/** A job of that project that waits, or that a runner runs. */
	queue(job: {name: string; tags: string[]; ref: string; runBy?: number}): void;
	/** A manager asked for jobs with the token of a runner. */
	heard(runnerId: number, systemId: string): void;
	/** A manager takes the oldest job that the runner of a token may have, and it passes; the job's name, where there was one. */
	run(runnerToken: string): string | undefined;
	/** The runner of a token can't be given to another project. */
	lock(runnerToken: string): void;
	/** Projects that are deleted stay for some days, whoever asks. */
	keepDeleted(): void;
	/** How it does from now on. */
	health(does: 'up' | 'throttled' | 'failing'): void;
	stop(): Promise<void>;
};

export type GitlabSide = {name: string; open(): Promise<GitlabWorld>};

/** HTTP against the stand-in, whose bodies are GitLab's. */
const real: GitlabSide = {
	name: 'real',
	async open() {
		let url = '';
		const gitlab = makeGitlab(() => url);
		const {port, stop} = await listen(createServer(gitlab.handle), '127.0.0.1');
		url = `http://127.0.0.1:${port}`;
		return {
			gitlabAt: realGitlab({env: {}}),
			url,
			runnerToken: () => gitlab.token(),
			personalToken: gitlab.personalToken,
			project: 42,
			projectPath: 'peers/demo',
			group: 7,
			groupRunner: () => gitlab.store.addRunner({runnerType: 'group_type', accessLevel: 'ref_protected', tagList: ['aws']}).id,
			queue({name, tags, ref, runBy}) {
				const run = runBy === undefined ? {} : ({status: 'running', runner: runBy, startedAt: new Date().toISOString()} as const);
				gitlab.queue({name, tagList: tags, ref, ...run});
			},
			heard(runnerId, systemId) {
				const now = new Date().toISOString();
				gitlab.store.runners.get(runnerId)?.managers.push({id: 1, systemId, version: '19.3.0', createdAt: now, contactedAt: now});
			},
			run(token) {
				const runner = gitlab.store.byToken(token);
				const job = runner && gitlab.store.take(runner, 's_1');
				if (!job) return undefined;
				job.trace = '2026-11-26T09:00:00.500000Z 00O section_start:1795683600:prepare_executor\n2026-11-26T09:00:01.500000Z 00O \u001b[0KPreparing\u001b[0;m\n';
				gitlab.store.ended(Object.assign(job, {status: 'success', finishedAt: new Date().toISOString()}));
				return job.name;
			},
			lock(token) {
				const runner = gitlab.store.byToken(token);
				if (runner) runner.locked = true;
			},
			keepDeleted() {
				gitlab.store.keepsDeleted = true;
			},
			health: (does) => gitlab.fault(does === 'up' ? undefined : {answer: does === 'throttled' ? 429 : 502}),
			stop,
		};
	},
};

const simulated: GitlabSide = {
	name: 'simulated',
	async open() {
		const {gitlabAt, outside, clock} = simulatedWorld();
		const {gitlab} = outside;
		let persons = 0;
		let jobs = 0;
		return {
			gitlabAt,
			url: outside.gitlab.url,
			runnerToken: () => outside.token('runner'),
			personalToken(...scopes) {
				persons += 1;
				outside.gitlab.tokens.set(`glpat-${persons}`, scopes);
				return `glpat-${persons}`;
			},
			project: 42,
			projectPath: 'acme/app',
			group: 7,
			groupRunner() {
				const kept = {token: 'glrt-t2_groups', description: 'group', tags: ['aws'], runUntagged: true, note: '', paused: false};
				gitlab.runners.set(77, {id: 77, ...kept, type: 'group_type', groups: [7], accessLevel: 'ref_protected'});
				return 77;
			},
			queue({name, tags, ref, runBy}) {
				jobs += 1;
				const run = runBy === undefined ? {state: 'pending' as const} : {state: 'running' as const, runnerId: runBy, startedAt: clock.now()};
				gitlab.jobs.push({id: 9000 + jobs, name, tags, ref, project: 'acme/app', seconds: 60, queuedAt: clock.now(), ...run});
			},
			heard(runnerId, systemId) {
				const runner = gitlab.runners.get(runnerId);
				if (runner) runner.managers = [{systemId, version: '19.3.0', contactedAt: clock.now()}];
			},
			run(token) {
				const {job} = gitlab.request(gitlab.url, token, undefined, {systemId: 's_1', version: '19.3.0'});
				if (!job) return undefined;
				const now = clock.now();
				gitlab.ended(Object.assign(job, {state: 'success', startedAt: now - 20_000, workerAt: now - 15_000, endedAt: now}));
				return job.name;
			},
			lock(token) {
				const runner = [...gitlab.runners.values()].find((one) => one.token === token);
				if (runner) runner.locked = true;
			},
			keepDeleted() {
				gitlab.keepsDeleted = true;
			},
			health: outside.setGitlab,
			stop: async () => undefined,
		};
	},
};

/** Both sides of GitLab's port: what holds for one holds for the other. */
export const sides: readonly GitlabSide[] = [real, simulated];
