import {flagOf} from '../../answers/all.ts';
import {type Asked, type Choice, isClosed, isSecret, yesOrNoAmong} from '../../answers/question.ts';
import {inWords, shownAs, typedFor} from '../../answers/value.ts';
import {asSought} from '../words/glyphs.ts';
import type {Line} from '../words/lines.ts';

/** How plain lines meet a person: what is said, and what they type after it. */
export type Talk = {
	say(lines: readonly Line[]): void;
	/** Asks for a line; what happens meanwhile is said once it is there. Rejects with `Stopped` on ctrl-c. */
	ask(prompt: string, hidden?: boolean): Promise<string>;
	/** A line that is typed while others go by; nothing once it is over. Rejects with `Stopped` where nobody is there any more. */
	hear(over: AbortSignal): Promise<string | undefined>;
};

/** More choices than this aren't read out at once. */
const most = 20;

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What can be chosen by its number: the choices, and the answer that stands now where it was typed. */
export function choicesOf({question, choices = [], default: usual}: Asked): readonly Choice<unknown>[] {
	if (isSecret(question)) return [];
	if (question.kind === 'boolean') return yesOrNoAmong(choices);
	if (question.kind !== 'choice') return [];
	const isOwn = usual !== undefined && choices.length > 0 && !isClosed(question) && !choices.some(({value}) => same(value, usual.value));
	return isOwn ? [{value: usual.value, label: inWords(usual.value, shownAs(question)), hint: usual.why ?? 'as it is'}, ...choices] : choices;
}

/** Choices, each with its number and what helps to choose it. */
export function choiceLines(asked: Asked, listed: readonly Choice<unknown>[]): Line[] {
	const shown = listed.slice(0, most);
	const lines = shown.map(({value, label, hint, disabled}, at): Line => {
		const usual = same(value, asked.default?.value)
			? `(${asked.default?.given ? 'as it is' : 'default'}${asked.default?.why === undefined ? '' : `: ${asked.default.why}`})`
			: undefined;
		const text = [hint ? `${label}, ${hint}` : label, disabled === undefined ? undefined : `(not now: ${disabled})`, usual].filter(Boolean).join(' ');
		return {subject: `${at + 1}`.padStart(`${shown.length}`.length), text, indent: 2};
	});
	const left = listed.length - shown.length;
	return left > 0 ? [...lines, {text: `and ${left} more: a part of a name lists those that have it.`, indent: 2}] : lines;
}

/** A question as it is put: what is asked, what helps, what can be chosen, and what was wrong with an earlier answer. */
export function questionLines(asked: Asked, listed: readonly Choice<unknown>[], where = ''): Line[] {
	const {question, note, refused} = asked;
	return [
		{text: question.title + where},
		{text: question.help},
		...(note === undefined ? [] : [{mark: 'note' as const, text: note}]),
		...choiceLines(asked, listed),
		...(refused === undefined ? [] : [{mark: 'blocked' as const, text: refused}]),
	];
}

/** The longest default that a prompt names. */
const longest = 40;

/** What Enter takes. */
function enterWords({question, default: usual, wrong}: Asked): string {
	if (!usual) return wrong('') === undefined ? 'Enter leaves it empty; ' : '';
	const value = inWords(usual.value, shownAs(question));
	return `Enter ${usual.given ? 'keeps' : 'takes'} ${value.length > longest ? 'the default' : value}; `;
}

/** What stands before the cursor: how it is answered, and what Enter takes. */
export function promptOf(asked: Asked, listed: readonly Choice<unknown>[]): string {
	const {question} = asked;
	if (isSecret(question)) return 'Hidden while you type (? helps): ';
	const unit = question.unit === undefined ? 'Answer' : `In ${question.unit}`;
	const how = question.kind === 'boolean' ? 'yes or no' : listed.length === 0 ? unit : isClosed(question) ? 'A number' : 'A number, or another value';
	return `${how} (${enterWords(asked)}? helps): `;
}

/** What `?` says of a question by itself. */
export function helpLines({question, default: usual}: Asked, listed: readonly Choice<unknown>[]): Line[] {
	if (isSecret(question)) return [{text: question.help}, {text: `Elsewhere: ${question.instead}`}];
	const flag = question.id === 'which' ? question.flag : flagOf(question.id);
	return [
		{text: question.help},
		...(usual?.why === undefined ? [] : [{text: `The default comes from: ${usual.why}.`}]),
		...(listed.length > 0 ? [{text: 'A choice is taken by its number or its name.'}] : []),
		{text: `As a flag it is ${flag}.`},
		{text: 'Ctrl-c leaves.'},
	];
}

/** What a line means as an answer: a value, why it can't be taken, or the choices that have it in their names. */
type Meant = {answer: unknown} | {refused: string} | {among: readonly Choice<unknown>[]};

/** Reads an answer: Enter, a number, a name, or a value of its own. */
export function meaning(asked: Asked, listed: readonly Choice<unknown>[], typed: string): Meant {
	const {question, default: usual} = asked;
	const text = typed.trim();
	if (text === '' && usual) return judged(asked, usual.value);
	const at = /^\d+$/.test(text) ? Number(text) - 1 : -1;
	const chosen = listed[at] ?? listed.find(({label, value}) => [label, String(value)].some((name) => name.toLowerCase() === text.toLowerCase()));
	if (chosen && text !== '') return chosen.disabled === undefined ? judged(asked, chosen.value) : {refused: chosen.disabled};
	const own = isSecret(question) && question.id === 'passphrase' ? typed : typedFor(question, text);
	const refused = isClosed(question) && text !== '' ? closedWords(listed) : asked.wrong(own);
	if (refused === undefined) return {answer: own};
	const among = text === '' ? [] : listed.filter(({label, hint}) => asSought(`${label} ${hint ?? ''}`).includes(asSought(text)));
	return among.length > 0 && among.length < listed.length ? {among} : {refused};
}

const closedWords = (listed: readonly Choice<unknown>[]): string => `It takes a number from 1 to ${listed.length}, or a name.`;

function judged(asked: Asked, value: unknown): Meant {
	const refused = asked.wrong(value);
	return refused === undefined ? {answer: value} : {refused};
}

/** Puts a question until its answer passes the validator. Rejects with `Stopped` when the person leaves. */
export async function putQuestion(asked: Asked, {say, ask}: Talk): Promise<unknown> {
	let listed = choicesOf(asked);
	say(questionLines(asked, listed));
	for (;;) {
		const typed = await ask(promptOf(asked, listed), isSecret(asked.question));
		if (typed.trim() === '?') {
			say([...helpLines(asked, listed), ...choiceLines(asked, listed)]);
			continue;
		}
		const meant = meaning(asked, listed, typed);
		if ('answer' in meant) return meant.answer;
		if ('refused' in meant) say([{mark: 'blocked', text: meant.refused}]);
		else {
			listed = meant.among;
			say(choiceLines(asked, listed));
		}
	}
}

/** Asks whether to go on: yes or no, or a word that has to be typed. */
export async function putAgreement(word: string | undefined, {say, ask}: Talk): Promise<boolean> {
	if (word !== undefined) return (await ask(`Type ${word} to agree, or press Enter to leave it: `)).trim() === word;
	for (;;) {
		const typed = (await ask('Go on? yes or no (Enter takes yes): ')).trim().toLowerCase();
		if (['', 'y', 'yes'].includes(typed)) return true;
		if (['n', 'no'].includes(typed)) return false;
		say([{mark: 'blocked', text: 'It takes yes or no.'}]);
	}
}
