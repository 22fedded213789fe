import type {WorkerRow} from '../../../panel/rows.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {displayWidth, padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {pageKeys, pageRows} from '../paging.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';
import {detailsOf, isJobKey, linkIn} from './details.ts';
import type {ItemScreen} from './screen.ts';

/** Columns of a label. */
const labelWidth = 16;

const goneWords = (on: string): string =>
	isJobKey(on) ? 'It is gone: neither GitLab nor the runner tells of it any more.' : 'It is gone: neither EC2 nor the manager tells of it any more.';

function itemRows({on}: ItemScreen, {panel, look, columns, now}: View): Row[] {
	const details = panel && detailsOf(on, panel, now, look);
	if (!details) return [row(' ', {text: on, bold: true}), emptyRow, row(` ${goneWords(on)}`)];
	const {title, state, role, lines} = details;
	const both = displayWidth(title) + displayWidth(state) + 3 <= columns;
	const head = row(' ', {text: title, bold: true}, ...(both ? ['  ', {text: state, role}] : []));
	const room = Math.max(20, Math.min(100, columns - labelWidth - 4));
	const body = lines.flatMap(([label, text]): Row[] =>
		(/^https?:/.test(text) ? [text] : wrapWhole(plainText(text, look), room)).map((line, at) =>
			row(` ${signOf('left', look)} `, {text: padded(at === 0 ? label : '', labelWidth), bold: true}, line),
		),
	);
	return [head, emptyRow, ...body];
}

const drawItem: Draw<ItemScreen> = (screen, view) => pageRows({all: itemRows(screen, view), top: screen.top}, view);

const itemKeys: Keys<ItemScreen> = (screen, view) => {
	const {on} = screen;
	const {panel, look, now} = view;
	const worker = panel?.rows.find(({key}) => key === on);
	const acts: Binding[] = [];
	if (panel && worker && panel.about.readOnly === undefined) {
		acts.push({press: ['s'], shows: 's', does: 'ssh', act: () => ({panel: {do: 'shell', worker: worker.name}})});
		const removed = removalOf(worker);
		if (removed) acts.push({press: ['X', 'x'], shows: 'x', does: 'remove it', act: () => removed});
	}
	const details = panel && detailsOf(on, panel, now, look);
	const link = details && linkIn(details);
	const text = (): string => (details ? [details.title, ...details.lines.map(([label, line]) => `${padded(label, labelWidth)}${line}`)].join('\n') : on);
	return [
		{press: ['left', 'escape', 'q', 'enter'], shows: signOf('back', look), does: 'back', act: () => ({pop: true})},
		...acts,
		...pageKeys({all: itemRows(screen, view), top: screen.top}, view, (top) => ({...screen, top})),
		...(link === undefined ? [] : [{press: ['c'], shows: 'c', does: 'copy link', act: (): Move => ({panel: {do: 'copy', text: link}})}]),
		{press: ['y'], shows: 'y', does: 'copy', act: () => ({panel: {do: 'copy', text: text()}})},
	];
};

/** How a worker is taken away, where nothing runs on it as far as is known: one that no manager knows goes with all that is left over. */
export function removalOf({name, state, job}: WorkerRow): Move | undefined {
	if (state === 'orphan') return {panel: {do: 'leave', to: 'orphans'}};
	const isFree = job === undefined && (state === 'idle' || state === 'failed' || state === 'stopped');
	return isFree ? {panel: {do: 'prepare', act: {do: 'remove', worker: name}}} : undefined;
}

export const item: ScreenSpec<ItemScreen> = {word: 'worker', wordFor: ({on}) => (isJobKey(on) ? 'job' : 'worker'), draw: drawItem, keys: itemKeys};
