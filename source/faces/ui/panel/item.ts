import {age, clockWords, money, runnerWords} from '../../../panel/formats.ts';
import {pageOfEnded} from '../../../panel/row-jobs.ts';
import {ageOfRow, spentOfRow, type WorkerRow} from '../../../panel/rows.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import {counted} from '../../../world/printable.ts';
import {lookOf, reasonWithCode, reasonWords, stageWords} from '../../words/cells.ts';
import {type ColourRole, glyphOf, plainText, signOf, type TerminalLook} from '../../words/glyphs.ts';
import {displayWidth, padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {pageKeys, pageRows} from '../layout.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';
import {type JobLine, jobLineCells, jobLines} from './listing.ts';
import type {ItemScreen} from './screen.ts';
import type {PanelSeen} from './seen.ts';

/** All that is known of a worker or a job: its name, its state with its glyph, and lines of label and value. What isn't known has no line. */
type Details = {title: string; state: string; role: ColourRole | undefined; lines: readonly [string, string][]};

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
		[ended ? 'Took' : pending ? 'Waits for' : 'At work for', cells.age],
		['Ended', ended && clockWords(ended.at, now)],
		['Page', running?.job.url ?? job?.webUrl ?? (ended && pageOfEnded(ended, snapshot))],
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
function detailsOf(on: string, seen: PanelSeen, now: number, look: TerminalLook): Details | undefined {
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
const linkIn = ({lines}: Details): string | undefined => lines.find(([, text]) => /^https?:/.test(text))?.[1];

/** Whether a key is a job's. */
const isJobKey = (on: string): boolean => numberIn(on) !== undefined;

/** Columns of a label. */
const labelWidth = 16;

const goneWords = (on: string): string =>
	isJobKey(on) ? 'It is gone: neither GitLab nor the runner tells of it any more.' : 'It is gone: neither EC2 nor the manager tells of it any more.';

function itemRows({on}: ItemScreen, {panel, look, columns, now}: View): Row[] {
	const details = panel && detailsOf(on, panel, now, look);
	if (!details) return [row(' ', {text: on, bold: true}), emptyRow, row(` ${goneWords(on)}`)];
	const {title, state, role, lines} = details;
	const both = displayWidth(title) + displayWidth(state) + 3 <= columns;
	const head = row(' ', {text: title, bold: true}, ...(both ? ['  ', {text: state, role}] : []));
	const room = Math.max(20, Math.min(100, columns - labelWidth - 4));
	const body = lines.flatMap(([label, text]): Row[] =>
		(/^https?:/.test(text) ? [text] : wrapWhole(plainText(text, look), room)).map((line, at) =>
			row(` ${signOf('left', look)} `, {text: padded(at === 0 ? label : '', labelWidth), bold: true}, line),
		),
	);
	return [head, emptyRow, ...body];
}

const drawItem: Draw<ItemScreen> = (screen, view) => pageRows({all: itemRows(screen, view), top: screen.top}, view);

const itemKeys: Keys<ItemScreen> = (screen, view) => {
	const {on} = screen;
	const {panel, look, now} = view;
	const worker = panel?.rows.find(({key}) => key === on);
	const acts: Binding[] = [];
	if (panel && worker && panel.about.readOnly === undefined) {
		acts.push({press: ['s'], shows: 's', does: 'ssh', act: () => ({panel: {do: 'shell', worker: worker.name}})});
		const removed = removalOf(worker);
		if (removed) acts.push({press: ['X', 'x'], shows: 'x', does: 'remove it', act: () => removed});
	}
	const details = panel && detailsOf(on, panel, now, look);
	const link = details && linkIn(details);
	const text = (): string => (details ? [details.title, ...details.lines.map(([label, line]) => `${padded(label, labelWidth)}${line}`)].join('\n') : on);
	return [
		{press: ['left', 'escape', 'q', 'enter'], shows: signOf('back', look), does: 'back', act: () => ({pop: true})},
		...acts,
		...pageKeys({all: itemRows(screen, view), top: screen.top}, view, (top) => ({...screen, top})),
		...(link === undefined ? [] : [{press: ['c'], shows: 'c', does: 'copy link', act: (): Move => ({panel: {do: 'copy', text: link}})}]),
		{press: ['y'], shows: 'y', does: 'copy', act: () => ({panel: {do: 'copy', text: text()}})},
	];
};

/** How a worker is taken away, where nothing runs on it as far as is known: one that no manager knows goes with all that is left over. */
export function removalOf({name, state, job}: WorkerRow): Move | undefined {
	if (state === 'orphan') return {panel: {do: 'leave', to: 'orphans'}};
	const isFree = job === undefined && (state === 'idle' || state === 'failed' || state === 'stopped');
	return isFree ? {panel: {do: 'prepare', act: {do: 'remove', worker: name}}} : undefined;
}

export const item: ScreenSpec<ItemScreen> = {word: 'worker', wordFor: ({on}) => (isJobKey(on) ? 'job' : 'worker'), draw: drawItem, keys: itemKeys};
