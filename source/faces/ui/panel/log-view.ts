import {age, many} from '../../../panel/formats.ts';
import type {Entry} from '../../../panel/journal/rule.ts';
import {ageOf} from '../../../panel/seen.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {logText} from '../../words/log-text.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {type Row, row, ruleRow, type Span} from '../row.ts';
import type {Binding, Move, View} from '../screen.ts';
import {filterWords} from './head.ts';
import {wordsIn} from './listing.ts';
import type {PanelScreen} from './screen.ts';
import type {PanelSeen} from './seen.ts';

/** Columns before a line's text: the pointer, the time of day, a space. */
const before = 10;

/** Log lines that the filter leaves. */
function logLines(screen: PanelScreen, {snapshot}: PanelSeen): readonly Entry[] {
	const words = wordsIn(screen.filter.text);
	return words.length === 0 ? snapshot.log : snapshot.log.filter(({message}) => words.every((word) => message.toLowerCase().includes(word)));
}

/** Where an entry is, or what came next where it is no longer kept. */
function placeOf(lines: readonly Entry[], entry: Entry): number {
	const at = lines.indexOf(entry);
	const later = at >= 0 ? at : lines.findIndex((one) => one.at >= entry.at);
	return later >= 0 ? later : Math.max(0, lines.length - 1);
}

/** The log in a window: which line the cursor is on, which is the first that is shown, and the rows of the one that is open. */
type LogWindow = {lines: readonly Entry[]; cursor: number; top: number; open: readonly string[] | undefined};

function windowNow(screen: PanelScreen, seen: PanelSeen, {columns, look}: View, room: number): LogWindow {
	const lines = logLines(screen, seen);
	const {held, heldTop, opened} = screen;
	if (held === undefined) return {lines, cursor: lines.length - 1, top: Math.max(0, lines.length - room), open: undefined};
	const cursor = placeOf(lines, held);
	const entry = lines[cursor];
	const open = opened === undefined || !entry ? undefined : wrapWhole(plainText(logText(entry.message).text, look), columns - before - 1);
	const taken = open?.length ?? 1;
	// The cursor's line is whole in the window, as far as that holds it, and no row is blank while there are lines to show.
	const least = Math.max(0, cursor + Math.min(taken, room) - room);
	const last = Math.max(0, lines.length - 1 + taken - room);
	const wished = heldTop === undefined ? cursor : placeOf(lines, heldTop);
	return {lines, cursor, top: Math.max(least, Math.min(wished, last, cursor)), open};
}

function followed({held: _held, heldTop: _top, opened: _opened, ...rest}: PanelScreen): PanelScreen {
	return rest;
}

/** The log once its cursor went by so many lines: at the end it's followed again. A line that is open and longer than the window is gone through first. */
export function movedLog(screen: PanelScreen, seen: PanelSeen, view: View, height: number, by: number): PanelScreen {
	const room = height - 1;
	const {lines, cursor, top, open} = windowNow(screen, seen, view, room);
	const rest = Math.max(0, (open?.length ?? 0) - room);
	const {opened = 0} = screen;
	const within = Math.max(0, Math.min(rest, opened + by));
	if (open && within !== opened && Math.abs(by) < 1000) return {...screen, opened: within};
	const to = Math.max(0, cursor + by);
	const entry = lines[to];
	if (!entry || (by > 0 && to >= lines.length - 1)) return followed(screen);
	return {...followed(screen), held: entry, heldTop: lines[Math.min(to, Math.max(top, to - room + 1))]};
}

/** Opens the line under the cursor whole, or closes it; the log is held there. */
function toggled(screen: PanelScreen, {lines, cursor, top}: LogWindow): PanelScreen {
	const {opened, ...rest} = screen;
	return opened === undefined ? {...rest, held: lines[cursor], heldTop: lines[top], opened: 0} : rest;
}

/** The keys of the log besides those that move. */
export function logKeys(screen: PanelScreen, seen: PanelSeen, view: View, height: number): Binding[] {
	const now = windowNow(screen, seen, view, height - 1);
	const on = now.lines[now.cursor];
	const isOpen = screen.opened !== undefined;
	const toggle = (): Move => ({to: toggled(screen, now)});
	return [
		...(on ? [{press: ['enter', isOpen ? 'left' : 'right'], shows: signOf('enter', view.look), does: isOpen ? 'close' : 'whole line', act: toggle}] : []),
		...(screen.held ? [{press: ['f'], shows: 'f', does: 'follow', act: (): Move => ({to: followed(screen)})}] : []),
		...(on && isOpen ? [{press: ['y'], shows: 'y', does: 'copy line', act: (): Move => ({panel: {do: 'copy', text: logText(on.message).text}})}] : []),
	];
}

/** One line of the log: in a row, or whole where it is open. */
function entryRows({at, message}: Entry, isOn: boolean, open: readonly string[] | undefined, look: View['look']): Row[] {
	const {text, level} = logText(message);
	const role = level === 'error' ? 'blocked' : level === 'warning' ? 'warning' : undefined;
	const head: Span[] = [
		{text: isOn ? signOf('focus', look) : ' ', role: 'accent'},
		{text: `${new Date(at).toISOString().slice(11, 19)} `, role: 'quiet'},
	];
	if (!open) return [row(...head, {text: plainText(text, look), role})];
	return open.map((part, index) => row(...(index === 0 ? head : [{text: ' '.repeat(before)}]), {text: part, role}));
}

/** As many of a line's rows as there is room for, from one of them on; what is below is said. */
function fitting(rows: readonly Row[], from: number, room: number, look: View['look']): Row[] {
	const shown = rows.slice(from, from + room);
	const below = rows.length - from - shown.length;
	return below > 0 && shown.length > 0
		? [...shown.slice(0, -1), row(' '.repeat(before), {text: `${signOf('down', look)} ${below + 1} more`, role: 'quiet'})]
		: shown;
}

/** The runner's log, followed or held at the line under the cursor. */
export function logBody(screen: PanelScreen, seen: PanelSeen, view: View, height: number): Row[] {
	const {columns, look, now} = view;
	const room = height - 1;
	const {lines, cursor, top, open} = windowNow(screen, seen, view, room);
	const {journal} = seen.snapshot;
	const filter = filterWords(screen, look);
	const old = ageOf(journal, now);
	const newer = lines.length - 1 - cursor;
	const how = screen.held === undefined ? 'followed' : `held, ${newer > 0 ? many(newer, 'newer line') : 'nothing newer'}`;
	const title = `the runner's log, ${many(lines.length, 'line')}, ${how}${journal.problem && old !== undefined ? `, ${age(old)} old` : ''}${filter === '' ? '' : `  ${filter}`}`;
	if (lines.length === 0) {
		const why =
			journal.problem?.message ??
			(filter === '' ? (journal.value ? 'The log has no line yet.' : "Reading the runner's log.") : 'No line has these letters. Escape shows all.');
		return [ruleRow(title, columns, look), ...wrapWhole(why, columns - 2).map((text) => row(' ', text))];
	}
	const rows: Row[] = [];
	for (let at = top; at < lines.length && rows.length < room; at++) {
		const entry = lines[at];
		if (!entry) break;
		const isOn = at === cursor;
		rows.push(...fitting(entryRows(entry, isOn, isOn ? open : undefined, look), isOn ? (screen.opened ?? 0) : 0, room - rows.length, look));
	}
	return [ruleRow(title, columns, look), ...rows];
}
