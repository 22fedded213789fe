import {printableIn} from '../printable.ts';
import type {GitlabAt, WholeGitlab} from './port.ts';

/** A method whose answer is printable. */
const printing =
	<Asked extends unknown[], Told>(method: (...asked: Asked) => Promise<Told>): ((...asked: Asked) => Promise<Told>) =>
	async (...asked) =>
		printableIn(await method(...asked));

const methods = (port: WholeGitlab): WholeGitlab => ({
	url: port.url,
	verify: printing(port.verify),
	createRunner: printing(port.createRunner),
	runners: printing(port.runners),
	runner: printing(port.runner),
	deleteRunner: printing(port.deleteRunner),
	jobs: printing(port.jobs),
	served: printing(port.served),
	managers: printing(port.managers),
	running: printing(port.running),
	groupProjects: printing(port.groupProjects),
	pendingJobs: printing(port.pendingJobs),
	pause: printing(port.pause),
	project: printing(port.project),
	projectsNamed: printing(port.projectsNamed),
	createProject: printing(port.createProject),
	enableRunner: printing(port.enableRunner),
	commit: printing(port.commit),
	pipelines: printing(port.pipelines),
	pipelineJobs: printing(port.pipelineJobs),
	trace: printing(port.trace),
	deletePipeline: printing(port.deletePipeline),
	deleteBranch: printing(port.deleteBranch),
	deleteProject: printing(port.deleteProject),
});

/**
 * The same GitLab, whose answers are printable: names of jobs, branches, projects and runners are anybody's who may push there. Both sides of the port
 * go through it. A token's characters are all printable, so none is changed.
 */
export const printableGitlab =
	(gitlabAt: GitlabAt): GitlabAt =>
	(...at) =>
		methods(gitlabAt(...at));
