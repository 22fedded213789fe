const segmenter = new Intl.Segmenter('en', {granularity: 'grapheme'});
const wide =
	/^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u;
const ascii = /^[ -~]*$/;

/** How many columns a text takes: east Asian letters and emoji take two. */
export function displayWidth(text: string): number {
	if (ascii.test(text)) return text.length;
	let width = 0;
	for (const {segment} of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
	return width;
}

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

/** Cuts an id in its middle, so that both ends show. */
export function cutMiddle(text: string, columns: number, more = '…'): string {
	if (displayWidth(text) <= columns) return text;
	const room = Math.max(0, columns - displayWidth(more));
	const tail = Math.floor(room / 2);
	return text.slice(0, room - tail) + more + (tail > 0 ? text.slice(-tail) : '');
}
