import {Box, Text, Transform, useApp, useInput, useIsScreenReaderEnabled, usePaste, useWindowSize} from 'ink';
import {memo, useEffect, useState, useSyncExternalStore} from 'react';
import type {TerminalLook} from '../words/glyphs.ts';
import {frameOf, spokenRows} from './frame.ts';
import {styled, textOf} from './row.ts';
import {type Press, pressesOf, type Store, type View} from './screen.ts';

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

/**
 * Rows on the screen. Ink cleans, measures and wraps all text anew in each frame, letter by letter; rows are clean and fit, so they only take the places of
 * empty lines at the very end. Drawn again only when something in them changed.
 */
const Rows = memo(function Rows({text}: {text: string}) {
	const lines = text.split('\n');
	return <Transform transform={(_, at) => lines[at] ?? ''}>{` ${'\n'.repeat(lines.length - 1)}`}</Transform>;
});

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
	if (spoken)
		return (
			<Text>
				{spokenRows(top, view)
					.map(textOf)
					.filter((text) => text !== '')
					.join('\n')}
			</Text>
		);
	return (
		<Box width={columns} height={rows}>
			<Rows
				text={frameOf(top, view)
					.map((row) => styled(row, look))
					.join('\n')}
			/>
		</Box>
	);
}
