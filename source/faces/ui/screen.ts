import type {Key} from 'ink';
import type {Event} from '../../engine/events.ts';
import type {AfterRun, HomeChoice} from '../face.ts';
import type {WizardMove, WizardSeen} from '../wizard/seen.ts';
import type {TerminalLook} from '../words/glyphs.ts';
import type {RunState} from '../words/run-state.ts';
import type {PanelMove, PanelSeen, Trends} from './panel/seen.ts';
import type {Row} from './row.ts';

/** Keys that are no letter, by the name that tables of keys use. */
type KeyName =
	| 'up'
	| 'down'
	| 'left'
	| 'right'
	| 'enter'
	| 'escape'
	| 'tab'
	| 'backspace'
	| 'delete'
	| 'home'
	| 'end'
	| 'pageup'
	| 'pagedown'
	| `ctrl-${string}`
	| `alt-${string}`;

/** One thing that a person pressed: a key, a letter, or a text that was pasted at once. */
export type Press = {key: KeyName} | {text: string; pasted?: true};

const flags: readonly [keyof Key, KeyName][] = [
	['upArrow', 'up'],
	['downArrow', 'down'],
	['leftArrow', 'left'],
	['rightArrow', 'right'],
	['return', 'enter'],
	['escape', 'escape'],
	['tab', 'tab'],
	['backspace', 'backspace'],
	['delete', 'delete'],
	['home', 'home'],
	['end', 'end'],
	['pageUp', 'pageup'],
	['pageDown', 'pagedown'],
];

const controls: Record<string, KeyName> = {'\r': 'enter', '\n': 'enter', '\t': 'tab', '\u007f': 'backspace', '\b': 'backspace'};

function pressOf(letter: string): Press[] {
	const key = controls[letter];
	if (key) return [{key}];
	if (letter >= ' ') return [{text: letter}];
	const held = String.fromCharCode(letter.charCodeAt(0) + 96);
	return held >= 'a' && held <= 'z' ? [{key: `ctrl-${held}`}] : [];
}

/**
 * What Ink's input means. Ink 8 gives a burst such as `hello\r` as one input without any flag: it's taken apart, so that it still submits, and ctrl-e
 * still goes to the end of the line.
 */
export function pressesOf(input: string, key: Key): Press[] {
	if (key.eventType === 'release') return [];
	if (key.ctrl && input.length === 1) return [{key: `ctrl-${input}`}];
	const named = flags.find(([flag]) => key[flag] === true);
	// With alt or ctrl an arrow goes by words, as alt-b and alt-f do.
	if (named && (key.meta || key.ctrl) && (key.leftArrow || key.rightArrow)) return [{key: key.leftArrow ? 'alt-b' : 'alt-f'}];
	if (key.meta && key.backspace) return [{key: 'ctrl-w'}];
	if (named && input.length <= 1) return [{key: named[1]}];
	if (key.meta && input.length === 1) return [{key: `alt-${input}`}];
	return [...input].flatMap(pressOf);
}

/** What a person pressed, as tables of keys name it: `enter`, `ctrl-c`, `q`. */
export const nameOf = (press: Press): string => ('key' in press ? press.key : press.text);

/** The screens by what each `is`: the file of a screen declares it here. */
// biome-ignore lint/suspicious/noEmptyInterface: the screens' own files fill it, so that none is named twice.
export interface ScreenByName {}

/** The screen on top: one value of this union, which holds its own cursor and drafts. */
export type Screen = ScreenByName[keyof ScreenByName];

/** What the root draws: the reduced events, and the screens, the last one on top. */
export type UiState = {
	state: RunState;
	screens: readonly [Screen, ...Screen[]];
	/** How often ctrl-c was pressed while something ran. */
	stops: 0 | 1 | 2;
	/** What the walk through the questions has come to. */
	wizard: WizardSeen;
	/** What the live panel shows, once it has looked. */
	panel?: PanelSeen | undefined;
	/** The panel as it was left for something after which it comes back. */
	panelLeft?: {title: string; screen: Extract<Screen, {is: 'panel'}>; trends: Trends} | undefined;
};

/** Holds what is shown, outside React: events come as fast as they like, and are shown at most ten times a second. */
export type Store = {
	now(): UiState;
	/** What was shown last; changes at most ten times a second, and at once after a key. */
	shown(): UiState;
	subscribe(listener: () => void): () => void;
	take(event: Event): void;
	/** Changes the screens, and shows it at once. */
	set(change: (shown: UiState) => Partial<UiState>): void;
};

/** What all screens are drawn from, besides themselves. */
export type View = Pick<UiState, 'state' | 'stops' | 'wizard' | 'panel'> & {
	columns: number;
	rows: number;
	/** Whether the terminal has only room for what matters most, where this is a part of it. */
	small?: boolean;
	/** Milliseconds since 1970. */
	now: number;
	/** Counts up a few times a second, for the spinner; stands still for a screen reader. */
	tick: number;
	look: TerminalLook;
	/** What the person set out to do: `set up`, `destroy`. */
	title: string;
};

/** What follows from a key. Screens are data, and so is this: the face carries it out. */
export type Move =
	/** The screen on top changes to this. */
	| {to: Screen}
	/** A text goes into the clipboard, and the screen on top changes to this. */
	| {copy: string; to: Screen}
	/** Another screen comes on top of this one. */
	| {push: Screen}
	/** Back to the screen below. */
	| {pop: true}
	/** The question is answered. */
	| {answer: unknown}
	/** The proposal is agreed to or not. */
	| {agree: boolean}
	/** The person leaves what is watched; it goes on by itself or ends. */
	| {leave: true}
	/** The person ends the command. */
	| {stop: true}
	/** The person does something in the walk. */
	| {wizard: WizardMove}
	/** What a person chose at home. */
	| {chosen: HomeChoice}
	/** The person helps a run along. */
	| {help: Help}
	/** The person does something in the live panel. */
	| {panel: PanelMove};

/** How a person helps a run along: a failed step is tried again, the session looked at or renewed, running jobs not waited for; or what comes after the run. */
export type Help = {retry: string} | 'look' | 'login' | 'hurry' | AfterRun;

/** One entry of a screen's table of keys: it dispatches, stands in the hint line, and is listed under `?`. */
export type Binding = {
	/** Keys and letters by name, any of which does it. */
	press: readonly string[];
	/** How the key is written. */
	shows: string;
	does: string;
	/** What `?` says besides: of a key that stands in no hint its name, and more of what it does than the hint has room for. */
	help?: {key?: string; says: string};
	/** True for what the hint line never drops: `?` and the way out. */
	stays?: true;
	act(): Move;
};

/** What a screen shows between the header and the line of keys, at most `view.rows - 2` rows. */
export type Draw<Which extends Screen> = (screen: Which, view: View) => Row[];

/** The keys that work now. */
export type Keys<Which extends Screen> = (screen: Which, view: View) => Binding[];

/** A screen as a face shows it. */
export type ScreenSpec<Which extends Screen> = {
	/** The word for it in the header. */
	readonly word: string;
	/** The word where it depends on what the screen holds. */
	wordFor?(screen: Which): string;
	draw(screen: Which, view: View): Row[];
	/** The keys of its own that work now. */
	keys(screen: Which, view: View): Binding[];
	/** What a letter that is no key does where text is typed. */
	type?(screen: Which, press: Press, view: View): Move | undefined;
	/** What `?` tells above the keys: all that there is to know here, whether or not there is room for it on the screen; nothing where the screen tells it all. */
	about?(screen: Which, view: View): readonly string[];
	/** Whether letters are text now, so that none is a command. */
	isTyping?(screen: Which): boolean;
	/** It shows work that goes on, rather than asking something: ctrl-c stops that work. */
	readonly watches?: true;
};

/** Who waits for the screen on top: what to do with what the person does there. */
export type ScreenListener = {
	answer?(value: unknown): void;
	agree?(agreed: boolean): void;
	leave?(): void;
	wizard?(move: WizardMove): void;
	panel?(move: PanelMove): void;
	chosen?(choice: HomeChoice): void;
	helps?(help: Help): void;
	/** True when a press has to wait. */
	holds?(press: Press, view: View): boolean;
	changed?(screen: Screen): void;
	/** `outside`: by a signal, which the rest of the program has heard of. */
	stop(outside: boolean): void;
};
