import type {Asked} from '../../../answers/ask.ts';
import {isSecret} from '../../../answers/question.ts';
import {toText, typedFor} from '../../../answers/value.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {wrap} from '../../words/wrapping.ts';
import {type Draft, draftOf, draftSpans, typedInto} from '../draft.ts';
import type {Press} from '../press.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';
import {backKey, type Walking, walkingKeys} from '../wizard/walking.ts';

/** A question whose answer is typed. `refused` is what was wrong with it when Enter was pressed; `other` when it came from a list of choices. */
export type FieldScreen = {is: 'field'; asked: Asked; draft: Draft; refused?: string; other?: true; walk?: Walking | undefined};
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
	const instead: Binding[] = walk.create ? [{press: ['ctrl-g'], shows: 'ctrl-g', does: 'have it made for me', act: () => ({wizard: {do: 'create'}})}] : [];
	return [...backKey(walk, [...(draft.at === 0 ? ['left'] : []), ...(other ? [] : ['escape'])], view), ...instead, ...walkingKeys(view, true, walk.about)];
}

const fieldKeys: Keys<FieldScreen> = (screen, view) => {
	const {look} = view;
	const {asked, draft, other, walk} = screen;
	const hasDefault = asked.default !== undefined;
	return [
		{press: ['enter'], shows: signOf('enter', look), does: draft.text === '' && hasDefault ? 'take the default' : 'take', act: () => entered(screen)},
		...(hasDefault && draft.text === ''
			? [
					{
						press: [walk ? 'right' : 'tab'],
						shows: walk ? signOf('right', look) : 'tab',
						does: 'edit the default',
						act: () => ({to: {...screen, draft: draftOf(toText(asked.default?.value))}}),
					},
				]
			: []),
		...(other ? [{press: ['escape'], shows: 'esc', does: 'back to the list', act: (): Move => ({pop: true})}] : []),
		...walkKeys(screen, view),
	];
};

/** The lines above every question: what is asked, what helps, why there is no list. */
export function questionRows({question, note}: Asked, {columns, look}: View): Row[] {
	const width = Math.min(columns - 2, 100);
	const rows = [
		...wrap(plainText(question.title, look), width).map((text) => row(' ', {text, bold: true})),
		...wrap(plainText(question.help, look), width).map((text) => row(` ${text}`)),
	];
	if (note !== undefined) rows.push(...wrap(plainText(`! ${note}`, look), width).map((text) => row(' ', {text, role: 'warning'})));
	return [...rows, emptyRow];
}

/** What is wrong with what stands in the field: at once while typing, and after Enter. */
function wrongOf({asked, draft, refused}: FieldScreen): string | undefined {
	return refused ?? (draft.text === '' ? undefined : asked.wrong(typedFor(asked.question, draft.text)));
}

const drawField: Draw<FieldScreen> = (screen, view) => {
	const {asked, draft} = screen;
	const {columns, look} = view;
	const rows = questionRows(asked, view);
	const {default: usual, question} = asked;
	const unit = !isSecret(question) && question.unit !== undefined ? `  ${question.unit}` : '';
	const hint = draft.text === '' && usual ? `${toText(usual.value)}${usual.why === undefined ? '' : `  (${usual.why})`}` : '';
	rows.push(
		row(
			{text: ` ${signOf('focus', look)} `, role: 'accent'},
			...draftSpans(draft, isSecret(question), columns - 6 - unit.length, look),
			{text: plainText(hint, look), role: 'quiet'},
			unit,
		),
	);
	const wrong = wrongOf(screen);
	const role = screen.refused === undefined ? 'quiet' : 'blocked';
	if (wrong !== undefined)
		rows.push(
			emptyRow,
			...wrap(plainText(`${screen.refused === undefined ? signOf('dot', look) : signOf('more', look)} ${wrong}`, look), columns - 2).map((text) =>
				row(' ', {text, role}),
			),
		);
	if (isSecret(question)) rows.push(emptyRow, row({text: ' What you type is hidden.', role: 'quiet'}));
	return rows;
};

export const field: ScreenSpec<FieldScreen> = {word: 'question', draw: drawField, keys: fieldKeys, type: typeField, isTyping: () => true};
