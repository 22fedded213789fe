import {age, clockWords, money} from '../../../panel/formats.ts';
import {runnerWords} from '../../../panel/journal/runner-words.ts';
import {pageOfEnded} from '../../../panel/row-jobs.ts';
import {ageOfRow, spentOfRow, type WorkerRow} from '../../../panel/rows.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import {counted} from '../../../world/printable.ts';
import {lookOf, stageWords} from '../../words/cells.ts';
import {type ColourRole, glyphOf, type TerminalLook} from '../../words/glyphs.ts';
import {reasonWithCode, reasonWords} from '../../words/reasons.ts';
import {type JobLine, jobLineCells, jobLines} from './listing.ts';
import type {PanelSeen} from './seen.ts';

/** All that is known of a worker or a job: its name, its state with its glyph, and lines of label and value. What isn't known has no line. */
export type Details = {title: string; state: string; role: ColourRole | undefined; lines: readonly [string, string][]};

const known = (lines: readonly (readonly [string, string | undefined])[]): [string, string][] =>
	lines.flatMap(([label, text]): [string, string][] => (text === undefined || text === '' ? [] : [[label, text]]));

function workerLines(worker: WorkerRow, snapshot: Snapshot, now: number): [string, string][] {
	const {job} = worker;
	const story = snapshot.journal.value?.machines.get(worker.name);
	return known([
		['State', worker.detail === undefined ? worker.state : `${worker.state}: ${reasonWords(worker.detail)}`],
		['To be done', worker.state === 'orphan' ? 'No manager looks after it, so it costs until somebody removes it.' : undefined],
		['Job', job && `#${job.id} ${[job.project, job.name, job.stage && stageWords(job.stage)].filter(Boolean).join(' · ')}`],
		['', job?.url],
		['', job?.since === undefined ? undefined : `on this machine for ${age((now - job.since) / 1000)}`],
		['Jobs so far', story?.uses === undefined ? undefined : counted(story.uses)],
		['Instance', worker.instanceId && `${worker.instanceId}${worker.instanceState === undefined ? '' : `, ${worker.instanceState}`}`],
		['Type', worker.type && `${worker.type}${worker.spot === undefined ? '' : worker.spot ? ', spot' : ', on demand'}`],
		['Zone', worker.zone],
		['Address', worker.address],
		['Age', worker.createdAt === undefined ? undefined : `${age(ageOfRow(worker, now))}, since ${clockWords(worker.createdAt, now)}`],
		[
			'Cost',
			worker.usdPerHour === undefined
				? 'not known'
				: `about ${money(worker.usdPerHour)} an hour with disk and address, ${money(spentOfRow(worker, snapshot.paid.at ?? now))} so far`,
		],
		['Last stage', story?.stage],
		[
			'Refused',
			story?.refusal && `${reasonWithCode(story.refusal.code)}${story.refusal.requestId === undefined ? '' : `, request ${story.refusal.requestId}`}`,
		],
		['Goes because', story?.reason],
	]);
}

function jobDetails(line: JobLine, snapshot: Snapshot, now: number): Details {
	const {running, pending, ended} = line;
	const cells = jobLineCells(line, now);
	const job = pending?.job;
	const lines = known([
		['State', cells.state],
		['Reason', ended?.error && runnerWords(ended.error)],
		['GitLab says', ended?.why?.replaceAll('_', ' ')],
		['Stage', running && cells.stage],
		['Tags', job && (job.tags.join(', ') || 'none')],
		['', pending?.served === false ? 'no runner that is known takes it' : undefined],
		['Ref', job?.ref],
		['Project', cells.project === '–' ? undefined : cells.project],
		['Machine', cells.machine === '–' ? undefined : cells.machine],
		[ended ? 'Took' : pending ? 'Waits for' : 'With runner for', cells.age],
		['Ended', ended && clockWords(ended.at, now)],
		['', running?.job.url ?? job?.webUrl ?? (ended && pageOfEnded(ended, snapshot))],
	]);
	return {title: cells.job, state: cells.state, role: ended ? (ended.ok ? 'ready' : 'blocked') : pending ? 'warning' : undefined, lines};
}

/** A job's own number in the key of its line: a job that waited runs under another one, and ends under a third. */
const numberIn = (key: string): string | undefined => /^(?:wait|run|end) (\d+)/.exec(key)?.[1];

/** The line of a job under its key, or what has become of it. */
function jobOn(on: string, seen: PanelSeen): JobLine | undefined {
	const lines = jobLines(seen);
	const number = numberIn(on);
	return lines.find(({key}) => key === on) ?? (number === undefined ? undefined : lines.find(({key}) => numberIn(key) === number));
}

/** What there is of the worker or the job under this key; undefined where nobody tells of it any more. */
export function detailsOf(on: string, seen: PanelSeen, now: number, look: TerminalLook): Details | undefined {
	const worker = seen.rows.find(({key}) => key === on);
	if (worker) {
		const {mark, role} = lookOf(worker, now);
		const state = `${mark === undefined ? '' : `${glyphOf(mark, look)} `}${worker.state}`;
		return {title: worker.name, state, role, lines: workerLines(worker, seen.snapshot, now)};
	}
	const line = jobOn(on, seen);
	return line && jobDetails(line, seen.snapshot, now);
}

/** The page of a worker's job or of a job, where its details name one. */
export const linkIn = ({lines}: Details): string | undefined => lines.find(([, text]) => /^https?:/.test(text))?.[1];

/** Whether a key is a job's. */
export const isJobKey = (on: string): boolean => numberIn(on) !== undefined;
