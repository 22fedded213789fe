import {changeInWords} from '../../answers/value.ts';
import type {Cause} from '../../panel/causes/cause.ts';
import {doneIn, drainOf} from '../../panel/drained.ts';
import {age, clockWords, many, money, takes} from '../../panel/formats.ts';
import {runnerRuns, serviceIs} from '../../panel/jobs-now.ts';
import type {FleetCosts} from '../../panel/live/costs.ts';
import {sourceOrder} from '../../panel/live/status.ts';
import type {WhyWaiting} from '../../panel/live/why-waiting.ts';
import {makerIn} from '../../panel/makers.ts';
import {once} from '../../panel/once.ts';
import type {Counts} from '../../panel/rows.ts';
import type {ScalingGroupsSeen} from '../../panel/scaling-groups.ts';
import {ageOf, type Seen} from '../../panel/seen.ts';
import {type RecordVersion, type Snapshot, type SourceName, sourceTitles} from '../../panel/snapshot.ts';
import {counted} from '../../world/printable.ts';
import {cut, cutMiddle} from './width.ts';

/** A state of the runner, in a word and with how it is marked. */
type RunnerWord = {word: string; mark: 'ready' | 'note' | 'failed' | 'waiting'};

/** What a service that doesn't simply run is called. */
function serviceWord(snapshot: Snapshot): RunnerWord | undefined {
	const is = serviceIs(snapshot);
	if (is === 'stopping') return {word: 'draining', mark: 'note'};
	if (is === 'starting') return {word: 'starting', mark: 'waiting'};
	if (is === 'stopped') return drainOf(snapshot) ? {word: 'drained', mark: 'waiting'} : {word: 'stopped', mark: 'failed'};
	return is === 'crashed' ? {word: 'crashed', mark: 'failed'} : undefined;
}

/** Whether the runner takes jobs, as far as anything tells: GitLab first, else its service and its metrics. */
export function runnerWord(snapshot: Snapshot): RunnerWord {
	const {gitlab, runner} = snapshot;
	const served = gitlab.value?.runner;
	const service = serviceWord(snapshot);
	if (service) return service;
	if (served?.paused) return {word: 'paused', mark: 'note'};
	if (served?.online === false) return {word: 'offline', mark: 'failed'};
	if (served?.online) return {word: 'online', mark: 'ready'};
	if (runner.value && !runner.problem) return {word: 'running', mark: 'ready'};
	return {word: 'not known', mark: 'waiting'};
}

/** `14 busy, 2 creating`: the states that there are; nothing where there is no machine. */
export function stateWords(counts: Counts): string {
	const states = ['busy', 'idle', 'creating', 'removing', 'failed', 'stopped', 'orphan', 'unknown'] as const;
	return states
		.filter((state) => counts[state] > 0)
		.map((state) => `${counted(counts[state])} ${state === 'unknown' ? 'not known' : state}`)
		.join(', ');
}

/** How many machines the runner may have, where there is a limit: 0 is none. */
export function limitIn(snapshot: Pick<Snapshot, 'host'>): number | undefined {
	const {limit, maxWorkers} = makerIn(snapshot) ?? {};
	return (maxWorkers ?? limit) || undefined;
}

/** The machines that are the runner's: orphans aren't. */
export const managedOf = (counts: Counts): number => counts.all - counts.orphan;

/** `16 of 16`: machines against the limit, where there is one. */
export function machineWords({ec2, group, host}: Snapshot, counts: Counts): string {
	if (!ec2.value && !host.value) return 'not known';
	const limit = limitIn({host});
	const managed = managedOf(counts);
	const more = group.value ? groupWords(group.value) : '';
	if (limit === undefined) return `${counted(managed)}${more}`;
	// Those that go make room for others already.
	const machines = managed > limit ? Math.max(limit, managed - counts.removing) : managed;
	if (machines <= limit) return `${counted(machines)} of ${counted(limit)}${more}`;
	// Where lost ones are replaced there are more for a while.
	const isSpare = counts.busy <= limit && machines <= (makerIn({host})?.withReplacements ?? 0);
	return `${counted(machines)}, ${isSpare ? `at most ${counted(limit)} in use` : `${counted(machines - limit)} over the limit of ${counted(limit)}`}${more}`;
}

/** `, 2 more asked of AWS, 3 of an older template`: what Auto Scaling groups tell besides; nothing where there is no such thing. */
const groupWords = once(({groups}: ScalingGroupsSeen): string => {
	const there = groups.flatMap(({members}) => members.filter(({state}) => !state.startsWith('Terminat')));
	const asked = groups.reduce((sum, {desired}) => sum + desired, 0) - there.length;
	const outdated = there.filter(({isOutdated}) => isOutdated).length;
	return `${asked > 0 ? `, ${counted(asked)} more asked of AWS` : ''}${outdated > 0 ? `, ${counted(outdated)} of an older template` : ''}`;
});

/** `14 running, 1 waiting for its machine 12 s (usually 50 s), 3 waiting in GitLab`; jobs that nobody can count are said so. `sourced`: each with who tells. */
export function jobWords({jobs: {running, preparing, source}, waiting}: Pick<WhyWaiting, 'jobs' | 'waiting'>, sourced = false): string {
	const from = (name: SourceName): string => (sourced ? ` (${sourceTitles[name]})` : '');
	const parts = [running === undefined ? 'running not known' : `${counted(running)} running${from(source)}`];
	if (preparing && preparing.jobs > 0) {
		const {jobs, longest, usual} = preparing;
		const time = longest === undefined ? '' : ` ${takes(longest)}`;
		parts.push(
			`${counted(jobs)} waiting for ${jobs === 1 ? 'its machine' : 'their machines'}${time}${usual === undefined ? '' : ` (usually ${takes(usual)})`}`,
		);
	}
	const where = parts.length > 1 ? ' in GitLab' : '';
	parts.push(waiting.known ? `${counted(waiting.jobs + waiting.unserved.length)} waiting${where}${from(waiting.from)}` : `waiting${where} not known`);
	return parts.join(', ');
}

/** The same in few words, without times: `14 running, 1 getting its machine, 3 waiting`. */
export function jobWordsShort({jobs: {running, preparing}, waiting}: Pick<WhyWaiting, 'jobs' | 'waiting'>): string {
	const machines = preparing && preparing.jobs > 0 ? [`${counted(preparing.jobs)} getting ${preparing.jobs === 1 ? 'its machine' : 'machines'}`] : [];
	const told = waiting.known ? `${counted(waiting.jobs + waiting.unserved.length)} waiting` : 'waiting not known';
	return [running === undefined ? 'running not known' : `${counted(running)} running`, ...machines, told].join(', ');
}

/** A fleet in a line: `online, about $0.41/h, 14 of 16 machines busy, 3 jobs wait. The limit is …`; a price that isn't known is left out. */
export function glanceWords(
	snapshot: Snapshot,
	counts: Counts,
	{waiting, jobs: {preparing}, causes: [first]}: WhyWaiting,
	{perHour}: Pick<FleetCosts, 'perHour'>,
): string {
	const jobs = waiting.known ? waiting.jobs + waiting.unserved.length + (preparing?.jobs ?? 0) : undefined;
	const limit = limitIn(snapshot);
	const parts = [
		runnerWord(snapshot).word,
		...(perHour === undefined ? [] : [costWords({perHour, today: undefined})]),
		limit === undefined ? `${many(counts.busy, 'machine')} busy` : `${counted(counts.busy)} of ${many(limit, 'machine')} busy`,
		...(jobs === undefined ? [] : [jobs === 0 ? 'no job waits' : many(jobs, 'job waits', 'jobs wait')]),
	];
	return first ? `${parts.join(', ')}. ${first.says}` : parts.join(', ');
}

/** `about $0.41/h, $6.10 today`; parts that aren't known are left out. */
export function costWords({perHour, today}: Pick<FleetCosts, 'perHour' | 'today'>): string {
	const parts = [...(perHour === undefined ? [] : [`${money(perHour)}/h`]), ...(today === undefined ? [] : [`${money(today.usd)} today`])];
	return parts.length === 0 ? 'costs not known' : `about ${parts.join(' · ')}`;
}

/** `limit 12 → 16 by alice, 03:12`: the record's last change. */
export function changeWords({record}: Snapshot, now: number): string | undefined {
	const [last] = versionsTold(record.value);
	return last && `${madeWords(last, 3)} by ${whoWords(last)}, ${clockWords(last.at, now)}`;
}

const troubleOf = (name: SourceName, seen: Seen<unknown>, now: number): string | undefined => {
	if (!seen.problem) return undefined;
	const old = ageOf(seen, now);
	return `${sourceTitles[name]}: ${old === undefined ? 'nothing yet' : `${age(old)} old`}, ${seen.problem.message}`;
};

/** Sources that don't answer now, each with the age of what is shown of it. */
export const sourceTroubles = (snapshot: Snapshot, now: number): string[] => {
	const {host, runner, journal} = snapshot;
	const is = serviceIs(snapshot);
	// A runner that ends or has ended doesn't answer: that follows from it, and is no trouble of its own.
	const isSilent = is === 'stopping' || is === 'stopped';
	// One connection tells all three, so one trouble is told once.
	const same = (seen: Seen<unknown>) => host.problem !== undefined && seen.problem?.message === host.problem.message;
	return sourceOrder.flatMap((name) => {
		if ((name === 'runner' && (isSilent || same(runner))) || (name === 'journal' && same(journal))) return [];
		return troubleOf(name, snapshot[name], now) ?? [];
	});
};

/** The manager in a line: `i-0ab…cdef t3.small 12 d`; its id takes at most so many columns, where that's given, and isn't there for 0. */
export function managerWords({ec2}: Snapshot, now: number, idWidth?: number): string {
	if (!ec2.value) return ec2.problem ? 'not known' : 'asking EC2';
	const {manager} = ec2.value;
	if (!manager) return 'none';
	const running = manager.state === 'running' ? age((now - manager.launchedAt) / 1000) : manager.state;
	const id = idWidth === 0 ? [] : [idWidth === undefined ? manager.id : cutMiddle(manager.id, idWidth)];
	return [...id, manager.type, running].join(' ');
}

/** The causes that are shown: the first two, limit and concurrent as one, since one key raises both. */
export function shownCauses(causes: readonly Cause[]): readonly Cause[] {
	const raised = causes.findIndex(({key}) => key === 'raise-limit');
	return causes.filter(({key}, at) => key !== 'raise-limit' || at === raised).slice(0, 2);
}

/** What a table without rows says: what is so, and what changes it. */
export function emptyWords(snapshot: Snapshot): string {
	if (!snapshot.ec2.value && !snapshot.host.value) return 'Asking EC2 and the manager which workers there are.';
	const idle = makerIn(snapshot)?.idleCount;
	if (!snapshot.host.value) return 'EC2 shows no worker. The manager has told nothing yet.';
	if (runnerRuns(snapshot) === false || serviceIs(snapshot) === 'stopping' || snapshot.gitlab.value?.runner.paused)
		return `No workers: the runner is ${runnerWord(snapshot).word}, and takes no jobs.`;
	return idle === 0 || idle === undefined
		? 'No workers: the idle count is 0. The next job starts one.'
		: `No workers yet: the idle count is ${idle}, so the runner makes ${idle === 1 ? 'one' : 'them'}.`;
}

/** The versions of a record that say something: what was changed, or what was done besides. */
export const versionsTold = (versions: readonly RecordVersion[] = []): RecordVersion[] =>
	versions.filter(({changes, note}) => changes.length > 0 || note !== undefined);

/** A value beside others in one line: a schedule is far longer than that. */
const longest = 40;

/** `drained`, `limit 12 → 16, idleCount 0 → 2`: what a version tells; with `most` in one line, so many changes of it, long values cut. */
export function madeWords({changes, note}: RecordVersion, most?: number): string {
	const valueWords = (value: string): string => (most === undefined ? value : cut(value, longest));
	const done = note === undefined ? [] : [doneIn(note).done];
	const shown = changes.slice(0, most).map(({what, from, to}) => changeInWords({what, from: valueWords(from), to: valueWords(to)}));
	const more = most !== undefined && changes.length > most ? [`${changes.length - most} more`] : [];
	return [...done, ...shown, ...more].join(', ');
}

/** `alice`, or `root@vm as alice` where the note says on which laptop it was done, and AWS as whom. */
export function whoWords({by, note}: RecordVersion): string {
	const who = note === undefined ? undefined : doneIn(note).who;
	if (who === undefined) return by;
	return by === 'somebody' || who.startsWith(`${by}@`) ? who : `${who} as ${by}`;
}
