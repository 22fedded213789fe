import type {RunningJob} from '../../world/host/job-list.ts';
import {endOf, unitIs} from '../../world/host/unit.ts';
import {drainOf} from '../drained.ts';
import {age, bytes, clockWords, forTime, many} from '../formats.ts';
import {secondsOf, serviceIs} from '../jobs-now.ts';
import {isFresh} from '../seen.ts';
import type {Snapshot} from '../snapshot.ts';
import type {Case, CauseRow, CauseStatement} from './cause.ts';

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

/** The runner takes no new jobs, and ends once the running ones have: by somebody's drain, or by a stop on the manager. */
function ending({snapshot, host, history, now}: Case, by: string): CauseStatement | undefined {
	const isStopping = host !== undefined && unitIs(host.service) === 'stopping';
	const says = isFresh(snapshot.runner) ? snapshot.runner.value?.metrics.processState : undefined;
	if (!isStopping && says !== 'graceful-shutdown') return undefined;
	const since = history?.stopping?.since ?? (isStopping ? host.service.since : undefined);
	return {says: `The runner is being drained${by} and takes no new job${forTime(since, now)}.${awaited(snapshot, now)}`, since};
}

/** The service as systemd tells of it while its process has ended by itself, and what the runner said last where that belongs to it; the two clocks are the same machine's. */
function crashOf({history, host}: Case) {
	if (!host || unitIs(host.service) !== 'crashed') return undefined;
	const {died} = history ?? {};
	return {...host.service, died: died && died.at >= (host.service.since ?? 0) - 30_000 ? died : undefined};
}

/** What keeps the service from starting until somebody mends it on the manager; `says` gets what the runner said last. */
const crashRow = (id: string, cause: 'config' | 'port', says: (died: {says: string}, time: string) => string): CauseRow => ({
	id,
	rank: 'unasked',
	source: 'host',
	key: 'ssh',
	tells: (it) => {
		const {died, since} = crashOf(it) ?? {};
		return died?.cause === cause ? {says: says(died, forTime(since, it.now)), since} : undefined;
	},
});

const times = (crashes: number, ago: string): string => (crashes > 1 ? `has crashed ${crashes} times, last ${ago} ago` : `crashed ${ago} ago`);

/** The share of its processor's time that the hypervisor keeps from the manager, where that is most of what it lacks. */
const stolenOf = ({host}: Case): number | undefined => {
	const stolen = host?.resources?.stolen;
	return stolen !== undefined && stolen > 0.3 ? stolen : undefined;
};

/** The manager: its instance, the runner's service on it, and what it has of disk, memory and processor. */
export const managerCauses: readonly CauseRow[] = [
	{
		id: 'manager-missing',
		rank: 'unasked',
		source: 'ec2',
		key: 'repair',
		tells: ({snapshot, manager}) => (snapshot.ec2.value && !manager ? 'The fleet has no manager, so nobody asks GitLab for jobs.' : undefined),
	},
	{
		id: 'manager-stopped',
		rank: 'unasked',
		source: 'ec2',
		key: 'repair',
		tells: ({manager}) =>
			!manager || manager.state === 'running' || manager.state === 'pending'
				? undefined
				: `The manager ${manager.id} is ${manager.state}, so nobody asks GitLab for jobs.`,
	},
	crashRow(
		'config-broken',
		'config',
		({says}, time) => `GitLab Runner can't read config.toml, so nothing runs${time}: ${says}. Mend it on the manager (s), then R starts it.`,
	),
	crashRow(
		'port-taken',
		'port',
		({says}, time) =>
			`GitLab Runner can't start, so nothing runs${time}: another program on the manager has the port of its metrics (${says}). \`sudo ss -ltnp\` there names it.`,
	),
	{
		// systemd starts it again by and by, or has given up.
		id: 'service-crashed',
		rank: 'unasked',
		source: 'host',
		key: 'start',
		tells: (it) => {
			const crash = crashOf(it);
			if (!crash || crash.died?.cause === 'config' || crash.died?.cause === 'port') return undefined;
			const {since, restarts = 0, active, result, died} = crash;
			const ago = since === undefined ? 'a while' : age((it.now - since) / 1000);
			const how = endOf(crash);
			const ended = result === 'success' ? `ended by itself ${ago} ago` : `${times(restarts + 1, ago)}${how === undefined ? '' : ` (${how})`}`;
			const again = active === 'failed' ? 'systemd has given up' : 'systemd tries again by itself';
			return {says: `GitLab Runner ${ended}${died ? `: ${died.says}` : ''}. ${again}.`, since};
		},
	},
	{
		// The service was ended on the manager, by nobody's drain.
		id: 'service-stopped',
		rank: 'unasked',
		source: 'host',
		key: 'resume',
		tells: ({snapshot, host, now}) => {
			if (serviceIs(snapshot) !== 'stopped' || drainOf(snapshot)) return undefined;
			const since = host?.service.since;
			const when = since === undefined ? '' : ` ${age((now - since) / 1000)} ago`;
			return {says: `GitLab Runner doesn't run on the manager: its service was stopped there${when}, and no drain from here did it.`, since};
		},
	},
	{
		// Somebody drained the fleet, and the service has ended: nothing is broken.
		id: 'drained',
		rank: 'unasked',
		source: 'record',
		key: 'resume',
		intended: true,
		tells: ({snapshot, now}) => {
			const drain = serviceIs(snapshot) === 'stopped' ? drainOf(snapshot) : undefined;
			if (!drain) return undefined;
			return {says: `The fleet was drained by ${drain.who} at ${clockWords(drain.at, now)}, so it takes no jobs.`, since: drain.at};
		},
	},
	{
		id: 'draining',
		rank: 'unasked',
		source: 'runner',
		key: 'resume',
		intended: true,
		tells: (it) => {
			const drain = drainOf(it.snapshot);
			return drain && ending(it, ` by ${drain.who}`);
		},
	},
	{
		id: 'stopping',
		rank: 'unasked',
		source: 'runner',
		key: 'resume',
		tells: (it) => (drainOf(it.snapshot) ? undefined : ending(it, '')),
	},
	{
		// docker-machine writes keys and certificates for each worker: without room it makes none.
		id: 'manager-disk',
		rank: 'unmade',
		source: 'host',
		key: 'ssh',
		refusals: ['disk-full'],
		tells: ({host}) => {
			const seen = host?.resources;
			if (!seen || seen.diskTotal === 0 || seen.diskFree >= Math.min(500e6, seen.diskTotal * 0.05)) return undefined;
			return `The manager's disk is full: ${bytes(seen.diskFree)} of ${bytes(seen.diskTotal)} are free.`;
		},
	},
	{
		// Each running docker-machine takes some tens of megabytes: without memory the manager's programs are killed.
		id: 'manager-memory',
		rank: 'unmade',
		source: 'host',
		key: 'ssh',
		refusals: ['killed'],
		tells: ({host}) => {
			const seen = host?.resources;
			if (!seen || seen.memoryTotal === 0 || seen.memoryFree / seen.memoryTotal >= 0.05) return undefined;
			return `The manager's memory is used up: ${bytes(seen.memoryFree)} of ${bytes(seen.memoryTotal)} are free.`;
		},
	},
	{
		// On a burstable type without CPU credits the hypervisor keeps most of the time.
		id: 'manager-cpu',
		rank: 'hampered',
		source: 'host',
		key: 'ssh',
		tells: (it) => {
			const stolen = stolenOf(it);
			if (stolen === undefined) return undefined;
			const type = it.manager?.type;
			const left = 100 - Math.round(stolen * 100);
			return type !== undefined && /^t\d/.test(type)
				? `The manager's CPU credits are used up: ${type} gets ${left} % of its processor.`
				: `The manager gets ${left} % of its processor.`;
		},
	},
	{
		id: 'manager-load',
		rank: 'hampered',
		source: 'host',
		key: 'ssh',
		tells: (it) => {
			const seen = it.host?.resources;
			if (!seen || stolenOf(it) !== undefined || seen.cpus === 0 || seen.load1 / seen.cpus < 4) return undefined;
			return `The manager is overloaded: ${seen.load1.toFixed(1)} tasks wait for ${many(seen.cpus, 'processor')}.`;
		},
	},
	{
		// The runner runs again, but has crashed.
		id: 'crashed-lately',
		rank: 'mishap',
		source: 'host',
		key: 'log',
		tells: ({host, history, now}) => {
			if (!host || unitIs(host.service) !== 'running') return undefined;
			const {restarts = 0, since} = host.service;
			if (restarts === 0 || since === undefined || now - since > (restarts >= often.crashes ? often.for : lately)) return undefined;
			const {died} = history ?? {};
			const why = died && since - died.at < often.for && died.at <= since ? `: ${died.says}` : '';
			const crashed = restarts === 1 ? 'once' : many(restarts, 'time');
			return {says: `GitLab Runner has crashed ${crashed} and runs again for ${age((now - since) / 1000)}${why}.`, since};
		},
	},
];
