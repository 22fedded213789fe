import type {GitlabPanel, RunnerServed} from '../../world/gitlab/port.ts';
import {refusal} from '../../world/gitlab/problems.ts';
import type {Laptop} from '../laptop.ts';
import {isoTime, type Job, type RunnerKept, type SimulatedGitlab, seen} from './state.ts';

/** How a call reaches the simulated GitLab: `what` for its messages, the token, and the scopes that are enough besides `api`. */
export type Meeting = (what: string, signal: AbortSignal | undefined, token: string, scopes: string[]) => Promise<void>;

/** Lists of GitLab hold this many at most. */
const pageSize = 100;

/** Projects that jobs came from or that somebody named, the one with the newest job first; a job that still runs when its project is deleted is none of one. */
function projectsOf({jobs, projects, trials}: SimulatedGitlab): string[] {
	const standing = new Set([...trials.values()].map(({path}) => path));
	const theirs = jobs.filter(({project, trial}) => trial === undefined || standing.has(project));
	const byAge = theirs.toSorted((one, other) => other.queuedAt - one.queuedAt || other.id - one.id).map(({project}) => project);
	return [...new Set([...byAge, ...projects])];
}

function served(runner: RunnerKept, gitlab: SimulatedGitlab, now: number): RunnerServed {
	const runnerType = runner.type ?? 'project_type';
	return {
		...seen(runner, now),
		accessLevel: runner.accessLevel ?? 'not_protected',
		runnerType,
		...(runnerType === 'project_type' ? {projects: projectsOf(gitlab)} : {}),
		...(runnerType === 'group_type' ? {groups: [...(runner.groups ?? [])]} : {}),
	};
}

/** The panel's calls on the simulated GitLab. */
export function simulatedPanel(gitlab: SimulatedGitlab, laptop: Laptop, asked: string, now: () => number, meet: Meeting): GitlabPanel {
	const missing = (what: string) => refusal({status: 404, headers: {}, text: '{"message":"404 Not found"}'}, {url: asked, what});
	const find = (id: number, what: string): RunnerKept => {
		const runner = gitlab.runners.get(id);
		if (!runner) throw missing(what);
		return runner;
	};
	const newestFirst = (fits: (job: Job) => boolean): Job[] =>
		gitlab.jobs
			.filter(fits)
			.sort((one, other) => other.id - one.id)
			.slice(0, pageSize);
	const urlOf = ({id, project}: Job): string => `${gitlab.url}/${project}/-/jobs/${id}`;
	return {
		async served(token, id, signal) {
			const what = `look at runner ${id}`;
			await meet(what, signal, token, ['read_api', 'manage_runner']);
			return served(find(id, what), gitlab, now());
		},
		async managers(token, id, signal) {
			const what = `list the managers of runner ${id}`;
			await meet(what, signal, token, ['read_api', 'manage_runner']);
			return (find(id, what).managers ?? []).map(({contactedAt}) => ({contactedAt: isoTime(contactedAt)}));
		},
		async running(token, id, signal) {
			const what = `list the running jobs of runner ${id}`;
			await meet(what, signal, token, ['read_api', 'manage_runner']);
			find(id, what);
			return newestFirst((job) => job.runnerId === id && job.state === 'running').map((job) => ({
				id: job.id,
				name: job.name,
				stage: 'test',
				project: job.project,
				webUrl: urlOf(job),
			}));
		},
		async groupProjects(token, id, limit, signal) {
			await meet(`list the projects of group ${id}`, signal, token, ['read_api']);
			return projectsOf(gitlab).slice(0, limit);
		},
		async pendingJobs(token, project, signal, {protection = false} = {}) {
			const what = `list the waiting jobs of ${project}`;
			await meet(what, signal, token, ['read_api']);
			if (!projectsOf(gitlab).includes(project)) throw missing(what);
			return newestFirst((job) => job.project === project && job.state === 'pending').map((job) => ({
				id: job.id,
				name: job.name,
				webUrl: urlOf(job),
				tags: [...job.tags],
				ref: job.ref ?? 'main',
				...(protection ? {protected: gitlab.protectedRefs.has(job.ref ?? 'main')} : {}),
				createdAt: isoTime(job.queuedAt),
				queuedSeconds: (now() - job.queuedAt) / 1000,
			}));
		},
		async pause(token, id, paused, signal) {
			const what = `${paused ? 'pause' : 'unpause'} runner ${id}`;
			await meet(what, signal, token, ['manage_runner']);
			const runner = find(id, what);
			laptop.act(`gitlab ${paused ? 'pause' : 'unpause'}`);
			runner.paused = paused;
			laptop.judgeAlive();
		},
	};
}
