import {inOrder} from '../../source/answers/all.ts';
import type {Happening} from '../../source/engine/events.ts';
import {frameOf} from '../../source/faces/ui/frame.ts';
import {type Row, textOf} from '../../source/faces/ui/row.ts';
import type {Screen} from '../../source/faces/ui/screen.ts';
import {mendable, mendsOf} from '../../source/faces/wizard/seen.ts';
import {plainText} from '../../source/faces/words/glyphs.ts';
import {sentenceOf} from '../../source/faces/words/problems.ts';
import {sizes, smallSizes} from './sizes.ts';
import {everyScreen, stateAfter, viewOf, walkSeen} from './states.ts';

/** Screens of the walk, and whether letters are text there. */
const walked: readonly [name: keyof typeof everyScreen, typing: boolean][] = [
	['a choice in the walk', false],
	['a field in the walk', true],
	['the token in the walk', true],
	['overview', false],
	['the plan over a question', false],
];

const look = {colour: false, ascii: false};

const packed = (text: string): string => plainText(text, look).replace(/\s+/g, '');

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
	return walked.flatMap(([name, typing]) => {
		const screen: Screen = everyScreen[name] ?? {is: 'plan'};
		const key = packed(`${typing ? 'ctrl-f' : 'f'} ${fix ?? ''}`);
		return [...sizes, [100, 30] as const, ...smallSizes].flatMap(([columns, rows]) => {
			const text = lettersOf(frameOf(screen, viewOf(state, {columns, rows, look, wizard: {...walkSeen, answers}})));
			const isSmall = columns < 60 || rows < 20;
			// Where there is little room the plan has it, which the screen says.
			const told = packed([sentenceOf(problem), ...(mends ? [] : [problem.advice ?? ''])].join(' '));
			const isTold = text.includes(told) || (isSmall && /tabshowsitwhole|↓\d+more|…/.test(text));
			return [
				...(isTold ? [] : [`${name} at ${columns}x${rows} lacks: ${told}\n${text}`]),
				...(mends && !text.includes(isSmall ? key.slice(0, 20) : key) ? [`${name} at ${columns}x${rows} lacks the key: ${key}\n${text}`] : []),
			];
		});
	});
}
