import type {AnyQuestion, Choice, SecretQuestion, WhichQuestion} from './question.ts';

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
