import {changeInWords} from '../answers/value.ts';
import type {Change, Context, Finding, Fix, Note} from '../engine/step.ts';
import {Problem} from '../problem.ts';

/** A finding that nothing can be made on: what is in the way, and what to do about it. */
export const blocked = (code: string, message: string, advice: string): Extract<Finding<never>, {is: 'blocked'}> => ({
	is: 'blocked',
	problem: new Problem({code, message, advice}),
});

/** A finding of what stands and isn't as the answers want it: `limit 9 → 4`, after the thing's name where one is given. */
export const differs = <Resource>(resource: Resource, changes: Change[], notes: Note[] = [], thing?: string): Finding<Resource> => ({
	is: 'different',
	resource,
	changes,
	notes,
	says: `${thing === undefined ? '' : `${thing}: `}${changes.map((change) => changeInWords(change)).join(', ')}`,
});

/** What a check throws where it can go no further, with the answers that would mend it. */
export class Blocked extends Error {
	readonly problem: Problem;
	readonly fix: Fix | undefined;

	constructor(code: string, message: string, advice: string, fix?: Fix) {
		super(message);
		this.problem = new Problem({code, message, advice});
		this.fix = fix;
	}

	/** It as a finding. */
	get finding(): Extract<Finding<never>, {is: 'blocked'}> {
		const {fix, problem} = this;
		return {is: 'blocked', problem, ...(fix ? {fix} : {})};
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
			return error.finding;
		}
	};
