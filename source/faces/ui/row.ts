import {styleText} from 'node:util';
import {type ColourRole, glyphOf, type Mark, marks, plainText, signOf, type TerminalLook} from '../words/glyphs.ts';
import {coloured, fitted, type Line} from '../words/lines.ts';
import {cut, displayWidth, pieces} from '../words/width.ts';

/** A piece of a row in one style. `quiet` is for what can wait, never for the only copy of a fact. */
export type Span = {text: string; role?: ColourRole | undefined; bold?: boolean};

/** One row of the terminal. A row that is only drawing isn't read aloud. */
export type Row = {spans: Span[]; drawing?: true};

export const row = (...spans: (Span | string)[]): Row => ({spans: spans.map((span) => (typeof span === 'string' ? {text: span} : span))});

export const emptyRow: Row = {spans: [], drawing: true};

/** A row's text without its styles. */
export const textOf = ({spans}: Row): string => spans.map(({text}) => text).join('');

/** A row as a terminal takes it: its pieces in their styles, and nothing else that does something to a terminal. */
export const styled = ({spans}: Row, look: TerminalLook): string =>
	spans
		.map(({text, role, bold}) => {
			const clean = text.replaceAll(/\p{Cc}/gu, '');
			const shown = role ? coloured(clean, role, look) : clean;
			return bold && shown && look.colour ? styleText('bold', shown, {validateStream: false}) : shown;
		})
		.join('');

/** A state's glyph in its colour, and a space. */
export const markSpan = (mark: Mark, look: TerminalLook): Span => ({text: `${glyphOf(mark, look)} `, role: marks[mark].role});

/** A row cut to a width by display columns. */
export function cutRow({spans, ...rest}: Row, columns: number, look: TerminalLook): Row {
	const more = signOf('more', look);
	const total = spans.reduce((sum, {text}) => sum + displayWidth(text), 0);
	if (total <= columns) return {spans, ...rest};
	const kept: Span[] = [];
	let left = columns;
	for (const span of spans) {
		const width = displayWidth(span.text);
		// The last piece that fits only in part takes the sign of what was cut; so does one that fits exactly where more follows.
		const text = width < left ? span.text : cut(`${span.text}${' '.repeat(2)}`, left, more);
		kept.push({...span, text});
		left -= displayWidth(text);
		if (left <= 0) break;
	}
	return {spans: kept, ...rest};
}

/** A line as told, as rows of this width: a command that is wider goes on in the next row, since a screen would cut it. */
export const rowsOf = (line: Line, columns: number, look: TerminalLook): Row[] =>
	fitted(line, columns, look).flatMap(({before, marked, rest}) => {
		const from = displayWidth(before + marked);
		const [first = ''] = pieces(rest, columns - from);
		const hang = ' '.repeat(from + (/^ */.exec(rest)?.[0].length ?? 0));
		const more = first === rest ? [] : pieces(rest.slice(first.length), columns - hang.length);
		return [row(before, {text: marked, role: line.mark ? marks[line.mark].role : undefined}, first), ...more.map((text) => row(hang + text))];
	});

/** Text on the left and on the right of one row; the left one is cut first. */
export function apart(left: Span[], right: Span[], columns: number, look: TerminalLook): Row {
	const rightWidth = right.reduce((sum, {text}) => sum + displayWidth(text), 0);
	const cutLeft = cutRow({spans: left}, Math.max(0, columns - rightWidth - 1), look);
	const leftWidth = displayWidth(textOf(cutLeft));
	return {spans: [...cutLeft.spans, {text: ' '.repeat(Math.max(1, columns - leftWidth - rightWidth))}, ...right]};
}

/** A rule across the screen with a title in it. */
export function ruleRow(title: string, columns: number, look: TerminalLook): Row {
	const sign = signOf('rule', look);
	const head = title === '' ? '' : `${sign}${sign} ${plainText(title, look)} `;
	return {
		spans: [
			{text: cut(head, columns, signOf('more', look)), bold: true},
			{text: sign.repeat(Math.max(0, columns - displayWidth(head))), role: 'quiet'},
		],
		...(title === '' ? {drawing: true} : {}),
	};
}

/** Rows of which the last stands, whatever is cut before it; `sign` says in its own row that something was. */
export const lastKept = (rows: Row[], most: number, sign: string): Row[] =>
	rows.length <= most ? rows : [...rows.slice(0, Math.max(0, most - 2)), row(sign), ...rows.slice(-1)];

/** Says that more is told where `?` leads. */
export const wholeElsewhere = (look: TerminalLook): string => `   ${signOf('more', look)} ? tells it whole`;

/** Rows around one that has the focus, and how many more there are each way, in this many rows. */
export function windowed(rows: Row[], focus: number, height: number, look: TerminalLook): Row[] {
	if (rows.length <= height) return rows;
	const room = Math.max(1, height - 2);
	const from = Math.min(Math.max(0, focus - Math.floor(room / 2)), rows.length - room);
	const above = from;
	const below = rows.length - from - room;
	const more = (count: number, sign: 'up' | 'down'): Row => (count > 0 ? row({text: `  ${signOf(sign, look)} ${count} more`, role: 'quiet'}) : emptyRow);
	return [more(above, 'up'), ...rows.slice(from, from + room), more(below, 'down')];
}
