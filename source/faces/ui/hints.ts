import {plainText, type TerminalLook} from '../words/glyphs.ts';
import {displayWidth} from '../words/width.ts';
import {type Row, row, type Span} from './row.ts';
import type {Binding, Move} from './screen.ts';

/** As many first keys as stay whatever the width, besides `?` and the way out. */
const always = 3;

const width = (bindings: readonly Binding[], look: TerminalLook): number =>
	bindings.reduce((sum, {shows, does}) => sum + displayWidth(plainText(`${shows} ${does}`, look)) + 2, -1);

/** The key that ends running jobs while they are waited for: a capital, since what it ends is lost. */
export const hurryKey = (move: Move): Binding => ({
	press: ['N'],
	shows: 'N',
	does: 'end jobs now',
	stays: true,
	help: {says: "don't wait for running jobs: they fail"},
	act: () => move,
});

/** A key without what its words add behind a comma. */
const brief = (binding: Binding): Binding => ({...binding, does: binding.does.replace(/, .*/, '')});

/** The keys that fit into a width: all of them, else in fewer words, else the likeliest with `?` and the way out. */
export function fittingKeys(bindings: readonly Binding[], columns: number, look: TerminalLook): readonly Binding[] {
	const whole = bindings.filter(({shows}) => shows !== '');
	const kept = width(whole, look) > columns ? whole.map(brief) : whole;
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
	const spans = fittingKeys(bindings, columns, look).flatMap(({shows, does}, at): Span[] => [
		{text: `${at === 0 ? ' ' : '  '}${plainText(shows, look)}`, role: 'accent'},
		{text: ` ${does}`},
	]);
	return row(...spans);
}
