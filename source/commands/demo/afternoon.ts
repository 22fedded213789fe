import type {Emit} from '../../engine/plan.ts';
import type {World} from '../../simulated/world.ts';
import type {Clock} from '../../world/laptop/clock.ts';

/** Jobs that come in the demo's afternoon: seconds after its beginning, how many, what, and how long each takes in seconds. */
const timetable = [
	{at: 0, count: 2, name: 'build', seconds: 90},
	{at: 120, count: 5, name: 'test', seconds: 150},
	{at: 300, count: 3, name: 'deploy', seconds: 60},
] as const;
/** The afternoon ends with its jobs, and at the latest after this many seconds. */
const longest = 3600;
const pause = 20;

/** A short afternoon of jobs on the simulated fleet: machines are made for them, limited, and taken away again. It tells what changes. */
export async function afternoon(world: Pick<World, 'outside' | 'jobs'>, clock: Clock, emit: Emit, signal: AbortSignal): Promise<void> {
	const begun = clock.now();
	const open = [...timetable];
	let last = '';
	emit({event: 'note', says: 'A short afternoon: ten jobs come to a fleet that starts from no worker.'});
	for (let seconds = 0; seconds < longest; seconds = (clock.now() - begun) / 1000) {
		for (let next = open[0]; next && next.at <= seconds; next = open[0]) {
			world.outside.queueJobs(next.count, {name: next.name, seconds: next.seconds});
			open.shift();
		}
		const counts = countsOf(world.jobs);
		const says = `${counts.running} running, ${counts.pending} waiting, ${counts.success} passed${counts.failed ? `, ${counts.failed} failed` : ''}`;
		if (says !== last) emit({event: 'job.seen', says: `jobs: ${says}`, status: counts.running ? 'running' : 'waiting'});
		last = says;
		if (open.length === 0 && counts.running + counts.pending === 0) break;
		await clock.sleep(pause * 1000, signal);
	}
	emit({
		event: 'note',
		says: `${countsOf(world.jobs).success} of ${world.jobs.length} jobs passed, ${Math.round((clock.now() - begun) / 60_000)} simulated minutes.`,
	});
}

function countsOf(jobs: World['jobs']): Record<World['jobs'][number]['state'], number> {
	const counts = {pending: 0, running: 0, success: 0, failed: 0};
	for (const {state} of jobs) counts[state]++;
	return counts;
}
