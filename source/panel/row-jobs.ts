import type {RunningOnRunner} from '../world/gitlab/port.ts';
import {bareUrl} from '../world/gitlab/url.ts';
import type {RunningJob} from '../world/host/job-list.ts';
import type {MachineStory} from './journal/history.ts';
import type {EndedJob} from './journal/job-history.ts';
import {makerIn} from './makers.ts';
import type {RowJob} from './rows.ts';
import type {Snapshot} from './snapshot.ts';

/** Jobs by their ids, as the runner's own list and GitLab tell them. */
export type Jobs = {listed: ReadonlyMap<number, RunningJob>; named: ReadonlyMap<number, RunningOnRunner>; listedAt: number | undefined};

/** The runner's own list of jobs, by their ids. */
export function listedIn({runner}: Snapshot): Jobs['listed'] {
	const byId = new Map<number, RunningJob>();
	for (const job of runner.value?.jobs ?? []) byId.set(job.id, job);
	return byId;
}

/** GitLab's jobs of the runner, by their ids; those before where they are told again. */
export function namedIn({gitlab}: Snapshot, before: Jobs['named'] | undefined): Jobs['named'] {
	const jobs = gitlab.value?.running ?? [];
	const isAgain = before?.size === jobs.length && jobs.every((job) => isSameJob(job, before.get(job.id)));
	return isAgain ? before : new Map(jobs.map((job) => [job.id, job]));
}

const isSameJob = ({name, project, webUrl}: RunningOnRunner, other: RunningOnRunner | undefined): boolean =>
	other !== undefined && name === other.name && project === other.project && webUrl === other.webUrl;

/** Whether a job that the log's last word puts on a machine is over: the runner's own list, read later, doesn't hold it any more. */
const isOver = ({jobAt = 0}: MachineStory, isListed: boolean, {listedAt}: Jobs): boolean => !isListed && listedAt !== undefined && listedAt > jobAt + 10_000;

/** The job that a machine runs by the log's last word. */
export function runs(story: MachineStory | undefined, jobs: Jobs): number | undefined {
	if (story?.job === undefined || story.jobEndedAt !== undefined) return undefined;
	return isOver(story, jobs.listed.has(story.job), jobs) ? undefined : story.job;
}

/** The job that a machine runs, as far as any source tells of it; the one before where they say the same again, since it's asked of each row in each round. */
export function jobOn(story: MachineStory | undefined, jobs: Jobs, before: RowJob | undefined): RowJob | undefined {
	if (story?.job === undefined || story.jobEndedAt !== undefined) return undefined;
	const {job: id, jobAt: since} = story;
	const told = jobs.listed.get(id);
	if (isOver(story, told !== undefined, jobs)) return undefined;
	const known = jobs.named.get(id);
	const [name, stage, project] = [known?.name, told?.stage, told?.project ?? known?.project ?? story.project];
	if (before?.id === id && before.since === since && before.stage === stage && before.name === name && before.project === project) return before;
	return {id, name, project, stage, url: told?.url ?? known?.webUrl, since};
}

/** Whether jobs run, or may run, of which nobody knows on which machine. */
export function hasLooseJobs(stories: readonly (MachineStory | undefined)[], jobs: Jobs): boolean {
	if (jobs.listedAt === undefined) return true;
	const linked = new Set(stories.map((story) => runs(story, jobs)));
	return [...jobs.listed.keys()].some((id) => !linked.has(id));
}

/** The page of a job that is over: the log names its project and no page, config.toml its GitLab. */
export function pageOfEnded({job, project}: Pick<EndedJob, 'job' | 'project'>, snapshot: Pick<Snapshot, 'host'>): string | undefined {
	const url = makerIn(snapshot)?.url;
	return url === undefined || project === undefined ? undefined : `${bareUrl(url)}/${project}/-/jobs/${job}`;
}
