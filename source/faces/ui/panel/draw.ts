import {signOf} from '../../words/glyphs.ts';
import {sourceTroubles} from '../../words/status-words.ts';
import {isLow} from '../layout.ts';
import {cutRow, emptyRow, type Row, row} from '../row.ts';
import type {View} from '../screen.ts';
import {changeRow, gaugeRows, hasPrice, headRows, newsRows, tabsRow, troubleRows, whyRows, whySentence} from './head.ts';
import {logBody} from './log-view.ts';
import type {PanelScreen} from './screen.ts';
import type {PanelSeen} from './seen.ts';
import {jobsBody, tableHeight, workersBody} from './table.ts';
import {configLines, costLines, scrolled} from './text-views.ts';

/** Rows of the panel's parts, from top to bottom; `body` has the table's head in it. */
type PanelLayout = {head: number; gauges: number; why: number; change: 0 | 1; troubles: number; tabs: 1; body: number; news: number; keys: 1};

/**
 * What the parts would like: rows of the sentence on why jobs wait, whether there is a last change, rows of sources in trouble, and the rows of a table that may
 * have fewer than there is room for; absent where the view takes what there is. `news`: rows of what has just been done.
 */
type PanelWishes = {
	why: number;
	change: boolean;
	troubles: number;
	table?: number | undefined;
	news?: number;
	/** There is a spot price to tell. */
	price?: boolean;
};

/** The table shows this many rows at least, its head not counted; fewer where the terminal is low. */
const leastRows = 5;
const leastWhereLow = 2;

/**
 * Divides a terminal of this size; below 120 columns head and gauges take two rows each, and so do gauges with a price where there are rows enough; where it is
 * low there are no gauges. Pure.
 */
export function panelLayout(columns: number, rows: number, wishes: PanelWishes): PanelLayout {
	const wide = columns >= 120;
	const low = isLow(rows);
	const head = wide || low ? 1 : 2;
	const gauges = low ? 0 : wide && !(wishes.price && columns < 160 && rows >= 30) ? 1 : 2;
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
	// What has been done is told whole, where a few rows of the table remain; what the table would leave blank goes to the sentence, then to what is wrong with a source.
	const news = Math.min(Math.max(0, (wishes.news ?? 1) - 1), Math.max(0, body - Math.min(leastBody + 1, wishes.table ?? leastBody + 1)));
	const blank = wishes.table === undefined ? 0 : Math.max(0, body - news - Math.max(leastBody + 1, wishes.table));
	const more = Math.min(blank, wishes.why - why);
	const reasons = Math.min(blank - more, wishes.troubles - troubles);
	return {head, gauges, why: why + more, change, troubles: troubles + reasons, tabs: 1, body: body - more - reasons - news, news: 1 + news, keys: 1};
}

const body = (screen: PanelScreen, seen: PanelSeen, view: View, height: number): Row[] => {
	switch (screen.view) {
		case 'workers':
			return workersBody(screen, seen, view, height);
		case 'jobs':
			return jobsBody(screen, seen, view, height);
		case 'log':
			return logBody(screen, seen, view, height);
		case 'config':
			return scrolled(configLines(seen, view), screen.config, view, height);
		case 'costs':
			return scrolled(costLines(seen, view), screen.costs, view, height);
	}
};

const exactly = (rows: readonly Row[], height: number): Row[] => [
	...rows.slice(0, height),
	...Array.from({length: Math.max(0, height - rows.length)}, () => emptyRow),
];

/** The parts around the table, and how many rows they would like. */
type Around = {change: Row | undefined; why: number; troubles: number; news: number};

/** One frame asks for them several times. */
const made = new WeakMap<View, Around>();

function aroundIn(seen: PanelSeen, view: View): Around {
	const known = made.get(view);
	if (known) return known;
	const around = {change: changeRow(seen, view), why: whyRows(seen, view).length, troubles: troubleRows(seen, view).length, news: newsRows(seen, view).length};
	made.set(view, around);
	return around;
}

/** How the panel is divided now. */
export function layoutNow(screen: PanelScreen, seen: PanelSeen, view: View): PanelLayout {
	const {change, news, why, troubles} = aroundIn(seen, view);
	return panelLayout(view.columns, view.rows, {
		why,
		change: change !== undefined,
		troubles,
		news,
		table: tableHeight(screen, seen, view.now),
		price: hasPrice(seen),
	});
}

/** What is said of the fleet and has no room now: why jobs wait, sources that don't answer. */
export function aboutPanel(screen: PanelScreen, view: View): string[] {
	const {panel: seen, now} = view;
	if (!seen) return [];
	const {why, troubles} = aroundIn(seen, view);
	const layout = layoutNow(screen, seen, view);
	return [...(why > layout.why ? [whySentence(seen, now)] : []), ...(troubles > layout.troubles ? sourceTroubles(seen.snapshot, now) : [])];
}

/** The panel from the first row to the one above the keys. Pure; never more rows or columns than there are. */
export function panelRows(screen: PanelScreen, view: View): Row[] {
	const {panel: seen, rows, columns, look} = view;
	if (!seen) return exactly([row(' ', {text: 'status', bold: true}), emptyRow, row(` ${signOf('more', look)} asking EC2 and the manager`)], rows - 1);
	const {change} = aroundIn(seen, view);
	const layout = layoutNow(screen, seen, view);
	return [
		...exactly(headRows(seen, view, layout.head), layout.head),
		...exactly(gaugeRows(seen, view, layout.gauges), layout.gauges),
		...exactly(whyRows(seen, view, layout.why), layout.why),
		...(layout.change === 1 && change ? [change] : []),
		...troubleRows(seen, view, layout.troubles),
		tabsRow(screen, seen, view),
		...exactly(body(screen, seen, view, layout.body), layout.body),
		...newsRows(seen, view, layout.news),
	].map((one) => cutRow(one, columns, look));
}

/** The same for a screen reader: no clocks that go on, no bars; the table's window has at most thirty rows. */
export function panelSpoken(screen: PanelScreen, view: View): Row[] {
	const {panel: seen} = view;
	if (!seen) return [row('Asking EC2 and the manager.')];
	const calm = {...view, columns: 400};
	const change = changeRow(seen, calm);
	return [
		...headRows(seen, calm, 1),
		row(`jobs and machines: ${seen.why.asks}`),
		...[...seen.why.causes, ...seen.why.troubles].slice(0, 2).map(({says}) => row(says)),
		...(change ? [change] : []),
		tabsRow(screen, seen, calm, true),
		...body(screen, seen, {...calm, columns: 100}, 32).filter(({drawing}) => !drawing),
		...newsRows(seen, {...calm, tick: 0}),
	].filter((one) => one !== emptyRow);
}
