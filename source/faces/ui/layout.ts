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
export type RunLayout = {list: number; problem: number; detail: number};

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
