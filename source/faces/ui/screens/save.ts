import {plainText, signOf} from '../../words/glyphs.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {emptyRow, row} from '../row.ts';
import type {Draw, Keys, Move, Press, ScreenSpec} from '../screen.ts';
import {type Draft, draftOf, draftSpans, typedInto} from './field.ts';

/** The name that the answers are saved under. */
type SaveScreen = {is: 'save'; draft: Draft; refused?: string};
declare module '../screen.ts' {
	interface ScreenByName {
		save: SaveScreen;
	}
}

export const saveScreen = (name: string): SaveScreen => ({is: 'save', draft: draftOf(name)});

const nameOk = /^[a-zA-Z0-9][\w.-]{0,63}$/;

function entered(screen: SaveScreen): Move {
	const name = screen.draft.text.trim();
	if (nameOk.test(name) && !name.endsWith('.json')) return {wizard: {do: 'save', name}};
	return {to: {...screen, refused: 'It takes up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.'}};
}

function typeName(screen: SaveScreen, press: Press): Move | undefined {
	const draft = typedInto(screen.draft, press);
	return draft && {to: {is: 'save', draft}};
}

const saveKeys: Keys<SaveScreen> = (screen, {look}) => [
	{press: ['enter'], shows: signOf('enter', look), does: 'save', act: () => entered(screen)},
	{press: ['escape'], shows: 'esc', does: 'back', stays: true, act: () => ({pop: true})},
];

const drawSave: Draw<SaveScreen> = ({draft, refused}, {columns, look}) => [
	row(' ', {text: 'What is the preset called?', bold: true}),
	...wrapWhole('It holds the answers and never a secret. `gitlab-runner-aws setup --preset NAME` begins from it.', Math.min(100, columns - 2)).map((text) =>
		row(` ${text}`),
	),
	emptyRow,
	row({text: ` ${signOf('focus', look)} `, role: 'accent'}, ...draftSpans(draft, false, columns - 6, look)),
	...(refused === undefined ? [] : [emptyRow, ...wrapWhole(plainText(refused, look), columns - 2).map((text) => row(' ', {text, role: 'blocked' as const}))]),
];

export const save: ScreenSpec<SaveScreen> = {word: 'save', draw: drawSave, keys: saveKeys, type: typeName, isTyping: () => true};
