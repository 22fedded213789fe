import {keyWords} from '../../../answers/question.ts';
import {type AnswerSeen, cameFrom} from '../../../answers/walk.ts';
import {type AnswerKey, markKeys} from '../../../fleet.ts';
import {blockedIn} from '../../wizard/seen.ts';
import {type Mark, marks, plainText, signOf} from '../../words/glyphs.ts';
import {inLine} from '../../words/run-state.ts';
import {cut, displayWidth, padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, markSpan, type Row, row, windowed} from '../row.ts';
import type {Binding, Draw, Keys, Move, Press, ScreenSpec, View} from '../screen.ts';
import {blockedRows, everythingKey, mendKeys, planKeys} from '../wizard/walking.ts';
import {weekRows} from '../wizard/week.ts';
import {type Draft, draftOf, draftSpans, typedInto} from './field.ts';
import {saveScreen} from './save.ts';

/**
 * The review: what will be, where each answer came from, what it costs. Without a focus Enter goes; with one it changes that answer. `filter` leaves those
 * answers that have its words; letters go into it while `typing`.
 */
export type OverviewScreen = {is: 'overview'; on?: AnswerKey | 'secret'; top: number; filter?: Draft; typing?: boolean};
declare module '../screen.ts' {
	interface ScreenByName {
		overview: OverviewScreen;
	}
}

export const overviewScreen: OverviewScreen = {is: 'overview', top: 0};

type Spot = AnswerKey | 'secret';

/** The answers that the filter leaves. */
function answersIn({filter}: OverviewScreen, {wizard}: View): readonly AnswerSeen[] {
	const words = (filter?.text ?? '').toLowerCase().split(' ');
	return wizard.answers.filter((answer) => words.every((word) => `${keyWords(answer.key)} ${answer.value} ${cameFrom(answer)}`.toLowerCase().includes(word)));
}

const isFiltered = ({filter}: OverviewScreen): boolean => filter !== undefined;

/** Whether the secret stands among the answers: the filter is about answers. */
const hasSecret = (screen: OverviewScreen, {wizard}: View): boolean => wizard.secret !== undefined && !isFiltered(screen);

const spotsOf = (screen: OverviewScreen, view: View): Spot[] => [
	...(hasSecret(screen, view) ? ['secret' as const] : []),
	...answersIn(screen, view).map(({key}) => key),
];

function moved(screen: OverviewScreen, view: View, by: number): Move {
	const spots: (Spot | undefined)[] = [...(isFiltered(screen) ? [] : [undefined]), ...spotsOf(screen, view)];
	const at = Math.max(0, spots.indexOf(screen.on));
	const next = spots[Math.min(spots.length - 1, Math.max(0, at + by))];
	if (spots.length === 0) return {to: screen};
	return {to: next === undefined ? {is: 'overview', top: 0} : {...screen, on: next}};
}

/** The screen with another filter: the cursor is on the first answer that it leaves. */
function filtered(screen: OverviewScreen, filter: Draft, view: View): OverviewScreen {
	const {on: _on, ...rest} = screen;
	const next: OverviewScreen = {...rest, filter, typing: true};
	const [first] = answersIn(next, view);
	return first ? {...next, on: first.key} : next;
}

function typeFilter(screen: OverviewScreen, press: Press, view: View): Move | undefined {
	const filter = screen.typing ? typedInto(screen.filter ?? draftOf(''), press) : undefined;
	return filter && {to: filtered(screen, filter, view)};
}

/** Enter on nothing agrees, but for where a filter has left nothing. */
const entered = (screen: OverviewScreen): Move => (screen.on === undefined && isFiltered(screen) ? {to: screen} : leading(screen));

const leading = ({on}: OverviewScreen): Move => ({wizard: on === undefined ? {do: 'go'} : on === 'secret' ? {do: 'secret'} : {do: 'change', key: on}});

const overviewKeys: Keys<OverviewScreen> = (screen, view) => {
	const {look, wizard} = view;
	const page = Math.max(1, bodyRows(view.rows) - 4);
	const name = view.state.target?.fleet ?? 'mine';
	const isOn = screen.on !== undefined || isFiltered(screen);
	const choosing: Binding[] = [
		{press: ['up', ...(screen.typing ? [] : ['k'])], shows: signOf('upDown', look), does: 'choose an answer', act: () => moved(screen, view, -1)},
		{press: ['down', ...(screen.typing ? [] : ['j'])], shows: '', does: '', act: () => moved(screen, view, 1)},
	];
	const all: Binding = {press: ['escape'], shows: 'esc', does: isFiltered(screen) ? 'all answers' : 'to the top', act: (): Move => ({to: overviewScreen})};
	if (screen.typing) return [{press: ['enter'], shows: signOf('enter', look), does: 'change it', act: () => entered(screen)}, ...choosing, all];
	return [
		{press: ['enter'], shows: signOf('enter', look), does: isOn ? 'change it' : goWords(view), act: () => entered(screen)},
		...choosing,
		...mendKeys(view),
		{press: ['/'], shows: '/', does: 'filter', act: () => ({to: filtered(screen, draftOf(''), view)})},
		{press: ['p'], shows: 'p', does: 'save as preset', act: () => ({push: saveScreen(name)})},
		...planKeys(view, false),
		...everythingKey(view),
		...(wizard.answers.some(({key}) => key === 'idleCount')
			? [{press: ['i'], shows: 'i', does: 'idle workers', act: (): Move => ({wizard: {do: 'change', key: 'idleCount'}})}]
			: []),
		{press: ['r'], shows: 'r', does: 'look again', act: () => ({wizard: {do: 'again'}})},
		...(isOn ? [all] : leavingKey(view)),
		{press: ['left'], shows: signOf('back', look), does: 'back', act: () => ({wizard: {do: 'back'}})},
		{press: ['pageup'], shows: '', does: '', act: () => moved(screen, view, -page)},
		{press: ['pagedown'], shows: '', does: '', act: () => moved(screen, view, page)},
		{press: ['home', 'g'], shows: '', does: '', help: {key: 'g G', says: 'the top, the last'}, act: () => moved(screen, view, -wizard.answers.length - 2)},
		{press: ['end', 'G'], shows: '', does: '', act: () => moved(screen, view, wizard.answers.length + 2)},
	];
};

/** The way to what comes after, for whoever came from there and changes nothing. */
const leavingKey = ({wizard: {changes, leadsTo}}: View): Binding[] =>
	changes && leadsTo !== undefined ? [{press: ['escape'], shows: 'esc', does: `to ${leadsTo}`, stays: true, act: () => ({wizard: {do: 'leave'}})}] : [];

/** What Enter does to the fleet. */
const goWords = (view: View): string => (isSo(view) ? 'go on' : view.wizard.changes ? 'change the fleet' : 'make it');

/** Whether the fleet stands, and nothing of it is to be made, changed or taken away. */
const isSo = ({state: {steps}, wizard}: View): boolean => wizard.changes && steps.length > 0 && steps.every(({finding}) => finding?.is === 'ready');

/** The review shows so many of the answers at least, where it can. */
const leastAnswers = 10;

/** Columns for where an answer came from: the longest word of it, or the usual one where it is narrow. */
const sourceWidth = (columns: number): number => (columns < 80 ? 11 : 21);

/** Text with a label in a column of its own; wraps under itself. */
function labelled(label: string, text: string, {columns, look}: View, stands = false): Row[] {
	const width = 10;
	return wrapWhole(plainText(text, look), Math.min(100, columns - width - 2)).map((line, at) =>
		row(' ', {text: padded(at === 0 ? label : '', width), bold: true}, {text: line, bold: stands}),
	);
}

/** What is made, changed, taken away and kept: of a step that does nothing by hand nothing is there that could be kept. */
function changes(view: View): Row[] {
	const {steps} = view.state;
	const acting = new Map(view.wizard.byHand.filter(({makes}) => makes).map(({lines, step}) => [step, lines.length > 0]));
	const dot = ` ${signOf('dot', view.look)} `;
	const list = (...sorts: string[]): string =>
		steps
			.filter(({name, finding}) => acting.has(name) && sorts.includes(finding?.is ?? '') && (finding?.is !== 'ready' || acting.get(name)))
			.map(({title}) => inLine(title))
			.join(dot);
	const parts = [
		['Make', list('missing', 'waiting')],
		['Change', list('different')],
		['Remove', list('extra')],
		['Keep', list('ready')],
	] as const;
	return parts.flatMap(([label, text]) => (text === '' ? [] : labelled(label, text, view)));
}

/** What of the focused answer isn't seen in its row: a value or a reason that was cut, and the week of a schedule. */
function detailRows(answer: AnswerSeen, [keyWidth, valueWidth]: [number, number], view: View): Row[] {
	const {columns, look} = view;
	const why = cameFrom(answer);
	const isWhole = displayWidth(answer.value) <= valueWidth && keyWidth + valueWidth + displayWidth(why) + 9 <= columns;
	const whole = isWhole ? [] : wrapWhole(plainText(`${answer.value} (${why})`, look), columns - 6).map((text) => row(`     ${text}`));
	return [...whole, ...(answer.key === 'schedule' ? weekRows(answer.raw, bodyRows(view.rows) - 4, view) : [])];
}

function answerRow(answer: AnswerSeen, focused: boolean, widths: [number, number], {look}: View): Row {
	const why = cameFrom(answer);
	const value = cut(plainText(answer.value, look), widths[1], signOf('more', look));
	return row(
		{text: focused ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
		{text: `${padded(keyWords(answer.key), widths[0])}  `, bold: focused},
		padded(value, widths[1]),
		{text: `  (${plainText(why, look)})`, role: answer.source === 'default' ? 'quiet' : undefined},
		...(answer.wrong === undefined ? [] : [{text: `  ${answer.wrong}`, role: 'blocked' as const}]),
	);
}

/** What is to be known before anything else: whether it can be made now. The one thing here that stands out. */
function heading(view: View): {mark: Mark; text: string} {
	const {state, wizard} = view;
	const where = state.target ? ` in ${state.target.region}` : '';
	const looking = state.steps.some(({finding}) => finding === undefined) || state.steps.length === 0;
	const bad = blockedIn(state).length;
	if (bad > 0) return {mark: 'blocked', text: `Review: ${bad} ${bad === 1 ? 'thing is' : 'things are'} blocked, so nothing can be made yet`};
	if (looking) return {mark: 'waiting', text: `Review: still looking${where}`};
	if (isSo(view)) return {mark: 'ready', text: 'Review: all is as the answers say, Enter changes nothing'};
	return {mark: 'ready', text: `Review: this is what Enter ${wizard.changes ? 'changes' : 'makes'}${where}`};
}

const drawOverview: Draw<OverviewScreen> = (screen, view) => {
	const {wizard, look, columns, state} = view;
	const {mark, text: title} = heading(view);
	const head: Row[] = [row(' ', markSpan(mark, look), {text: title, bold: true, role: marks[mark].role})];
	if (wizard.news) head.push(...wrapWhole(plainText(wizard.news.says, look), columns - 2).map((text) => row(' ', {text, role: wizard.news?.role})));
	const keyWidth = Math.max(0, ...wizard.answers.map(({key}) => displayWidth(keyWords(key))));
	// Beside the value there is room for where it came from.
	const widest = Math.max(0, ...wizard.answers.map(({value}) => displayWidth(value)));
	const widths: [number, number] = [keyWidth, Math.min(40, widest, Math.max(12, columns - keyWidth - 5 - sourceWidth(columns)))];
	const fleet = state.target?.fleet;
	const topWith = (costs: readonly string[]): Row[] => [
		...blockedIn(state)
			.flatMap((step) => blockedRows(step, view, {columns: columns - 1}))
			.map(({spans}) => row(' ', ...spans)),
		...changes(view),
		...costs.flatMap((text, at) => labelled(at === 0 ? 'Cost' : '', text, view, at === 0)),
		...(fleet === undefined ? [] : labelled('Touches', `nothing that doesn't bear ${markKeys.fleet}=${fleet}, but for what you named`, view)),
		emptyRow,
	];
	// The answers are worth more than each part of the cost, which `?` tells too.
	const whole = topWith(wizard.costs);
	const [sum = '', ...parts] = wizard.costs;
	const top = parts.length > 0 && whole.length + leastAnswers > bodyRows(view.rows) ? topWith([`${sum} ? tells what costs how much.`]) : whole;
	const secret: Row[] =
		!hasSecret(screen, view) || wizard.secret === undefined
			? []
			: [
					row(
						{text: screen.on === 'secret' ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
						{text: `${padded(wizard.secret, keyWidth)}  `, bold: screen.on === 'secret'},
						'given',
					),
				];
	const answers = answersIn(screen, view).flatMap((answer) => {
		const isOn = answer.key === screen.on;
		return [answerRow(answer, isOn, widths, view), ...(isOn ? detailRows(answer, widths, view) : [])];
	});
	if (isFiltered(screen)) head.push(row(' / ', ...draftSpans(screen.filter ?? draftOf(''), false, columns - 6, look)));
	const list = isFiltered(screen) ? answers : [...top, ...secret, ...answers];
	const at = screen.on === undefined ? -1 : spotsOf(screen, view).indexOf(screen.on);
	const focus = at < 0 ? 0 : (isFiltered(screen) ? 0 : top.length) + at;
	const none = isFiltered(screen) && answers.length === 0 ? [row('   No answer has these letters. Escape shows all.')] : [];
	return [...head, ...windowed([...list, ...none], focus, bodyRows(view.rows) - head.length, look)];
};

export const overview: ScreenSpec<OverviewScreen> = {
	word: 'review',
	draw: drawOverview,
	keys: overviewKeys,
	type: typeFilter,
	about: (_, {wizard}) => wizard.costs,
	isTyping: ({typing}) => typing === true,
};
