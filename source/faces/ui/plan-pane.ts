import {glyphOf, marks, plainText, signOf} from '../words/glyphs.ts';
import {inLine, type StepSeen, wordsOf} from '../words/run-state.ts';
import {displayWidth, padded} from '../words/width.ts';
import {wrapWhole} from '../words/wrapping.ts';
import {cutRow, emptyRow, markSpan, type Row, row, type Span} from './row.ts';
import type {View} from './screen.ts';
import {glyphSpan} from './steps-list.ts';
import {blockedRows} from './wizard/walking.ts';

const sorts = ['ready', 'missing', 'different', 'extra', 'blocked', 'waiting'] as const;
const words: Record<(typeof sorts)[number], string> = {
	ready: 'ready',
	missing: 'to make',
	different: 'to change',
	extra: 'to go',
	blocked: 'blocked',
	waiting: 'not yet known',
};

/** Counts of what was found, glyph and word each; what is none is left out. */
export function planCounts({state, look}: View, brief = false): Span[] {
	const {steps} = state;
	if (steps.length === 0) return [{text: 'begins once the region is known', role: 'quiet'}];
	const looking = steps.filter(({finding}) => finding === undefined).length;
	const spans = sorts.flatMap((sort): Span[] => {
		const count = steps.filter(({finding}) => finding?.is === sort).length;
		if (count === 0) return [];
		return [{text: `${count} `}, {text: glyphOf(sort, look), role: marks[sort].role}, {text: brief && sort !== 'waiting' ? '  ' : ` ${words[sort]}  `}];
	});
	return looking > 0 ? [...spans, {text: `${looking} being looked at`, role: 'quiet'}] : spans;
}

/** One finding: glyph, title, what was found; one that is blocked whole, with its key. */
function findingRows(step: StepSeen, titleWidth: number, view: View, {columns, typing, whole}: {columns: number; typing: boolean; whole: boolean}): Row[] {
	const {look, state} = view;
	const {finding} = step;
	const title = padded(plainText(inLine(step.title), look), titleWidth);
	if (!finding) return [row(glyphSpan(step, view), `${title}  `, {text: step.state === 'looking' ? 'looking' : 'to look at', role: 'quiet'})];
	if (finding.is === 'blocked') return blockedRows(step, view, {columns, typing});
	const role = finding.is === 'waiting' ? ('quiet' as const) : undefined;
	const says = plainText(wordsOf(finding, state), look);
	const [first = '', ...more] = whole ? wrapWhole(says, Math.max(20, columns - titleWidth - 4)) : [says];
	const below = more.map((text) => row(' '.repeat(titleWidth + 4), {text, role}));
	return [row(markSpan(finding.is, look), `${title}  `, {text: first, role}), ...below].map((one) => cutRow(one, columns, look));
}

/** The live plan as a pane of these columns and rows: blocked findings whole, the others too as far as there is room, else a row each. */
export function planPane(columns: number, rows: number, view: View, typing: boolean): Row[] {
	const {steps} = view.state;
	const titleWidth = Math.max(0, ...steps.map(({title}) => displayWidth(title)));
	const head = [cutRow(row({text: 'Plan  ', bold: true}, ...planCounts(view, true)), columns, view.look), emptyRow];
	const rowsOf = (whole: boolean): Row[][] => steps.map((step) => findingRows(step, titleWidth, view, {columns, typing, whole}));
	const room = rows - head.length;
	const all = rowsOf(false);
	let spare = room - all.flat().length;
	if (spare >= 0) {
		// What is cut is whole as long as there is room for it.
		const shown = rowsOf(true).flatMap((whole, at) => {
			const cut = all[at] ?? [];
			if (whole.length - cut.length > spare) return cut;
			spare -= whole.length - cut.length;
			return whole;
		});
		return [...head, ...shown];
	}
	// What needs eyes stays whole; of the rest as many as fit, and how many more there are.
	const eyes = steps.flatMap(({finding}, at) => (finding?.is === 'blocked' ? (all[at] ?? []) : []));
	const rest = steps.flatMap(({finding}, at) => (finding?.is === 'blocked' ? [] : (all[at] ?? [])));
	const left = Math.max(0, room - Math.min(eyes.length, room) - 1);
	const more = rest.length - left;
	return [
		...head,
		...eyes.slice(0, room),
		...rest.slice(0, left),
		...(more > 0 && room > eyes.length ? [row({text: `${signOf('more', view.look)} ${more} more: tab shows all`, role: 'quiet'})] : []),
	];
}
