import {displayWidth} from '../../source/faces/words/width.ts';
import type {ScreenPiece} from '../pty/terminal.ts';

/** A terminal's theme: what it is written on and with, and its own sixteen colours by their numbers. */
export type Theme = {paper: string; ink: string; frame: string; colours: Readonly<Record<number, string>>};

/** Colours by the terminal's numbers: red, green, yellow, magenta, cyan, and bright black for what is quiet. Each is readable on its paper. */
export const themes = {
	light: {paper: '#ffffff', ink: '#1f2328', frame: '#d0d7de', colours: {1: '#b3261e', 2: '#1a7f37', 3: '#8a5a00', 5: '#8250df', 6: '#0b6e8a', 8: '#656d76'}},
	dark: {paper: '#0d1117', ink: '#e6edf3', frame: '#30363d', colours: {1: '#ff7b72', 2: '#3fb950', 3: '#d29922', 5: '#bc8cff', 6: '#39c5cf', 8: '#8b949e'}},
} as const satisfies Record<string, Theme>;

/** Sizes in pixels of one cell, and the room around all of them. */
const cell = {width: 8.4, height: 19} as const;
const margin = 16;
const size = 14;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A number without digits that mean nothing. */
const px = (value: number): string => String(Math.round(value * 10) / 10);

/** The words of a piece, each with the column where it stands: a font whose letters are wider or narrower moves no column. */
function wordsOf({at, text}: ScreenPiece): {at: number; word: string}[] {
	return [...text.matchAll(/\S+(?: \S+)*/g)].map((found) => ({at: at + displayWidth(text.slice(0, found.index)), word: found[0]}));
}

/** A screen as an SVG: text as text, which scales, and can be searched and read aloud. */
export function svgOf(rows: readonly (readonly ScreenPiece[])[], {title, columns, theme}: {title: string; columns: number; theme: Theme}): string {
	const width = columns * cell.width + 2 * margin;
	const height = rows.length * cell.height + 2 * margin;
	const lines = rows.flatMap((pieces, row) =>
		pieces.flatMap((piece) => {
			const fill = piece.colour === undefined ? undefined : theme.colours[piece.colour];
			const style = `${fill === undefined ? '' : ` fill="${fill}"`}${piece.bold ? ' font-weight="bold"' : ''}`;
			return wordsOf(piece).map(({at, word}) => {
				const room = displayWidth(word) * cell.width;
				return `<text x="${px(margin + at * cell.width)}" y="${px(margin + row * cell.height + size)}" textLength="${px(room)}"${style}>${escaped(word)}</text>`;
			});
		}),
	);
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}" role="img" aria-label="${escaped(title)}">`,
		`<title>${escaped(title)}</title>`,
		`<rect x="0.5" y="0.5" width="${px(width - 1)}" height="${px(height - 1)}" rx="8" fill="${theme.paper}" stroke="${theme.frame}"/>`,
		`<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${size}" fill="${theme.ink}" xml:space="preserve">`,
		...lines,
		'</g>',
		'</svg>',
		'',
	].join('\n');
}
