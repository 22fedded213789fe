import {isProblem, type Problem} from '../problem.ts';

/** Resolves to undefined when the problem has one of these codes: the thing isn't there, or was there already. */
export async function unless<Result>(work: Promise<Result>, ...codes: string[]): Promise<Result | undefined> {
	try {
		return await work;
	} catch (error) {
		if (isProblem(error, ...codes)) return undefined;
		throw error;
	}
}

/** Whether AWS refused because the caller isn't allowed. */
export const isDenied = (error: unknown): error is Problem => isProblem(error, 'not-allowed');

/** What a service that need not answer said: its result, or the problem. What isn't a problem is still thrown. */
export async function ifAnswered<Result>(work: Promise<Result>): Promise<{result: Result} | {problem: Problem}> {
	try {
		return {result: await work};
	} catch (error) {
		if (isProblem(error)) return {problem: error};
		throw error;
	}
}
