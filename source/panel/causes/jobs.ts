import {retryLost} from '../../answers/workers.ts';
import {age, forTime, many, runnerWords} from '../formats.ts';
import type {EndedJob} from '../journal/job-history.ts';
import type {Case, CauseRow} from './cause.ts';
import {hubRefusal, machineRefusal} from './refusals.ts';

/** How long the last of them is news, in milliseconds. */
const lately = 15 * 60_000;

/** GitLab's reasons for which the runner or what it stands on is to blame, and not the job. */
const through: readonly string[] = ['runner_system_failure', 'runner_external_dependency_failure', 'runner_unsupported', 'image_pull_failure'];

const failedThrough = ({ok, why}: EndedJob): boolean => !ok && why !== undefined && through.includes(why);

const called = ({job, project}: EndedJob): string => `job #${job}${project === undefined ? '' : ` of ${project}`}`;

/** The runner's words, cut to what a sentence holds. */
function shortened(error = ''): string {
	const said = runnerWords(error);
	return said.length > 200 ? `${said.slice(0, 199)}…` : said || 'it says no more';
}

/** How a machine's instance ended: `spot`, AWS took it back; `outside`, somebody ended it; `here`, the runner itself took it away, so it was there until then. */
type InstanceEnd = {how: 'spot' | 'outside' | 'aws' | 'here' | 'unknown'; says: string};

const spotReasons: readonly [RegExp, string][] = [
	[/no-capacity|capacity-oversubscribed/, 'spot interruption, since AWS needs its capacity'],
	[/by-price/, 'spot interruption, since the price rose above the cap'],
	[/instance-terminated-by-service|Server\.Spot(?:InstanceTermination|InstanceShutdown)|marked-for-termination/, 'spot interruption'],
];

/** Whether the runner had asked for a machine's end before EC2 was told to end it, which EC2 says to the second. */
function endedHere({history}: Case, machine: string, endedAt: number | undefined): boolean {
	const asked = history?.removals.findLast((one) => one.machine === machine);
	return asked !== undefined && (endedAt === undefined || endedAt >= asked.at - 1000);
}

/** What became of the instance of a machine whose Docker no longer answered; undefined where EC2 shows that it still runs. */
function instanceEndOf(it: Case, machine: string): InstanceEnd | undefined {
	const {ec2} = it.snapshot;
	if (!ec2.value) return {how: 'unknown', says: "EC2 can't be asked what became of it"};
	const instance = it.instanceOf(machine);
	if (!instance) return {how: 'unknown', says: "its instance is gone, and by whom it was ended isn't known"};
	if (instance.state !== 'terminated' && instance.state !== 'shutting-down') return undefined;
	const reason = instance.stateReason ?? '';
	const told = `${reason} ${ec2.value.spotEnds?.[instance.id]?.code ?? ''}`;
	const spot = spotReasons.find(([pattern]) => pattern.test(told))?.[1];
	if (spot !== undefined) return {how: 'spot', says: spot};
	if (/^Client\.UserInitiatedShutdown/.test(reason))
		return endedHere(it, machine, instance.endedAt)
			? {how: 'here', says: ''}
			: {how: 'outside', says: `somebody ended ${instance.id}, and who isn't known here (Client.UserInitiatedShutdown)`};
	if (reason !== '') return {how: 'aws', says: `${instance.id} was ended (${reason})`};
	return {how: 'unknown', says: `${instance.id} was ended, by whom isn't known`};
}

/** Jobs of the last minutes whose machine went, the newest first, each with what became of it. */
const lostLately = (it: Case): {job: EndedJob; end: InstanceEnd}[] =>
	(it.history?.jobs.lost ?? [])
		.filter(({at}) => it.now - at < lately)
		.toReversed()
		.flatMap((job) => {
			const end = job.machine === undefined ? undefined : instanceEndOf(it, job.machine);
			return end && end.how !== 'here' ? [{job, end}] : [];
		});

/** Jobs that failed since one last passed, for which the runner is to blame and of which nothing else is told. */
function failures(it: Case): EndedJob[] {
	const {ended} = it.history?.jobs ?? {ended: []};
	const passed = ended.findLastIndex(({ok}) => ok);
	const lost = new Set(lostLately(it).map(({job}) => job));
	// A job that never had a machine says no more than that: why none came is told by itself.
	const noMachine = machineRefusal(it) !== undefined;
	const hub = hubRefusal(it) !== undefined;
	return ended
		.slice(passed + 1)
		.filter(failedThrough)
		.filter((job) => !lost.has(job) && !(noMachine && job.machine === undefined) && !(hub && /toomanyrequests|pull rate limit/i.test(job.error ?? '')));
}

/** What jobs ran into. */
export const jobCauses: readonly CauseRow[] = [
	{
		// Docker Hub refuses more pulls: 100 in 6 hours an address, and workers behind one NAT share theirs.
		id: 'docker-hub',
		rank: 'unusable',
		source: 'journal',
		key: 'config',
		refusals: ['docker-hub'],
		tells: (it) => {
			const held = hubRefusal(it);
			return held && {says: `Docker Hub refuses more pulls from the workers' address${forTime(held.since, it.now)} (toomanyrequests).`, since: held.since};
		},
	},
	{
		// Jobs fail though nothing is wrong with them: what the runner needs for them is broken.
		id: 'jobs-fail',
		rank: 'mishap',
		source: 'journal',
		key: 'jobs',
		tells: (it) => {
			const failed = failures(it);
			const [first, last] = [failed[0], failed.at(-1)];
			if (!first || !last || it.now - last.at > lately) return undefined;
			const ago = `${age((it.now - last.at) / 1000)} ago`;
			const which =
				failed.length === 1
					? `${called(last).replace('j', 'J')} failed through the runner ${ago}`
					: `The last ${failed.length} jobs failed through the runner, the newest ${ago}`;
			return {says: `${which}: ${shortened(last.error)} (${last.why}).`, since: first.at};
		},
	},
	{
		// The same by the runner's own count, where its log can't be read.
		id: 'jobs-failed',
		rank: 'mishap',
		source: 'runner',
		key: 'log',
		tells: ({history, metrics, now}) => {
			if (history || !metrics) return undefined;
			const counts = Object.entries(metrics.failedJobs).filter(([why, count]) => through.includes(why) && count > 0);
			const sum = counts.reduce((all, [, count]) => all + count, 0);
			if (sum === 0) return undefined;
			const since = metrics.startedAt === undefined ? '' : ` since it started ${age((now - metrics.startedAt) / 1000)} ago`;
			return `${many(sum, 'job')} failed through the runner${since} (${counts.map(([why]) => why).join(', ')}).`;
		},
	},
	{
		// A job's machine was taken away while it ran there.
		id: 'machine-lost',
		rank: 'mishap',
		source: 'ec2',
		key: 'jobs',
		tells: (it) => {
			const [last] = lostLately(it);
			if (!last) return undefined;
			const {job, end} = last;
			const today = it.history?.jobs.lost.length ?? 0;
			const count = today > 1 ? `; ${today} jobs lost theirs today` : '';
			const others = end.how === 'spot' ? '; other types or zones, or on demand, are taken back less' : '';
			return {
				says: `${called(job).replace('j', 'J')} lost its machine ${age((it.now - job.at) / 1000)} ago: ${end.says}${count}. \`${retryLost}\` in .gitlab-ci.yml runs such jobs again${others}.`,
				since: job.at,
				...(end.how === 'spot' ? {key: 'move'} : {}),
			};
		},
	},
];
