import {type Asked, type Choice, isClosed, isSecret, yesOrNoAmong} from '../../../answers/question.ts';
import {shownAs, toText} from '../../../answers/value.ts';
import type {Walking} from '../../wizard/seen.ts';
import {asSought, glyphOf, plainText, signOf} from '../../words/glyphs.ts';
import {displayWidth, padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, type Row, row, windowed} from '../row.ts';
import type {Binding, Draw, Keys, Move, Press, ScreenSpec, View} from '../screen.ts';
import {backKey, everythingKey, walkingKeys} from '../wizard/walking.ts';
import {weekRows} from '../wizard/week.ts';
import {aboutQuestion, type Draft, draftOf, draftSpans, fieldFor, questionRows, signed, typedInto} from './field.ts';

/** A question whose answer is chosen. While `typing` letters go into the filter; else they are commands. */
type ChooseScreen = {
	is: 'choose';
	asked: Asked;
	choices: readonly Choice<unknown>[];
	at: number;
	filter: Draft;
	typing: boolean;
	refused?: string;
	walk?: Walking;
};
declare module '../screen.ts' {
	interface ScreenByName {
		choose: ChooseScreen;
	}
}

/** The choices of a question, or nothing where its answer is typed. */
export function choicesOf({question, choices}: Asked): readonly Choice<unknown>[] | undefined {
	if (isSecret(question)) return undefined;
	if (question.kind === 'boolean') return yesOrNoAmong(choices);
	return question.kind === 'choice' && choices?.some(({disabled}) => disabled === undefined) ? choices : undefined;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** A list for a question, its default in focus. */
export function chooseFor(asked: Asked, offered: readonly Choice<unknown>[], walk?: Walking): ChooseScreen {
	const {default: usual} = asked;
	// An answer that isn't among the choices was typed: it's offered too, so that Enter keeps it.
	const {question} = asked;
	const isAny = !isYesOrNo(asked) && !isClosed(question) && !('unlisted' in question);
	const isOwn = usual !== undefined && isAny && !offered.some(({value}) => same(value, usual.value));
	const choices = isOwn ? [{value: usual.value, label: toText(usual.value, shownAs(asked.question)), hint: usual.why ?? 'as it is'}, ...offered] : offered;
	const at = usual === undefined ? -1 : choices.findIndex(({value}) => same(value, usual.value));
	return {
		is: 'choose',
		asked,
		choices,
		at: Math.max(0, at),
		filter: draftOf(''),
		typing: false,
		...(asked.refused === undefined ? {} : {refused: asked.refused}),
		...(walk ? {walk} : {}),
	};
}

/** The same list once its live choices have come; the cursor stays on its value. */
export function withChoices(screen: ChooseScreen, asked: Asked, choices: readonly Choice<unknown>[]): ChooseScreen {
	const on = focusedIn(screen);
	const {walk} = screen;
	const filled = chooseFor(asked, choices, walk && {about: walk.about, back: walk.back, ...(walk.change ? {change: true} : {})});
	// On the way to type another value the cursor stays there.
	const at = on === undefined ? listed(filled).length - 1 : filled.choices.findIndex(({value}) => same(value, on.value));
	return {...filled, typing: screen.typing, filter: screen.filter, ...(at < 0 || screen.filter.text !== '' ? {} : {at})};
}

/** The choice that the cursor is on; nothing on the way to type another. */
export function focusedIn(screen: ChooseScreen): Choice<unknown> | undefined {
	const choice = listed(screen)[screen.at];
	return choice === other ? undefined : choice;
}

const other = 'other';

/** What is listed now: the choices that the filter leaves, then the way to type another value. */
function listed(screen: ChooseScreen): (Choice<unknown> | typeof other)[] {
	const {choices, filter} = screen;
	const words = asSought(filter.text).split(' ');
	const left = choices.filter(({label, hint}) => words.every((word) => asSought(`${label} ${hint ?? ''}`).includes(word)));
	return canType(screen) ? [...left, other] : left;
}

/** Whether another value than those listed can be typed. */
function canType({asked: {question}, walk}: ChooseScreen): boolean {
	if (isClosed(question) || isSecret(question) || question.kind !== 'choice') return false;
	return walk?.loading === true || !('unlisted' in question);
}

function taken(screen: ChooseScreen): Move {
	const choice = listed(screen)[screen.at];
	if (choice === undefined) return {to: screen};
	if (choice === other) return {push: fieldFor(screen.asked, true, screen.walk && {...screen.walk, back: false})};
	const refused = choice.disabled ?? screen.asked.wrong(choice.value);
	return refused === undefined ? {answer: choice.value} : {to: {...screen, refused}};
}

function moved(screen: ChooseScreen, by: number): Move {
	const {refused: _refused, ...rest} = screen;
	return {to: {...rest, at: Math.min(listed(screen).length - 1, Math.max(0, screen.at + by))}};
}

/** What a letter does while the filter is typed, or nothing. */
function typeFilter(screen: ChooseScreen, press: Press): Move | undefined {
	if (!screen.typing) return undefined;
	const filter = typedInto(screen.filter, press);
	return filter && {to: {...screen, filter, at: 0}};
}

const walkKeys = (screen: ChooseScreen, view: View): Binding[] => {
	const {walk, typing, filter} = screen;
	if (!walk) return [];
	const away = typing || filter.text !== '' ? [] : backKey(walk, ['left', 'escape'], view);
	return [...away, ...walkingKeys(view, typing, walk.about), ...(typing || walk.change ? [] : everythingKey(view))];
};

const chooseKeys: Keys<ChooseScreen> = (screen, view) => {
	const edit = editKey(screen, view.look);
	// What is written in words of its own is mostly changed a little; of other lists that is the rarest wish.
	const isFirst = shownAs(screen.asked.question).written !== undefined;
	return [...ownKeys(screen, view), ...(isFirst ? edit : []), ...walkKeys(screen, view), ...(isFirst ? [] : edit)];
};

const ownKeys: Keys<ChooseScreen> = (screen, {look, rows}) => [
	{press: ['enter'], shows: signOf('enter', look), does: 'take', act: () => taken(screen)},
	{press: screen.typing ? ['up'] : ['up', 'k'], shows: signOf('upDown', look), does: 'choose', act: () => moved(screen, -1)},
	{press: screen.typing ? ['down'] : ['down', 'j'], shows: '', does: '', act: () => moved(screen, 1)},
	{press: ['pageup'], shows: '', does: '', act: () => moved(screen, -(bodyRows(rows) - 8))},
	{press: ['pagedown'], shows: '', does: '', act: () => moved(screen, bodyRows(rows) - 8)},
	...(screen.typing
		? []
		: [
				{press: ['home', 'g'], shows: '', does: '', help: {key: 'g G', says: 'the first, the last'}, act: () => moved(screen, -screen.at)},
				{press: ['end', 'G'], shows: '', does: '', act: () => moved(screen, listed(screen).length)},
			]),
	...(screen.typing || screen.filter.text !== ''
		? [{press: ['escape'], shows: 'esc', does: 'show all', act: (): Move => ({to: {...screen, typing: false, filter: draftOf(''), at: 0}})}]
		: screen.choices.length > 5
			? [{press: ['/'], shows: '/', does: 'filter', act: (): Move => ({to: {...screen, typing: true}})}]
			: []),
	...(isYesOrNo(screen.asked) && !screen.typing ? screen.choices.map(({value, label}) => letter(screen, value, label)) : []),
];

/** The choice that the cursor is on as a text to be changed, where any text can be typed. */
function editKey(screen: ChooseScreen, look: View['look']): Binding[] {
	const on = focusedIn(screen);
	const {asked, walk, typing} = screen;
	if (!on || typing || !canType(screen)) return [];
	const field = fieldFor(asked, true, walk && {...walk, back: false});
	const text = toText(on.value, shownAs(asked.question));
	return [{press: ['right'], shows: signOf('right', look), does: 'edit it', act: () => ({push: {...field, draft: draftOf(text)}})}];
}

const isYesOrNo = ({question}: Asked): boolean => !isSecret(question) && question.kind === 'boolean';

const letter = (screen: ChooseScreen, value: unknown, label: string) => ({
	press: [label.charAt(0).toLowerCase()],
	shows: label.charAt(0).toLowerCase(),
	does: label.toLowerCase(),
	act: (): Move => {
		const refused = screen.asked.wrong(value);
		return refused === undefined ? {answer: value} : {to: {...screen, refused}};
	},
});

/** As many rows of a list stay, whatever is drawn below it. */
const leastListed = 5;

/** What helps to choose it, why it can't be taken now, and where it comes from as the default. */
function besideWords({hint = '', disabled, value}: Choice<unknown>, {default: usual}: Asked): string {
	const why = disabled === undefined ? '' : `  (${disabled})`;
	return `${hint}${why}${same(value, usual?.value) && usual?.why !== undefined ? `  (default: ${usual.why})` : ''}`;
}

/** Everything that is known of the choice that the cursor is on. */
function aboutChoice(screen: ChooseScreen): string[] {
	const on = focusedIn(screen);
	if (!on) return aboutQuestion(screen.asked);
	const beside = besideWords(on, screen.asked).trim();
	return [
		...aboutQuestion(screen.asked),
		`${on.label}${beside === '' ? '' : `  ${beside}`}`,
		...(on.details ?? []).map(([label, text]) => `${padded(label, 6)}  ${text}`),
	];
}

/**
 * What is drawn of the choice that the cursor is on: the week of a schedule, what else there is to know of an image; else what was cut of its row. As far as
 * there is room, which is more where the list needn't stay whole; `?` tells all of it.
 */
function below(screen: ChooseScreen, [height, besideAll]: [number, number], labelWidth: number, view: View): Row[] {
	const on = focusedIn(screen);
	if (!on) return [];
	const {columns, look} = view;
	const beside = besideWords(on, screen.asked);
	const isCut = 3 + labelWidth + 2 + displayWidth(plainText(beside, look)) > columns;
	const more =
		screen.asked.question.id === 'schedule'
			? ([besideAll, height].map((most) => weekRows(on.value, most - 1, view)).find(({length}) => length > 0) ?? [])
			: (on.details ?? []).flatMap(([label, text]) =>
					wrapWhole(plainText(text, look), columns - 10).map((line, at) => row('   ', {text: padded(at === 0 ? label : '', 6), role: 'quiet'}, line)),
				);
	const cut = isCut ? wrapWhole(plainText(beside.trim(), look), columns - 4).map((text) => row('   ', {text, role: 'quiet'})) : [];
	const fitting = [[...cut, ...more], more, cut].find((rows) => rows.length > 0 && rows.length < height);
	return fitting ? [emptyRow, ...fitting] : [];
}

const drawChoose: Draw<ChooseScreen> = (screen, view) => {
	const {look, columns} = view;
	const head = questionRows(screen.asked, view);
	if (screen.typing || screen.filter.text !== '') head.push(row({text: ' / ', role: 'accent'}, ...draftSpans(screen.filter, false, columns - 6, look)));
	const all = listed(screen);
	const labelWidth = Math.min(columns - 10, Math.max(0, ...screen.choices.map(({label}) => label.length)));
	const rows = all.map((choice, index): Row => {
		const pointer = {text: index === screen.at ? ` ${signOf('focus', look)} ` : '   ', role: 'accent' as const};
		if (choice === other) return row(pointer, {text: plainText('Another, typed…', look), bold: index === screen.at});
		return row(
			pointer,
			{text: plainText(padded(choice.label, labelWidth), look), bold: index === screen.at},
			{text: plainText(`  ${besideWords(choice, screen.asked)}`, look), role: 'quiet'},
		);
	});
	if (screen.walk?.loading) rows.push(row({text: `   ${signOf('more', look)} asking AWS what there is`, role: 'quiet'}));
	const foot = screen.refused === undefined ? [] : signed(glyphOf('blocked', look), screen.refused, 'blocked', view);
	const room = bodyRows(view.rows) - head.length - foot.length;
	const drawn = below(screen, [room - Math.min(rows.length, leastListed), room - rows.length], labelWidth, view);
	const list = windowed(rows, screen.at, room - drawn.length, look);
	return [...head, ...(rows.length > 0 ? list : [emptyRow, row(' Nothing has these letters. Escape shows all.')]), ...drawn, ...foot];
};

export const choose: ScreenSpec<ChooseScreen> = {
	word: 'question',
	draw: drawChoose,
	keys: chooseKeys,
	type: typeFilter,
	about: aboutChoice,
	isTyping: ({typing}) => typing,
};
