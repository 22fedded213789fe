import {signOf} from '../words/glyphs.ts';
import {bodyRows} from './layout.ts';
import {type Row, row} from './row.ts';
import type {Binding, Screen, View} from './screen.ts';

/** Rows that may be more than a screen has, and the first of them that is to be shown. */
type Paged = {all: readonly Row[]; top?: number | undefined};

/** Where the rows begin that are shown, and how many are below them: where not all fit, one row says so. */
function pageOf({all, top = 0}: Paged, {rows}: View): {room: number; from: number; below: number} {
	const most = bodyRows(rows);
	if (all.length <= most) return {room: most, from: 0, below: 0};
	const room = most - 1;
	const from = Math.min(top, all.length - room);
	return {room, from, below: all.length - room - from};
}

/** The rows of this page; the last one says how many are below, or that it is the end. */
export function pageRows(paged: Paged, view: View): Row[] {
	const {all} = paged;
	const {room, from, below} = pageOf(paged, view);
	if (all.length <= room) return [...all];
	const sign = below > 0 ? `${signOf('down', view.look)} ${below} more` : signOf('up', view.look);
	return [...all.slice(from, from + room), row({text: ` ${sign}`, role: 'quiet'})];
}

/** The keys that go through them, where they are more than one page; `at` is the screen at another first row. */
export function pageKeys(paged: Paged, view: View, at: (top: number) => Screen): Binding[] {
	const {room, from, below} = pageOf(paged, view);
	if (paged.all.length <= room) return [];
	return [
		{press: ['pagedown'], shows: 'PgDn', does: 'more', act: () => ({to: at(from + Math.min(below, room))})},
		{press: ['pageup'], shows: '', does: '', help: {key: 'PgUp', says: 'back up'}, act: () => ({to: at(Math.max(0, from - room))})},
	];
}
