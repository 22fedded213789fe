import {displayWidth, padded, pieces} from './width.ts';

/** Words of a text; what stands between backticks is one word, since a command must survive copying, and so is a time with its unit, `51 s`. */
const wordsOf = (text: string): string[] => text.match(/(?:`[^`]*`|[^\s`]|(?<=\d) (?=[smhd]\b))+|`/g) ?? [];

/** Breaks a text into lines at spaces. A command in backticks and a URL are never broken: they may be wider than the line. Keeps line breaks. */
export function wrap(text: string, columns: number): string[] {
	const lines: string[] = [];
	for (const paragraph of text.split('\n')) {
		let line = '';
		for (const word of wordsOf(paragraph)) {
			if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > columns) {
				lines.push(line);
				line = word;
			} else line = line === '' ? word : `${line} ${word}`;
		}
		lines.push(line);
	}
	return lines;
}

/** The same for a text that is to be read rather than copied: a word that is wider than a line goes on in the next. */
export const wrapWhole = (text: string, columns: number): string[] => wrap(text, columns).flatMap((line) => pieces(line, columns));

/** Columns that text beside a label needs at least: with fewer it stands below. */
const leastRoom = 20;

/** The columns of a line that something else has aligned: words with two spaces or more after them. */
const aligned = /^\s*(?:\S+(?: \S+)* {2,})?/;

/** Breaks a line that is aligned in columns: its last column wraps under itself, and a line that fits keeps all its spaces. */
export function wrapColumns(line: string, columns: number): string[] {
	if (displayWidth(line) <= columns) return [line];
	const lead = aligned.exec(line)?.[0] ?? '';
	const room = columns - displayWidth(lead);
	if (room < leastRoom && lead.trim() !== '') {
		const indent = `${/^ */.exec(lead)?.[0] ?? ''}  `;
		return [lead.trimEnd(), ...wrap(line.slice(lead.length), Math.max(leastRoom, columns - indent.length)).map((text) => indent + text)];
	}
	const [first = '', ...others] = wrap(line.slice(lead.length), Math.max(leastRoom, room));
	return [lead + first, ...others.map((text) => ' '.repeat(displayWidth(lead)) + text)];
}

/** Neighbouring lines of two columns with the second ones below one another, as wide as the longest first: where that leaves the second ones room. */
export function alignedColumns(lines: readonly string[], columns: number): string[] {
	const parted = lines.map((line) => /^( *\S+(?: \S+)*) {2,}(\S.*)$/.exec(line));
	const widths = lines.map(() => 0);
	for (let from = 0, to = 0; from < lines.length; from = to + 1) {
		for (to = from; parted[to]; to += 1);
		const run = parted.slice(from, to);
		widths.fill(Math.max(0, ...run.map((one) => displayWidth(one?.[1] ?? ''))), from, to);
	}
	return lines.map((line, at) => {
		const [, first = '', second = ''] = parted[at] ?? [];
		const width = widths[at] ?? 0;
		return width === 0 || width + 2 + 2 * leastRoom > columns ? line : `${padded(first, width)}  ${second}`;
	});
}
