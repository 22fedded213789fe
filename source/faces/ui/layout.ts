/** The least a terminal must have; every screen is complete in it. */
export const least = {columns: 60, rows: 20} as const;

/** Whether a terminal is too small to use. */
export const isTooSmall = ({columns, rows}: {columns: number; rows: number}): boolean => columns < least.columns || rows < least.rows;

/** From here on there is room for two panes: what is asked on the left, the plan on the right. */
export const isWide = (columns: number): boolean => columns >= 116;

/** Rows between the header and the line of keys. */
export const bodyRows = (rows: number): number => Math.max(0, rows - 2);

/** Rows of the run screen's parts. */
export type RunLayout = {list: number; problem: number; detail: number};

/** The detail pane is worth drawing from this many rows: its rule, the waterfall, what is waited for, two lines of log. */
const leastDetail = 5;

/**
 * Divides the run screen: the list of steps as long as it is, if the rest can be seen; a problem whole; the detail pane takes what is left.
 * One row above is the progress line. `steps` and `problem` are how many rows each would like.
 */
export function runLayout(rows: number, steps: number, problem: number): RunLayout {
	const room = bodyRows(rows) - 1;
	const problemRows = Math.min(problem, Math.max(0, room - leastDetail - 4));
	const list = Math.min(steps, Math.max(4, room - problemRows - leastDetail));
	return {list, problem: problemRows, detail: Math.max(0, room - problemRows - list)};
}
