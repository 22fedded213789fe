import {signOf, type TerminalLook} from '../words/glyphs.ts';
import type {Span} from './row.ts';
import {nameOf, type Press} from './screen.ts';

/** A text being typed, and where in it. `at` counts code units. */
export type Draft = {text: string; at: number};

export const draftOf = (text: string): Draft => ({text, at: text.length});

/** One line only: what a paste holds besides is dropped at its ends and becomes a space within. */
const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]+\s*/g, ' ');

const put = ({text, at}: Draft, more: string): Draft => ({text: text.slice(0, at) + more + text.slice(at), at: at + more.length});

/** What keys do to a text, as a shell's own line takes them. */
const edits: Record<string, (draft: Draft) => Draft> = {
	backspace: ({text, at}) => (at === 0 ? {text, at} : {text: text.slice(0, at - 1) + text.slice(at), at: at - 1}),
	delete: ({text, at}) => ({text: text.slice(0, at) + text.slice(at + 1), at}),
	left: ({text, at}) => ({text, at: Math.max(0, at - 1)}),
	right: ({text, at}) => ({text, at: Math.min(text.length, at + 1)}),
	home: ({text}) => ({text, at: 0}),
	end: ({text}) => ({text, at: text.length}),
	'ctrl-u': ({text, at}) => ({text: text.slice(at), at: 0}),
	'ctrl-k': ({text, at}) => ({text: text.slice(0, at), at}),
	'ctrl-w': ({text, at}) => {
		const kept = text.slice(0, at).replace(/\S*\s*$/, '');
		return {text: kept + text.slice(at), at: kept.length};
	},
	'alt-b': ({text, at}) => ({text, at: text.slice(0, at).replace(/[\p{L}\p{N}]*[^\p{L}\p{N}]*$/u, '').length}),
	'alt-f': ({text, at}) => ({text, at: wordEnd(text, at)}),
	'alt-d': ({text, at}) => ({text: text.slice(0, at) + text.slice(wordEnd(text, at)), at}),
};

/** Where the word ends that the cursor is in or before. */
const wordEnd = (text: string, at: number): number => at + (/^[^\p{L}\p{N}]*[\p{L}\p{N}]*/u.exec(text.slice(at))?.[0].length ?? 0);

/** The letters with ctrl that every terminal takes for these. */
const alike: Record<string, string> = {'ctrl-a': 'home', 'ctrl-e': 'end', 'ctrl-b': 'left', 'ctrl-d': 'delete'};

/** The draft after a key, or nothing where the key means nothing in a text. */
export function typedInto(draft: Draft, press: Press): Draft | undefined {
	if ('text' in press) return put(draft, press.pasted ? oneLine(press.text) : press.text);
	const name = nameOf(press);
	return edits[alike[name] ?? name]?.(draft);
}

/** The draft with its cursor; a secret shows a sign for each letter. */
export function draftSpans({text, at}: Draft, hidden: boolean, columns: number, look: TerminalLook): Span[] {
	const shown = hidden ? signOf('hidden', look).repeat(text.length) : text;
	const from = Math.max(0, at - columns + 2);
	return [{text: shown.slice(from, at)}, {text: signOf('cursor', look), role: 'accent'}, {text: shown.slice(at, from + columns - 1)}];
}
