import type * as z from 'zod';
import type {AnswerKey, Given} from '../fleet.ts';
import {flagOf, inOrder, isKey, questions} from './all.ts';
import {type AnyQuestion, isSecret, type Kind, keyWords, type SecretQuestion, type WhichQuestion, type Written} from './question.ts';

/**
 * An answer as somebody wrote it, in a flag, a field or at a prompt, read as the value it stands for. What can't be read stays a text, so that the
 * answer's own shape says what would be right.
 */
export function fromText(
	{kind, shape, tidy, written}: {kind: Kind; shape?: z.ZodType; tidy?(text: string): string; written?: Written | undefined},
	text: string,
): unknown {
	if (written) return written.read(text) ?? jsonIn(text);
	switch (kind) {
		case 'number':
			return numberIn(text);
		case 'boolean':
			return booleanIn(text);
		case 'list':
			return listIn(text);
		case 'json':
			return jsonIn(text);
		case 'text':
		case 'choice':
			// A number where no text is taken: a price beside a word.
			return shape?.safeParse(text).success === false && shape.safeParse(numberIn(text)).success ? numberIn(text) : (tidy?.(text) ?? text);
	}
}

/** What was typed for any question, without spaces at its ends. */
export const typedFor = (question: AnyQuestion | SecretQuestion | WhichQuestion, text: string): unknown =>
	isSecret(question) ? text.trim() : fromText(question, text.trim());

/** An answer as `fromText` reads it again: a list's items parted by commas, or as JSON where one could not be read again so. */
export function toText(value: unknown, {written}: {written?: Written | undefined} = {}): string {
	const own = written?.write(value);
	if (own !== undefined) return own;
	if (value === undefined) return '';
	if (typeof value === 'string') return value;
	return Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[^\s,[]([^,]*[^\s,])?$/.test(item))
		? value.join(', ')
		: JSON.stringify(value);
}

/** Answers as the flags that give them, in the words of a command line. */
export const flagsOf = (given: Given): string[] =>
	inOrder.flatMap(({id, written}) => {
		const [flag, value] = [flagOf(id), given[id]];
		if (value === undefined) return [];
		return typeof value === 'boolean' ? [value ? flag : flag.replace('--', '--no-')] : [flag, toText(value, {written})];
	});

/** An answer in words, as a person reads it. */
export function inWords(value: unknown, {unit, written}: {unit?: string | undefined; written?: Written | undefined} = {}): string {
	if (typeof value === 'boolean') return value ? 'yes' : 'no';
	if (value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)) return 'none';
	return `${toText(value, {written})}${unit === undefined || typeof value !== 'number' ? '' : ` ${unitOf(value, unit)}`}`;
}

/** What is changed, as the questions and the review call it, and from what to what: `idle count 0 → 2`, `spot yes → no`. */
export function changeInWords({what, from, to}: {what: string; from: string; to: string}, between = ' '): string {
	const isYesOrNo = isKey(what) && questions[what].kind === 'boolean';
	const value = (text: string): string => inWords(isYesOrNo ? booleanIn(text) : /^(\[\]|\{\})$/.test(text) ? '' : text);
	return `${isKey(what) ? keyWords(what) : what}${between}${value(from)} → ${value(to)}`;
}

/** A unit that is a word of several, of one. */
const unitOf = (value: number, unit: string): string => (value === 1 && /^[a-z]{3,}s$/.test(unit) ? unit.slice(0, -1) : unit);

/** How the values of a question are shown. */
export const shownAs = (question: AnyQuestion | SecretQuestion | WhichQuestion): Pick<AnyQuestion, 'unit' | 'written'> =>
	isSecret(question) || question.id === 'which' ? {} : question;

/** A number's text is only digits, a sign and a point. */
const numberIn = (text: string): unknown => (/^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : text);

function booleanIn(text: string): unknown {
	if (/^(true|yes|y|on)$/i.test(text)) return true;
	if (/^(false|no|n|off)$/i.test(text)) return false;
	return text;
}

/** Items parted by commas, or a JSON list where an item holds a comma. */
function listIn(text: string): unknown {
	if (text.trim().startsWith('[')) return parsed(text);
	const items = text.split(',').map((item) => item.trim());
	return items.filter((item) => item !== '');
}

/** JSON, or `key=value,key=value` for an object of texts. */
function jsonIn(text: string): unknown {
	if (/^\s*[[{]/.test(text)) return parsed(text);
	const pairs = text.split(',').map((pair) => /^\s*([^=]+)=(.*)$/.exec(pair));
	return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.trim(), value.trim()])) : text;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return text;
		throw error;
	}
}

/** Forms of secrets that can be told by themselves, with what to call them. */
const forms: readonly [pattern: RegExp, what: string][] = [
	[/\bglrtr?-[\w.-]{8,}/, "a runner's token"],
	[/\bGR1348941[\w-]+/, 'a registration token'],
	[/\bgl(pat|oas|dt|ptt|ft|soat|cbt|imt|agent)-[\w.-]{8,}/, 'a GitLab token'],
	[/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
	[/PRIVATE KEY-----/, 'a private key'],
	[/:\/\/[^/\s:@]*:[^/\s@]+@/, 'a password in a URL'],
	[/(^|[\s_.-])(token|password|passphrase|secret|secret[-_]?key|access[-_]?key|session[-_]?token)["']?\s*[:=]\s*["']?[^\s"'$]{4,}/i, 'a secret'],
	[
		/(^|[^A-Za-z0-9/+])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[a-z])(?=[A-Za-z0-9/+]{0,39}\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/,
		'an AWS secret key',
	],
];

/** What sort of secret a text holds, or nothing. It never repeats the text. */
const secretInText = (text: string): string | undefined => forms.find(([pattern]) => pattern.test(text))?.[1];

/** What sort of secret a value holds, at any depth, or nothing. In a path, a URL or an ARN forty characters only look like a secret key. */
export function secretIn(value: unknown, isPath: boolean): string | undefined {
	const found = textsIn(value).map(secretInText).find(Boolean);
	return found === 'an AWS secret key' && isPath ? undefined : found;
}

function textsIn(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([name, item]) => (typeof item === 'string' && Number.isNaN(Number(name)) ? [`${name}=${item}`, item] : textsIn(item)));
}

const secretInAnswer = (key: AnswerKey, value: unknown): string | undefined => secretIn(value, questions[key].holds !== undefined);

/** A sentence that says what is wrong with a value's shape, or nothing. */
export function wrongShape(key: AnswerKey, value: unknown): string | undefined {
	const judged = questions[key].shape.safeParse(value);
	if (judged.success) return undefined;
	const issue = judged.error.issues[0];
	const says = issue?.message ?? 'It has another shape.';
	if (!issue?.path.length) return says;
	return says.startsWith('It ') ? `${placeIn(issue.path)} ${says.slice(3)}` : `${placeIn(issue.path)}: ${says}`;
}

/** Where in a value something is, at the beginning of a sentence: `"periods" of item 1`. */
const placeIn = (path: readonly PropertyKey[]): string =>
	path
		.map((part) => (typeof part === 'number' ? `item ${part + 1}` : `"${String(part)}"`))
		.reverse()
		.join(' of ')
		.replace(/^item/, 'Item');

/** A question as its judge sees it: its shape has said already that the value is one of its own. */
type Judging = {when?(given: Given): boolean; against?(value: unknown, given: Given): string | undefined};

/** The one validator of an answer, whoever gave it: its shape, then the other answers. A sentence or nothing. */
export function judge(key: AnswerKey, value: unknown, others: Given): string | undefined {
	const question: Judging = questions[key];
	const alone = wrongAlone(key, value);
	if (alone) return alone;
	return question.when?.(others) === false ? undefined : question.against?.(value, others);
}

/** What is wrong with an answer whatever the others are: its shape, or a secret in it. A sentence or nothing. */
export function wrongAlone(key: AnswerKey, value: unknown): string | undefined {
	const secret = secretInAnswer(key, value);
	if (secret) return `It takes no secret, and this looks like ${secret}: secrets are asked for by themselves, and never kept with answers.`;
	return wrongShape(key, value);
}

/** Puts a value from outside under its key, or says what is wrong with it; `called` is what whoever gave it calls it. */
export function take<Key extends AnswerKey>(into: Given, key: Key, given: unknown, called: string = key): string | undefined {
	const value = typeof given === 'string' ? (questions[key].tidy?.(given) ?? given) : given;
	if (!fits(key, value)) return `${called} is ${shown(key, value)}. ${wrongAlone(key, value) ?? 'It takes another value.'}`;
	into[key] = value;
	return undefined;
}

const fits = <Key extends AnswerKey>(key: Key, value: unknown): value is Given[Key] => wrongAlone(key, value) === undefined;

/** A value in a sentence. What looks like a secret is never repeated. */
export function shown(key: AnswerKey, value: unknown): string {
	if (secretInAnswer(key, value)) return 'a secret';
	const text = toText(value, questions[key]);
	return text.length > 60 ? `"${text.slice(0, 59)}…"` : typeof value === 'string' ? `"${text}"` : text;
}
