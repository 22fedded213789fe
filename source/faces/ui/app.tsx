import {Box, Text, useApp, useInput, useIsScreenReaderEnabled, usePaste, useWindowSize} from 'ink';
import {memo, useEffect, useState, useSyncExternalStore} from 'react';
import {colours, type TerminalLook} from '../words/glyphs.ts';
import {frameOf, spokenRows} from './frame.ts';
import type {Row, Span} from './row.ts';
import {type Press, pressesOf, type View} from './screen.ts';
import type {Store} from './store.ts';

type AppProps = {
	store: Store;
	look: TerminalLook;
	title: string;
	/** Milliseconds since 1970. */
	now(): number;
	/** Takes each press with the view that it was made in. */
	press(press: Press, view: View): void;
	/** Takes the way to hand the terminal to another program. */
	suspends?(suspend: (work: () => void) => Promise<void>): void;
};

/** Milliseconds between two frames of the spinner and the clocks. */
const frame = 200;
const second = 1000;

function Piece({span: {text, role, bold}, colour}: {span: Span; colour: boolean}) {
	// A text without a style needs no node of its own.
	if (!colour || (role === undefined && bold !== true)) return text;
	return (
		<Text bold={bold ?? false} {...(role === undefined ? {} : {color: colours[role]})}>
			{text}
		</Text>
	);
}

const sameRow = (one: {row: Row; colour: boolean}, other: {row: Row; colour: boolean}): boolean =>
	one.colour === other.colour &&
	one.row.spans.length === other.row.spans.length &&
	one.row.spans.every((span, at) => {
		const against = other.row.spans[at];
		return span.text === against?.text && span.role === against.role && span.bold === against.bold;
	});

/** One row of the terminal; drawn again only when something in it changed. */
const RowText = memo(function RowText({row, colour}: {row: Row; colour: boolean}) {
	return (
		<Text wrap="truncate-end" aria-hidden={row.drawing ?? false}>
			{row.spans.length === 0 ? ' ' : undefined}
			{row.spans.map((span, at) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place in the row
				<Piece key={at} span={span} colour={colour} />
			))}
		</Text>
	);
}, sameRow);

/** Counts up each so many milliseconds while something is under way, so that clocks and the spinner go on; 0 stands still, as for a screen reader. */
function useTick(each: number): number {
	const [tick, setTick] = useState(0);
	useEffect(() => {
		if (each === 0) return;
		const timer = setInterval(() => setTick((count) => count + 1), each);
		return () => clearInterval(timer);
	}, [each]);
	return tick;
}

/** The root: which screen is on top and what has happened, drawn as rows; keys go to the screen's table. */
export function App({store, look, title, now, press, suspends}: AppProps) {
	const {columns, rows} = useWindowSize();
	const shown = useSyncExternalStore(store.subscribe, store.shown);
	const spoken = useIsScreenReaderEnabled();
	const {suspendTerminal} = useApp();
	useEffect(() => suspends?.((work) => suspendTerminal(work)), [suspends, suspendTerminal]);
	const top = shown.screens.at(-1) ?? shown.screens[0];
	const isMoving = shown.state.steps.some(({state}) => state === 'working' || state === 'looking') || top.is === 'watch';
	// The panel's ages are whole seconds at the least.
	const tick = useTick(spoken ? 0 : isMoving || shown.panel?.doing ? frame : shown.panel ? second : 0);
	const viewOf = (): View => ({...store.now(), columns, rows, now: now(), tick, look, title});
	useInput((input, key) => {
		for (const one of pressesOf(input, key)) press(one, viewOf());
	});
	usePaste((text) => press({text, pasted: true}, viewOf()));
	const view: View = {state: shown.state, stops: shown.stops, wizard: shown.wizard, panel: shown.panel, columns, rows, now: now(), tick, look, title};
	const drawn = spoken ? spokenRows(top, view) : frameOf(top, view);
	return (
		<Box flexDirection="column" {...(spoken ? {} : {width: columns, height: rows})}>
			{drawn.map((row, at) => (
				// A row is its place on the screen.
				// biome-ignore lint/suspicious/noArrayIndexKey: rows don't move
				<RowText key={at} row={row} colour={look.colour} />
			))}
		</Box>
	);
}
