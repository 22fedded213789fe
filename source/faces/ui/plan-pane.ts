import {glyphOf, marks, plainText, signOf} from '../words/glyphs.ts';
import {sentenceOf} from '../words/problems.ts';
import {inLine, type StepSeen, wordsOf} from '../words/run-state.ts';
import {displayWidth, padded} from '../words/width.ts';
import {wrap} from '../words/wrapping.ts';
import {cutRow, emptyRow, markSpan, type Row, row, type Span} from './row.ts';
import type {View} from './screen.ts';
import {glyphSpan} from './steps-list.ts';
import {mendable} from './wizard/seen.ts';

const sorts = ['so', 'missing', 'different', 'extra', 'blocked', 'waiting'] as const;
const words: Record<(typeof sorts)[number], string> = {
	so: 'so',
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

/** One finding: glyph, title, what was found; a blocked one whole, with its key, below. */
function findingRows(step: StepSeen, titleWidth: number, columns: number, mends: boolean, view: View): Row[] {
	const {look, state} = view;
	const {finding} = step;
	const title = padded(plainText(inLine(step.title), look), titleWidth);
	if (!finding) return [row(glyphSpan(step, view), `${title}  `, {text: step.state === 'looking' ? 'looking' : 'to look at', role: 'quiet'})];
	const head: Span[] = [markSpan(finding.is, look), {text: `${title}  `}];
	if (finding.is !== 'blocked')
		return [cutRow(row(...head, {text: plainText(wordsOf(finding, state), look), role: finding.is === 'waiting' ? 'quiet' : undefined}), columns, look)];
	const indent = ' '.repeat(2);
	const says = finding.problem ? sentenceOf(finding.problem) : finding.says;
	const lines = wrap(plainText(says, look), columns - indent.length).map((text) => row(indent, text));
	const key: Row[] = mends ? [row(indent, {text: 'f', role: 'accent'}, `  ${plainText(finding.fix ?? 'mend it', look)}`)] : [];
	return [row(...head, {text: marks.blocked.word, role: 'blocked'}), ...lines, ...key];
}

/** The live plan as a pane of these columns and rows: blocked findings whole, the others a row each. */
export function planPane(columns: number, rows: number, view: View): Row[] {
	const {steps} = view.state;
	const titleWidth = Math.max(0, ...steps.map(({title}) => displayWidth(title)));
	const head = [cutRow(row({text: 'Plan  ', bold: true}, ...planCounts(view, true)), columns, view.look), emptyRow];
	const mended = mendable(view.state)?.name;
	const all = steps.map((step) => findingRows(step, titleWidth, columns, step.name === mended, view));
	const height = (kept: Row[][]) => kept.reduce((sum, some) => sum + some.length, 0);
	const room = rows - head.length;
	if (height(all) <= room) return [...head, ...all.flat()];
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
