import {plainText, signOf} from '../../words/glyphs.ts';
import {padded} from '../../words/width.ts';
import {wrapColumns, wrapWhole} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, type Row, row, ruleRow} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';

/** What there is to know of the screen below, and all its keys, from this row on. */
type HelpScreen = {is: 'help'; about?: readonly string[]; bindings: readonly Binding[]; top?: number};
declare module '../screen.ts' {
	interface ScreenByName {
		help: HelpScreen;
	}
}

/** Columns of a key's name, and the longest line beside it. */
const keyWidth = 12;
const longest = 100;

/** A key and what it does, in as many rows as that takes; a key that nothing tells of has none. */
function keyRows({shows, does, help}: Binding, {columns, look}: View): Row[] {
	const key = shows === '' ? help?.key : shows;
	if (key === undefined) return [];
	const says = [does, help?.says ?? ''].filter((part) => part !== '').join(': ');
	return wrapWhole(plainText(says, look), Math.min(longest, columns - keyWidth - 2)).map((line, at) =>
		row(' ', {text: padded(at === 0 ? plainText(key, look) : '', keyWidth), role: 'accent'}, line),
	);
}

function listed({about = [], bindings}: HelpScreen, view: View): Row[] {
	const told = about.flatMap((text) => wrapColumns(plainText(text, view.look), Math.min(longest, view.columns - 2)).map((line) => row(` ${line}`)));
	return [...told, ...(told.length > 0 ? [emptyRow] : []), ...bindings.flatMap((binding) => keyRows(binding, view))];
}

/** The last row that the list may begin with, so that its end is at the end of the screen. */
const lastTop = (count: number, {rows}: View): number => Math.max(0, count - (bodyRows(rows) - 1));

const helpKeys: Keys<HelpScreen> = (screen, view) => {
	const last = lastTop(listed(screen, view).length, view);
	const top = Math.min(screen.top ?? 0, last);
	const scrolled = (by: number) => (): Move => ({to: {...screen, top: Math.max(0, Math.min(last, top + by))}});
	return [
		...(last === 0
			? []
			: [
					{press: ['up', 'k'], shows: signOf('upDown', view.look), does: 'more', act: scrolled(-1)},
					{press: ['down', 'j'], shows: '', does: '', act: scrolled(1)},
					{press: ['pageup'], shows: '', does: '', act: scrolled(1 - bodyRows(view.rows))},
					{press: ['pagedown'], shows: '', does: '', act: scrolled(bodyRows(view.rows) - 1)},
				]),
		{press: ['?', 'escape', 'enter', 'q', 'left'], shows: 'esc', does: 'back', act: () => ({pop: true})},
	];
};

const drawHelp: Draw<HelpScreen> = (screen, view) => {
	const all = listed(screen, view);
	const last = lastTop(all.length, view);
	const top = Math.min(screen.top ?? 0, last);
	const below = last - top;
	return [
		ruleRow(below > 0 ? `${screen.about ? 'help' : 'keys'}, ${below} more below` : screen.about ? 'help' : 'keys', view.columns, view.look),
		...all.slice(top, top + bodyRows(view.rows) - 1),
	];
};

export const help: ScreenSpec<HelpScreen> = {word: 'keys', wordFor: ({about}) => (about ? 'help' : 'keys'), draw: drawHelp, keys: helpKeys};
