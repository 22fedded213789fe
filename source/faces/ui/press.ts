import type {Key} from 'ink';

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

const controls: Record<string, KeyName> = {'\r': 'enter', '\n': 'enter', '\t': 'tab', '\u007f': 'backspace', '\b': 'backspace', '\u0003': 'ctrl-c'};

function pressOf(letter: string): Press[] {
	const key = controls[letter];
	if (key) return [{key}];
	return letter < ' ' ? [] : [{text: letter}];
}

/**
 * What Ink's input means. Ink 8 gives a burst such as `hello\r` as one input without any flag: it's taken apart, so that it still submits.
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
