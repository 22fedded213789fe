import {isProblem, Problem} from '../../problem.ts';
import {imagesAt} from '../../steps/smoke/job-log.ts';
import type {GitlabPanel, GitlabTrial, PendingJob, RunnerServed} from '../../world/gitlab/port.ts';
import type {History} from '../journal/history.ts';
import type {GitlabSees} from '../snapshot.ts';

/** Projects of one runner that are looked at in a round: GitLab limits this call by itself. */
const mostProjects = 20;

/** How GitLab is asked for one runner. */
export type GitlabAsked = {
	panel: GitlabPanel & Pick<GitlabTrial, 'project' | 'trace'>;
	token: string;
	/** The GitLab that it is, where that is known here. */
	url?: string;
};

async function projectsOf({panel, token}: GitlabAsked, runner: RunnerServed, signal: AbortSignal): Promise<string[]> {
	const own = runner.projects ?? [];
	if (own.length > 0) return own.slice(0, mostProjects);
	const groups = await Promise.all((runner.groups ?? []).map((group) => panel.groupProjects(token, group, mostProjects, signal)));
	return [...new Set(groups.flat())].slice(0, mostProjects);
}

type ProjectJobs = {project: string; jobs: readonly PendingJob[]} | {unreadable: string};

/** A project that this token can't read is counted, not failed for. */
async function pendingOf({panel, token}: GitlabAsked, project: string, {accessLevel}: RunnerServed, signal: AbortSignal): Promise<ProjectJobs> {
	try {
		return {project, jobs: await panel.pendingJobs(token, project, signal, {protection: accessLevel === 'ref_protected'})};
	} catch (error) {
		if (isProblem(error, 'gitlab-not-allowed', 'gitlab-not-found')) return {unreadable: project};
		throw error;
	}
}

const keptPulls = 500;

/**
 * The log of one more job that was the first on its worker and has ended: how long its images took, from when it had the worker. A log may be long, so it's
 * one a round; a job whose log can't be read is kept as one that tells nothing.
 */
export async function withPull(
	{panel, token}: GitlabAsked,
	known: GitlabSees['pulls'],
	history: History | undefined,
	signal: AbortSignal,
): Promise<GitlabSees['pulls']> {
	const ended = new Set(history?.jobs.ended.filter(({ok}) => ok).map(({job}) => job));
	const next = [...(history?.starts.days.values() ?? [])].flat().findLast(({job, making}) => making !== undefined && ended.has(job) && !known?.has(job));
	if (next?.project === undefined) return known;
	const {at, job, project: path} = next;
	const seconds = await pullSeconds();
	return new Map([...(known ?? []), [job, seconds] as const].slice(-keptPulls));

	async function pullSeconds(): Promise<number> {
		try {
			const project = await panel.project(token, path ?? '', signal);
			const till = project && imagesAt(await panel.trace(token, project.id, job, signal));
			return till === undefined ? Number.NaN : Math.max(0, till - at) / 1000;
		} catch (error) {
			// A log that is too long to come in time would else be asked for at each look, and what GitLab told of jobs be lost with it.
			if (error instanceof Problem) return Number.NaN;
			throw error;
		}
	}
}

/** The runner, its managers, what it runs and what waits for it. Throws GitLab's Problems. */
export async function lookAtGitlab(asked: GitlabAsked, runnerId: number, signal: AbortSignal): Promise<GitlabSees> {
	const {panel, token} = asked;
	const [runner, managers, running] = await Promise.all([
		panel.served(token, runnerId, signal),
		panel.managers(token, runnerId, signal),
		panel.running(token, runnerId, signal),
	]);
	const looked = await Promise.all((await projectsOf(asked, runner, signal)).map((project) => pendingOf(asked, project, runner, signal)));
	return {
		runner,
		managers,
		running,
		pending: looked.flatMap((one) => ('project' in one ? [one] : [])),
		unreadable: looked.flatMap((one) => ('unreadable' in one ? [one.unreadable] : [])),
	};
}
