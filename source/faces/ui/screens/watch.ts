import {running} from '../../../panel/formats.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {emptyRow, row} from '../row.ts';
import type {Draw, Keys, ScreenSpec} from '../screen.ts';

/** Work that goes on by itself and may be left. `from` in milliseconds since 1970. */
type WatchScreen = {is: 'watch'; title: string; from: number};
declare module '../screen.ts' {
	interface ScreenByName {
		watch: WatchScreen;
	}
}

const watchKeys: Keys<WatchScreen> = () => [{press: ['q', 'escape'], shows: 'q', does: 'leave it, nothing stops', stays: true, act: () => ({leave: true})}];

const drawWatch: Draw<WatchScreen> = ({title, from}, {columns, look, now, state}) => {
	const rows = wrapWhole(plainText(title, look), columns - 2).map((text) => row(' ', {text, bold: true}));
	const {document} = state;
	if (typeof document?.value === 'string') {
		const lines = document.value.trimEnd().split('\n');
		rows.push(
			emptyRow,
			row({text: ` ${document.name}`, role: 'quiet'}),
			...lines.map((text) => row({text: `  ${signOf('left', look)} `, role: 'quiet'}, plainText(text, look))),
		);
	}
	rows.push(emptyRow, row(` ${plainText(state.job?.says ?? 'Nothing has been seen yet', look)}, ${running((now - from) / 1000)}`));
	if (state.job?.url !== undefined) rows.push(row(` ${state.job.url}`));
	return rows;
};

export const watch: ScreenSpec<WatchScreen> = {word: 'waiting', draw: drawWatch, keys: watchKeys, watches: true};
