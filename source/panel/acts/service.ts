import {executorOf} from '../../executors/list.ts';
import {serviceScript} from '../../executors/scripts.ts';
import {Problem} from '../../problem.ts';
import {connectToChange, type Reaching} from '../../steps/reaching.ts';
import {recordNote} from '../../steps/record.ts';
import {hurried} from '../../steps/service.ts';
import {crashed} from '../../world/host/fatal.ts';
import type {Connection, ScriptProgress} from '../../world/host/port.ts';
import type {ServiceOutcome} from '../../world/host/scripts/service.ts';
import {many, takes} from '../formats.ts';
import {jobsNow} from '../jobs-now.ts';
import {join} from '../live/join.ts';
import {makerIn} from '../makers.ts';
import type {Metrics} from '../metrics.ts';
import {countRows} from '../rows.ts';
import type {Snapshot} from '../snapshot.ts';
import {type ActContext, prepareWork, runningManager} from './act-context.ts';
import {metricsOn, seenInMetrics} from './change.ts';
import type {Prepared} from './driver.ts';

const failed = ({code, detail, crash}: Extract<ServiceOutcome, {is: 'failed'}>): Problem =>
	crash ? crashed(crash.unit, crash.log) : new Problem({code, message: `The service isn't as it should be: ${detail}`, advice: 'Look at the log with `3`.'});

/** What the service is asked to do: the history's note of it, and how its end is told. */
const requests = {
	drain: {note: 'drained', says: 'The fleet is drained: the service has stopped, and its machines are gone. D, or `status resume`, resumes it.'},
	resume: {note: 'resumed', says: 'The service runs, and takes jobs again.'},
	restart: {note: 'restarted', says: 'The service was restarted. Its idle machines went with it; new ones are made as they are wanted.'},
	start: {note: 'started', says: 'The service runs again.'},
	reload: {note: 'reloaded', says: 'The runner has loaded config.toml anew, and asks GitLab again.'},
} as const;

type What = keyof typeof requests;

function wordsFor(what: What, snapshot: Snapshot, drainSeconds: number, now: number): {says: string; details: string[]} {
	const counts = countRows(join(snapshot, now));
	const {running = counts.busy, preparing} = jobsNow(snapshot, counts, now);
	const jobs = running + (preparing?.jobs ?? 0);
	const patience =
		drainSeconds === 0 ? 'Running jobs end now.' : `Running jobs may take ${takes(drainSeconds)} to end; those that take longer run on, and the machines stay.`;
	switch (what) {
		case 'drain':
			return {
				says: 'The fleet is drained: the runner takes no more jobs, those that run end, then its machines go.',
				details: [
					`${many(jobs, 'job runs', 'jobs run')} now, on ${many(counts.busy, 'machine')}; ${many(counts.idle, 'machine')} idle.`,
					patience,
					'The manager stays, and costs. `D`, or `status resume`, resumes. Jobs that come meanwhile wait in GitLab.',
				],
			};
		case 'resume':
			return {says: 'The service is started again, and takes jobs.', details: ['Nothing else is changed.']};
		case 'start':
			return {
				says: 'The service is started now, without waiting until systemd tries again.',
				details: [
					`${executorOf(makerIn(snapshot) ?? {}).leftovers.afterCrash}; jobs that ran when it crashed are lost.`,
					'Whether it stays is looked at for some seconds.',
				],
			};
		case 'reload':
			return {
				says: 'The runner loads config.toml anew (SIGHUP), which has it forget that it switched itself off: it asks GitLab at once.',
				details: ['Running jobs go on, and nothing is restarted.', 'Where GitLab still refuses it, it switches itself off again after three tries.'],
			};
		case 'restart':
			return {
				says: 'The service is restarted once running jobs have ended. Idle machines go with it, and new ones are made as they are wanted.',
				details: [`${many(jobs, 'job runs', 'jobs run')} now.`, patience],
			};
	}
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, one) => all + one, 0);

/** Waits until GitLab has answered a runner that was told to ask again, and gives what it said. */
async function answerOf(context: Reaching, connection: Connection, before: Metrics | undefined): Promise<string> {
	const {'403': refused = 0} = before?.jobRequests ?? {};
	const asked = sum(before?.jobRequests ?? {});
	let last: Metrics | undefined;
	const isAnswered = await seenInMetrics(context, connection, (metrics) => {
		last = metrics;
		return sum(metrics.jobRequests) > asked;
	});
	if (!isAnswered) return "GitLab's answer hasn't come within a minute: look at the log with 3.";
	return (last?.jobRequests['403'] ?? 0) > refused ? 'GitLab still refuses its token (403): r repairs it.' : 'GitLab answers it again.';
}

/** Readies a drain, a resume, a start, a reload or a restart of the runner's service. */
export async function prepareService(actContext: ActContext, what: What, snapshot: Snapshot, now: number): Promise<Prepared> {
	const {fleet} = actContext;
	const drainSeconds = actContext.endsJobs ? 0 : actContext.drainSeconds;
	const prepared = prepareWork(actContext, wordsFor(what, snapshot, drainSeconds, now), async (context, tell, hurry) => {
		const connection = await connectToChange(context, await runningManager(context));
		await recordNote(context, requests[what].note);
		tell('the service being asked');
		const before = what === 'reload' ? await metricsOn(connection) : undefined;
		const asked = {do: what === 'resume' ? ('start' as const) : what, fleet: fleet.name};
		const report = (progress: ScriptProgress): void => void ('says' in progress && tell(progress.says));
		const outcome = await hurried({hurry, drainSeconds}, connection, report, (seconds) =>
			connection.script(serviceScript, {...asked, drainSeconds: seconds}, report),
		);
		if (outcome.is === 'still-busy')
			throw new Problem({
				code: 'still-busy',
				message: `${many(outcome.jobs, 'job still runs', 'jobs still run')} after ${takes(drainSeconds)}; the runner takes no more.`,
				advice: 'Wait, then press `D` again; `--drain-timeout` allows more.',
			});
		if (outcome.is === 'failed') throw failed(outcome);
		if (what !== 'reload') return requests[what].says;
		tell('waiting until GitLab has answered it');
		return `${requests.reload.says} ${await answerOf(context, connection, before)}`;
	});
	return {...prepared, waits: (what === 'drain' || what === 'restart') && drainSeconds > 0};
}
