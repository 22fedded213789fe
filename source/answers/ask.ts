import type {AnyQuestion, Choice, SecretQuestion, WhichQuestion} from './question.ts';

/** A question as put to somebody: with its live choices, its default, and what was wrong with the last answer. */
export type Asked = {
	question: AnyQuestion | SecretQuestion | WhichQuestion;
	choices?: Choice<unknown>[];
	default?: {value: unknown; why?: string};
	/** Why there are no live choices: a value can still be typed. */
	note?: string;
	/** A sentence about the value that was refused. */
	refused?: string;
	/** Judges the shape and the other answers: a sentence or nothing. */
	wrong(value: unknown): string | undefined;
};

/** Whoever answers: a person, `--yes`, a test. */
export type Ask = (asked: Asked) => Promise<unknown>;
