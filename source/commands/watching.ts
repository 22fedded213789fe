import {firstJobFile, runnerTags, watchFirstJob as watch} from '../executors/docker-machine/first-job.ts';
import {Stopped} from '../problem.ts';
import type {Context} from '../step.ts';
import {spent} from '../telling/durations.ts';
import type {Session} from './session.ts';

/** Shows the smallest `.gitlab-ci.yml` for this runner, then its first job, live; the person may leave it. */
export async function watchFirstJob({face}: Session, context: Context): Promise<void> {
	const tags = await runnerTags(context, undefined);
	face.emit({event: 'document', name: '.gitlab-ci.yml', value: firstJobFile(tags, context.answers.dockerImage)});
	const job = await untilStopped(
		face.watch('Waiting for the first job: commit that file to the project.', async (signal) => {
			const watched: Context = {...context, signal, clock: {now: context.clock.now, sleep: (ms) => context.clock.sleep(ms, signal)}};
			return watch(watched, (seen) => face.emit({event: 'job.seen', ...seen}));
		}),
	);
	if (!job) return;
	const place = job.url === undefined ? {} : {url: job.url};
	if (job.passed) face.emit({event: 'job.seen', says: `your first job passed, ${spent(job.seconds)}`, status: 'success', ...place});
	else face.emit({event: 'job.seen', says: "your first job didn't pass; its log says why", status: 'failed', ...place});
}

/** Whoever stops while only the job is waited for leaves it: all is set up by then. */
async function untilStopped<Result>(work: Promise<Result>): Promise<Result | undefined> {
	try {
		return await work;
	} catch (error) {
		if (error instanceof Stopped) return undefined;
		throw error;
	}
}
