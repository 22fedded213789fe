import {inOrder} from '../../source/answers/all.ts';
import type {Happening} from '../../source/engine/events.ts';
import {frameOf} from '../../source/faces/ui/frame.ts';
import {shown} from '../../source/faces/ui/keys.ts';
import {type Row, textOf} from '../../source/faces/ui/row.ts';
import type {Screen, View} from '../../source/faces/ui/screen.ts';
import {mendable, mendsOf} from '../../source/faces/wizard/seen.ts';
import {plainText} from '../../source/faces/words/glyphs.ts';
import {sentenceOf} from '../../source/faces/words/lines.ts';
import {sizes, smallSizes} from './sizes.ts';
import {everyScreen, stateAfter, viewOf, walkSeen} from './states.ts';

/** Screens of the walk, and the key by which what is blocked is mended there. */
const walked: readonly [name: keyof typeof everyScreen, press: string][] = [
	['a choice in the walk', 'f'],
	['a field in the walk', 'ctrl-f'],
	['the token in the walk', 'ctrl-f'],
	['overview', 'f'],
	['the plan over a question', 'f'],
];

/** A plan beside which nothing is asked: its words say what would mend it. A run where the same is found too late, and what the panel's key would have done: what to do. */
const others = ['plan', 'run', 'panel-act'] as const;

const look = {colour: false, ascii: false};

const packed = (text: string): string => plainText(text, look).replace(/\s+/g, '');

/** Whether a text has no room beside all else: in a small terminal, and where it would fill a quarter of one. Its end is elsewhere then, as the screen says. */
const isTight = (told: string, columns: number, rows: number): boolean => columns < 60 || rows < 20 || told.length > (columns * rows) / 4;

/** Whether `?`, which the screen names, tells it whole. */
const isHelped = (screen: Screen, view: View, told: string): boolean =>
	lettersOf(frameOf(screen, view)).includes('?tellsitwhole') && packed(shown(screen).about?.(screen, view).join(' ') ?? '').includes(told);

/** A frame's letters, wherever its lines break. Beside a pane of its own a line is cut into two columns: only the pane is read. */
const lettersOf = (rows: readonly Row[]): string => packed(rows.map((row) => textOf(row).replace(/^.*│ /, '')).join(' '));

const answers = inOrder.map(({id}) => ({key: id, value: 'as it is', raw: 'as it is', source: 'default' as const}));

/** Where the first blocked finding of a plan isn't told with its whole reason and the key that mends it, or else with what to do: a screen and a size each. */
export function untoldOnScreens(events: readonly Happening[]): string[] {
	const state = stateAfter(events.filter(({event}) => event !== 'run.started').map((event) => [0, event]));
	const step = mendable(state) ?? state.steps.find(({finding}) => finding?.is === 'blocked');
	const {finding} = step ?? {};
	if (!finding?.problem) return ['nothing is blocked'];
	const {problem, fix} = finding;
	const mends = mendsOf(finding) !== undefined;
	const every = [...sizes, [100, 30] as const, ...smallSizes];
	const untold = others.flatMap((name) => {
		const screen: Screen = name === 'panel-act' ? {is: name, act: {do: 'undo'}, problem} : {is: name};
		const failed: Happening = {event: 'step.failed', step: step?.name ?? '', problem, seconds: 1};
		const seen = name === 'run' ? stateAfter([...events.map((event) => [0, event] as const), [0, failed]]) : state;
		const told = packed([sentenceOf(problem), problem.advice ?? ''].join(' '));
		return every.flatMap(([columns, rows]) => {
			const view = viewOf(seen, {columns, rows, look});
			const text = lettersOf(frameOf(screen, view));
			return text.includes(told) || (isTight(told, columns, rows) && (/↓\d+more/.test(text) || isHelped(screen, view, told)))
				? []
				: [`${name} at ${columns}x${rows} lacks: ${told}\n${text}`];
		});
	});
	const untoldInWalk = walked.flatMap(([name, press]) => {
		const screen: Screen = everyScreen[name] ?? {is: 'plan'};
		const key = packed(`${press} ${fix ?? ''}`);
		return every.flatMap(([columns, rows]) => {
			const view = viewOf(state, {columns, rows, look, wizard: {...walkSeen, answers}});
			const text = lettersOf(frameOf(screen, view));
			const isSmall = columns < 60 || rows < 20;
			// Where there is little room the plan has it, which the screen says.
			const told = packed([sentenceOf(problem), ...(mends ? [] : [problem.advice ?? ''])].join(' '));
			const isTold = text.includes(told) || (isTight(told, columns, rows) && (/tabshowsitwhole|↓\d+more/.test(text) || isHelped(screen, view, told)));
			return [
				...(isTold ? [] : [`${name} at ${columns}x${rows} lacks: ${told}\n${text}`]),
				...(mends && !text.includes(isSmall ? key.slice(0, 20) : key) ? [`${name} at ${columns}x${rows} lacks the key: ${key}\n${text}`] : []),
			];
		});
	});
	return [...untoldInWalk, ...untold];
}
