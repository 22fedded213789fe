import {printable, printableLines} from './world/printable.ts';

/** Who can do something about a problem: the person (`told`), a service that answered (`outside`), or us (`bug`). */
type Fault = 'told' | 'outside' | 'bug';

type ProblemFields = {
	/** The service's own code where there is one (`InvalidGroup.Duplicate`), else ours in kebab-case (`host-key-changed`). */
	readonly code: string;
	/** What happened, in the present tense, and why, with the value that shows it. */
	readonly message: string;
	/** What to do: the one command or key. */
	readonly advice?: string | undefined;
	readonly fault?: Fault | undefined;
	/** True when the same call is worth making again after a pause. */
	readonly again?: boolean | undefined;
	/** Exit code of the program when this ends it: 1 a problem, 2 usage or the shape of an answer, 70 a bug. */
	readonly exit?: 1 | 2 | 70 | undefined;
	readonly cause?: unknown;
};

/** The one error that a person sees: what happened, why, what to do. Translated once, at the port that knows. */
export class Problem extends Error {
	readonly code: string;
	readonly advice: string | undefined;
	readonly fault: Fault;
	readonly again: boolean;
	readonly exit: 1 | 2 | 70;

	constructor(fields: ProblemFields) {
		// What a service said is often in it; its lines are ours.
		super(printableLines(fields.message), {cause: fields.cause});
		this.name = 'Problem';
		this.code = printable(fields.code);
		this.advice = fields.advice === undefined ? undefined : printableLines(fields.advice);
		this.fault = fields.fault ?? 'told';
		this.again = fields.again ?? false;
		this.exit = fields.exit ?? (this.fault === 'bug' ? 70 : 1);
	}
}

/** Whether an error is a problem with this code: the only way that code asks what went wrong. */
export const isProblem = (error: unknown, ...codes: string[]): error is Problem =>
	error instanceof Problem && (codes.length === 0 || codes.includes(error.code));

/** Resolves to undefined when the problem has one of these codes, or is any where none is named: the thing isn't there, or was there already. */
export async function unless<Result>(work: Promise<Result>, ...codes: string[]): Promise<Result | undefined> {
	const answer = await ifAnswered(work, ...codes);
	return 'result' in answer ? answer.result : undefined;
}

/** Whether AWS refused because the caller isn't allowed. */
export const isDenied = (error: unknown): error is Problem => isProblem(error, 'not-allowed');

/** What was asked for, or the problem, where it has one of these codes, or any where none is named. */
export async function ifAnswered<Result>(work: Promise<Result>, ...codes: string[]): Promise<{result: Result} | {problem: Problem}> {
	try {
		return {result: await work};
	} catch (error) {
		if (isProblem(error, ...codes)) return {problem: error};
		throw error;
	}
}

/** Whether a part of this program isn't where it was: parts are read from the disk when they're first needed, and an upgrade takes those of before away. */
const isPartGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

/** The same trouble as a problem: unknown errors become a bug of ours and keep their cause for the log. */
export function toProblem(error: unknown): Problem {
	if (error instanceof Problem) return error;
	if (isPartGone(error))
		return new Problem({
			code: 'program-replaced',
			message: 'gitlab-runner-aws was upgraded or removed while it ran, so that a part of it is gone.',
			advice: 'Start it again; it looks first and goes on.',
			cause: error,
		});
	return new Problem({
		code: 'bug',
		fault: 'bug',
		message: `Something here isn't as this program expects: ${error instanceof Error ? error.message : String(error)}`,
		advice: 'Run the same command again; it looks first and goes on.',
		cause: error,
	});
}

/** Ends the work because the person said so; not a failure. */
export class Stopped extends Error {
	constructor() {
		super('Stopped');
		this.name = 'Stopped';
	}
}
