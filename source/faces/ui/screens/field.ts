import {type Asked, isSecret} from '../../../answers/question.ts';
import {inWords, shownAs, toText, typedFor} from '../../../answers/value.ts';
import type {Walking} from '../../wizard/seen.ts';
import {type ColourRole, glyphOf, plainText, signOf, type TerminalLook} from '../../words/glyphs.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {isSmall} from '../layout.ts';
import {emptyRow, type Row, row, type Span} from '../row.ts';
import {type Binding, type Draw, type Keys, type Move, nameOf, type Press, type ScreenSpec, type View} from '../screen.ts';
import {backKey, walkingKeys} from '../wizard/walking.ts';
import {weekRows} from '../wizard/week.ts';

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

/** A question whose answer is typed. `refused` is what was wrong with it when Enter was pressed; `other` when it came from a list of choices. */
type FieldScreen = {is: 'field'; asked: Asked; draft: Draft; refused?: string; other?: true; walk?: Walking | undefined};
declare module '../screen.ts' {
	interface ScreenByName {
		field: FieldScreen;
	}
}

/** A field for a question, with what was wrong with an earlier answer on show. */
export const fieldFor = (asked: Asked, other?: true, walk?: Walking): FieldScreen => ({
	is: 'field',
	asked,
	draft: draftOf(''),
	...(asked.refused === undefined ? {} : {refused: asked.refused}),
	...(other ? {other} : {}),
	...(walk ? {walk} : {}),
});

function entered(screen: FieldScreen): Move {
	const {asked, draft} = screen;
	if (draft.text === '' && asked.default !== undefined && asked.wrong(asked.default.value) === undefined) return {answer: asked.default.value};
	const value = typedFor(asked.question, draft.text);
	const refused = asked.wrong(value);
	return refused === undefined ? {answer: value} : {to: {...screen, refused}};
}

/** What a typed key does to the field, or nothing. */
function typeField(screen: FieldScreen, press: Press): Move | undefined {
	const draft = typedInto(screen.draft, press);
	if (!draft) return undefined;
	const {refused: _refused, ...rest} = screen;
	return {to: {...rest, draft}};
}

/** What the field would be answered with now: a value that can be taken, or nothing. */
export function valueIn({asked, draft}: FieldScreen): unknown {
	if (draft.text === '' || isSecret(asked.question)) return undefined;
	const value = typedFor(asked.question, draft.text);
	return asked.wrong(value) === undefined ? value : undefined;
}

/** Letters type, so that back is the first column's left arrow, and Escape. */
function walkKeys({walk, draft, other}: FieldScreen, view: View): Binding[] {
	if (!walk) return [];
	const instead: Binding[] = walk.create
		? [{press: ['ctrl-n'], shows: 'ctrl-n', does: 'create it with a GitLab token', act: () => ({wizard: {do: 'create'}})}]
		: [];
	return [...backKey(walk, [...(draft.at === 0 ? ['left'] : []), ...(other ? [] : ['escape'])], view), ...instead, ...walkingKeys(view, true, walk.about)];
}

/** A value of which nothing is there to be edited: no tags, an empty text. */
const isNone = (value: unknown): boolean => inWords(value) === 'none';

/** The longest value that a hint names. */
const longestNamed = 24;

/** What Enter does: it takes what was typed, the default, or what was given before; an answer that may be absent stays so. */
function takesWords({asked, draft}: FieldScreen, {columns}: View): string {
	if (draft.text !== '') return 'take';
	const {default: usual, question} = asked;
	if (usual ? isNone(usual.value) : asked.wrong('') === undefined) return 'leave it empty';
	if (!usual) return 'take';
	// The field shows it; where it's narrow the way back is worth more than its name.
	if (columns < 80) return usual.given ? 'keep it' : 'take it';
	const value = inWords(usual.value, shownAs(question));
	const named = value.length > longestNamed ? '' : ` ${value}`;
	return usual.given ? `keep${named || ' it'}` : `take${named}${named === '' ? ' the default' : ', the default'}`;
}

const fieldKeys: Keys<FieldScreen> = (screen, view) => {
	const {look} = view;
	const {asked, draft, other, walk} = screen;
	const usual = draft.text === '' ? asked.default : undefined;
	return [
		{press: ['enter'], shows: signOf('enter', look), does: isSmall(view) ? 'take' : takesWords(screen, view), act: () => entered(screen)},
		...(other ? [{press: ['escape'], shows: 'esc', does: view.columns < 80 ? 'back' : 'back to the list', act: (): Move => ({pop: true})}] : []),
		...(usual && !isNone(usual.value)
			? [
					{
						press: [walk ? 'right' : 'tab'],
						shows: walk ? signOf('right', look) : 'tab',
						does: 'edit it',
						act: () => ({to: {...screen, draft: draftOf(toText(usual.value, shownAs(asked.question)))}}),
					},
				]
			: []),
		...walkKeys(screen, view),
	];
};

/** The lines above every question: what is asked, what helps, why there is no list. What helps is behind `?` where there is little room. */
export function questionRows({question, note}: Asked, view: View): Row[] {
	const {columns, look} = view;
	const width = Math.min(columns - 2, 100);
	const rows = [
		...wrapWhole(plainText(question.title, look), width).map((text) => row(' ', {text, bold: true})),
		...(isSmall(view) ? [] : wrapWhole(plainText(question.help, look), width).map((text) => row(` ${text}`))),
	];
	if (note !== undefined) rows.push(...wrapWhole(plainText(`! ${note}`, look), width).map((text) => row(' ', {text, role: 'warning'})));
	return [...rows, emptyRow];
}

/** A sentence behind its sign; wraps under itself. */
export const signed = (sign: string, says: string, role: ColourRole, {columns, look}: View): Row[] =>
	wrapWhole(plainText(says, look), columns - 5).map((text, at) => row({text: ` ${at === 0 ? plainText(sign, look) : ' '} ${text}`, role}));

/** What is wrong with what stands in the field: at once while typing, and after Enter. */
function wrongOf({asked, draft, refused}: FieldScreen): string | undefined {
	return refused ?? (draft.text === '' ? undefined : asked.wrong(typedFor(asked.question, draft.text)));
}

/** What the field holds as long as nothing is typed: the default with why, or that it may stay empty. */
function placeholder({default: usual, question, wrong}: Asked): string {
	if (!usual) return wrong('') === undefined ? 'none' : '';
	return `${isNone(usual.value) ? 'none' : toText(usual.value, shownAs(question))}${usual.why === undefined ? '' : `  (${usual.why})`}`;
}

const drawField: Draw<FieldScreen> = (screen, view) => {
	const {asked, draft} = screen;
	const {columns, look} = view;
	const rows = questionRows(asked, view);
	const {question} = asked;
	const unit = shownAs(question).unit === undefined ? '' : `  ${shownAs(question).unit}`;
	const hint = draft.text === '' ? placeholder(asked) : '';
	rows.push(
		row(
			{text: ` ${signOf('focus', look)} `, role: 'accent'},
			...draftSpans(draft, isSecret(question), columns - 6 - unit.length, look),
			{text: plainText(hint, look), role: 'quiet'},
			unit,
		),
	);
	if (screen.walk?.loading && !screen.other) rows.push(row({text: `   ${signOf('more', look)} asking AWS what there is`, role: 'quiet'}));
	const wrong = wrongOf(screen);
	if (wrong !== undefined)
		rows.push(
			emptyRow,
			...(screen.refused === undefined ? signed(signOf('dot', look), wrong, 'quiet', view) : signed(glyphOf('blocked', look), wrong, 'blocked', view)),
		);
	if (question.id === 'schedule' && wrong === undefined)
		rows.push(emptyRow, ...weekRows(valueIn(screen) ?? asked.default?.value, view.rows - 2 - rows.length - 1, view));
	if (isSecret(question)) rows.push(emptyRow, row({text: ' What you type is hidden.', role: 'quiet'}));
	return rows;
};

/** What there is to know of a question. */
export const aboutQuestion = ({question, note, default: usual}: Asked): string[] => [
	question.title,
	question.help,
	...(note === undefined ? [] : [`! ${note}`]),
	...(usual?.why === undefined ? [] : [`The default comes from: ${usual.why}.`]),
];

export const field: ScreenSpec<FieldScreen> = {
	word: 'question',
	draw: drawField,
	keys: fieldKeys,
	type: typeField,
	about: ({asked}) => aboutQuestion(asked),
	isTyping: () => true,
};
