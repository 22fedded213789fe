import type {AnswerSeen} from '../../../answers/settle.ts';
import {type AnswerKey, markKeys} from '../../../fleet.ts';
import {blockedIn, keyWords} from '../../wizard/seen.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {inLine} from '../../words/run-state.ts';
import {cut, displayWidth, padded} from '../../words/width.ts';
import {wrap} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, type Row, row, windowed} from '../row.ts';
import type {Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';
import {blockedRows, everythingKey, mendKeys, planKeys} from '../wizard/walking.ts';
import {saveScreen} from './save.ts';

/** The review: what will be, where each answer came from, what it costs. Without a focus Enter goes; with one it changes that answer. */
export type OverviewScreen = {is: 'overview'; on?: AnswerKey | 'secret'; top: number};
declare module '../screen.ts' {
	interface ScreenByName {
		overview: OverviewScreen;
	}
}

export const overviewScreen: OverviewScreen = {is: 'overview', top: 0};

type Spot = AnswerKey | 'secret';

const spotsOf = ({wizard}: View): Spot[] => [...(wizard.secret === undefined ? [] : ['secret' as const]), ...wizard.answers.map(({key}) => key)];

function moved(screen: OverviewScreen, view: View, by: number): Move {
	const spots: (Spot | undefined)[] = [undefined, ...spotsOf(view)];
	const at = Math.max(0, spots.indexOf(screen.on));
	const next = spots[Math.min(spots.length - 1, Math.max(0, at + by))];
	return {to: next === undefined ? {is: 'overview', top: 0} : {...screen, on: next}};
}

const entered = ({on}: OverviewScreen): Move => ({wizard: on === undefined ? {do: 'go'} : on === 'secret' ? {do: 'secret'} : {do: 'change', key: on}});

const overviewKeys: Keys<OverviewScreen> = (screen, view) => {
	const {look, wizard} = view;
	const page = Math.max(1, bodyRows(view.rows) - 4);
	const name = view.state.target?.fleet ?? 'mine';
	return [
		{press: ['enter'], shows: signOf('enter', look), does: screen.on === undefined ? 'go' : 'change it', act: () => entered(screen)},
		{press: ['up', 'k'], shows: signOf('upDown', look), does: 'choose an answer', act: () => moved(screen, view, -1)},
		{press: ['down', 'j'], shows: '', does: '', act: () => moved(screen, view, 1)},
		...mendKeys(view),
		{press: ['p'], shows: 'p', does: 'save as preset', act: () => ({push: saveScreen(name)})},
		...planKeys(view, false),
		...everythingKey(view),
		...(wizard.answers.some(({key}) => key === 'idleCount')
			? [{press: ['i'], shows: 'i', does: 'idle workers', act: (): Move => ({wizard: {do: 'change', key: 'idleCount'}})}]
			: []),
		{press: ['r'], shows: 'r', does: 'look again', act: () => ({wizard: {do: 'again'}})},
		...(screen.on === undefined ? [] : [{press: ['escape'], shows: 'esc', does: 'to the go', act: (): Move => ({to: overviewScreen})}]),
		{press: ['left'], shows: signOf('back', look), does: 'back', act: () => ({wizard: {do: 'back'}})},
		{press: ['pageup'], shows: '', does: '', act: () => moved(screen, view, -page)},
		{press: ['pagedown'], shows: '', does: '', act: () => moved(screen, view, page)},
	];
};

/** Columns for the longest word of where an answer came from. */
const sourceWidth = 21;

/** Text with a label in a column of its own; wraps under itself. */
function labelled(label: string, text: string, {columns, look}: View): Row[] {
	const width = 10;
	return wrap(plainText(text, look), Math.min(100, columns - width - 2)).map((line, at) =>
		row(' ', {text: padded(at === 0 ? label : '', width), bold: true}, line),
	);
}

/** Steps that take away what a change leaves behind: there is nothing to make or keep of theirs. */
const ofBefore: ReadonlySet<string> = new Set(['old-manager', 'earlier-rights']);

/** What is made, changed, taken away and kept. */
function changes(view: View): Row[] {
	const {steps} = view.state;
	const acting = new Set(view.wizard.byHand.filter(({makes}) => makes).map(({step}) => step));
	const dot = ` ${signOf('dot', view.look)} `;
	const list = (...sorts: string[]): string =>
		steps
			.filter(({name, finding}) => acting.has(name) && !ofBefore.has(name) && sorts.includes(finding?.is ?? ''))
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

function answerRow(answer: AnswerSeen, focused: boolean, widths: [number, number], {look}: View): Row {
	const why = answer.why === undefined ? answer.source : `${answer.source}: ${answer.why}`;
	const value = cut(plainText(answer.value, look), widths[1], signOf('more', look));
	return row(
		{text: focused ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
		{text: `${padded(keyWords(answer.key), widths[0])}  `, bold: focused},
		padded(value, widths[1]),
		{text: `  (${plainText(why, look)})`, role: answer.source === 'default' ? 'quiet' : undefined},
		...(answer.wrong === undefined ? [] : [{text: `  ${answer.wrong}`, role: 'blocked' as const}]),
	);
}

function heading(view: View): string {
	const {state, wizard} = view;
	const where = state.target ? ` in ${state.target.region}` : '';
	const looking = state.steps.some(({finding}) => finding === undefined) || state.steps.length === 0;
	const bad = blockedIn(state).length;
	if (bad > 0) return `Review: ${bad} ${bad === 1 ? 'thing is' : 'things are'} blocked, so nothing can be made yet`;
	if (looking) return `Review: still looking${where}`;
	return `Review: this is what Enter ${wizard.changes ? 'changes' : 'makes'}${where}`;
}

const drawOverview: Draw<OverviewScreen> = (screen, view) => {
	const {wizard, look, columns, state} = view;
	const head: Row[] = [row(' ', {text: heading(view), bold: true})];
	if (wizard.news) head.push(...wrap(plainText(wizard.news.says, look), columns - 2).map((text) => row(' ', {text, role: wizard.news?.role})));
	const keyWidth = Math.max(0, ...wizard.answers.map(({key}) => displayWidth(keyWords(key))));
	// Beside the value there is room for where it came from.
	const widest = Math.max(0, ...wizard.answers.map(({value}) => displayWidth(value)));
	const widths: [number, number] = [keyWidth, Math.min(40, widest, Math.max(12, columns - keyWidth - 5 - sourceWidth))];
	const fleet = state.target?.fleet;
	const top: Row[] = [
		...blockedIn(state)
			.flatMap((step) => blockedRows(step, view, {columns: columns - 1}))
			.map(({spans}) => row(' ', ...spans)),
		...changes(view),
		...wizard.costs.flatMap((text, at) => labelled(at === 0 ? 'Cost' : '', text, view)),
		...(fleet === undefined ? [] : labelled('Touches', `nothing that doesn't bear ${markKeys.fleet}=${fleet}, but for what you named`, view)),
		emptyRow,
	];
	const secret: Row[] =
		wizard.secret === undefined
			? []
			: [
					row(
						{text: screen.on === 'secret' ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
						{text: `${padded(wizard.secret, keyWidth)}  `, bold: screen.on === 'secret'},
						'given',
					),
				];
	const answers = wizard.answers.map((answer) => answerRow(answer, answer.key === screen.on, widths, view));
	const spots = spotsOf(view);
	const focus = screen.on === undefined ? 0 : top.length + spots.indexOf(screen.on);
	return [...head, ...windowed([...top, ...secret, ...answers], focus, bodyRows(view.rows) - head.length, look)];
};

export const overview: ScreenSpec<OverviewScreen> = {word: 'review', draw: drawOverview, keys: overviewKeys};
