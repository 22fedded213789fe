import {plainText} from '../../words/glyphs.ts';
import {problemLines} from '../../words/lines.ts';
import type {ProblemSeen} from '../../words/run-state.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {pageKeys, pageRows} from '../layout.ts';
import {emptyRow, type Row, row, rowsOf} from '../row.ts';
import type {Draw, Keys, ScreenSpec, View} from '../screen.ts';

/** Something that stands in the way of going on: what, why, what to do. Waits until it is mended. `login` is the command that logs in anew, `top` the first row shown. */
type TroubleScreen = {is: 'trouble'; problem: ProblemSeen; login?: string | undefined; back: boolean; top?: number};
declare module '../screen.ts' {
	interface ScreenByName {
		trouble: TroubleScreen;
	}
}

const troubleKeys: Keys<TroubleScreen> = (screen, view) => {
	const {login, back, top} = screen;
	return [
		{press: ['r', 'enter'], shows: 'r', does: 'try again', act: () => ({wizard: {do: 'again'}})},
		...(login === undefined ? [] : [{press: ['L', 'l'], shows: 'L', does: 'log in', act: () => ({wizard: {do: 'login' as const}})}]),
		...(back ? [{press: ['left', 'escape'], shows: 'esc', does: 'back', act: () => ({wizard: {do: 'back' as const}})}] : []),
		...pageKeys({all: troubleRows(screen, view), top}, view, (at) => ({...screen, top: at})),
	];
};

const troubleRows = ({problem, login}: TroubleScreen, {columns, look, wizard: {news}}: View): Row[] => [
	...wrapWhole('This has to be mended first; nothing is lost.', columns - 2).map((text) => row(' ', {text, bold: true})),
	emptyRow,
	...problemLines(problem, 1).flatMap((line) => rowsOf(line, columns, look)),
	...(login === undefined
		? []
		: [emptyRow, ...rowsOf({text: `L runs \`${login}\` here, then it goes on. A login elsewhere is noticed with r.`, indent: 1}, columns, look)]),
	...(news ? [emptyRow, ...wrapWhole(plainText(news.says, look), columns - 2).map((text) => row(' ', {text, role: news.role}))] : []),
];

const drawTrouble: Draw<TroubleScreen> = (screen, view) => pageRows({all: troubleRows(screen, view), top: screen.top}, view);

export const trouble: ScreenSpec<TroubleScreen> = {word: 'trouble', draw: drawTrouble, keys: troubleKeys};
