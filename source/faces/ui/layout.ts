import {signOf} from '../words/glyphs.ts';
import {type Row, row} from './row.ts';
import type {Binding, Screen, View} from './screen.ts';

/** Every screen is complete from this size on. */
const whole = {columns: 60, rows: 20} as const;

/** The least a terminal must have: below `whole` a screen shows the one thing that matters on it, and its keys. */
export const least = {columns: 40, rows: 12} as const;

/** Whether a terminal is too small to use. */
export const isTooSmall = ({columns, rows}: {columns: number; rows: number}): boolean => columns < least.columns || rows < least.rows;

/** Whether there is only room for what matters most. */
export const isSmall = ({columns, rows, small}: {columns: number; rows: number; small?: boolean | undefined}): boolean =>
	small ?? (columns < whole.columns || isLow(rows));

/** Whether there are fewer rows than a screen has that is complete. */
export const isLow = (rows: number): boolean => rows < whole.rows;

/** From here on there is room for two panes: what is asked on the left, the plan on the right. */
export const isWide = (columns: number): boolean => columns >= 116;

/** Rows between the header and the line of keys. */
export const bodyRows = (rows: number): number => Math.max(0, rows - 2);

/** Rows of the run screen's parts. */
type RunLayout = {list: number; problem: number; detail: number};

/** The detail pane is worth drawing from this many rows: its rule, the waterfall, what is waited for, two lines of log. */
const leastDetail = 5;

/**
 * Divides the run screen: the list of steps as long as it is, if the rest can be seen; a problem whole; the detail pane takes what is left.
 * One row above is the progress line. `steps` and `problem` are how many rows each would like.
 */
export function runLayout(rows: number, steps: number, problem: number): RunLayout {
	const room = bodyRows(rows) - 1;
	// Where it is low, what went wrong is worth more than the steps, and the step's own row says what is waited for.
	const [leastList, detail] = isLow(rows) ? [2, 0] : [4, leastDetail];
	const problemRows = Math.min(problem, Math.max(0, room - detail - leastList));
	const list = Math.min(steps, Math.max(leastList, room - problemRows - detail));
	return {list, problem: problemRows, detail: Math.max(0, room - problemRows - list)};
}

/** Rows that may be more than a screen has, and the first of them that is to be shown. */
type Paged = {all: readonly Row[]; top?: number | undefined};

/** Where the rows begin that are shown, and how many are below them: where not all fit, one row says so. */
function pageOf({all, top = 0}: Paged, {rows}: View): {room: number; from: number; below: number} {
	const most = bodyRows(rows);
	if (all.length <= most) return {room: most, from: 0, below: 0};
	const room = most - 1;
	const from = Math.min(top, all.length - room);
	return {room, from, below: all.length - room - from};
}

/** The rows of this page; the last one says how many are below, or that it is the end. */
export function pageRows(paged: Paged, view: View): Row[] {
	const {all} = paged;
	const {room, from, below} = pageOf(paged, view);
	if (all.length <= room) return [...all];
	const sign = below > 0 ? `${signOf('down', view.look)} ${below} more` : signOf('up', view.look);
	return [...all.slice(from, from + room), row({text: ` ${sign}`, role: 'quiet'})];
}

/** The keys that go through them, where they are more than one page; `at` is the screen at another first row. */
export function pageKeys(paged: Paged, view: View, at: (top: number) => Screen): Binding[] {
	const {room, from, below} = pageOf(paged, view);
	if (paged.all.length <= room) return [];
	return [
		{press: ['pagedown'], shows: 'PgDn', does: 'more', act: () => ({to: at(from + Math.min(below, room))})},
		{press: ['pageup'], shows: '', does: '', help: {key: 'PgUp', says: 'back up'}, act: () => ({to: at(Math.max(0, from - room))})},
	];
}
