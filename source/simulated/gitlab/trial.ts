import * as z from 'zod';
import type {GitlabTrial, TrialProject} from '../../world/gitlab/port.ts';
import {refusal} from '../../world/gitlab/problems.ts';
import {isNamed} from '../../world/gitlab/real-trial.ts';
import type {Laptop} from '../laptop.ts';
import type {Meeting} from './panel.ts';
import {imageTakes, isoTime, type Job, jobImage, type SimulatedGitlab, type TrialKept, type TrialPipeline} from './state.ts';

/** How long each part of a job takes, in milliseconds; the script takes what is left. */
const spans = {sources: 1000, restore: 800, download: 700, archive: 900, upload: 600};

/** The log of a job as far as it has come, as the runner writes it with FF_TIMESTAMPS: times, sections, the runner's own words. */
function traceOf({startedAt, workerAt, endedAt, seconds, name, reason, state, cache, isImageHeld}: Job, now: number): string[] {
	if (startedAt === undefined) return [];
	const until = endedAt ?? now;
	const lines: string[] = [];
	const say = (at: number, text: string): void => {
		if (at <= until) lines.push(`${isoTime(at)} 00O ${text}`);
	};
	const section = (section: string, from: number, to: number, ...texts: string[]): void => {
		say(from, `section_start:${Math.floor(from / 1000)}:${section}`);
		for (const text of texts) say(from, text);
		say(to, `section_end:${Math.floor(to / 1000)}:${section}`);
	};
	say(startedAt, 'Running with gitlab-runner');
	say(startedAt, `section_start:${Math.floor(startedAt / 1000)}:prepare_executor`);
	say(startedAt, 'Preparing the executor');
	if (workerAt !== undefined) {
		say(workerAt, `Using Docker executor with image ${jobImage} ...`);
		say(workerAt, `Pulling docker image ${jobImage} ...`);
		let at = workerAt + imageTakes[isImageHeld ? 'held' : 'pulled'];
		const end = at + seconds * 1000 - imageTakes.pulled;
		say(at, `section_end:${Math.floor(at / 1000)}:prepare_executor`);
		const next = (named: string, takes: number, ...texts: string[]): void => {
			section(named, at, at + takes, ...texts);
			at += takes;
		};
		next('prepare_script', 300, 'Preparing environment');
		next('get_sources', spans.sources, 'Getting source from Git repository');
		if (cache !== undefined)
			next('restore_cache', spans.restore, cache === 'restored' ? 'Successfully extracted cache' : 'No URL provided, cache will not be downloaded');
		if (name !== 'make') next('download_artifacts', spans.download, 'Downloading artifacts from coordinator... ok');
		const left = (cache === undefined ? 0 : spans.archive) + spans.upload;
		next('step_script', Math.max(0, end - left - at), `$ echo ${name}`);
		if (cache !== undefined && state !== 'failed') next('archive_cache', spans.archive, 'Created cache');
		if (name === 'make') next('upload_artifacts_on_success', spans.upload, 'Uploading artifacts as "archive" to coordinator... 201 Created');
	}
	if (endedAt !== undefined) say(endedAt, state === 'failed' ? `ERROR: ${reason ?? 'Job failed'}` : 'Job succeeded');
	return lines;
}

const group = 7;
/** How long a job of a trial takes once it has its worker, in seconds. */
const jobSeconds = 12;

/** What a trial commits is JSON, which is YAML too; a stage's name is its job's. */
const committed = z.object({stages: z.array(z.string())}).catchall(z.unknown());
const jobCommitted = z.object({tags: z.array(z.string()).default([]), cache: z.unknown().optional()});

/** The calls of a trial on the simulated GitLab. */
export function simulatedTrial(gitlab: SimulatedGitlab, laptop: Laptop, asked: string, now: () => number, meet: Meeting): GitlabTrial {
	const answer = (status: number, message: string, what: string) =>
		refusal({status, headers: {}, text: JSON.stringify({message})}, {url: asked, what, scope: 'api'});
	const nextId = (): number => 100 + gitlab.trials.size + gitlab.jobs.length * 2;
	const missing = (what: string) => answer(404, '404 Project Not Found', what);
	const seen = ({description, id, path}: TrialKept): TrialProject => ({id, path, namespaceId: group, description, defaultBranch: 'main'});

	/** A project that was there before any trial has the runners that there are. */
	function find(named: number | string): TrialKept | undefined {
		const known = [...gitlab.trials.values()].find(({id, path}) => id === named || path === named);
		if (known || typeof named === 'number') return known;
		const isThere = gitlab.projects.has(named) || gitlab.jobs.some(({project, trial}) => project === named && !trial);
		return isThere ? keep(named, '', new Set(gitlab.runners.keys()), ['main']) : undefined;
	}

	/** The runners that a new project has by itself: its group's, and the instance's where they are wanted. */
	const given = (shared: boolean): Set<number> =>
		new Set([...gitlab.runners.values()].filter(({type}) => type === 'group_type' || (shared && type === 'instance_type')).map(({id}) => id));

	function keep(path: string, description: string, runners: Set<number>, branches: string[]): TrialKept {
		const project: TrialKept = {id: nextId(), path, description, runners, branches: new Set(branches), pipelines: new Map()};
		gitlab.trials.set(project.id, project);
		return project;
	}

	function findProject(id: number, what: string): TrialKept {
		const project = find(id);
		if (!project) throw missing(what);
		return project;
	}

	/** Ends what of a pipeline is under way: its jobs go with it. */
	function drop(project: TrialKept, commit: string): void {
		const pipeline = project.pipelines.get(commit);
		project.pipelines.delete(commit);
		if (!pipeline) return;
		pipeline.waiting.length = 0;
		for (const job of pipeline.jobs) {
			if (job.state === 'pending') job.state = 'failed';
			const at = gitlab.jobs.indexOf(job);
			if (at !== -1 && job.state !== 'running') gitlab.jobs.splice(at, 1);
		}
	}

	function begin(project: TrialKept, branch: string, commit: string, text: string): void {
		const {stages, ...rest} = committed.parse(JSON.parse(text));
		const pipeline: TrialPipeline = {id: nextId() + 500, project, branch, jobs: [], waiting: []};
		for (const name of stages) {
			const {cache, tags} = jobCommitted.parse(rest[name]);
			const needsCache = name !== stages[0] && cache !== undefined;
			const job: Job = {
				id: 90_000 + nextId() * 10 + pipeline.jobs.length,
				name,
				project: project.path,
				seconds: jobSeconds,
				tags,
				state: 'pending',
				queuedAt: now(),
				trial: {pipeline, needsCache},
			};
			pipeline.jobs.push(job);
		}
		const [first, ...others] = pipeline.jobs;
		pipeline.waiting.push(...others);
		project.pipelines.set(commit, pipeline);
		if (first) gitlab.queue(first);
	}

	const statusOf = (job: Job, waiting: readonly Job[]): string => (waiting.includes(job) ? 'created' : job.state);

	return {
		async project(token, named, signal) {
			await meet(`look up the project \`${named}\``, signal, token, ['read_api']);
			const project = find(named);
			return project && seen(project);
		},
		async projectsNamed(token, name, signal) {
			await meet(`look for the project \`${name}\``, signal, token, ['read_api']);
			return [...gitlab.trials.values()].filter(({path}) => isNamed(path, name)).map(seen);
		},
		async createProject(token, {name, description, sharedRunners}, signal) {
			const what = `make the project \`${name}\``;
			await meet(what, signal, token, ['api']);
			const path = `acme/${name}`;
			if (find(path)) throw answer(400, 'path has already been taken', what);
			laptop.act('gitlab createProject');
			const made = seen(keep(path, description, given(sharedRunners), []));
			laptop.judgeAlive();
			return made;
		},
		async enableRunner(token, id, runnerId, signal) {
			const what = `give runner ${runnerId} to a project`;
			await meet(what, signal, token, ['api']);
			if (gitlab.runners.get(runnerId)?.locked) throw answer(403, '403 Forbidden - Runner is locked', what);
			laptop.act('gitlab enableRunner');
			findProject(id, what).runners.add(runnerId);
			laptop.judgeAlive();
		},
		async commit(token, id, {branch, from, text}, signal) {
			const what = `commit to the branch \`${branch}\``;
			await meet(what, signal, token, ['api']);
			const project = findProject(id, what);
			if (from !== undefined && project.branches.has(branch)) throw answer(400, `A branch called '${branch}' already exists.`, what);
			laptop.act('gitlab commit');
			project.branches.add(branch);
			const commit = `${id}c0ffee${project.pipelines.size}`;
			begin(project, branch, commit, text);
			laptop.judgeAlive();
			return commit;
		},
		async pipelines(token, id, branch, signal) {
			const what = 'look for a pipeline';
			await meet(what, signal, token, ['read_api']);
			const found = [...findProject(id, what).pipelines].filter(([, pipeline]) => pipeline.branch === branch);
			return found.map(([commit, pipeline]) => ({id: pipeline.id, commit})).reverse();
		},
		async pipelineJobs(token, id, wanted, signal) {
			const what = "look at a pipeline's jobs";
			await meet(what, signal, token, ['read_api']);
			const pipeline = [...findProject(id, what).pipelines.values()].find((one) => one.id === wanted);
			if (!pipeline) throw missing(what);
			return pipeline.jobs.map((job) => ({
				id: job.id,
				name: job.name,
				status: statusOf(job, pipeline.waiting),
				createdAt: isoTime(job.queuedAt),
				...(job.startedAt === undefined ? {} : {startedAt: isoTime(job.startedAt)}),
				...(job.failureReason === undefined ? {} : {failureReason: job.failureReason}),
			}));
		},
		async trace(token, id, wanted, signal) {
			const what = "read a job's log";
			await meet(what, signal, token, ['read_api']);
			const {path} = findProject(id, what);
			const job = gitlab.jobs.find((one) => one.id === wanted && one.project === path);
			return job ? traceOf(job, now()) : [];
		},
		async deletePipeline(token, id, wanted, signal) {
			await meet('delete a pipeline', signal, token, ['api']);
			const project = find(id);
			const [commit] = [...(project?.pipelines ?? [])].find(([, one]) => one.id === wanted) ?? [];
			if (!project || commit === undefined) return;
			laptop.act('gitlab deletePipeline');
			drop(project, commit);
			laptop.judgeAlive();
		},
		async deleteBranch(token, id, branch, signal) {
			await meet(`delete the branch \`${branch}\``, signal, token, ['api']);
			const project = find(id);
			if (!project?.branches.has(branch)) return;
			laptop.act('gitlab deleteBranch');
			project.branches.delete(branch);
			laptop.judgeAlive();
		},
		async deleteProject(token, id, signal) {
			await meet('delete a project', signal, token, ['api']);
			const project = find(id);
			if (!project) return 'gone';
			laptop.act('gitlab deleteProject');
			for (const commit of [...project.pipelines.keys()]) drop(project, commit);
			gitlab.trials.delete(id);
			laptop.judgeAlive();
			return gitlab.keepsDeleted ? 'later' : 'gone';
		},
	};
}
