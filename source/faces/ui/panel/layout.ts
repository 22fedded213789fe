import {isLow} from '../layout.ts';

/** Rows of the panel's parts, from top to bottom; `body` has the table's head in it. */
export type PanelLayout = {head: number; gauges: number; why: number; change: 0 | 1; troubles: number; tabs: 1; body: number; news: number; keys: 1};

/**
 * What the parts would like: rows of the sentence on why jobs wait, whether there is a last change, sources in trouble, and the rows of a table that may
 * have fewer than there is room for; absent where the view takes what there is. `news`: rows of what has just been done.
 */
export type PanelWishes = {why: number; change: boolean; troubles: number; table?: number | undefined; news?: number};

/** The table shows this many rows at least, its head not counted; fewer where the terminal is low. */
const leastRows = 5;
const leastWhereLow = 2;

/** Divides a terminal of this size; below 120 columns head and gauges take two rows each, and where it is low there are no gauges. Pure. */
export function panelLayout(columns: number, rows: number, wishes: PanelWishes): PanelLayout {
	const wide = columns >= 120;
	const low = isLow(rows);
	const head = wide || low ? 1 : 2;
	const gauges = low ? 0 : wide ? 1 : 2;
	const leastBody = low ? leastWhereLow : leastRows;
	let left = rows - head - gauges - 3 - 1 - leastBody;
	const take = (wanted: number): number => {
		const taken = Math.max(0, Math.min(wanted, left));
		left -= taken;
		return taken;
	};
	// One row each first; what is left goes to the sentence, which says what to do.
	const firstWhy = take(Math.min(1, wishes.why));
	const firstTrouble = take(Math.min(1, wishes.troubles));
	const why = firstWhy + take(Math.min(rows >= 30 || low ? 3 : 2, wishes.why - firstWhy));
	const change = take(wishes.change ? 1 : 0) === 1 ? 1 : 0;
	const troubles = firstTrouble + take(Math.min(rows >= 30 ? 3 : 0, wishes.troubles - firstTrouble));
	const body = rows - head - gauges - why - change - troubles - 3;
	// What has been done is told whole, where a few rows of the table remain; what the table would leave blank goes to the sentence.
	const news = Math.min(Math.max(0, (wishes.news ?? 1) - 1), Math.max(0, body - Math.min(leastBody + 1, wishes.table ?? leastBody + 1)));
	const blank = wishes.table === undefined ? 0 : Math.max(0, body - news - Math.max(leastBody + 1, wishes.table));
	const more = Math.min(blank, wishes.why - why);
	return {head, gauges, why: why + more, change, troubles, tabs: 1, body: body - more - news, news: 1 + news, keys: 1};
}
