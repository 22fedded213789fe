import {clockWords, many, money, takes} from '../../panel/formats.ts';
import {dayOf, type Starts, type WaitPart} from '../../panel/journal/starts.ts';
import {workerNow} from '../../panel/live/costs.ts';
import {launchesIn} from '../../panel/scaling-groups.ts';
import type {Snapshot} from '../../panel/snapshot.ts';
import {type StartsKnown, startsByDay, type Typically, whatIf} from '../../panel/start-times.ts';
import {padded} from './width.ts';

const partWords: Readonly<Record<WaitPart, string>> = {
	EC2: 'EC2 starts the instance',
	'EC2 until seen': 'EC2, until the runner looks',
	SSH: 'SSH answers',
	Docker: 'Docker is set up',
	'SSH and Docker': 'SSH and Docker answer',
	runner: 'the runner itself',
};

const [labels, figures] = [32, 11];

const line = (label: string, {p50, p95}: Typically): string => `${padded(label, labels)}${padded(takes(p50), figures)}${takes(p95)}`;

/** What there is to say of a line, below it: beside it there is no room in a narrow terminal. */
const below = (note: string): string => `      ${note}`;

const dayWords = (day: number, now: number): string => (day === dayOf(now) ? 'today' : clockWords(day, now).replace(/ \d\d:\d\d UTC$/, ''));

/** What is known besides the starts: what one more worker costs, and whether images came from a mirror. */
type StartsBeside = StartsKnown & {usdPerHour?: number | undefined; hasMirror?: boolean | undefined};

/** The lines of what a live view knows. */
export const startLinesIn = (snapshot: Snapshot, now: number): string[] =>
	startLines(
		snapshot.journal.value?.starts,
		{
			usdPerHour: workerNow(snapshot),
			pulls: snapshot.gitlab.value?.pulls,
			launches: launchesIn(snapshot.group.value),
			hasMirror: snapshot.host.value?.mirror !== undefined,
		},
		now,
	);

/** How long jobs wait for a worker, by day; where that time goes; what would shorten it, by the same jobs. `now` is milliseconds since 1970. */
export function startLines(starts: Starts | undefined, {hasMirror, launches, pulls, usdPerHour}: StartsBeside, now: number): string[] {
	if (!starts) return ['Waits           not known: the log has not been read'];
	const days = startsByDay(starts, {pulls, launches});
	const [newest] = days;
	if (!newest) return [`Waits           no job has come to a worker since ${clockWords(starts.since, now)}`];
	const {baked, idle, images} = whatIf(starts, usdPerHour, pulls);
	const made = days.find(({forNew}) => forNew > 0);
	return [
		`${padded('Waits for a worker', labels)}${padded('half', figures)}95 of 100`,
		...days.map(({day, jobs, wait}) => line(`  ${dayWords(day, now)}, ${many(jobs, 'job')}`, wait)),
		...(made
			? [
					`  ${dayWords(made.day, now)}, ${many(made.forNew, 'job')} for a new one`,
					...made.parts.map((one) => line(`    ${partWords[one.part]}`, one)),
					...(made.partsOf === made.forNew ? [] : [below(`by the launches of ${many(made.partsOf, 'job')}`)]),
					...(made.pull ? [line('    then images are pulled', made.pull), below(`by the logs of ${many(made.pull.jobs, 'job')}`)] : []),
				]
			: []),
		...(idle ? [line('  had one more stood idle', idle), ...(idle.usdPerDay === undefined ? [] : [below(`about ${money(idle.usdPerDay)} a day`)])] : []),
		...(baked ? [line('  had Docker been in the image', baked)] : []),
		...(images && images.p95 >= 1
			? [line('  had images been in it, less', images), below(hasMirror ? 'after the wait' : 'after the wait; a mirror saves so much at most')]
			: []),
	];
}
