import {running, size} from '../words/durations.ts';
import {plainText, signOf, type TerminalLook} from '../words/glyphs.ts';
import type {DownloadSeen, StageSeen} from '../words/run-state.ts';
import {cut, displayWidth, padded} from '../words/width.ts';
import {type Row, row, type Span} from './row.ts';

/** The longest stage's bar, in columns. */
const longestBar = 20;

const lasted = ({from, until}: StageSeen, now: number): number => ((until ?? now) - from) / 1000;

/** The stages of a worker that is tried as bars in proportion to their time, as many beside each other as fit. Times in milliseconds since 1970. */
export function waterfall(stages: readonly StageSeen[], now: number, columns: number, look: TerminalLook): Row[] {
	const longest = Math.max(1, ...stages.map((stage) => lasted(stage, now)));
	const bar = signOf('bar', look);
	const pieces = stages.map((stage): Span[] => {
		const bars = bar.repeat(Math.max(1, Math.round((lasted(stage, now) / longest) * Math.min(longestBar, columns / 6))));
		const ends = stage.until === undefined ? signOf('more', look) : '';
		return [
			{text: `${plainText(stage.stage, look)} `},
			{text: bars + ends, role: stage.until === undefined ? 'accent' : 'ready'},
			{text: ` ${running(lasted(stage, now))}   `},
		];
	});
	const rows: Span[][] = [[]];
	let used = 0;
	for (const piece of pieces) {
		const width = piece.reduce((sum, {text}) => sum + displayWidth(text), 0);
		if (used > 0 && used + width - 3 > columns) {
			rows.push([]);
			used = 0;
		}
		rows.at(-1)?.push(...piece);
		used += width;
	}
	return stages.length === 0 ? [] : rows.map((spans) => row(...spans));
}

/** A download as a bar with its share; without a known size, what has come so far. */
export function downloadRow({what, bytes, of}: DownloadSeen, columns: number, look: TerminalLook): Row {
	const name = padded(cut(plainText(what, look), Math.floor(columns / 3), signOf('more', look)), Math.min(32, Math.floor(columns / 3)));
	if (of === undefined || of <= 0) return row(`${name}  ${size(bytes)}`);
	const share = Math.min(1, bytes / of);
	const room = Math.max(8, Math.min(30, columns - displayWidth(name) - 28));
	const full = Math.round(share * room);
	return row(
		`${name}  `,
		{text: signOf('bar', look).repeat(full), role: share === 1 ? 'ready' : 'accent'},
		{text: signOf('barEmpty', look).repeat(room - full), role: 'quiet'},
		` ${String(Math.round(share * 100)).padStart(3)} %  ${size(bytes)} of ${size(of)}`,
	);
}
