import {plainText, signOf} from '../../words/glyphs.ts';
import {inLine, saysSomething, stepIn} from '../../words/run-state.ts';
import {byMouse, copiedWords} from '../../words/sentences.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, type Row, row, ruleRow} from '../row.ts';
import type {Draw, Keys, ScreenSpec, View} from '../screen.ts';

/** What does the same by hand, step by step. `at` is the step, `top` the first line of it that is shown; `copied` says that it has just been copied. */
type ByHandScreen = {is: 'hand'; at: number; top: number; copied?: true};
declare module '../screen.ts' {
	interface ScreenByName {
		hand: ByHandScreen;
	}
}

export const handScreen = (at: number): ByHandScreen => ({is: 'hand', at, top: 0});

/** An argument in pieces that a shell puts together again: it goes on behind a backslash at the very end of a line, outside of quotes. */
function pieces(word: string, columns: number): string[] {
	if (word.length <= columns - 6) return [word];
	const room = Math.max(10, columns - 7);
	const rows: string[] = [];
	let line = '';
	const put = (part: string): void => {
		if (line.length + part.length > room) {
			rows.push(line);
			line = '';
		}
		line += part;
	};
	for (const part of word.match(/'[^']*'|\\.|[^'\\]+/g) ?? []) {
		const isQuoted = part.startsWith("'");
		if (part.startsWith('\\') || part === "''") put(part);
		for (let rest = isQuoted ? part.slice(1, -1) : part; rest !== '' && !part.startsWith('\\'); ) {
			const free = room - line.length - (isQuoted ? 2 : 0);
			// A line with no room for more than a letter or two is over.
			const chunk = rest.slice(0, free < 3 ? room - (isQuoted ? 2 : 0) : free);
			put(isQuoted ? `'${chunk}'` : chunk);
			rest = rest.slice(chunk.length);
		}
	}
	return [...rows.map((one) => `${one}\\`), line];
}

/** A command broken so that it can be pasted as it stands, whatever the width. */
export function commandRows(command: string, columns: number): string[] {
	const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
	const rows: string[] = [];
	let line = '';
	for (const word of words) {
		const [first = '', ...more] = pieces(word, columns);
		if (more.length > 0) {
			rows.push(...(line === '' ? [] : [`${line} \\`]), first, ...more.slice(0, -1));
			line = more.at(-1) ?? '';
		} else if (line !== '' && line.length + word.length + 3 > columns) {
			rows.push(`${line} \\`);
			line = `    ${word}`;
		} else line = line === '' ? word : `${line} ${word}`;
	}
	return [...rows, line];
}

/** Steps that something does by hand. */
export const handSteps = ({state, wizard}: View) => wizard.byHand.filter(({lines, step}) => lines.length > 0 && saysSomething(stepIn(state, step)));

const linesOf = ({at}: ByHandScreen, view: View): string[] =>
	(handSteps(view)[at]?.lines ?? []).flatMap((command) => [...commandRows(command, view.columns - 4), '']);

/** What stands above the commands. */
const aboveRows = ({copied}: ByHandScreen, {columns, look}: View): Row[] =>
	wrapWhole(plainText(copied ? copiedWords(byMouse) : 'These commands do what this step does. They hold no secret.', look), columns - 2).map((text) =>
		row(' ', {text, role: copied ? 'ready' : 'quiet'}),
	);

/** Rows of commands between what stands above them and how many more there are. */
const pageOf = (screen: ByHandScreen, view: View): number => Math.max(1, bodyRows(view.rows) - aboveRows(screen, view).length - 3);

const byHandKeys: Keys<ByHandScreen> = (screen, view) => {
	const {look} = view;
	const steps = handSteps(view);
	const {copied: _copied, ...as} = screen;
	const to = (at: number) => ({to: {...as, at, top: 0}});
	const text = steps[screen.at]?.lines.join('\n');
	const last = Math.max(0, linesOf(screen, view).length - pageOf(screen, view));
	const scroll = (by: number) => ({to: {...screen, top: Math.min(last, Math.max(0, screen.top + by))}});
	return [
		{press: ['e', 'escape', 'q', 'ctrl-o'], shows: 'esc', does: 'back', stays: true, act: () => ({pop: true})},
		...(text === undefined ? [] : [{press: ['y'], shows: 'y', does: 'copy', act: () => ({copy: text, to: {...as, copied: true as const}})}]),
		...(screen.at < steps.length - 1 ? [{press: ['right', 'l', 'tab'], shows: signOf('right', look), does: 'next step', act: () => to(screen.at + 1)}] : []),
		...(screen.at > 0 ? [{press: ['left', 'h'], shows: signOf('back', look), does: 'step before', act: () => to(screen.at - 1)}] : []),
		...(last > 0
			? [
					{press: ['up', 'k'], shows: signOf('upDown', look), does: 'scroll', act: () => scroll(-1)},
					{press: ['down', 'j'], shows: '', does: '', act: () => scroll(1)},
				]
			: []),
	];
};

const drawByHand: Draw<ByHandScreen> = (screen, view) => {
	const {columns, look} = view;
	const steps = handSteps(view);
	const step = steps[screen.at];
	if (!step) return [ruleRow('commands', columns, look), row(' The region comes first: commands need it.')];
	const head: Row[] = [ruleRow(`commands, ${screen.at + 1} of ${steps.length}: ${inLine(step.title)}`, columns, look), ...aboveRows(screen, view), emptyRow];
	const lines = linesOf(screen, view);
	const shown = lines.slice(screen.top, screen.top + pageOf(screen, view)).map((text) => row(` ${plainText(text, look)}`));
	const left = lines.length - screen.top - shown.length;
	return [...head, ...shown, ...(left > 0 ? [row({text: `   ${signOf('down', look)} ${left} more`, role: 'quiet'})] : [])];
};

export const byHand: ScreenSpec<ByHandScreen> = {word: 'commands', draw: drawByHand, keys: byHandKeys};
