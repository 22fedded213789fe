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

/** The jobs of a snapshot. */
export const jobsIn = ({runner, gitlab}: Snapshot): Pick<Jobs, 'listed' | 'named'> => ({
	listed: new Map((runner.value?.jobs ?? []).map((job) => [job.id, job])),
	named: new Map((gitlab.value?.running ?? []).map((job) => [job.id, job])),
});

/** The job that a machine runs: the log's last word, unless the runner's own list, read later, doesn't hold it any more. */
export function runs(story: MachineStory | undefined, {listed, listedAt}: Jobs): number | undefined {
	if (story?.job === undefined || story.jobEndedAt !== undefined) return undefined;
	const over = listedAt !== undefined && !listed.has(story.job) && listedAt > (story.jobAt ?? 0) + 10_000;
	return over ? undefined : story.job;
}

/** A job as far as any source tells of it. */
export function describe(id: number, story: MachineStory | undefined, {listed, named}: Jobs): RowJob {
	const job = listed.get(id);
	const known = named.get(id);
	return {
		id,
		name: known?.name,
		project: job?.project ?? known?.project ?? story?.project,
		stage: job?.stage,
		url: job?.url ?? known?.webUrl,
		since: story?.jobAt,
	};
}

/** Whether `describe` would say the same of a job again: looked at field by field, since it's asked of each row in each round. */
export function stillSays(job: RowJob | undefined, id: number | undefined, story: MachineStory | undefined, {listed, named}: Jobs): boolean {
	if (job === undefined || id === undefined) return job === undefined && id === undefined;
	if (job.id !== id || job.since !== story?.jobAt) return false;
	const [told, known] = [listed.get(id), named.get(id)];
	return job.stage === told?.stage && job.name === known?.name && job.project === (told?.project ?? known?.project ?? story?.project);
}

/** The page of a job that is over: the log names its project and no page, config.toml its GitLab. */
export function pageOfEnded({job, project}: Pick<EndedJob, 'job' | 'project'>, snapshot: Pick<Snapshot, 'host'>): string | undefined {
	const url = makerIn(snapshot)?.url;
	return url === undefined || project === undefined ? undefined : `${bareUrl(url)}/${project}/-/jobs/${job}`;
}
