import {isProblem} from '../../source/problem.ts';

/** Gives the code of the problem that a promise ends in, or `nothing`. */
export async function refusedWith(promise: Promise<unknown>): Promise<string> {
	try {
		await promise;
	} catch (error) {
		if (isProblem(error)) return error.code;
		throw error;
	}
	return 'nothing';
}
