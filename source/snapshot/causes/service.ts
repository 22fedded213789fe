import {endOf, unitIs} from '../../host/unit.ts';
import {drainOf} from '../drained.ts';
import {age, clockWords, forTime, many} from '../formats.ts';
import type {RunningJob} from '../job-list.ts';
import {secondsOf} from '../jobs-now.ts';
import {isFresh} from '../seen.ts';
import type {Snapshot} from '../snapshot.ts';
import type {Case, Judge} from './cause.ts';

/** A runner that came up again after a crash is watched for so long: it may do so again. In milliseconds. */
const lately = 15 * 60_000;
/** So many crashes aren't forgotten as soon. */
const often = {crashes: 3, for: 3_600_000};

/** A job as a sentence has it: `job #9001 test of acme/app, running for 3 m (https://…)`. */
function jobWords(job: RunningJob, snapshot: Snapshot, now: number): string {
	const name = snapshot.gitlab.value?.running.find(({id}) => id === job.id)?.name;
	const seconds = secondsOf(job, snapshot, now);
	return [
		`job #${job.id}${name === undefined ? '' : ` ${name}`}`,
		job.project === undefined ? '' : ` of ${job.project}`,
		seconds === undefined ? '' : `, running for ${age(seconds)}`,
		` (${job.url})`,
	].join('');
}

/** The jobs that a drain waits for, the one that has run longest by name. */
function awaited(snapshot: Snapshot, now: number): string {
	const jobs = isFresh(snapshot.runner) ? (snapshot.runner.value?.jobs ?? []) : [];
	const [oldest] = jobs.toSorted((one, other) => (other.seconds ?? 0) - (one.seconds ?? 0));
	if (!oldest) return '';
	const words = jobWords(oldest, snapshot, now);
	return jobs.length === 1 ? ` It waits for ${words}.` : ` It waits for ${jobs.length} jobs, the longest is ${words}.`;
}

/** The runner takes no new jobs, and ends once the running ones have. */
export const draining: Judge = ({snapshot, host, history, now}) => {
	const isStopping = host !== undefined && unitIs(host.service) === 'stopping';
	const says = isFresh(snapshot.runner) ? snapshot.runner.value?.metrics.processState : undefined;
	if (!isStopping && says !== 'graceful-shutdown') return undefined;
	const since = history?.stopping?.since ?? (isStopping ? host.service.since : undefined);
	const drain = drainOf(snapshot);
	return {
		id: drain ? 'draining' : 'stopping',
		says: `The runner is being drained${drain ? ` by ${drain.who}` : ''} and takes no new job${forTime(since, now)}.${awaited(snapshot, now)}`,
		source: 'runner',
		key: 'resume',
		since,
	};
};

/** Somebody drained the fleet, and the service has ended: nothing is broken. */
export const drained: Judge = ({snapshot, host, now}) => {
	const drain = host && unitIs(host.service) === 'stopped' ? drainOf(snapshot) : undefined;
	if (!drain) return undefined;
	return {
		id: 'drained',
		says: `The fleet was drained by ${drain.who} at ${clockWords(drain.at, now)}, so it takes no jobs. D resumes it.`,
		source: 'record',
		key: 'resume',
		since: drain.at,
	};
};

/** The service was ended on the manager, by nobody's drain. */
export const serviceStopped: Judge = ({snapshot, host, now}) => {
	if (!host || unitIs(host.service) !== 'stopped' || drainOf(snapshot)) return undefined;
	const {since} = host.service;
	const when = since === undefined ? '' : ` ${age((now - since) / 1000)} ago`;
	return {
		id: 'service-stopped',
		says: `GitLab Runner doesn't run on the manager: its service was stopped there${when}, and no drain from here did it. D starts it.`,
		source: 'host',
		key: 'resume',
		since,
	};
};

/** What the runner said last, where that belongs to the end that systemd tells of; the two clocks are the same machine's. */
function lastWords({history, host}: Case): NonNullable<Case['history']>['died'] {
	const {died} = history ?? {};
	return died && died.at >= (host?.service.since ?? 0) - 30_000 ? died : undefined;
}

const times = (crashes: number, ago: string): string => (crashes > 1 ? `has crashed ${crashes} times, last ${ago} ago` : `crashed ${ago} ago`);

/** The runner's process has ended by itself. systemd starts it again by and by, or has given up. */
export const serviceCrashed: Judge = (it) => {
	const {host, now} = it;
	if (!host || unitIs(host.service) !== 'crashed') return undefined;
	const {since, restarts = 0, active, result} = host.service;
	const ago = since === undefined ? 'a while' : age((now - since) / 1000);
	const died = lastWords(it);
	const again = active === 'failed' ? 'systemd has given up' : 'systemd tries again by itself';
	const base = {id: 'service-crashed', source: 'host', since} as const;
	if (died?.cause === 'config')
		return {
			...base,
			id: 'config-broken',
			says: `GitLab Runner can't read config.toml, so nothing runs${forTime(since, now)}: ${died.says}. Mend it on the manager (s), then R starts it.`,
			key: 'ssh',
		};
	if (died?.cause === 'port')
		return {
			...base,
			id: 'port-taken',
			says: `GitLab Runner can't start, so nothing runs${forTime(since, now)}: another program on the manager has the port of its metrics (${died.says}). \`sudo ss -ltnp\` there names it.`,
			key: 'ssh',
		};
	const how = endOf(host.service);
	const ended = result === 'success' ? `ended by itself ${ago} ago` : `${times(restarts + 1, ago)}${how === undefined ? '' : ` (${how})`}`;
	const why = died ? `: ${died.says}` : '';
	return {...base, says: `GitLab Runner ${ended}${why}. ${again}; R starts it now.`, key: 'start'};
};

/** The runner runs again, but has crashed. */
export const crashedLately: Judge = ({host, history, now}) => {
	if (!host || unitIs(host.service) !== 'running') return undefined;
	const {restarts = 0, since} = host.service;
	if (restarts === 0 || since === undefined || now - since > (restarts >= often.crashes ? often.for : lately)) return undefined;
	const {died} = history ?? {};
	const why = died && since - died.at < often.for && died.at <= since ? `: ${died.says}` : '';
	return {
		id: 'crashed-lately',
		says: `GitLab Runner has crashed ${restarts === 1 ? 'once' : many(restarts, 'time')} and runs again for ${age((now - since) / 1000)}${why}.`,
		source: 'host',
		key: 'log',
		since,
	};
};
