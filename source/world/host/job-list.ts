import {goSeconds} from './go-duration.ts';

/** A job that the manager runs, as `/debug/jobs/list` tells (docs/facts.md, "gitlab-runner: metrics"). */
export type RunningJob = {
	id: number;
	/** `https://gitlab.example/group/project/-/jobs/12`. */
	url: string;
	/** `group/project`, when the URL is one. */
	project: string | undefined;
	state: string;
	stage: string;
	executorStage: string;
	seconds: number | undefined;
};

/** Whether a job waits for its machine: the runner calls it pending then, and names no stage. */
export const isPreparing = ({state}: RunningJob): boolean => state === 'pending';

const job = /^url=(\S+\/-\/jobs\/(\d+))\s+(.*)$/;
const field = /([a-z_]+)=(\S*)/g;

function pathOf(url: string): string | undefined {
	const path = /^https?:\/\/[^/]+\/(.+?)(?:\.git)?\/-\/jobs\/\d+$/.exec(url)?.[1];
	return path;
}

/** Reads the lines of `/debug/jobs/list`; what isn't a job's line is given back. Never throws. */
export function readJobList(text: string): {jobs: RunningJob[]; unread: string[]} {
	const jobs: RunningJob[] = [];
	const unread: string[] = [];
	for (const line of text.split('\n')) {
		const trimmed = line.trim();
		if (trimmed === '') continue;
		const [, url, id, rest] = job.exec(trimmed) ?? [];
		if (url === undefined || id === undefined) {
			unread.push(trimmed);
			continue;
		}
		const fields = Object.fromEntries([...(rest ?? '').matchAll(field)].map(([, key, value]) => [key, value]));
		jobs.push({
			id: Number(id),
			url,
			project: pathOf(url),
			state: fields.state ?? '',
			stage: fields.stage ?? '',
			executorStage: fields.executor_stage ?? '',
			seconds: goSeconds(fields.duration),
		});
	}
	return {jobs, unread};
}
