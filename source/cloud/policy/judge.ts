import {type ConditionKeys, conditionHolds} from './conditions.ts';
import {matches} from './wildcards.ts';

/** One statement of an IAM policy that is tied to an identity. */
export type Statement = {
	Sid?: string;
	Effect: 'Allow' | 'Deny';
	Action: string | string[];
	Resource: string | string[];
	/** Operator, then key, then the value or values that it is held against. */
	Condition?: Record<string, Record<string, string | string[]>>;
};

export type PolicyDocument = {Version: '2012-10-17'; Statement: Statement[]};

/** One question to IAM: may this be done to this thing. A call that touches several things is several questions. */
export type Question = {action: string; resource: string; keys: ConditionKeys};

/** `denied`: a statement says so. `not allowed`: none allows it. */
export type Verdict = 'allowed' | 'denied' | 'not allowed';

const listOf = <Value>(one: Value | Value[]): Value[] => (Array.isArray(one) ? one : [one]);

function speaksOf({Action, Resource, Condition = {}}: Statement, {action, resource, keys}: Question): boolean {
	return (
		listOf(Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
		listOf(Resource).some((pattern) => matches(pattern, resource)) &&
		Object.entries(Condition).every(([operator, wanted]) =>
			Object.entries(wanted).every(([key, values]) => conditionHolds(operator, key, listOf(values), keys)),
		)
	);
}

/**
 * What the policies of one identity say, as IAM does: nothing is allowed but what a statement allows, and a denial beats every allowance
 * (IAM User Guide, "Policy evaluation logic"). Throws on an operator, a key or an element that isn't known here.
 */
export function judge(policies: readonly PolicyDocument[], question: Question): Verdict {
	const speaking = policies.flatMap(({Statement}) => Statement).filter((statement) => speaksOf(statement, question));
	if (speaking.some(({Effect}) => Effect === 'Deny')) return 'denied';
	return speaking.length > 0 ? 'allowed' : 'not allowed';
}
