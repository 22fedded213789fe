import {isProblem} from '../../problem.ts';
import type {GitlabPanel, PendingJob, RunnerServed} from '../../world/gitlab/port.ts';
import type {GitlabSees} from '../snapshot.ts';

/** Projects of one runner that are looked at in a round: GitLab limits this call by itself. */
const mostProjects = 20;

/** How GitLab is asked for one runner. */
export type GitlabAsked = {panel: GitlabPanel; token: string /** The GitLab that it is, where that is known here. */; url?: string};

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
