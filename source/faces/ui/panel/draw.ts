import {signOf} from '../../words/glyphs.ts';
import {cutRow, emptyRow, type Row, row} from '../row.ts';
import type {View} from '../screen.ts';
import {changeRow, gaugeRows, headRows, newsRows, tabsRow, troubleRows, whyRows} from './head.ts';
import {type PanelLayout, panelLayout} from './layout.ts';
import {logBody} from './log-view.ts';
import type {PanelScreen} from './screen.ts';
import type {PanelSeen} from './seen.ts';
import {jobsBody, tableHeight, workersBody} from './table.ts';
import {configLines, costLines, scrolled} from './text-views.ts';

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
	return panelLayout(view.columns, view.rows, {why, change: change !== undefined, troubles, news, table: tableHeight(screen, seen, view.now)});
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
