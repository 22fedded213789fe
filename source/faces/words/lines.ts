import {styleText} from 'node:util';
import {type ColourRole, colours, glyphOf, type Mark, marks, plainText, type TerminalLook} from './glyphs.ts';
import type {ProblemSeen} from './run-state.ts';
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
type Fitted = {before: string; marked: string; rest: string};

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

/** A text in the colour of its role, or as it is where there's no colour. */
export const coloured = (text: string, role: ColourRole, look: TerminalLook): string =>
	look.colour && text ? styleText(colours[role], text, {validateStream: false}) : text;

/** A line as the text of a terminal this wide, without a line break at its end. */
export function toText(line: Line, columns: number, look: TerminalLook): string {
	const role = line.mark ? marks[line.mark].role : undefined;
	return fitted(line, columns, look)
		.map(({before, marked, rest}) => (before + (role ? coloured(marked, role, look) : marked) + rest).trimEnd())
		.join('\n');
}

/** Whether a code is the service's own, such as `InvalidGroup.Duplicate`; ours are in kebab-case. */
const isForeign = (code: string): boolean => /[A-Z]/.test(code);

/** What happened and why; the service's own code comes last, in brackets, for searching. */
export const sentenceOf = ({code, message}: ProblemSeen): string => (isForeign(code) && !message.includes(code) ? `${message} (${code})` : message);

/** A problem in texts: what happened, and what to do. */
export const problemTexts = (problem: ProblemSeen): string[] => [sentenceOf(problem), ...(problem.advice === undefined ? [] : [problem.advice])];

/** A problem as a block: what happened, then what to do. */
export function problemLines(problem: ProblemSeen, indent = 0, subject?: string): Line[] {
	const what: Line = {mark: 'failed', text: (subject === undefined ? '' : `${subject}: `) + sentenceOf(problem), indent};
	return problem.advice === undefined ? [what] : [what, {text: problem.advice, indent: indent + 2}];
}
