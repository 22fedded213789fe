import {type Asked, isSecret} from '../../../answers/question.ts';
import {inWords, shownAs, toText, typedFor} from '../../../answers/value.ts';
import type {Walking} from '../../wizard/seen.ts';
import {type ColourRole, glyphOf, plainText, signOf} from '../../words/glyphs.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {type Draft, draftOf, draftSpans, typedInto} from '../draft.ts';
import {isSmall} from '../layout.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {Binding, Draw, Keys, Move, Press, ScreenSpec, View} from '../screen.ts';
import {backKey, walkingKeys} from '../wizard/walking.ts';
import {weekRows} from '../wizard/week.ts';

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
	if (!usual) return asked.wrong('') === undefined ? 'leave it empty' : 'take';
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
