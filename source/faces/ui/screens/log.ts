import {plainText, signOf} from '../../words/glyphs.ts';
import {inLine, stepIn} from '../../words/run-state.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {type Row, row, ruleRow} from '../row.ts';
import type {Draw, Keys, ScreenSpec, View} from '../screen.ts';

/** The log of one step. `top` is the first row shown; without it the newest lines are followed. */
type LogScreen = {is: 'log'; step: string; top?: number};
declare module '../screen.ts' {
	interface ScreenByName {
		log: LogScreen;
	}
}

/** The log's rows: a line that is too long goes on in the next. */
const logRows = ({step}: LogScreen, {state, columns, look}: View): Row[] =>
	stepIn(state, step).log.flatMap((line) => wrapWhole(plainText(line, look), columns - 2).map((text) => row(` ${text}`)));

const pageOf = (view: View): number => bodyRows(view.rows) - 1;

function scrolled(screen: LogScreen, view: View, by: number): LogScreen {
	const last = Math.max(0, logRows(screen, view).length - pageOf(view));
	const top = Math.max(0, (screen.top ?? last) + by);
	return top >= last ? {is: 'log', step: screen.step} : {...screen, top};
}

const logKeys: Keys<LogScreen> = (screen, view) => {
	const {look} = view;
	return [
		{press: ['l', 'left', 'escape', 'q'], shows: signOf('back', look), does: 'back', act: () => ({pop: true})},
		{press: ['up', 'k'], shows: signOf('upDown', look), does: 'scroll', act: () => ({to: scrolled(screen, view, -1)})},
		{press: ['down', 'j'], shows: '', does: '', act: () => ({to: scrolled(screen, view, 1)})},
		{press: ['pageup'], shows: 'pgup/pgdn', does: 'page', act: () => ({to: scrolled(screen, view, -pageOf(view))})},
		{press: ['pagedown', ' '], shows: '', does: '', act: () => ({to: scrolled(screen, view, pageOf(view))})},
		...(screen.top === undefined ? [] : [{press: ['end', 'G'], shows: 'end', does: 'follow', act: () => ({to: {is: 'log' as const, step: screen.step}})}]),
	];
};

const drawLog: Draw<LogScreen> = (screen, view) => {
	const step = stepIn(view.state, screen.step);
	const page = pageOf(view);
	const all = logRows(screen, view);
	const from = screen.top ?? Math.max(0, all.length - page);
	const lines = all.slice(from, from + page);
	const title = `${inLine(step.title)}: the last ${step.log.length} lines${screen.top === undefined ? ', followed' : ''}`;
	return [ruleRow(title, view.columns, view.look), ...(lines.length > 0 ? lines : [row(' No line yet: the tool below has printed nothing.')])];
};

export const log: ScreenSpec<LogScreen> = {word: 'log', draw: drawLog, keys: logKeys, watches: true};
