import type {Emit} from '../../engine/plan.ts';
import {type ToldRun, toldRun} from '../../engine/run.ts';
import type {Context} from '../../engine/step.ts';
import {Problem, Stopped, toProblem} from '../../problem.ts';
import type {TrialJob, TrialProject, WholeGitlab} from '../../world/gitlab/port.ts';
import {until} from '../../world/laptop/clock.ts';
import {standingToken} from '../config/standing.ts';
import {identityLook} from '../identity.ts';
import {currentManager, lookAtHost} from '../looks/host.ts';
import {runnerMark} from '../token.ts';
import type {WorkerMaking} from '../worker-making.ts';
import {type Phase, phasesOf, secondsByPhase, spoken} from './job-log.ts';
import {type SmokeJob, smokeJobs, smokePipeline} from './pipeline.ts';

/** What a trial works with: a token that may make and delete projects in GitLab, and the project to try it in, where the person named one. */
type SmokeOptions = {token: string; project: string | undefined; emit: Emit};

/** How it ended: what went wrong first, how long the jobs took in seconds, and what became of what was made in GitLab; undefined where nothing was. */
export type SmokeEnd = {problems: Problem[]; seconds: number; made: {name: string; gone: string | undefined} | undefined};

/** Where the jobs run, and what takes it away again. */
type Place = {project: TrialProject; branch: string; from: string | undefined; pipeline?: number; isOwn: boolean};

const titles: Readonly<Record<SmokeJob, string>> = {make: 'First job', use: 'Second job'};

/** Milliseconds between two looks, and how many of them: half an hour. */
const patience = {pause: 2000, tries: 900};
/** GitLab makes a pipeline within seconds of the commit. */
const pipelinePatience = {pause: 1000, tries: 60};
const over = ['success', 'failed', 'canceled', 'skipped'];

/** What trials of fleets of this name make in GitLab is called so, each with its runner's number: no two runners have the same. */
const nameOf = ({fleet}: Context): string => `gitlab-runner-aws-smoke-${fleet.name}`;

/**
 * Proves the whole chain with two jobs: GitLab, the runner, a worker, images, the cache, artifacts, a service, and Docker in Docker where the runner is
 * privileged. They run in a project of their own beside the runner's, or on a branch of their own of a project that the person named, and whatever was
 * made there is deleted at the end, also where something fails or the person stops it. Tells all of it as the steps of a run; one that was stopped ends
 * without a problem, unless something still stands.
 */
export async function smoke(context: Context, making: WorkerMaking, options: SmokeOptions): Promise<SmokeEnd> {
	const {clock} = context;
	const {emit, project} = options;
	const run = toldRun({clock, emit}, [
		{name: stepOf(undefined), title: project === undefined ? 'Project in GitLab' : 'Branch in GitLab'},
		...smokeJobs.map((job) => ({name: stepOf(job), title: titles[job]})),
		{name: 'smoke-cleanup', title: 'Cleanup'},
	]);
	const made: {place?: Place; gone?: string} = {};
	let seconds = 0;
	try {
		const ready = await run.part(stepOf(undefined), async () => {
			const place = await begin(context, making, options, (there) => {
				made.place = there;
			});
			made.place = place;
			return place.isOwn ? `${nameIn(place)}, private` : nameIn(place);
		});
		const from = clock.now();
		if (ready && made.place) await runJobs(context, options, made.place, run.part);
		seconds = Math.round((clock.now() - from) / 1000);
	} catch (error) {
		// Whoever stopped it knows, and is told what became of what was made.
		if (!(error instanceof Stopped)) throw error;
	} finally {
		// Whatever it made goes, whoever stopped it; calls that a stop would end at once are made without its signal.
		const {place} = made;
		if (place)
			await run.part('smoke-cleanup', async () => {
				made.gone = await cleanUp(context, options, place);
				return made.gone;
			});
		run.end();
	}
	return {problems: run.problems, seconds, made: made.place && {name: nameIn(made.place), gone: made.gone}};
}

const nameIn = ({branch, isOwn, project: {path}}: Place): string => (isOwn ? path : `${branch} in ${path}`);

const stepOf = (job: SmokeJob | undefined): string => (job === undefined ? 'smoke-project' : `smoke-${job}`);

/** The id that GitLab knows the manager's runner by. */
async function runnerIdOf(context: Context, {config}: WorkerMaking): Promise<number> {
	const {answers, fleet} = context;
	const manager = await currentManager(context);
	const text = manager && (await lookAtHost(context, manager)).config?.text;
	const id = text === undefined ? undefined : standingToken(text, {answers, fleet, config})?.id;
	if (id !== undefined) return id;
	throw new Problem({
		code: 'smoke-no-runner',
		message: `The fleet ${fleet.name} has no runner that could be tried.`,
		advice: `\`gitlab-runner-aws setup --fleet ${fleet.name} --region ${fleet.region}\` sets it up.`,
	});
}

/** Makes room for the jobs, and begins them. What an earlier trial left is deleted first; `makes` is told of what there is to delete from then on. */
async function begin(context: Context, making: WorkerMaking, options: SmokeOptions, makes: (place: Place) => void): Promise<Place> {
	const {answers, gitlab, signal} = context;
	const {token, project: named} = options;
	const runnerId = await runnerIdOf(context, making);
	// Asked first, since it's the one that tells which scope a token without any needs; what others made isn't this fleet's to delete, whatever it's called.
	const mark = runnerMark(context.fleet, (await context.look(identityLook)).account);
	const left = (await gitlab.projectsNamed(token, nameOf(context), signal)).filter(({description}) => description.includes(mark));
	const runner = await gitlab.served(token, runnerId, signal);
	const branch = `${nameOf(context)}-${runnerId}`;
	const text = smokePipeline(answers, runner.tags);
	const message = 'A trial of the runner by gitlab-runner-aws; it is deleted at its end';
	if (named !== undefined) {
		const project = await existing(gitlab, token, named, signal);
		const place: Place = {project, branch, from: project.defaultBranch ?? 'main', isOwn: false};
		await cleanUp(context, options, place);
		makes(place);
		return begun(context, options, place, {text, message});
	}
	const [home, group] = [runner.projects?.[0], runner.groups?.[0]];
	const beside = home === undefined ? undefined : await existing(gitlab, token, home, signal);
	const namespaceId = beside?.namespaceId ?? group;
	for (const {id} of left) await gitlab.deleteProject(token, id, signal);
	const description = `${mark}: made for a trial, and may be deleted.`;
	if (signal.aborted) throw new Stopped();
	// A stop doesn't end this call: whether there is a project then would not be known.
	const project = await gitlab.createProject(token, {name: branch, namespaceId, description, sharedRunners: runner.runnerType === 'instance_type'});
	const place: Place = {project, branch: project.defaultBranch ?? 'main', from: undefined, isOwn: true};
	makes(place);
	try {
		if (runner.runnerType === 'project_type') await gitlab.enableRunner(token, project.id, runnerId, signal);
	} catch (error) {
		throw lockedRunner(error);
	}
	return begun(context, options, place, {text, message});
}

async function existing(gitlab: WholeGitlab, token: string, named: string, signal: AbortSignal): Promise<TrialProject> {
	const project = await gitlab.project(token, named, signal);
	if (project) return project;
	throw new Problem({
		code: 'gitlab-not-found',
		message: `There is no project ${named}, or this token can't see it.`,
		advice: 'Name one for which the runner is: `gitlab-runner-aws smoke group/project`.',
	});
}

/** Why a runner can't be given to a second project. */
const lockedRunner = (cause: unknown): unknown => {
	const problem = toProblem(cause);
	if (problem.code !== 'gitlab-not-allowed') return cause;
	return new Problem({
		code: 'smoke-runner-locked',
		message: `The runner can't be given to a project of the trial's own: ${problem.message}`,
		advice: 'Where it is locked to its project, try it there, on a branch that is deleted again: `gitlab-runner-aws smoke group/project`.',
		cause,
	});
};

/** Commits the jobs, which begins them. */
async function begun(context: Context, {token}: SmokeOptions, place: Place, {text, message}: {text: string; message: string}): Promise<Place> {
	const {gitlab} = context;
	const {branch, from, project} = place;
	const commit = await gitlab.commit(token, project.id, {branch, from, path: '.gitlab-ci.yml', text, message}, context.signal);
	const look = async () => (await gitlab.pipelines(token, project.id, branch, context.signal)).find((one) => one.commit === commit);
	const pipeline = await until(context, pipelinePatience, look, (seen) => seen !== undefined);
	if (pipeline) return {...place, pipeline: pipeline.id};
	throw new Problem({
		code: 'smoke-no-pipeline',
		message: `GitLab made no pipeline of the commit in ${project.path}.`,
		advice: 'Look whether CI/CD is on for it, under Settings › General › Visibility, and whether the user may run pipelines.',
	});
}

/** Watches the jobs to their end, one after the other. */
async function runJobs(context: Context, options: SmokeOptions, {project, pipeline = 0}: Place, part: ToldRun['part']): Promise<void> {
	for (const name of smokeJobs) if (!(await part(stepOf(name), () => watchJob(context, options, {project, pipeline, name})))) return;
}

/** Tells a job's log and what its time goes into, until it has ended; gives that in words. */
async function watchJob(
	context: Context,
	{emit, token}: SmokeOptions,
	{name, pipeline, project}: {project: TrialProject; pipeline: number; name: SmokeJob},
): Promise<string> {
	const {gitlab} = context;
	const told = {lines: 0, phases: 0};
	let phases: Phase[] = [];
	const look = async (): Promise<TrialJob | undefined> => {
		const job = (await gitlab.pipelineJobs(token, project.id, pipeline, context.signal)).find((one) => one.name === name);
		if (!job) return undefined;
		const lines = job.startedAt === undefined ? [] : await gitlab.trace(token, project.id, job.id, context.signal);
		phases = phasesOf({createdAt: Date.parse(job.createdAt), startedAt: job.startedAt === undefined ? undefined : Date.parse(job.startedAt)}, lines);
		for (const {name: stage} of phases.slice(told.phases)) emit({event: 'step.stage', step: stepOf(name), stage});
		const text = spoken(lines);
		for (const line of text.slice(told.lines)) emit({event: 'step.line', step: stepOf(name), line});
		Object.assign(told, {lines: text.length, phases: phases.length});
		return job;
	};
	const job = await until(context, patience, look, (seen) => seen !== undefined && over.includes(seen.status));
	if (job?.status === 'success') return phaseWords(phases);
	throw failed(context, job, phases);
}

/** `queued 1 s, worker 48 s, images 6 s`: phases that took a second at least. */
const phaseWords = (phases: readonly Phase[]): string =>
	secondsByPhase(phases)
		.filter(({seconds}) => seconds >= 0.95)
		.map(({name, seconds}) => `${name} ${Math.round(seconds)} s`)
		.join(', ');

/** Why a job didn't pass, as far as its state and its log tell. */
function failed({fleet}: Context, job: TrialJob | undefined, phases: readonly Phase[]): Problem {
	const status = `\`gitlab-runner-aws status --fleet ${fleet.name} --region ${fleet.region}\``;
	if (job?.startedAt === undefined)
		return new Problem({
			code: 'smoke-not-taken',
			message: job ? `The job ${job.name} is ${job.status}: no runner took it.` : "GitLab didn't begin the job.",
			advice: `${status} says why jobs wait.`,
		});
	const last = phases.at(-1)?.name;
	return new Problem({
		code: 'smoke-failed',
		message: `The job ${job.name} ended with ${job.status}${job.failureReason === undefined ? '' : ` (${job.failureReason})`}${last === undefined ? '' : ` at: ${last}`}.`,
		advice: `Its log is above. ${status} tells how the fleet is.`,
	});
}

/** Deletes what the trial made, which ends its jobs too. */
async function cleanUp({gitlab}: Context, {token}: SmokeOptions, {branch, isOwn, project}: Place): Promise<string> {
	if (isOwn) {
		const gone = await gitlab.deleteProject(token, project.id);
		return gone === 'gone' ? `${project.path} is deleted` : `${project.path} is marked for deletion: this GitLab keeps deleted projects for some days`;
	}
	for (const {id} of await gitlab.pipelines(token, project.id, branch)) await gitlab.deletePipeline(token, project.id, id);
	await gitlab.deleteBranch(token, project.id, branch);
	return `${branch} and its pipeline are deleted`;
}
