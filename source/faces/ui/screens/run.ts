import {keyWords} from '../../../answers/question.ts';
import {running, size, spent} from '../../../panel/formats.ts';
import {answerOf} from '../../wizard/seen.ts';
import {plainText, signOf, type TerminalLook} from '../../words/glyphs.ts';
import {problemLines, problemTexts} from '../../words/lines.ts';
import {type DownloadSeen, inLine, type RunState, type StageSeen, type StepSeen, stepIn, toGo, waitsForJobs} from '../../words/run-state.ts';
import {demoTime, runWords} from '../../words/sentences.ts';
import {cut, displayWidth, padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {hurryKey} from '../hints.ts';
import {runLayout} from '../layout.ts';
import {lastKept, type Row, row, rowsOf, ruleRow, type Span, wholeElsewhere} from '../row.ts';
import type {Binding, Draw, Help, Keys, Move, ScreenSpec, View} from '../screen.ts';
import {followed, stepRows, timeOf} from '../steps-list.ts';

/** The longest stage's bar, in columns. */
const longestBar = 20;

const lasted = ({from, until}: StageSeen, now: number): number => ((until ?? now) - from) / 1000;

/** The stages of a worker that is tried as bars in proportion to their time, as many beside each other as fit. Times in milliseconds since 1970. */
function waterfall(stages: readonly StageSeen[], now: number, columns: number, look: TerminalLook): Row[] {
	const longest = Math.max(1, ...stages.map((stage) => lasted(stage, now)));
	const bar = signOf('bar', look);
	const pieces = stages.map((stage): Span[] => {
		const bars = bar.repeat(Math.max(1, Math.round((lasted(stage, now) / longest) * Math.min(longestBar, columns / 6))));
		const ends = stage.until === undefined ? signOf('more', look) : '';
		return [
			{text: `${plainText(stage.stage, look)} `},
			{text: bars + ends, role: stage.until === undefined ? 'accent' : 'ready'},
			{text: ` ${running(lasted(stage, now))}   `},
		];
	});
	const rows: Span[][] = [[]];
	let used = 0;
	for (const piece of pieces) {
		const width = piece.reduce((sum, {text}) => sum + displayWidth(text), 0);
		if (used > 0 && used + width - 3 > columns) {
			rows.push([]);
			used = 0;
		}
		rows.at(-1)?.push(...piece);
		used += width;
	}
	return stages.length === 0 ? [] : rows.map((spans) => row(...spans));
}

/** A download as a bar with its share; without a known size, what has come so far. */
function downloadRow({what, bytes, of}: DownloadSeen, columns: number, look: TerminalLook): Row {
	const name = padded(cut(plainText(what, look), Math.floor(columns / 3), signOf('more', look)), Math.min(32, Math.floor(columns / 3)));
	if (of === undefined || of <= 0) return row(`${name}  ${size(bytes)}`);
	const share = Math.min(1, bytes / of);
	const room = Math.max(8, Math.min(30, columns - displayWidth(name) - 28));
	const full = Math.round(share * room);
	return row(
		`${name}  `,
		{text: signOf('bar', look).repeat(full), role: share === 1 ? 'ready' : 'accent'},
		{text: signOf('barEmpty', look).repeat(room - full), role: 'quiet'},
		` ${String(Math.round(share * 100)).padStart(3)} %  ${size(bytes)} of ${size(of)}`,
	);
}

/** Steps side by side, and the details of one of them. Without a focus the details follow what works. */
type RunScreen = {
	is: 'run';
	focus?: string;
	/** Somebody can help it along. `login` is the command that renews the session, where there is one. */
	helped?: {
		login: string | undefined;
		/** Running jobs aren't waited for any more. */
		hurried?: boolean;
	};
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
	const dot = ` ${signOf('dot', look)} `;
	const says = parts.join(dot);
	const pace = `${dot}the demo's ${demoTime}`;
	const time = state.target?.demo && displayWidth(says + pace) + 2 <= columns ? [{text: pace, role: 'quiet' as const}] : [];
	return row(' ', {text: says, bold: true}, ...time);
}

/** What a pause waits for. */
function pausedRows({login}: {login: string | undefined}, {problem}: NonNullable<RunState['paused']>, {columns, look, wizard}: View): Row[] {
	const command = login === undefined ? '' : `L runs \`${login}\`. `;
	const advice = `${command}A login elsewhere is noticed within seconds, and it goes on by itself.`;
	const news = wizard.news ? wrapWhole(plainText(wizard.news.says, look), columns - 4).map((text) => row('   ', {text, role: wizard.news?.role})) : [];
	return [...problemLines({...problem, advice}, 1).flatMap((line) => rowsOf(line, columns, look)), ...news];
}

/** The problem of the focused step, else the last one there was. */
const problemOf = (step: StepSeen | undefined, {problems}: RunState) =>
	problems.find((one) => one.step !== undefined && one.step === step?.name) ?? problems.at(-1);

/** That problem whole; how many others there are. */
function problemRows(step: StepSeen | undefined, {state, columns, look}: View): Row[] {
	const shown = problemOf(step, state);
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
	return [progress(view), ...listed, ...lastKept(problem, problemHeight, wholeElsewhere(view.look)), ...(step && room > 2 ? detailRows(step, room, view) : [])];
};

/** What is in the way, whole. */
function aboutRun(screen: RunScreen, view: View): string[] {
	const {paused} = view.state;
	const problem = paused?.problem ?? problemOf(focusedIn(screen, view), view.state)?.problem;
	return problem ? problemTexts(problem) : [];
}

export const run: ScreenSpec<RunScreen> = {word: 'run', draw: drawRun, keys: runKeys, about: aboutRun, watches: true};
