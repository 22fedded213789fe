import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter('en', {granularity: 'grapheme'});
/** ASCII, and the signs that we draw with: each takes one column. */
const narrow = /^[ -~·–—‘’“”…‹›←-↓→↵─│┬┴┌┐└┘├┤▁-█░▏✔✖⠀-⣿•]*$/;

/** How many columns a text takes: east Asian letters and emoji take two. Plain text, which nearly all is, is counted at once. */
export const displayWidth = (text: string): number => (narrow.test(text) ? text.length : stringWidth(text));

/** The same text, at least this wide. */
export const padded = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - displayWidth(text)));

/** Cuts at the end by display width; the sign of what was cut is part of the width. */
export function cut(text: string, columns: number, more = '…'): string {
	if (displayWidth(text) <= columns) return text;
	let kept = '';
	let width = displayWidth(more);
	for (const {segment} of segmenter.segment(text)) {
		width += displayWidth(segment);
		if (width > columns) break;
		kept += segment;
	}
	return columns > 0 ? kept + more : '';
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
	return text.slice(0, room - tail) + more + (tail > 0 ? text.slice(-tail) : '');
}
