import {marks, plainText, signOf} from '../../words/glyphs.ts';
import {type Line, problemTexts, sentenceOf, wordWidth} from '../../words/lines.ts';
import {type FindingSeen, inLine, type StepSeen, wordsOf} from '../../words/run-state.ts';
import {countsOf, findingLines} from '../../words/sentences.ts';
import {padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows, isSmall} from '../layout.ts';
import {planCounts} from '../plan-pane.ts';
import {lastKept, markSpan, type Row, row, rowsOf, ruleRow, type Span, wholeElsewhere, windowed} from '../row.ts';
import type {Binding, Draw, Keys, ScreenSpec, View} from '../screen.ts';
import {glyphSpan} from '../steps-list.ts';
import {blockedRows, walkingKeys} from '../wizard/walking.ts';

/** What the checks found, live; the focused finding whole below the list. */
type PlanScreen = {
	is: 'plan';
	focus?: string;
	/** It lies over a question, which `tab` leads back to. */
	over?: true;
};
declare module '../screen.ts' {
	interface ScreenByName {
		plan: PlanScreen;
	}
}

export const planScreen: PlanScreen = {is: 'plan'};

const needsEyes = ({finding}: StepSeen): boolean => finding?.is === 'blocked';

/** Without a focus the first blocked finding is shown, else the last that came. */
const focusedIn = ({focus}: PlanScreen, {state}: View): StepSeen | undefined =>
	state.steps.find(({name}) => name === focus) ??
	state.steps.find(needsEyes) ??
	state.steps.find(({finding}) => finding && finding.is !== 'ready' && finding.is !== 'waiting') ??
	state.steps[0];

function moved(screen: PlanScreen, view: View, by: 1 | -1): PlanScreen {
	const {steps} = view.state;
	const at = steps.findIndex(({name}) => name === focusedIn(screen, view)?.name);
	const next = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
	return next ? {...screen, focus: next.name} : screen;
}

/** Over a question the plan can be mended from, and left. */
const overKeys = (screen: PlanScreen, view: View): Binding[] => {
	if (!screen.over) return [];
	const more = walkingKeys(view, false, focusedIn(screen, view)?.name).filter(({press}) => !press.includes('tab'));
	return [{press: ['tab', 'escape', 'left', 'enter'], shows: 'tab', does: 'back', stays: true, act: () => ({pop: true})}, ...more];
};

const planKeys: Keys<PlanScreen> = (screen, view) => [...overKeys(screen, view), ...listKeys(screen, view)];

const listKeys: Keys<PlanScreen> = (screen, view) =>
	view.state.steps.length < 2
		? []
		: [
				{press: ['up', 'k'], shows: signOf('upDown', view.look), does: 'choose', act: () => ({to: moved(screen, view, -1)})},
				{press: ['down', 'j'], shows: '', does: '', act: () => ({to: moved(screen, view, 1)})},
			];

function findingRow(step: StepSeen, focused: boolean, titleWidth: number, view: View): Row {
	const {look, state} = view;
	const {finding} = step;
	const title: Span = {text: `${padded(plainText(inLine(step.title), look), titleWidth)}  `, bold: focused};
	const pointer: Span = {text: focused ? signOf('focus', look) : ' ', role: 'accent'};
	if (!finding || step.state === 'looking')
		return row(pointer, glyphSpan(step, view), padded(step.state === 'looking' ? 'looking' : 'to look at', wordWidth + 2), title);
	const {word, role} = marks[finding.is];
	const says = finding.is === 'blocked' && finding.problem ? sentenceOf(finding.problem) : wordsOf(finding, state);
	return row(pointer, markSpan(finding.is, look), {text: padded(word, wordWidth + 2), role}, title, plainText(says, look));
}

/** One finding whole: what it is in a line of its own, then what belongs to it; over a question the key that mends it. */
function detailOf({over}: PlanScreen, step: StepSeen, finding: FindingSeen, view: View): Row[] {
	const {state, columns, look} = view;
	if (over && finding.is === 'blocked') return blockedRows(step, view, {columns: columns - 1, about: step.name}).map(({spans}) => row(' ', ...spans));
	const [head, ...more] = findingLines(step, finding, state);
	const mark = head?.mark ?? 'note';
	const lines: Line[] = [{mark, text: `${inLine(step.title)}: ${marks[mark].word}: ${head?.text ?? ''}`}, ...more.map((line) => ({...line, indent: 2}))];
	return lines.flatMap((line) => rowsOf({...line, indent: (line.indent ?? 0) + 1}, columns, look));
}

const drawPlan: Draw<PlanScreen> = (screen, view) => {
	const {state, columns, look} = view;
	const focused = focusedIn(screen, view);
	const titleWidth = Math.max(0, ...state.steps.map(({title}) => title.length));
	const looked = state.steps.filter(({finding, state: is}) => finding && is !== 'looking').length;
	const counts = state.plan ? countsOf(state.plan) : `looked at ${looked} of ${state.steps.length}${signOf('more', look)}`;
	if (state.steps.length === 0) return [row(` Looking at the account${signOf('more', look)}`)];
	const head = wrapWhole(plainText(`Plan: ${counts}`, look), columns - 2).map((text) => row(' ', {text, bold: true}));
	const detail = focused?.finding ? detailOf(screen, focused, focused.finding, view) : [];
	if (isSmall(view) && detail.length > 0)
		return [row(' ', {text: 'Plan  ', bold: true}, ...planCounts(view, true)), ...lastKept(detail, bodyRows(view.rows) - 1, wholeElsewhere(look))];
	const room = bodyRows(view.rows) - head.length;
	// Why something is blocked, and what to do, is worth more than the list.
	const [leastDetail, leastList] = focused && needsEyes(focused) ? [detail.length, 4] : [4, 6];
	const detailHeight = Math.min(detail.length, Math.max(leastDetail, room - state.steps.length - 1), room - leastList);
	const rows = state.steps.map((step) => findingRow(step, step.name === focused?.name, titleWidth, view));
	const list = windowed(
		rows,
		state.steps.findIndex(({name}) => name === focused?.name),
		room - (detailHeight > 0 ? detailHeight + 1 : 0),
		look,
	);
	const below = detailHeight > 0 ? [ruleRow('', columns, look), ...lastKept(detail, detailHeight, wholeElsewhere(look))] : [];
	return [...head, ...list, ...below];
};

/** The focused finding, where it may be longer than there is room for. */
function aboutPlan(screen: PlanScreen, view: View): string[] {
	const {finding, title} = focusedIn(screen, view) ?? {};
	if (!finding || title === undefined) return [];
	return [title, ...(finding.problem ? problemTexts(finding.problem) : [wordsOf(finding, view.state)])];
}

export const plan: ScreenSpec<PlanScreen> = {word: 'plan', draw: drawPlan, keys: planKeys, about: aboutPlan, watches: true};
