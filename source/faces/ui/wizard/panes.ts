import {glyphOf, marks, plainText, signOf} from '../../words/glyphs.ts';
import {displayWidth} from '../../words/width.ts';
import {bodyRows, isWide} from '../layout.ts';
import {planCounts, planPane} from '../plan-pane.ts';
import {cutRow, emptyRow, type Row, row, textOf} from '../row.ts';
import type {Screen, View} from '../screen.ts';
import {mendable} from './seen.ts';

/** The question needs at least these rows; answered ones above it give way. */
const leastForQuestion = 14;

/** Columns of the left pane. */
const leftOf = (columns: number): number => columns - Math.min(90, Math.max(44, Math.floor(columns * 0.42))) - 3;

/** Answered questions, a line each: the newest ones as far as there is room. */
function answeredRows({wizard, look, columns}: View, room: number): Row[] {
	const {answered} = wizard;
	if (answered.length === 0 || room < 2) return [];
	const shown = answered.slice(-(room - 1));
	const rows = shown.map(({key, says}) =>
		cutRow(
			row(' ', {text: `${glyphOf('done', look)} `, role: marks.done.role}, {text: `${plainText(key, look)}: ${plainText(says, look)}`, role: 'quiet'}),
			columns,
			look,
		),
	);
	return [...rows, emptyRow];
}

/** News of the walk, in a row of its own. */
function newsRows({wizard, look, columns}: View): Row[] {
	return wizard.news ? [cutRow(row(' ', {text: plainText(wizard.news.says, look), role: wizard.news.role}), columns, look)] : [];
}

/** The plan in one line, where there is no room for its pane; a blocked finding with its key comes first. */
function countsRow(view: View): Row {
	const blocked = mendable(view.state);
	const counts = row(' ', {text: 'Plan  ', bold: true}, ...planCounts(view));
	if (!blocked?.finding) return cutRow(counts, view.columns, view.look);
	const says = plainText(`${glyphOf('blocked', view.look)} ${blocked.finding.says}`, view.look);
	return cutRow(row(' ', {text: says, role: 'blocked'}), view.columns, view.look);
}

const inPane = (rows: Row[], columns: number, {look}: View): Row[] => rows.map((one) => cutRow(one, columns, look));

/** Two panes side by side, parted by a rule. */
function beside(left: Row[], right: Row[], columns: number, height: number, view: View): Row[] {
	const rule = ` ${signOf('left', view.look)} `;
	return Array.from({length: height}, (_, at) => {
		const {spans} = left[at] ?? emptyRow;
		const used = displayWidth(textOf({spans}));
		return {spans: [...spans, {text: ' '.repeat(Math.max(0, columns - used))}, {text: rule, role: 'quiet'}, ...(right[at]?.spans ?? [])]};
	});
}

/** A screen of the walk with what belongs beside it: answered questions above, the live plan to the right or in a line below. */
export function walkBody(screen: Screen, view: View, draw: (screen: Screen, view: View) => Row[]): Row[] {
	const height = bodyRows(view.rows);
	const columns = isWide(view.columns) ? leftOf(view.columns) : view.columns;
	const below = isWide(view.columns) ? 0 : 1;
	const inner: View = {...view, columns};
	const isReview = screen.is === 'overview';
	const news = isReview ? [] : newsRows(inner);
	const above = isReview ? [] : answeredRows(inner, Math.min(height - below - news.length - leastForQuestion, Math.floor(height / 3)));
	const room = height - above.length - news.length - below;
	const question = draw(screen, {...inner, rows: room + 2}).slice(0, room);
	const left = [...inPane([...above, ...news, ...question], columns, view)];
	if (isWide(view.columns)) return beside(left, planPane(view.columns - columns - 3, height, view), columns, height, view);
	const filler = Array.from({length: Math.max(0, height - below - left.length)}, () => emptyRow);
	return [...left, ...filler, countsRow(view)];
}

/** The same for a screen reader: question, then what is blocked, then the counts. */
export const walkSpoken = (screen: Screen, view: View, draw: (screen: Screen, view: View) => Row[]): Row[] => [
	...newsRows({...view, columns: 400}),
	...draw(screen, {...view, rows: 400}),
	countsRow({...view, columns: 400}),
];
