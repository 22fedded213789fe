import {keyWords} from '../../../answers/question.ts';
import {answerOf} from '../../wizard/seen.ts';
import {running, spent} from '../../words/durations.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {problemLines} from '../../words/problems.ts';
import {inLine, type RunState, type StepSeen, stepIn, toGo, waitsForJobs} from '../../words/run-state.ts';
import {runWords} from '../../words/sentences.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {hurryKey} from '../hints.ts';
import {runLayout} from '../layout.ts';
import {type Row, row, rowsOf, ruleRow} from '../row.ts';
import type {Binding, Draw, Help, Keys, Move, ScreenSpec, View} from '../screen.ts';
import {followed, stepRows, timeOf} from '../steps-list.ts';
import {downloadRow, waterfall} from '../waterfall.ts';

/** Steps side by side, and the details of one of them. Without a focus the details follow what works. */
export type RunScreen = {
	is: 'run';
	focus?: string;
	/** Somebody can help it along. `login` is the command that renews the session, where there is one. */
	helped?: {login: string | undefined /** Running jobs aren't waited for any more. */; hurried?: boolean};
};
declare module '../screen.ts' {
	interface ScreenByName {
		run: RunScreen;
	}
}

export const runScreen: RunScreen = {is: 'run'};

const focusedIn = ({focus}: RunScreen, {state}: View): StepSeen | undefined =>
	(focus === undefined ? followed(state) : state.steps.find(({name}) => name === focus)) ?? followed(state);

function moved(screen: RunScreen, view: View, by: 1 | -1): RunScreen {
	const {steps} = view.state;
	const at = steps.findIndex(({name}) => name === focusedIn(screen, view)?.name);
	const next = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
	return next ? {...screen, focus: next.name} : screen;
}

/** The failed step that keys are about: the focused one, else the one that failed last. */
function troubled(screen: RunScreen, view: View): StepSeen | undefined {
	const focused = focusedIn(screen, view);
	if (focused?.state === 'failed') return focused;
	const last = view.state.problems.findLast(({step}) => step !== undefined && stepIn(view.state, step).state === 'failed')?.step;
	return last === undefined ? undefined : stepIn(view.state, last);
}

/** Whether nothing works any more, and nothing is going to without help. */
const isIdle = ({state}: View): boolean =>
	state.steps.every(
		(step) =>
			step.state !== 'working' && (step.state !== 'pending' || step.needs.some((name) => state.steps.some((one) => one.name === name && one.state !== 'done'))),
	);

const helping =
	(help: Help): (() => Move) =>
	() => ({help});

/** A session that has expired is renewed here, or was elsewhere. */
const pausedKeys = (login: string | undefined): Binding[] => [
	...(login === undefined ? [] : [{press: ['L'], shows: 'L', does: 'log in', stays: true as const, act: helping('login')}]),
	{press: ['r'], shows: 'r', does: 'look again now', act: helping('look')},
];

/** How to go on where a step failed: while the rest goes on, that step; once nothing does, all of it. */
function failedKeys(screen: RunScreen, view: View): Binding[] {
	const step = troubled(screen, view);
	if (!step) return [];
	const key = view.state.doing === 'remove' ? undefined : answerOf(step.name);
	const idle = isIdle(view);
	return [
		{press: ['r'], shows: 'r', does: idle ? 'try again' : `try ${inLine(step.title)} again`, stays: true, act: helping(idle ? 'again' : {retry: step.name})},
		...(key === undefined ? [] : [{press: ['left'], shows: signOf('back', view.look), does: `change ${keyWords(key)}`, act: helping({change: key})}]),
		...(idle ? [{press: ['q'], shows: 'q', does: 'leave it so', act: helping('leave')}] : []),
	];
}

const helpKeys = (screen: RunScreen, view: View): Binding[] => {
	const {helped} = screen;
	if (!helped || view.stops > 0 || view.state.run) return [];
	if (view.state.paused) return pausedKeys(helped.login);
	return [...(waitsForJobs(view.state) && !helped.hurried ? [hurryKey({help: 'hurry'})] : []), ...failedKeys(screen, view)];
};

const runKeys: Keys<RunScreen> = (screen, view) => {
	const step = focusedIn(screen, view);
	const {look} = view;
	return [
		...helpKeys(screen, view),
		...(step && step.log.length > 0 ? [{press: ['l'], shows: 'l', does: 'whole log', act: () => ({push: {is: 'log' as const, step: step.name}})}] : []),
		...(view.state.steps.length > 1
			? [
					{press: ['up', 'k'], shows: signOf('upDown', look), does: 'choose', act: () => ({to: moved(screen, view, -1)})},
					{press: ['down', 'j'], shows: '', does: '', act: () => ({to: moved(screen, view, 1)})},
				]
			: []),
		...(screen.focus === undefined
			? []
			: [{press: ['escape'], shows: 'esc', does: 'follow', act: () => ({to: screen.helped ? {...runScreen, helped: screen.helped} : runScreen})}]),
	];
};

function progress({state, now, look, columns}: View): Row {
	const {steps, run, from, paused} = state;
	const over = steps.filter(({state: is}) => is === 'done').length;
	if (run) return row(' ', {text: runWords(run), bold: true});
	if (paused)
		return row(' ', {
			text: `Paused, ${running((now - paused.from) / 1000)}: ${over} of ${steps.length} done, and what stands is kept`,
			bold: true,
			role: 'warning',
		});
	const parts = [`${over} of ${steps.length} done`];
	if (from !== undefined) parts.push(running((now - from) / 1000));
	const left = toGo(state, now);
	if (left !== undefined) parts.push(`about ${spent(Math.ceil(left / 5) * 5)} to go${columns < 80 ? '' : ', by your earlier runs'}`);
	return row(' ', {text: parts.join(` ${signOf('dot', look)} `), bold: true});
}

/** What a pause waits for. */
function pausedRows({login}: {login: string | undefined}, {problem}: NonNullable<RunState['paused']>, {columns, look, wizard}: View): Row[] {
	const command = login === undefined ? '' : `L runs \`${login}\`. `;
	const advice = `${command}A login elsewhere is noticed within seconds, and it goes on by itself.`;
	const news = wizard.news ? wrapWhole(plainText(wizard.news.says, look), columns - 4).map((text) => row('   ', {text, role: wizard.news?.role})) : [];
	return [...problemLines({...problem, advice}, 1).flatMap((line) => rowsOf(line, columns, look)), ...news];
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
	if (step.says !== undefined) facts.push(...wrapWhole(plainText(step.says, look), inner).map((text) => row(text)));
	const room = Math.max(0, height - 1 - facts.length);
	const log = step.log.slice(room === 0 ? step.log.length : -room).map((line) => row({text: plainText(line, look), role: 'quiet'}));
	return [head, ...[...facts, ...log].slice(0, Math.max(0, height - 1)).map(({spans, ...rest}) => ({...rest, spans: [{text: ' '}, ...spans]}))];
}

const drawRun: Draw<RunScreen> = (screen, view) => {
	const step = focusedIn(screen, view);
	const {paused} = view.state;
	const problem = paused ? pausedRows(screen.helped ?? {login: undefined}, paused, view) : problemRows(step, view);
	const {list, problem: problemHeight, detail} = runLayout(view.rows, view.state.steps.length, problem.length);
	const listed = stepRows(screen.focus, list, view);
	// What a list in short leaves blank is worth more to the step at work.
	const room = detail + list - listed.length;
	return [progress(view), ...listed, ...problem.slice(0, problemHeight), ...(step && room > 2 ? detailRows(step, room, view) : [])];
};

export const run: ScreenSpec<RunScreen> = {word: 'run', draw: drawRun, keys: runKeys, watches: true};
