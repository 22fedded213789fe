import type {WorkerRow} from '../../../panel/rows.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import {counted} from '../../../world/printable.ts';
import {type JobColumn, jobColumns, lookOf, type WorkerColumn, workerCells, workerColumns} from '../../words/cells.ts';
import {cellsOf, fit, headOf, type Layout, windowOf} from '../../words/columns.ts';
import {type ColourRole, glyphOf, marks, plainText, signOf} from '../../words/glyphs.ts';
import {emptyWords} from '../../words/status-words.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {emptyRow, type Row, row, type Span} from '../row.ts';
import type {View} from '../screen.ts';
import {filterWords} from './head.ts';
import {jobLineCells, jobLines, listed, listedJobs, positionAfter} from './listing.ts';
import type {PanelScreen} from './screen.ts';
import type {PanelSeen} from './seen.ts';

/** Columns before a worker's name and before its state: the pointer, and the state's glyph. */
const pointer = 3;
const glyph = 2;

/** Which source a column comes from: while that one fails, its cells are dim. */
const sourceOf: Record<WorkerColumn, keyof Pick<Snapshot, 'ec2' | 'host' | 'journal' | 'prices'>> = {
	name: 'host',
	state: 'host',
	job: 'journal',
	type: 'ec2',
	zone: 'ec2',
	age: 'host',
	usdPerHour: 'prices',
	spent: 'prices',
	market: 'ec2',
	instance: 'ec2',
	address: 'ec2',
};

/** Neighbours of one style become one piece, so that a row is few. */
function merged(spans: readonly Span[]): Span[] {
	const kept: Span[] = [];
	for (const span of spans) {
		const before = kept.at(-1);
		if (before && before.role === span.role && (before.bold ?? false) === (span.bold ?? false))
			kept[kept.length - 1] = {...before, text: before.text + span.text};
		else kept.push({...span});
	}
	return kept;
}

function workerRow(worker: WorkerRow, focused: boolean, layout: Layout<WorkerColumn>, snapshot: Snapshot, {look, now}: View): Row {
	const {mark, role} = lookOf(worker, now);
	const cells = cellsOf(workerCells(worker, now, snapshot.paid.at), layout, look.ascii ? '...' : '…');
	const spans = cells.flatMap((text, at): Span[] => {
		const id = layout[at]?.column.id ?? 'name';
		const stale = snapshot[sourceOf[id]].problem !== undefined;
		const own: ColourRole | undefined = stale && id !== 'name' ? 'quiet' : id === 'state' ? role : undefined;
		const gap: Span = {text: at === 0 ? '' : '  '};
		const sign: Span[] =
			id === 'state' ? [{text: mark === undefined ? '  ' : `${glyphOf(mark, look)} `, role: mark === undefined ? undefined : marks[mark].role}] : [];
		return [gap, ...sign, {text: plainText(text, look), role: own, ...(focused && id === 'name' ? {bold: true} : {})}];
	});
	return {spans: merged([{text: focused ? ` ${signOf('focus', look)} ` : '   ', ...(focused ? {role: 'accent' as const} : {})}, ...spans])};
}

/** Headings; a filter that is on stands in the place of the first one's rest. */
function headRow(texts: readonly string[], layout: Layout<string>): Row {
	// A state has its glyph before it.
	const heads = texts.map((text, at) => `${layout[at]?.column.id === 'state' && at > 0 ? '  ' : ''}${text}`);
	return row({text: `   ${heads.join('  ')}`, role: 'quiet'});
}

/** How many there are above and below the window, in the head's place for a filter. */
function moreWords(above: number, below: number, look: View['look']): string {
	const parts = [...(above > 0 ? [`${signOf('up', look)} ${counted(above)}`] : []), ...(below > 0 ? [`${signOf('down', look)} ${counted(below)}`] : [])];
	return parts.join('  ');
}

function filterRow(screen: PanelScreen, count: number, all: number, more: string, {look}: View): Row {
	const filter = filterWords(screen, look);
	const filtered: Span[] = filter === '' ? [] : [{text: filter, role: 'accent'}, {text: `  ${counted(count)} of ${counted(all)}  `}];
	return row('   ', ...filtered, {text: more, role: 'quiet'});
}

const none = (text: string, columns: number): Row[] => [emptyRow, ...wrapWhole(text, columns - 4).map((line) => row('   ', line))];

/** The rows that the table of this view fills, its head and its last row with them; undefined for a view that is no table. */
export function tableHeight(screen: PanelScreen, seen: PanelSeen, now: number): number | undefined {
	if (screen.view === 'workers') return listed(seen.rows, screen.filter.text, screen.order, now).length + 2;
	return screen.view === 'jobs' ? listedJobs(jobLines(seen), screen.filter.text).length + 2 : undefined;
}

/** The workers' table in this many rows: head, a window of rows, what is above and below. */
export function workersBody(screen: PanelScreen, seen: PanelSeen, view: View, height: number): Row[] {
	const {columns, look, now} = view;
	const items = listed(seen.rows, screen.filter.text, screen.order, now);
	if (items.length === 0) {
		if (seen.rows.length === 0) return none(emptyWords(seen.snapshot), columns);
		return [filterRow(screen, 0, seen.rows.length, '', view), ...none('No worker has these letters. Escape shows all.', columns)];
	}
	const room = height - 2;
	const cursor = positionAfter(items, screen.workers);
	const {shown, above, below} = windowOf(items, cursor.at, room, cursor.top);
	const layout = fit(workerColumns, columns - pointer - glyph);
	return [
		headRow(headOf(layout), layout),
		...shown.map((worker, at) => workerRow(worker, above + at === cursor.at, layout, seen.snapshot, view)),
		...Array.from({length: room - shown.length}, () => emptyRow),
		filterRow(screen, items.length, seen.rows.length, moreWords(above, below, look), view),
	];
}

/** The table of jobs. */
export function jobsBody(screen: PanelScreen, seen: PanelSeen, view: View, height: number): Row[] {
	const {columns, look, now} = view;
	const lines = jobLines(seen);
	const items = listedJobs(lines, screen.filter.text);
	const {gitlab, journal, runner} = seen.snapshot;
	if (items.length === 0) {
		if (lines.length > 0) return [filterRow(screen, 0, lines.length, '', view), ...none('No job has these letters. Escape shows all.', columns)];
		const waiting = gitlab.off ?? gitlab.problem?.message ?? 'None waits in the projects that were looked at.';
		const runs = runner.value || runner.off !== undefined ? 'No job runs, and none has ended lately.' : 'The runner has not told its jobs yet.';
		return none(`${runs} ${waiting}`, columns);
	}
	const room = height - 2;
	const cursor = positionAfter(items, screen.jobs);
	const {shown, above, below} = windowOf(items, cursor.at, room, cursor.top);
	const layout: Layout<JobColumn> = fit(jobColumns, columns - pointer);
	const rows = shown.map((line, at): Row => {
		const focused = above + at === cursor.at;
		const stale = (line.ended ? journal : line.running ? runner : gitlab).problem !== undefined;
		const cells = cellsOf(jobLineCells(line, now), layout, look.ascii ? '...' : '…').map((text) => plainText(text, look));
		const role: ColourRole | undefined = stale ? 'quiet' : line.pending ? 'warning' : line.ended && !line.ended.ok ? 'blocked' : undefined;
		const isQuiet = stale || line.ended?.ok === true;
		const spans = cells.flatMap((text, index): Span[] => [
			{text: index === 0 ? '' : '  '},
			{text, role: layout[index]?.column.id === 'state' && role ? role : isQuiet ? 'quiet' : undefined, ...(focused && index === 0 ? {bold: true} : {})},
		]);
		return {spans: merged([{text: focused ? ` ${signOf('focus', look)} ` : '   ', ...(focused ? {role: 'accent' as const} : {})}, ...spans])};
	});
	const head = {spans: [{text: `   ${headOf(layout).join('  ')}`, role: 'quiet' as const}]};
	return [
		head,
		...rows,
		...Array.from({length: Math.max(0, room - rows.length)}, () => emptyRow),
		filterRow(screen, items.length, lines.length, moreWords(above, below, look), view),
	];
}
