import {Problem} from '../problem.ts';
import type {Context, Finding, Fix} from '../step.ts';

/** What a check throws where it can go no further, with the answers that would mend it. */
export class Blocked extends Error {
	readonly problem: Problem;
	readonly fix: Fix | undefined;

	constructor(code: string, message: string, advice: string, fix?: Fix) {
		super(message);
		this.problem = new Problem({code, message, advice});
		this.fix = fix;
	}
}

/** A check whose `Blocked` becomes its finding. */
export const orBlocked =
	<Resource, Needs>(check: (context: Context, found: Needs) => Promise<Finding<Resource>>) =>
	async (context: Context, found: Needs): Promise<Finding<Resource>> => {
		try {
			return await check(context, found);
		} catch (error) {
			if (!(error instanceof Blocked)) throw error;
			return {is: 'blocked', problem: error.problem, ...(error.fix ? {fix: error.fix} : {})};
		}
	};
