import type {MoveChoice, PanelAct} from '../../../panel/acts/driver.ts';
import {glyphOf, plainText, signOf, type TerminalLook} from '../../words/glyphs.ts';
import {sentenceOf} from '../../words/lines.ts';
import type {ProblemSeen} from '../../words/run-state.ts';
import {displayWidth, padded} from '../../words/width.ts';
import {wrapColumns, wrapWhole} from '../../words/wrapping.ts';
import {bodyRows, pageKeys, pageRows} from '../layout.ts';
import {cutRow, emptyRow, type Row, row, windowed} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';
import type {ActScreen, MovesScreen} from './screen.ts';

const least = {scale: 1, idle: 0} as const;

/** The number that an act is about, where there is one. */
const numberOf = (act: PanelAct): number | undefined => (act.do === 'scale' ? act.limit : act.do === 'idle' ? act.count : undefined);

function withNumber(act: PanelAct, number: number, typed?: string): Move {
	if (act.do !== 'scale' && act.do !== 'idle') return {to: {is: 'panel-act', act}};
	const bounded = Math.max(least[act.do], Math.min(10_000, number));
	const next: PanelAct = act.do === 'scale' ? {do: 'scale', limit: bounded} : {do: 'idle', count: bounded};
	return {panel: {do: 'prepare', act: next, ...(typed === undefined ? {} : {typed})}};
}

function numberKeys({act, typed}: ActScreen): Binding[] {
	const number = numberOf(act);
	if (number === undefined) return [];
	const digits = [...'0123456789'].map((digit): Binding => {
		const text = `${typed ?? ''}${digit}`.slice(-4);
		return {press: [digit], shows: '', does: '', act: () => withNumber(act, Number(text), text)};
	});
	return [
		{press: ['+', '=', 'up'], shows: '+', does: 'more', act: () => withNumber(act, number + 1)},
		{press: ['-', 'down'], shows: '-', does: 'fewer', act: () => withNumber(act, number - 1)},
		...digits,
		{press: ['backspace'], shows: '', does: '', act: () => withNumber(act, Number((typed ?? '').slice(0, -1) || 0), (typed ?? '').slice(0, -1))},
	];
}

const actKeys: Keys<ActScreen> = (screen, view) => [
	...(screen.ready
		? [{press: ['enter'], shows: signOf('enter', view.look), does: 'do it', stays: true as const, act: (): Move => ({panel: {do: 'carry out'}})}]
		: []),
	...(screen.problem ? [{press: ['r'], shows: 'r', does: 'look again', act: (): Move => ({panel: {do: 'prepare', act: screen.act}})}] : []),
	...numberKeys(screen),
	...pageKeys({all: actRows(screen, view), top: screen.top}, view, (top) => ({...screen, top})),
	{press: ['escape', 'left', 'q', 'n'], shows: 'esc', does: 'leave it', stays: true, act: () => ({pop: true})},
];

/** What stands in the way, and what to do about it. */
const problemRows = (problem: ProblemSeen, columns: number, look: TerminalLook): Row[] => [
	...wrapWhole(plainText(sentenceOf(problem), look), columns - 4).map((text, line) =>
		row(line === 0 ? ` ${glyphOf('blocked', look)} ` : '   ', {text, role: 'blocked'}),
	),
	...(problem.advice === undefined ? [] : wrapWhole(plainText(problem.advice, look), columns - 4).map((text) => row('   ', text))),
];

function actRows({act, ready, problem}: ActScreen, {look, columns}: View): Row[] {
	if (problem) return problemRows(problem, columns, look);
	if (!ready) return [row(' ', {text: wordsOf(act), bold: true}), emptyRow, row(` ${signOf('more', look)} looking at what would happen`)];
	const body: Row[] = [...wrapWhole(plainText(ready.says, look), columns - 2).map((text) => row(' ', {text, bold: true})), emptyRow];
	for (const detail of ready.details) body.push(...wrapColumns(plainText(detail, look), Math.min(110, columns - 3)).map((text) => row('   ', text)));
	return body;
}

const drawAct: Draw<ActScreen> = (screen, view) => pageRows({all: actRows(screen, view), top: screen.top}, view);

/** What an act is called while it's being looked at. */
export function wordsOf(act: PanelAct): string {
	switch (act.do) {
		case 'scale':
			return `Limit ${act.limit}`;
		case 'idle':
			return `Idle count ${act.count}`;
		case 'drain':
			return 'Drain the fleet';
		case 'resume':
			return 'Resume';
		case 'restart':
			return 'Restart the service';
		case 'start':
			return 'Start the service';
		case 'reload':
			return 'Have the runner ask again';
		case 'pause':
			return act.paused ? 'Pause in GitLab' : 'Unpause in GitLab';
		case 'remove':
			return `Remove ${act.worker}`;
		case 'undo':
			return 'Undo the last change';
		case 'move':
			return act.label;
	}
}

function movedTo(screen: MovesScreen, by: number): Move {
	const count = screen.choices?.length ?? 0;
	return {to: {...screen, at: Math.max(0, Math.min(count - 1, screen.at + by))}};
}

const movesKeys: Keys<MovesScreen> = (screen, {look}) => {
	const on = screen.choices?.[screen.at];
	return [
		...(on && on.disabled === undefined
			? [
					{
						press: ['enter'],
						shows: signOf('enter', look),
						does: 'see what it does',
						act: (): Move => ({panel: {do: 'prepare', act: {do: 'move', to: on.to, label: on.label}}}),
					},
				]
			: []),
		{press: ['up', 'k'], shows: signOf('upDown', look), does: 'choose', act: () => movedTo(screen, -1)},
		{press: ['down', 'j'], shows: '', does: '', act: () => movedTo(screen, 1)},
		...(screen.problem ? [{press: ['r'], shows: 'r', does: 'look again', act: (): Move => ({panel: {do: 'moves'}})}] : []),
		{press: ['escape', 'left', 'q'], shows: 'esc', does: 'leave it', stays: true, act: () => ({pop: true})},
	];
};

/** What there is to know of a choice, and before all why it can't be taken. */
const saysOf = ({says, disabled}: MoveChoice): string => [disabled ?? '', says].filter((part) => part !== '').join(', ');

const drawMoves: Draw<MovesScreen> = ({choices, at, problem}, {look, columns, rows}) => {
	const asks = 'Where should new workers be made, and as what? Those that run stay as they are.';
	const head = [...wrapWhole(asks, columns - 2).map((text) => row(' ', {text, bold: true})), emptyRow];
	if (problem) return [...head, ...problemRows(problem, columns, look)];
	if (!choices) return [...head, row(` ${signOf('more', look)} asking AWS for zones, types, prices and quotas`)];
	if (choices.length === 0) return [...head, row(' There is no other place: no zone of this network offers the type, and no other type is like it.')];
	const width = Math.max(...choices.map(({label}) => displayWidth(label)));
	const lines = choices.map((choice, index) =>
		cutRow(
			row(
				{text: index === at ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
				{text: plainText(padded(choice.label, width), look), bold: index === at},
				{
					text: `  ${plainText(saysOf(choice), look)}`,
					role: choice.disabled === undefined ? undefined : 'quiet',
				},
			),
			columns,
			look,
		),
	);
	const on = choices[at];
	const whole = on ? saysOf(on) : '';
	// What has no room beside its label stands below, for the one under the cursor.
	const below = width + displayWidth(whole) + 5 <= columns ? [] : [emptyRow, ...wrapWhole(plainText(whole, look), columns - 5).map((text) => row('   ', text))];
	return [...head, ...windowed(lines, at, bodyRows(rows) - head.length - below.length, look), ...below];
};

/** What is about to be done, for the header. */
function actWord({act}: ActScreen): string {
	switch (act.do) {
		case 'scale':
			return 'limit';
		case 'idle':
			return 'idle count';
		case 'reload':
			return 'ask again';
		case 'pause':
			return act.paused ? 'pause' : 'unpause';
		case 'remove':
			return 'remove worker';
		case 'move':
			return 'move workers';
		default:
			return act.do;
	}
}

export const act: ScreenSpec<ActScreen> = {word: 'change', wordFor: actWord, draw: drawAct, keys: actKeys};

export const moves: ScreenSpec<MovesScreen> = {word: 'move workers', draw: drawMoves, keys: movesKeys};
