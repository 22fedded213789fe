import {cut, cutMiddle, displayWidth, padded} from './width.ts';

/** A column of a table: what it is headed, which side its cells stand at, and what happens when it gets narrow. */
export type Column<Id extends string> = {
	id: Id;
	/** With the unit, where there is one. */
	title: string;
	align: 'left' | 'right';
	/** Columns that it wants. */
	width: number;
	/** Columns that it takes at least; only a column that grows gets less than it wants. */
	least: number;
	/** 0 is never dropped; the others go by the greatest first, then from the right. */
	rank: number;
	/** Takes what is left over. One column of a table does. */
	grows?: boolean;
	/** Where a text that is too long is cut. */
	cuts: 'end' | 'middle';
};

/** Which columns are shown, and how wide each is. */
export type Layout<Id extends string> = readonly {column: Column<Id>; width: number}[];

/** Columns between two of a table's. */
export const gap = 2;

const wide = (columns: readonly Column<string>[]): number =>
	columns.reduce((sum, {grows, least, width}) => sum + (grows ? least : width), 0) + gap * Math.max(0, columns.length - 1);

/** Fits columns into a width: drops by rank, never those of rank 0, then gives the rest to the one that grows. */
export function fit<Id extends string>(columns: readonly Column<Id>[], width: number): Layout<Id> {
	let shown = [...columns];
	while (wide(shown) > width) {
		const greatest = Math.max(...shown.map(({rank}) => rank));
		if (greatest === 0) break;
		const at = shown.findLastIndex(({rank}) => rank === greatest);
		shown = shown.filter((_, index) => index !== at);
	}
	const left = width - wide(shown);
	// With only those left that never go, the ones that grow give way.
	return shown.map((column) => ({column, width: column.grows ? Math.max(4, column.least + left) : column.width}));
}

function cell(text: string, {align, cuts}: Column<string>, width: number, more: string): string {
	const shown = displayWidth(text) <= width ? text : cuts === 'middle' ? cutMiddle(text, width, more) : cut(text, width, more);
	return align === 'right' ? ' '.repeat(Math.max(0, width - displayWidth(shown))) + shown : padded(shown, width);
}

/** The head of a table, aligned like its cells. */
export const headOf = <Id extends string>(layout: Layout<Id>): string[] => layout.map(({column, width}) => cell(column.title, column, width, '…'));

/** One row's texts, cut and padded to their columns; joined by two spaces they make a line. */
export const cellsOf = <Id extends string>(texts: Readonly<Record<Id, string>>, layout: Layout<Id>, more = '…'): string[] =>
	layout.map(({column, width}) => cell(texts[column.id], column, width, more));

/** The rows of a window that holds `height` of them, with the cursor's in it; `top` is where it stood, so that it moves only when it must. */
export function windowOf<Item>(
	rows: readonly Item[],
	cursor: number,
	height: number,
	top = 0,
): {top: number; shown: readonly Item[]; above: number; below: number} {
	const last = Math.max(0, rows.length - height);
	const inside = cursor < top ? cursor : cursor >= top + height ? cursor - height + 1 : top;
	const start = Math.min(last, Math.max(0, inside));
	const shown = rows.slice(start, start + height);
	return {top: start, shown, above: start, below: rows.length - start - shown.length};
}

/** Where the cursor is once rows have come and gone: on its row, else as near as can be. */
export function cursorAfter<Item extends {key: string}>(rows: readonly Item[], key: string | undefined, before: number): number {
	const at = key === undefined ? -1 : rows.findIndex((row) => row.key === key);
	return at >= 0 ? at : Math.max(0, Math.min(before, rows.length - 1));
}
