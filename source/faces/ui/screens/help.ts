import {plainText} from '../../words/glyphs.ts';
import {padded} from '../../words/width.ts';
import {row, ruleRow} from '../row.ts';
import type {Binding, Draw, Keys, ScreenSpec} from '../screen.ts';

/** All keys of the screen below. */
export type HelpScreen = {is: 'help'; bindings: readonly Binding[]};
declare module '../screen.ts' {
	interface ScreenByName {
		help: HelpScreen;
	}
}

const helpKeys: Keys<HelpScreen> = () => [{press: ['?', 'escape', 'enter', 'q', 'left'], shows: 'esc', does: 'back', act: () => ({pop: true})}];

const drawHelp: Draw<HelpScreen> = ({bindings}, {columns, look}) => [
	ruleRow('keys', columns, look),
	...bindings.filter(({shows}) => shows !== '').map(({shows, does}) => row(' ', {text: padded(plainText(shows, look), 12), role: 'accent'}, does)),
];

export const help: ScreenSpec<HelpScreen> = {word: 'keys', draw: drawHelp, keys: helpKeys, watches: true};
