import type {Happening} from './engine/events.ts';
import type {Problem} from './problem.ts';
import type {AnyQuestion, Choice, SecretQuestion} from './questions/question.ts';

/** A question as put to somebody: with its live choices, its default, and what was wrong with the last answer. */
export type Asked = {
	question: AnyQuestion | SecretQuestion;
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

/** Something to agree to before it is done. */
export type Proposal = {
	/** One sentence: what is going to happen. */
	says: string;
	/** Lines that show what will be, what goes and what stays, what it costs. */
	details: string[];
	/** A word to type for agreeing, where what goes can't come back: the fleet's name. */
	word?: string;
};

/** How the program meets a person or a script. Five verbs and no logic. */
export type Face = {
	/** Rejects with `Stopped` when the person leaves, with a `Problem` naming the flag where no one can answer. */
	ask: Ask;
	agree(proposal: Proposal): Promise<boolean>;
	emit(happening: Happening): void;
	/** Shows work that a person may leave without stopping anything: resolves to undefined when they do. */
	watch<Result>(title: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result | undefined>;
	fail(problem: Problem): void;
	/** Leaves the terminal as it was found. */
	close(): Promise<void>;
};
