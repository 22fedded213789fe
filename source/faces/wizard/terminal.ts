import type {Asked} from '../../answers/ask.ts';
import type {ProblemSeen} from '../words/run-state.ts';
import type {WizardMove, WizardSeen} from './seen.ts';

/** How a question stands in the walk through them. */
export type Walking = {
	/** The key or the secret it is about. */
	about: string;
	/** Whether there is a question before this one, or the review that it was opened from. */
	back: boolean;
	/** One answer changed from the review. */
	change?: true;
	/** The runner's token: the runner can be made with a GitLab token instead. */
	create?: true;
	/** Live choices are still being asked for. */
	loading?: true;
};

/** What the walk shows: a question, the review of all answers, or what stands in the way. */
export type WizardShown =
	| {is: 'question'; asked: Asked; walking: Walking}
	| {is: 'review'}
	| {is: 'trouble'; problem: ProblemSeen; login: string | undefined; back: boolean};

/** What the walk has of a terminal, whichever face draws it: it shows one thing at a time, and hears what is done there. */
export type WizardTerminal = {
	/** Shows this in place of the last one. */
	show(shown: WizardShown): void;
	/** The choices of the question that is shown have come, or why there are none. */
	filled(asked: Asked, walking: Walking): void;
	tell(seen: Partial<WizardSeen>): void;
	/** The next thing that is done. What is pressed meanwhile waits. */
	next(): Promise<WizardMove>;
	/** Hears of each value that is thought of before it is taken: the cursor moved, a letter was typed. Undefined where there is none. */
	onThought(listener: ((value: unknown) => void) | undefined): void;
	/** Hands the terminal to a command, and takes it back. */
	handOver(run: () => boolean): Promise<boolean>;
	later(callback: () => void, ms: number): () => void;
};
