import type {Cloud} from '../cloud/port.ts';
import type {AnswerKey, Fleet, Given, How} from '../fleet.ts';

/** What choices and defaults may look at; memoised by whoever makes it, and each call ends with the question. */
export type Asking = {
	/** The cloud of the region answered so far. */
	cloud: Cloud;
	fleet?: Fleet | undefined;
	given: Given;
	/** AWS profiles found in this laptop's configuration. */
	profiles(): Promise<string[]>;
	/** The region that the AWS profile's own configuration names, read from disk without any call. */
	profileRegion(): Promise<string | undefined>;
	/** Milliseconds since 1970: prices are asked for as of now. */
	now(): number;
};

/** A laptop with nothing on it and no cloud: what defaults and closed choices, which make no call, can look at. */
export const nothingAround: Asking = {
	cloud: {region: '', ahead: () => 0, call: (name) => Promise.reject(new Error(`${name} was called where nothing is asked`))},
	given: {},
	profiles: async () => [],
	profileRegion: async () => undefined,
	now: () => 0,
};

/** One thing to choose, with what helps to choose it. */
export type Choice<Value> = {
	value: Value;
	label: string /** Dimmed, beside the label: price, age, whose. */;
	hint?: string /** Says why it can't be taken now. */;
	disabled?: string;
};

/** How a face lets a person answer. `choice` also lets a value be typed unless `closed`. */
export type Kind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'json';

type Value<Key extends AnswerKey> = NonNullable<Given[Key]>;

/**
 * One question: flag, help, completion, preset schema and every face come from this record.
 * Its shape is `answerShapes[id]`; its live checks are the steps'.
 */
export type Question<Key extends AnswerKey = AnswerKey> = {
	readonly id: Key;
	/** The question as asked: `Which image should the manager start from?` */
	readonly title: string;
	/** One or two sentences that help to answer; also the flag's help. */
	readonly help: string;
	readonly kind: Kind;
	readonly unit?: string;
	/** Only the choices can be taken; without it a `choice` also lets a value be typed. */
	readonly closed?: boolean;
	/** True for the nine that most people must choose (● in design §4); a function where it depends. */
	readonly asked: boolean | ((asking: Asking) => Promise<boolean>);
	/** What a changed answer does to a standing fleet; undefined where nothing can change (profile, paths on this laptop). */
	readonly change: How | undefined;
	/** Whether the question means anything given the other answers. */
	when?(given: Given): boolean;
	/**
	 * The default and, where it isn't evident, why it is the default; `found` when it was read here rather than decided by us.
	 * It makes no call. A key without this function stays absent unless somebody gives it.
	 */
	default?(asking: Asking): Promise<{value: Value<Key>; why?: string; found?: boolean} | undefined>;
	choices?(asking: Asking): Promise<Choice<Value<Key>>[]>;
	/** Judges one answer against those asked before it, after its shape: a sentence or nothing. Later ones may be absent. */
	against?(value: Value<Key>, given: Given): string | undefined;
	/** Why an absent answer can't stay absent, given those asked before it: a sentence or nothing. */
	needed?(given: Given): string | undefined;
};

/** Something that can't be done, and the way out, as a judge's sentence; nothing where there is nothing. */
export const whyNot = (refused: {message: string; advice: string} | undefined): string | undefined => refused && `${refused.message} ${refused.advice}`;

/** A question about any key, as faces and lists see it. */
export type AnyQuestion = {[Key in AnswerKey]: Question<Key>}[AnswerKey];

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
	readonly id: 'runnerToken' | 'gitlabToken' | 'accessKeyId' | 'accessKeySecret' | 'passphrase' | 'mfaCode';
	readonly title: string;
	readonly help: string;
	/** A sentence or nothing. */
	wrong?(value: string): string | undefined;
};
