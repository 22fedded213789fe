import {styleText} from 'node:util';
import {type ColourRole, colours, marks, type TerminalLook} from './glyphs.ts';
import {fitted, type Line} from './lines.ts';

/** A text in the colour of its role, or as it is where there's no colour. */
const coloured = (text: string, role: ColourRole, look: TerminalLook): string =>
	look.colour && text ? styleText(colours[role], text, {validateStream: false}) : text;

/** A line as the text of a terminal this wide, without a line break at its end. */
export function toText(line: Line, columns: number, look: TerminalLook): string {
	const role = line.mark ? marks[line.mark].role : undefined;
	return fitted(line, columns, look)
		.map(({before, marked, rest}) => (before + (role ? coloured(marked, role, look) : marked) + rest).trimEnd())
		.join('\n');
}
