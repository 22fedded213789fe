/** What a colour stands for. Colour means state, one accent means focus, and nothing else is coloured. */
export type ColourRole = 'ready' | 'change' | 'blocked' | 'warning' | 'quiet' | 'accent';

/** The terminal's own 16 names only: the person's theme knows light from dark. */
export const colours = {ready: 'green', change: 'magenta', blocked: 'red', warning: 'yellow', quiet: 'gray', accent: 'cyan'} as const satisfies Record<
	ColourRole,
	string
>;

/** The states that a thing is shown in, each with a glyph, its ASCII stand-in, a word and a colour's role. A word is never left out. */
export const marks = {
	ready: {glyph: '✔', ascii: '*', word: 'ready', role: 'ready'},
	done: {glyph: '✔', ascii: '*', word: 'done', role: 'ready'},
	missing: {glyph: '+', ascii: '+', word: 'will be made', role: 'change'},
	different: {glyph: '~', ascii: '~', word: 'will change', role: 'change'},
	extra: {glyph: '‹', ascii: '<', word: 'will go', role: 'change'},
	kept: {glyph: '✔', ascii: '*', word: 'stays', role: 'ready'},
	waiting: {glyph: '·', ascii: '.', word: 'not yet known', role: 'quiet'},
	pending: {glyph: '·', ascii: '.', word: 'after', role: 'quiet'},
	working: {glyph: '⠋', ascii: '|', word: 'working', role: 'accent'},
	blocked: {glyph: '✖', ascii: 'x', word: 'blocked', role: 'blocked'},
	failed: {glyph: '✖', ascii: 'x', word: 'failed', role: 'blocked'},
	note: {glyph: '!', ascii: '!', word: 'note', role: 'warning'},
	skipped: {glyph: '-', ascii: '-', word: 'skipped', role: 'quiet'},
} as const satisfies Record<string, {glyph: string; ascii: string; word: string; role: ColourRole}>;

export type Mark = keyof typeof marks;

/** Signs that are no state: `[Unicode, ASCII]`. */
const signs = {
	focus: ['›', '>'],
	dot: ['·', '-'],
	rule: ['─', '-'],
	bar: ['▇', '#'],
	barEmpty: ['░', '.'],
	left: ['│', '|'],
	more: ['…', '...'],
	up: ['↑', '^'],
	down: ['↓', 'v'],
	upDown: ['↑↓', 'up/down'],
	back: ['←', 'left'],
	right: ['→', 'right'],
	enter: ['↵', 'enter'],
	cursor: ['▏', '_'],
	hidden: ['•', '*'],
} as const;

type Sign = keyof typeof signs;

/** The one spinner, a frame each tick. */
export const spinner = {glyphs: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'], ascii: ['|', '/', '-', '\\']} as const;

/** How much of a terminal there is to draw with. */
export type TerminalLook = {colour: boolean; ascii: boolean};

/** The glyph of a state for this terminal. */
export const glyphOf = (mark: Mark, look: TerminalLook): string => (look.ascii ? marks[mark].ascii : marks[mark].glyph);

/** A sign for this terminal. */
export const signOf = (sign: Sign, look: TerminalLook): string => signs[sign][look.ascii ? 1 : 0];

/** A text without the marks on its letters: `Sao Paulo`. */
const unmarked = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '');

/** What is compared where a person types a part of a name: no capitals, and no marks, which not every keyboard has. */
export const asSought = (text: string): string => unmarked(text).toLowerCase();

/** Names of places, among those of AWS's regions, that ASCII can only write without their marks. */
const markedPlaces = ['São Paulo'];

/** A text in ASCII where the terminal has no Unicode: our own signs by their stand-ins, places without marks, anything else as it is, such as a path in a command. */
export function plainText(text: string, look: TerminalLook): string {
	if (!look.ascii) return text;
	let plain = text;
	plain = plain.replaceAll('→', '->');
	for (const [glyph, ascii] of Object.values(signs)) plain = plain.replaceAll(glyph, ascii);
	for (const name of markedPlaces) plain = plain.replaceAll(name, unmarked(name));
	return plain.replaceAll('–', '-').replaceAll('’', "'").replaceAll('✔', '*').replaceAll('✖', 'x');
}
