import {problemLines} from '../../words/lines.ts';
import type {ProblemSeen} from '../../words/run-state.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {emptyRow, row, rowsOf} from '../row.ts';
import type {Draw, Keys, ScreenSpec} from '../screen.ts';

/** Something that stands in the way of going on: what, why, what to do. Waits until it is mended. `login` is the command that logs in anew. */
type TroubleScreen = {is: 'trouble'; problem: ProblemSeen; login?: string | undefined; back: boolean};
declare module '../screen.ts' {
	interface ScreenByName {
		trouble: TroubleScreen;
	}
}

const troubleKeys: Keys<TroubleScreen> = ({login, back}) => [
	{press: ['r', 'enter'], shows: 'r', does: 'try again', act: () => ({wizard: {do: 'again'}})},
	...(login === undefined ? [] : [{press: ['L', 'l'], shows: 'L', does: 'log in', act: () => ({wizard: {do: 'login' as const}})}]),
	...(back ? [{press: ['left', 'escape'], shows: 'esc', does: 'back', act: () => ({wizard: {do: 'back' as const}})}] : []),
];

const drawTrouble: Draw<TroubleScreen> = ({problem, login}, {columns, look}) => [
	...wrapWhole('This has to be mended first; nothing is lost.', columns - 2).map((text) => row(' ', {text, bold: true})),
	emptyRow,
	...problemLines(problem, 1).flatMap((line) => rowsOf(line, columns, look)),
	...(login === undefined
		? []
		: [emptyRow, ...rowsOf({text: `L runs \`${login}\` here, then it goes on. A login elsewhere is noticed with r.`, indent: 1}, columns, look)]),
];

export const trouble: ScreenSpec<TroubleScreen> = {word: 'trouble', draw: drawTrouble, keys: troubleKeys};
