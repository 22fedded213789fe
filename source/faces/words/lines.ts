import {glyphOf, type Mark, marks, plainText, type TerminalLook} from './glyphs.ts';
import {displayWidth, padded} from './width.ts';
import {wrap} from './wrapping.ts';

/** One line as told, before it's fitted to a terminal. */
export type Line = {
	/** A state's glyph before the text. */
	mark?: Mark;
	/** The state's word, in a column of its own. */
	word?: string;
	/** What the line is about, in a column of `subjectWidth`. */
	subject?: string;
	subjectWidth?: number;
	text: string;
	/** In columns. */
	indent?: number;
	/** A command, a URL or another's output: printed as it stands, never wrapped. */
	verbatim?: boolean;
};

/** Wide enough for every state's word. */
export const wordWidth = Math.max(...Object.values(marks).map(({word}) => word.length));

/** Narrower than this beside its columns, a text goes below them. */
const leastText = 24;

/** A piece of a fitted line: the part that takes the state's colour stands apart. */
export type Fitted = {before: string; marked: string; rest: string};

/** Long text stops here, however wide the terminal is. */
export const longest = 100;

/** Fits a line into a width: wraps under its own text, puts the text below its columns where it is too narrow beside them. */
export function fitted(line: Line, columns: number, look: TerminalLook): Fitted[] {
	const indent = ' '.repeat(line.indent ?? 0);
	const text = plainText(line.text, look);
	const glyph = line.mark ? `${glyphOf(line.mark, look)} ` : '';
	const word = line.word === undefined ? '' : line.subject === undefined ? `${line.word}  ` : padded(line.word, wordWidth + 2);
	const subject = line.subject === undefined ? '' : `${padded(plainText(line.subject, look), line.subjectWidth ?? 0)}  `;
	const marked = glyph + word;
	const left = displayWidth(indent + marked + subject);
	if (line.verbatim)
		return text
			.split('\n')
			.map((one, index) => (index === 0 ? {before: indent, marked, rest: subject + one} : {before: '', marked: '', rest: ' '.repeat(left) + one}));
	const room = Math.min(columns, left + longest) - left;
	const below = room < Math.min(leastText, displayWidth(text)) || (subject !== '' && wrap(text, room).some((one) => displayWidth(one) > room));
	const hang = ' '.repeat(below ? displayWidth(indent) + 4 : left);
	const wrapped = wrap(text, Math.max(10, below ? columns - hang.length : room));
	const [first = '', ...others] = below ? [subject.trimEnd(), ...wrapped] : [subject + (wrapped[0] ?? ''), ...wrapped.slice(1)];
	return [{before: indent, marked, rest: first}, ...others.map((rest) => ({before: '', marked: '', rest: hang + rest}))];
}
