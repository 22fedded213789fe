import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter('en', {granularity: 'grapheme'});
const signs = '·–—‘’“”…‹›←-↓→↵─│┬┴┌┐└┘├┤▁-█░▏✔✖⠀-⣿•';
/** ASCII, and the signs that we draw with: each takes one column. */
const narrow = new RegExp(`^[ -~${signs}]*$`);

/** How many columns a text takes: east Asian letters and emoji take two. Plain text, which nearly all is, is counted at once. */
export const displayWidth = (text: string): number => (narrow.test(text) ? text.length : stringWidth(text));

/** The same text, at least this wide. */
export const padded = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - displayWidth(text)));

/** As many whole letters of these as fit. */
function fitting(segments: Iterable<string>, columns: number): string[] {
	const kept: string[] = [];
	let width = 0;
	for (const segment of segments) {
		width += displayWidth(segment);
		if (width > columns) break;
		kept.push(segment);
	}
	return kept;
}

const letters = (text: string): string[] => [...segmenter.segment(text)].map(({segment}) => segment);

/** As many letters from a text's beginning as fit; of plain text each takes one column. */
const beginning = (text: string, columns: number): string =>
	narrow.test(text) ? text.slice(0, Math.max(0, columns)) : fitting(letters(text), columns).join('');

/** The same from its end. */
const ending = (text: string, columns: number): string =>
	narrow.test(text) ? text.slice(Math.max(0, text.length - columns)) : fitting(letters(text).reverse(), columns).reverse().join('');

/** Cuts at the end by display width; the sign of what was cut is part of the width. */
export function cut(text: string, columns: number, more = '…'): string {
	if (displayWidth(text) <= columns) return text;
	return columns > 0 ? beginning(text, columns - displayWidth(more)) + more : '';
}

/** A text in pieces of at most this width. */
export function pieces(text: string, columns: number): string[] {
	if (displayWidth(text) <= columns) return [text];
	const all = [''];
	for (const {segment} of segmenter.segment(text)) {
		const last = all.length - 1;
		if (displayWidth(`${all[last]}${segment}`) > columns) all.push(segment);
		else all[last] += segment;
	}
	return all;
}

/** Cuts an id in its middle, so that both ends show. */
export function cutMiddle(text: string, columns: number, more = '…'): string {
	if (displayWidth(text) <= columns) return text;
	const room = Math.max(0, columns - displayWidth(more));
	const tail = Math.floor(room / 2);
	return beginning(text, room - tail) + more + ending(text, tail);
}
