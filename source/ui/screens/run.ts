import {type Look, plainText, signOf} from '../../glyphs.ts';
import {running, spent} from '../../telling/durations.ts';
import {problemLines} from '../../telling/problems.ts';
import {inLine, type StepSeen, stepIn, toGo} from '../../telling/run-state.ts';
import {runWords} from '../../telling/sentences.ts';
import {wrap} from '../../telling/wrapping.ts';
import {runLayout} from '../layout.ts';
import {type Row, row, rowsOf, ruleRow} from '../row.ts';
import type {Binding, Draw, Keys, Move, View} from '../screen.ts';
import {followed, stepRows, timeOf} from '../steps-list.ts';
import {downloadRow, waterfall} from '../waterfall.ts';
import {answerOf, keyWords} from '../wizard/seen.ts';

/** Steps side by side, and the details of one of them. Without a focus the details follow what works. */
export type RunScreen = {
	is: 'run';
	focus?: string /** The run has ended with problems, and the person says how to go on. `login` is the command that logs in anew. */;
	over?: {login?: string | undefined};
};

export const runScreen: RunScreen = {is: 'run'};

const focusedIn = ({focus}: RunScreen, {state}: View): StepSeen | undefined =>
	(focus === undefined ? followed(state) : state.steps.find(({name}) => name === focus)) ?? followed(state);

function moved(screen: RunScreen, view: View, by: 1 | -1): RunScreen {
	const {steps} = view.state;
	const at = steps.findIndex(({name}) => name === focusedIn(screen, view)?.name);
	const next = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
	return next ? {...screen, focus: next.name} : screen;
}

/** How to go on after a run with problems. */
function overKeys({over}: RunScreen, step: StepSeen | undefined, look: Look): Binding[] {
	if (!over) return [];
	const key = step?.state === 'failed' ? answerOf[step.name] : undefined;
	return [
		{press: ['r'], shows: 'r', does: 'try again', stays: true, act: () => ({chosen: 'again'})},
		...(over.login === undefined ? [] : [{press: ['L'], shows: 'L', does: `log in: ${over.login}`, act: (): Move => ({chosen: 'login'})}]),
		...(key === undefined ? [] : [{press: ['left'], shows: signOf('back', look), does: `change ${keyWords(key)}`, act: (): Move => ({chosen: {change: key}})}]),
		{press: ['q'], shows: 'q', does: 'leave it so', act: () => ({chosen: 'leave'})},
	];
}

export const runKeys: Keys<RunScreen> = (screen, view) => {
	const step = focusedIn(screen, view);
	const {look} = view;
	return [
		...(step && step.log.length > 0 ? [{press: ['l'], shows: 'l', does: 'whole log', act: () => ({push: {is: 'log' as const, step: step.name}})}] : []),
		...(view.state.steps.length > 1
			? [
					{press: ['up', 'k'], shows: signOf('upDown', look), does: 'choose', act: () => ({to: moved(screen, view, -1)})},
					{press: ['down', 'j'], shows: '', does: '', act: () => ({to: moved(screen, view, 1)})},
				]
			: []),
		...(screen.focus === undefined
			? []
			: [{press: ['escape'], shows: 'esc', does: 'follow', act: () => ({to: screen.over ? {...runScreen, over: screen.over} : runScreen})}]),
		...overKeys(screen, step, look),
	];
};

function progress({state, now, look, columns}: View): Row {
	const {steps, run, from} = state;
	const over = steps.filter(({state: is}) => is === 'done').length;
	if (run) return row(' ', {text: runWords(run), bold: true});
	const parts = [`${over} of ${steps.length} done`];
	if (from !== undefined) parts.push(running((now - from) / 1000));
	const left = toGo(state, now);
	if (left !== undefined) parts.push(`about ${spent(Math.ceil(left / 5) * 5)} to go${columns < 80 ? '' : ', by your earlier runs'}`);
	return row(' ', {text: parts.join(` ${signOf('dot', look)} `), bold: true});
}

/** The problem of the focused step, or the last one there was, whole; how many others there are. */
function problemRows(step: StepSeen | undefined, {state, columns, look}: View): Row[] {
	const shown = state.problems.find((one) => one.step !== undefined && one.step === step?.name) ?? state.problems.at(-1);
	if (!shown) return [];
	const subject = shown.step === undefined ? undefined : inLine(stepIn(state, shown.step).title);
	const rows = problemLines(shown.problem, 1, subject).flatMap((line) => rowsOf(line, columns, look));
	const others = state.problems.length - 1;
	return others === 0 ? rows : [...rows, row({text: `   and ${others} more: ${signOf('upDown', look)} shows a step's`, role: 'quiet'})];
}

/** What is known of one step, the newest lines of its log last; at most `height` rows. */
function detailRows(step: StepSeen, height: number, view: View): Row[] {
	const {columns, look, now} = view;
	const inner = columns - 2;
	const time = timeOf(step, now);
	const usual = step.state === 'working' && step.usual !== undefined ? `, usually about ${spent(step.usual)}` : '';
	const head = ruleRow(`${inLine(step.title)}${time === '' ? '' : `  ${time}${usual}`}`, columns, look);
	const facts = [...waterfall(step.stages, now, inner, look), ...step.downloads.map((download) => downloadRow(download, inner, look))];
	if (step.says !== undefined) facts.push(...wrap(plainText(step.says, look), inner).map((text) => row(text)));
	const room = Math.max(0, height - 1 - facts.length);
	const log = step.log.slice(room === 0 ? step.log.length : -room).map((line) => row({text: plainText(line, look), role: 'quiet'}));
	return [head, ...[...facts, ...log].slice(0, Math.max(0, height - 1)).map(({spans, ...rest}) => ({...rest, spans: [{text: ' '}, ...spans]}))];
}

export const drawRun: Draw<RunScreen> = (screen, view) => {
	const step = focusedIn(screen, view);
	const problem = problemRows(step, view);
	const {list, problem: problemHeight, detail} = runLayout(view.rows, view.state.steps.length, problem.length);
	return [
		progress(view),
		...stepRows(screen.focus, list, view),
		...problem.slice(0, problemHeight),
		...(step && detail > 1 ? detailRows(step, detail, view) : []),
	];
};
