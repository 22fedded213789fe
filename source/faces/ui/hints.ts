import {plainText, type TerminalLook} from '../words/glyphs.ts';
import {displayWidth} from '../words/width.ts';
import {type Row, row, type Span} from './row.ts';
import type {Binding} from './screen.ts';

/** As many first keys as stay whatever the width, besides `?` and the way out. */
const always = 3;

const width = (bindings: readonly Binding[], look: TerminalLook): number =>
	bindings.reduce((sum, {shows, does}) => sum + displayWidth(plainText(`${shows} ${does}`, look)) + 2, 1);

/** The keys that fit into a width: all of them, or the likeliest with `?` and the way out. */
export function fittingKeys(bindings: readonly Binding[], columns: number, look: TerminalLook): readonly Binding[] {
	const kept = bindings.filter(({shows}) => shows !== '');
	while (width(kept, look) > columns) {
		const droppable = kept.findLastIndex((binding, index) => !binding.stays && index >= always);
		const at = droppable >= 0 ? droppable : kept.findLastIndex((binding) => !binding.stays);
		if (at < 0) return kept;
		kept.splice(at, 1);
	}
	return kept;
}

/** The one line of keys. */
export function hintRow(bindings: readonly Binding[], columns: number, look: TerminalLook): Row {
	const spans = fittingKeys(bindings, columns, look).flatMap(({shows, does}): Span[] => [{text: plainText(shows, look), role: 'accent'}, {text: ` ${does}  `}]);
	return row(' ', ...spans);
}
