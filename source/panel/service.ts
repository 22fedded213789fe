import {serviceScript} from '../host/scripts/service.ts';
import {Problem} from '../problem.ts';
import {many, takes} from '../snapshot/formats.ts';
import {join} from '../snapshot/join.ts';
import {countRows} from '../snapshot/rows.ts';
import type {Snapshot} from '../snapshot/snapshot.ts';
import {connectToChange} from '../steps/reaching.ts';
import type {Prepared} from './driver.ts';
import {type Ground, runningManager, within} from './ground.ts';
import {recordDeed} from './recording.ts';

const failed = (code: string, detail: string): Problem =>
	new Problem({code, message: `The service isn't as it should be: ${detail}`, advice: 'Look at the log with `3`.'});

/** What the service is asked to do, and how it is told of. */
const deeds = {
	drain: {deed: 'drained', done: 'The fleet is drained: the service has stopped, and its machines are gone. D resumes it.'},
	resume: {deed: 'resumed', done: 'The service runs, and takes jobs again.'},
	restart: {deed: 'restarted', done: 'The service was restarted; its idle machines stayed.'},
} as const;

function wordsFor(what: keyof typeof deeds, snapshot: Snapshot, drainSeconds: number, now: number): {says: string; details: string[]} {
	const counts = countRows(join(snapshot, now));
	const jobs = snapshot.runner.value?.metrics.jobs ?? counts.busy;
	const patience =
		drainSeconds === 0 ? 'Running jobs end now.' : `Running jobs may take ${takes(drainSeconds)} to end; those that take longer run on, and the machines stay.`;
	if (what === 'drain')
		return {
			says: 'The fleet is drained: the runner takes no more jobs, those that run end, then its machines go.',
			details: [
				`${many(jobs, 'job')} run now, on ${many(counts.busy, 'machine')}; ${many(counts.idle, 'machine')} idle.`,
				patience,
				'The manager stays, and costs. `D` resumes. Jobs that come meanwhile wait in GitLab.',
			],
		};
	if (what === 'resume') return {says: 'The service is started again, and takes jobs.', details: ['Nothing else is changed.']};
	return {says: 'The service is restarted once running jobs have ended; idle machines stay.', details: [`${many(jobs, 'job')} run now.`, patience]};
}

/** Readies a drain, a resume or a restart of the runner's service. */
export async function prepareService(ground: Ground, what: keyof typeof deeds, snapshot: Snapshot, now: number): Promise<Prepared> {
	const {fleet, who, drainSeconds} = ground;
	const {says, details} = wordsFor(what, snapshot, drainSeconds, now);
	return {
		proposal: {says, details: [...details, `The record's history says that ${who} did it.`]},
		carryOut: (tell) =>
			within(ground.open(), async (context) => {
				const connection = await connectToChange(context, await runningManager(context));
				await recordDeed(context, deeds[what].deed, who);
				tell('the service being asked');
				const asked = {do: what === 'resume' ? ('start' as const) : what, drainSeconds, fleet: fleet.name};
				const outcome = await connection.script(serviceScript, asked, (progress) => 'says' in progress && tell(progress.says));
				if (outcome.is === 'still-busy')
					throw new Problem({
						code: 'still-busy',
						message: `${many(outcome.jobs, 'job')} still run after ${takes(drainSeconds)}; the runner takes no more.`,
						advice: 'Wait, then press `D` again; `--drain-timeout` allows more.',
					});
				if (outcome.is === 'failed') throw failed(outcome.code, outcome.detail);
				return deeds[what].done;
			}),
	};
}
