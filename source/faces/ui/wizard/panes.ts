import {blockedIn, demoIntroduction, introduction, mendable, priced} from '../../wizard/seen.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {displayWidth} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows, isSmall, isWide} from '../layout.ts';
import {planCounts, planPane} from '../plan-pane.ts';
import {cutRow, emptyRow, lastKept, markSpan, type Row, row, textOf} from '../row.ts';
import type {Screen, ScreenSpec, View} from '../screen.ts';
import {blockedRows} from './walking.ts';

/** A question needs at least these rows; answered ones above it give way. One that draws a week needs more. */
const leastFor = (screen: Screen, view: View): number => (isSmall(view) ? 6 : 'walk' in screen && screen.walk?.about === 'schedule' ? 20 : 14);

/** Columns of the left pane. */
const leftOf = (columns: number): number => columns - Math.min(90, Math.max(44, Math.floor(columns * 0.42))) - 3;

/** Answered questions, a line each: the newest ones as far as there is room. */
function answeredRows(view: View, room: number): Row[] {
	const {wizard, look, columns} = view;
	const {answered} = wizard;
	const blocked = new Set(blockedIn(view.state).map(({name}) => name));
	if (answered.length === 0 || room < 2) return [];
	const shown = answered.slice(-(room - 1));
	const rows = shown.map(({key, says, step}) =>
		cutRow(
			// An answer isn't done with while the plan is blocked on what it's about.
			row(' ', markSpan(step !== undefined && blocked.has(step) ? 'blocked' : 'done', look), {
				text: `${plainText(key, look)}: ${plainText(says, look)}`,
				role: 'quiet',
			}),
			columns,
			look,
		),
	);
	return [...rows, emptyRow];
}

/** The introduction above the first question. */
function introRows(view: View): Row[] {
	const {wizard, look, columns, state} = view;
	if (wizard.at !== 1 || isSmall(view)) return [];
	const lines = (text: string): string[] => wrapWhole(plainText(text, look), Math.min(100, columns - 2));
	const demo = state.target?.demo ? lines(demoIntroduction).map((text) => row(' ', {text, role: 'warning'})) : [];
	return [...demo, ...lines(introduction).map((text) => row(` ${text}`)), emptyRow];
}

/** What the answers cost, beside a question on which that depends. */
function costRows(screen: Screen, view: View): Row[] {
	const {wizard, look, columns} = view;
	const about = 'walk' in screen ? screen.walk?.about : undefined;
	const [says] = wizard.costs;
	if (about === undefined || says === undefined || !priced.has(about) || (isSmall(view) && screen.is === 'choose')) return [];
	return [
		emptyRow,
		...wrapWhole(plainText(says, look), Math.min(100, columns - 8)).map((text, at) => row(' ', {text: at === 0 ? 'Cost  ' : '      ', bold: true}, text)),
	];
}

/** News of the walk, in a row of its own. */
function newsRows({wizard, look, columns}: View): Row[] {
	return wizard.news ? [cutRow(row(' ', {text: plainText(wizard.news.says, look), role: wizard.news.role}), columns, look)] : [];
}

/** The plan below what is asked, where there is no room for its pane: in one line, or the first blocked finding whole with its key. */
function footRows(view: View, most: number, typing: boolean): Row[] {
	const {columns, look, state} = view;
	const counts = cutRow(row(' ', {text: 'Plan  ', bold: true}, ...planCounts(view, isSmall(view))), columns, look);
	const step = mendable(state) ?? blockedIn(state)[0];
	if (!step) return [counts];
	const rows = blockedRows(step, view, {columns: columns - 1, typing}).map(({spans}) => row(' ', ...spans));
	return lastKept(rows, most, `   ${signOf('more', look)} tab shows it whole`);
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

/** A screen of the walk with what belongs beside it: answered questions above, the live plan to the right or below. */
export function walkBody(screen: Screen, view: View, {draw, isTyping}: ScreenSpec<Screen>): Row[] {
	const typing = isTyping?.(screen) ?? false;
	const height = bodyRows(view.rows);
	const columns = isWide(view.columns) ? leftOf(view.columns) : view.columns;
	const isReview = screen.is === 'overview';
	// The review says by itself what is blocked.
	const whole = isWide(view.columns) || isReview ? [] : footRows(view, height, typing);
	// A reason that has no room below a whole question is worth more than what helps to answer it.
	const small = isSmall(view) || whole.length > height - leastFor(screen, view);
	const least = leastFor(screen, {...view, small});
	const foot = whole.length > height - least ? footRows(view, Math.max(3, height - least), typing) : whole;
	const inner: View = {...view, columns, small};
	const below = foot.length;
	const news = isReview ? [] : newsRows(inner);
	const intro = isReview ? [] : introRows(inner);
	const above = isReview || intro.length > 0 ? intro : answeredRows(inner, Math.min(height - below - news.length - least, Math.floor(height / 3)));
	const cost = costRows(screen, inner);
	const room = height - above.length - news.length - below - cost.length;
	const question = draw(screen, {...inner, rows: room + 2}).slice(0, room);
	const left = [...inPane([...above, ...news, ...question, ...cost], columns, view)];
	if (isWide(view.columns)) return beside(left, planPane(view.columns - columns - 3, height, view, typing), columns, height, view);
	const filler = Array.from({length: Math.max(0, height - below - left.length)}, () => emptyRow);
	return [...left, ...filler, ...foot];
}

/** The same for a screen reader: the question, then what is blocked, or else the counts. */
export const walkSpoken = (screen: Screen, view: View, {draw, isTyping}: ScreenSpec<Screen>): Row[] => [
	...(screen.is === 'overview' ? [] : introRows({...view, columns: 400})),
	...newsRows({...view, columns: 400}),
	...draw(screen, {...view, rows: 400}),
	...costRows(screen, {...view, columns: 400}),
	...(screen.is === 'overview' ? [] : footRows({...view, columns: 400}, 10, isTyping?.(screen) ?? false)),
];
