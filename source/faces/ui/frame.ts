import {keyWords} from '../../answers/question.ts';
import {blockedIn, demoIntroduction, introduction, mendable, priced} from '../wizard/seen.ts';
import {plainText, signOf, type TerminalLook} from '../words/glyphs.ts';
import {displayWidth} from '../words/width.ts';
import {wrapWhole} from '../words/wrapping.ts';
import {hintRow} from './hints.ts';
import {keysOf, shown} from './keys.ts';
import {bodyRows, isSmall, isTooSmall, isWide, least} from './layout.ts';
import {panelRows, panelSpoken} from './panel/draw.ts';
import {planCounts, planPane} from './plan-pane.ts';
import {apart, cutRow, emptyRow, lastKept, markSpan, type Row, row, type Span, textOf} from './row.ts';
import type {Screen, ScreenSpec, View} from './screen.ts';
import {blockedRows, isWalk} from './wizard/walking.ts';

/** A question needs at least these rows; answered ones above it give way. One that draws a week needs more. */
function leastFor(screen: Screen, view: View): number {
	const isWeek = 'walk' in screen && screen.walk?.about === 'schedule';
	return isSmall(view) ? (isWeek ? 14 : 6) : isWeek ? 20 : 14;
}

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
function walkBody(screen: Screen, view: View, {draw, isTyping}: ScreenSpec<Screen>): Row[] {
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
const walkSpoken = (screen: Screen, view: View, {draw, isTyping}: ScreenSpec<Screen>): Row[] => [
	...(screen.is === 'overview' ? [] : introRows({...view, columns: 400})),
	...newsRows({...view, columns: 400}),
	...draw(screen, {...view, rows: 400}),
	...costRows(screen, {...view, columns: 400}),
	...(screen.is === 'overview' ? [] : footRows({...view, columns: 400}, 10, isTyping?.(screen) ?? false)),
];

/** Where a person is: the question's own key, else the screen's word. */
function screenWord(screen: Screen): string {
	const {word, wordFor} = shown(screen);
	return 'walk' in screen && screen.walk ? keyWords(screen.walk.about) : (wordFor?.(screen) ?? word);
}

/** Which question of how many. */
const countWord = (screen: Screen, {wizard}: View): string => (isWalk(screen) && wizard.of > 0 ? `   ${wizard.at} of ${wizard.of}` : '');

/** What ctrl-c has begun, in place of the screen's name. */
const stopWords = {1: 'stopping after this call', 2: 'stopping now'} as const;

/** An account's number as AWS writes it: `1234-5678-9012`. */
const accountWords = (account: string): string => (/^\d{12}$/.test(account) ? account.replace(/(\d{4})(\d{4})(\d{4})/, '$1-$2-$3') : account);

/** The header: what is being done on the left, where on the right; the account goes first where it's narrow. */
function headerRow(screen: Screen, view: View): Row {
	const {state, title, columns, look, stops} = view;
	const doing = stops === 0 ? screenWord(screen) : stopWords[stops];
	const left = ` ${title} ${signOf('focus', look)} ${doing}`;
	const {target} = state;
	const count = countWord(screen, view);
	const parts = target ? [...(target.demo ? ['demo'] : []), accountWords(target.account), target.region, target.fleet] : [];
	const dot = ` ${signOf('dot', look)} `;
	const kept = isSmall(view) ? 0 : 1;
	while (parts.length > kept && displayWidth(left) + displayWidth(parts.join(dot)) + count.length + 2 > columns)
		parts.splice(target?.demo && parts.length > 2 ? 1 : 0, 1);
	const right: Span[] = [{text: `${parts.join(dot)}${count} `}];
	return apart([{text: left, bold: true, role: stops === 0 ? undefined : 'warning'}], right, columns, look);
}

function tooSmall({columns, rows, look}: View): Row[] {
	const say = [`This needs ${least.columns} columns`, `and ${least.rows} rows. It has`, `${columns} and ${rows}.`, 'With --plain any size does.'];
	return say.slice(0, Math.max(1, rows)).map((text) => cutRow(row(text), columns, look));
}

/** A row in ASCII where the terminal has no Unicode. */
const inAscii = (one: Row, look: TerminalLook): Row =>
	look.ascii ? {...one, spans: one.spans.map((span) => ({...span, text: plainText(span.text, look)}))} : one;

const draw = (screen: Screen, view: View): Row[] => shown(screen).draw(screen, view);

/** What lies between the header and the line of keys. */
const bodyOf = (screen: Screen, view: View): Row[] => (isWalk(screen) ? walkBody(screen, view, shown(screen)) : draw(screen, view));

/** The whole terminal, row by row: header, screen, keys. Pure; never more rows or columns than there are. */
export function frameOf(screen: Screen, view: View): Row[] {
	if (isTooSmall(view)) return tooSmall(view);
	// The panel says in its own head where it is.
	if (screen.is === 'panel')
		return [...panelRows(screen, view), hintRow(keysOf(screen, view), view.columns, view.look)].map((one) =>
			// Signs in ASCII are wider; without them every row but the keys' is cut already.
			view.look.ascii || displayWidth(textOf(one)) > view.columns ? cutRow(inAscii(one, view.look), view.columns, view.look) : one,
		);
	const body = bodyOf(screen, view).slice(0, bodyRows(view.rows));
	const filler = Array.from({length: bodyRows(view.rows) - body.length}, () => emptyRow);
	return [headerRow(screen, view), ...body, ...filler, hintRow(keysOf(screen, view), view.columns, view.look)].map((one) =>
		cutRow(inAscii(one, view.look), view.columns, view.look),
	);
}

/** The same for a screen reader: no padding, no drawing, nothing cut. */
export const spokenRows = (screen: Screen, view: View): Row[] =>
	[...(screen.is === 'panel' ? panelSpoken(screen, view) : otherSpoken(screen, view)), hintRow(keysOf(screen, view), 400, view.look)].map((one) =>
		inAscii(one, view.look),
	);

const otherSpoken = (screen: Screen, view: View): Row[] => [
	headerRow(screen, view),
	...(isWalk(screen) ? walkSpoken(screen, view, shown(screen)) : draw(screen, view)).filter(({drawing}) => !drawing),
];
