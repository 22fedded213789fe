import {plainText, signOf, type TerminalLook} from '../../words/glyphs.ts';
import type {RunState} from '../../words/run-state.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {emptyRow, markSpan, type Row, row} from '../row.ts';
import type {Draw, Keys, ScreenSpec} from '../screen.ts';
import {commandRows} from './by-hand.ts';
import {saveScreen} from './save.ts';

/** The end: what now is, and the commands that come next. */
type EndScreen = {is: 'end'; leadsTo?: string | undefined; says: string; next: readonly {command: string; does: string}[]; saves: string | undefined};
declare module '../screen.ts' {
	interface ScreenByName {
		end: EndScreen;
	}
}

const endKeys: Keys<EndScreen> = ({leadsTo, saves}, {look}) => [
	{
		press: ['enter', 'q', 'escape'],
		shows: leadsTo === undefined ? `q ${signOf('enter', look)}` : signOf('enter', look),
		does: leadsTo === undefined ? 'quit' : `to ${leadsTo}`,
		stays: true,
		act: () => ({leave: true}),
	},
	...(saves === undefined ? [] : [{press: ['p'], shows: 'p', does: 'save as preset', act: () => ({push: saveScreen(saves)})}]),
];

/** How the first job ended, where it was waited for. */
function jobRows({job}: RunState, columns: number, look: TerminalLook): Row[] {
	if (job?.status !== 'success' && job?.status !== 'failed') return [];
	const mark = job.status === 'success' ? ('done' as const) : ('failed' as const);
	const says = job.says.charAt(0).toUpperCase() + job.says.slice(1);
	return [
		...wrapWhole(plainText(says, look), columns - 5).map((text, at) => row(' ', at === 0 ? markSpan(mark, look) : '  ', text)),
		...(job.url === undefined ? [] : [row(`   ${job.url}`)]),
	];
}

const drawEnd: Draw<EndScreen> = ({says, next}, {columns, look, wizard, state}) => {
	const lines = wrapWhole(plainText(says, look), columns - 5);
	return [
		...lines.map((text, at) => row(' ', at === 0 ? markSpan('done', look) : '  ', {text, bold: true})),
		...jobRows(state, columns, look),
		...(wizard.news ? [emptyRow, ...wrapWhole(plainText(wizard.news.says, look), columns - 2).map((text) => row(' ', {text, role: wizard.news?.role}))] : []),
		emptyRow,
		row(' What comes next:'),
		...next.flatMap(({command, does}) => [
			...commandRows(plainText(command, look), columns - 4).map((text) => row(`   ${text}`)),
			row({text: `     ${plainText(does, look)}`, role: 'quiet'}),
		]),
		...state.notes
			.slice(-3)
			.flatMap(({says: note}) => [
				emptyRow,
				...wrapWhole(plainText(note, look), columns - 5).map((text, at) => row(at === 0 ? ' ! ' : '   ', {text, role: 'warning' as const})),
			]),
	];
};

export const end: ScreenSpec<EndScreen> = {word: 'done', draw: drawEnd, keys: endKeys};
