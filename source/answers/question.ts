import * as z from 'zod';
import type {AnswerKey, AnswerValue, Fleet, Given, How} from '../fleet.ts';
import type {Cloud, CloudAt} from '../world/cloud/port.ts';
import {hostPattern, loopbackPattern, pathPattern} from '../world/gitlab/url.ts';
import {counted, printable} from '../world/printable.ts';

/** What choices and defaults may look at; memoised by whoever makes it, and each call ends with the question. */
export type Asking = {
	/** The cloud of the region answered so far. */
	cloud: Cloud;
	/** Any region's: prices are told in some only. */
	cloudAt: CloudAt;
	fleet?: Fleet | undefined;
	given: Given;
	/** AWS profiles found in this laptop's configuration. */
	profiles(): Promise<string[]>;
	/** The region that the AWS profile's own configuration names, read from disk without any call. */
	profileRegion(): Promise<string | undefined>;
	/** Milliseconds since 1970: prices are asked for as of now. */
	now(): number;
	/** This laptop's time zone, such as Europe/Berlin. */
	timeZone(): string;
};

const nowhere: Cloud = {region: '', ahead: () => 0, call: (name) => Promise.reject(new Error(`${name} was called where nothing is asked`))};

/** A laptop with nothing on it and no cloud: what defaults and closed choices, which make no call, can look at. */
export const nothingAround: Asking = {
	cloud: nowhere,
	cloudAt: () => nowhere,
	given: {},
	profiles: async () => [],
	profileRegion: async () => undefined,
	now: () => 0,
	timeZone: () => 'UTC',
};

/** One thing to choose, with what helps to choose it. */
export type Choice<Value> = {
	value: Value;
	label: string;
	/** Dimmed, beside the label: price, age, whose. */
	hint?: string;
	/** What else there is to know of it once the cursor is on it, each with its label. */
	details?: readonly (readonly [label: string, text: string])[];
	/** Says why it can't be taken now. */
	disabled?: string;
};

/** A choice with its hint only where there is one. */
export const choice = <Value>(value: Value, label: string, hint?: string): Choice<Value> => (hint ? {value, label, hint} : {value, label});

/** A choice that can't be taken, where there is a reason. */
export const barred = <Value>(offered: Choice<Value>, disabled: string | undefined): Choice<Value> =>
	disabled === undefined ? offered : {...offered, disabled};

/** Sorts choices in the order of the alphabet. */
export const byLabel = <Value>(a: Choice<Value>, b: Choice<Value>) => a.label.localeCompare(b.label);
/** Whether a field is there: AWS may leave any of its fields out. */
export const isText = (value: string | undefined): value is string => value !== undefined;

/** How a face lets a person answer. `choice` also lets a value be typed unless `closed`. */
export type Kind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'json';

/** A form of its own for an answer that is typed and shown. */
export type Written = {read(text: string): unknown; write(value: unknown): string | undefined};

/** `found` when it was read here rather than decided by us, `other` when it is another answer, which `why` names. */
type Default<Value> = {value: Value; why?: string; found?: boolean; other?: true};

/** All that is known of an answer, besides its key, its shape and whether it may be absent. */
type QuestionFields<Value> = {
	/** The question as asked: `Which image should the manager start from?` */
	readonly title: string;
	/** One or two sentences that help to answer; also the flag's help. */
	readonly help: string;
	readonly kind: Kind;
	readonly unit?: string;
	/** Only the choices can be taken; without it a `choice` also lets a value be typed. */
	readonly closed?: boolean;
	/** Why a value that isn't listed can't be taken, where live choices are all that there is. What couldn't be listed can be anything. */
	readonly unlisted?: string;
	/** True for the ten that most people must choose, a function where it depends; the others are asked of whoever asks for everything. */
	readonly asked?: boolean | ((asking: Asking) => Promise<boolean>);
	/**
	 * What a changed answer does to a standing fleet; undefined where an answer says how this laptop works rather than what the fleet is: it never goes into
	 * the record.
	 */
	readonly change: How | undefined;
	/** The answer that its default is: as long as nobody gives one of its own, it goes along with that, and the record doesn't hold it. */
	readonly follows?: AnswerKey;
	/** What commands that make no fleet need it for: to know which fleet is meant, to reach its manager, or to know where a GitLab token may go. */
	readonly tells?: 'fleet' | 'reach' | 'gitlab';
	/** The step whose trouble another answer here mostly mends, by its name. */
	readonly mends?: string;
	/** It names a thing that lives in one region: what is there in one isn't in another. */
	readonly regional?: true;
	/** It holds a file's path on this laptop, or another path, URL or ARN: forty characters of such a one only look like a secret key. */
	readonly holds?: 'file' | 'path';
	/** An example, as its flag would have it: for help, and for whoever left it out. */
	readonly example?: string;
	/** Values that are the same in every account, for completing a flag where the choices would have to ask AWS. */
	readonly known?: readonly string[];
	/** How its value is written where words say it better than JSON; undefined for what isn't, or can't be, written so. */
	readonly written?: Written;
	/** What it is by other answers that were given, whatever its default: with why, or why that can't be told. */
	implied?(told: Given): {value: Value; why: string} | {torn: string} | undefined;
	/** Whether the question means anything given the other answers. */
	when?(given: Given): boolean;
	/** Once it's given it counts even where nobody is asked for it by `when`. */
	readonly counts?: true;
	choices?(asking: Asking): Promise<Choice<Value>[]>;
	/** A text of it without what means nothing, before it is judged. */
	tidy?(text: string): string;
	/** Judges one answer against those asked before it, after its shape: a sentence or nothing. Later ones may be absent. */
	against?(value: Value, given: Given): string | undefined;
	/** What an absent answer comes to by the others: one that says just that is as good as absent, and goes on following them. */
	echoes?(given: Given): Value | undefined;
	/** Why an absent answer can't stay absent, given those asked before it: a sentence or nothing. */
	needed?(given: Given): string | undefined;
};

/** The default, or what it depends on with, where it isn't evident, why it is the default. It makes no call. */
type Defaulting<Value> = {readonly default: Value | ((asking: Asking) => Promise<Default<Value> | undefined>)};

/** One question, and so one answer: its type, flag, help, completion, the preset's schema and every face come from this record. Live checks are the steps'. */
export type Question<Id extends string = AnswerKey, Value = unknown, Required extends boolean = boolean> = QuestionFields<Value> &
	Partial<Defaulting<Value>> & {
		readonly id: Id;
		/** What its value may be, whatever the other answers are; its errors are sentences that say what would be right. */
		readonly shape: z.ZodType<Value>;
		/** Whether a complete set of answers has it; else it stays absent unless somebody gives it. */
		readonly required: Required;
	};

/** The record of an answer that every complete set has. Its key and its shape come first, since the type of all answers is made of these. */
export function question<const Id extends string, Value>(
	id: Id,
	shape: z.ZodType<Value>,
): (known: QuestionFields<Value> & Defaulting<Value>) => Question<Id, Value, true> {
	return (known) => ({id, shape, required: true, ...known});
}

/** The record of an answer that stays absent unless somebody gives it. */
export function optional<const Id extends string, Value>(id: Id, shape: z.ZodType<Value>): (known: QuestionFields<Value>) => Question<Id, Value, false> {
	return (known) => ({id, shape, required: false, ...known});
}

/** What the records of a list say of the type of all answers. */
export type RecordsOf<List extends readonly {id: string; shape: z.ZodType; required: boolean}[]> = {
	[One in List[number] as One['id']]: {value: z.infer<One['shape']>; required: One['required']};
};

/** `managerType` as words: `manager type`. */
export const keyWords = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Something that can't be done, and the way out, as a judge's sentence; nothing where there is nothing. */
export const whyNot = (refused: {message: string; advice: string} | undefined): string | undefined => refused && `${refused.message} ${refused.advice}`;

/** A question about any key, as faces and lists see it. */
export type AnyQuestion = {[Key in AnswerKey]: Question<Key, AnswerValue<Key>>}[AnswerKey];

/** What an answer is where nobody gives it; undefined where it stays absent, or nothing tells. */
export async function defaultOf({default: usual}: AnyQuestion, asking: Asking): Promise<Default<AnswerValue<AnswerKey>> | undefined> {
	if (typeof usual === 'function') return usual(asking);
	return usual === undefined ? undefined : {value: usual};
}

/** A choice that is no answer: which of the things that are there is meant. */
export type WhichQuestion = {
	readonly id: 'which';
	/** What names it on the command line, such as `--manager`. */
	readonly flag: `--${string}`;
	readonly title: string;
	readonly help: string;
	readonly kind: 'choice';
	readonly unit?: undefined;
	readonly closed?: boolean;
};

/** A secret that is asked for: hidden while typed, never an answer, never in a preset. */
export type SecretQuestion = {
	readonly id: 'runnerToken' | 'gitlabToken' | 'accessKeyId' | 'accessKeySecret' | 'dockerHubToken' | 'passphrase' | 'mfaCode';
	readonly title: string;
	readonly help: string;
	/** What it is called where it's missing. */
	readonly called: string;
	/** How it is given where no one can type it; never as a flag's value. */
	readonly instead: string;
	/** A sentence or nothing. */
	wrong?(value: string): string | undefined;
};

/** Whether a question is about a secret: hidden while typed. */
export const isSecret = (question: AnyQuestion | SecretQuestion | WhichQuestion): question is SecretQuestion => !('kind' in question);

/** Whether only the offered values can be taken, so that none can be typed. */
export const isClosed = (question: AnyQuestion | SecretQuestion | WhichQuestion): boolean => !isSecret(question) && question.closed === true;

/** Errors of shape are sentences that name what would be right. */
export const words = (right: string) => ({error: `It takes ${right}.`});

/** A text of a form. */
export const matching = (pattern: RegExp, right: string) => z.string(words(right)).regex(pattern, words(right));

/** A whole number within bounds. */
export const count = (least: number, most: number, unit = '') => {
	const right = `a whole number from ${least} to ${counted(most)}${unit && ` ${unit}`}`;
	return z.int(words(right)).min(least, words(right)).max(most, words(right));
};

export const yesOrNo = z.boolean(words('true or false'));

const yesAndNo: readonly Choice<boolean>[] = [
	{value: true, label: 'yes'},
	{value: false, label: 'no'},
];

/** Both answers of a question that takes yes or no, with what its own choices say of them. */
export const yesOrNoAmong = (choices: readonly Choice<unknown>[] = []): readonly Choice<unknown>[] =>
	yesAndNo.map((one) => ({...one, ...choices.find(({value}) => value === one.value), label: one.label}));

/** A text in one line, as a person may see it. */
export const text = z
	.string(words('a text'))
	.min(1, words('a text that is not empty'))
	.refine((value) => printable(value) === value, words('a text in one line, without control characters'));

export const instanceType = matching(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as c5.large');

/** The name of an instance profile, as IAM takes it. */
export const iamName = /^[\w+=,.@-]{1,128}$/;

/** A region as AWS names them: us-east-2, us-gov-west-1, eusc-de-east-1. */
export const regionPattern = '[a-z]{2,4}(-[a-z]+)+-\\d+';

/** A program's URL: what is run as root is never fetched without TLS, but from this very machine. */
export const programUrlPattern = `(https://(${hostPattern})|http://(${loopbackPattern}))(:\\d{1,5})?${pathPattern}`;

/** A question as put to somebody: with its live choices, its default, and what was wrong with the last answer. */
export type Asked = {
	question: AnyQuestion | SecretQuestion | WhichQuestion;
	choices?: Choice<unknown>[];
	/** What Enter takes. `given` where somebody gave it, or the fleet's record has it, rather than it being the default. */
	default?: {value: unknown; why?: string; given?: true};
	/** Why there are no live choices: a value can still be typed. */
	note?: string;
	/** A sentence about the value that was refused. */
	refused?: string;
	/** Judges the shape and the other answers: a sentence or nothing. */
	wrong(value: unknown): string | undefined;
};

/** Whoever answers: a person, `--yes`, a test. */
export type Ask = (asked: Asked) => Promise<unknown>;
