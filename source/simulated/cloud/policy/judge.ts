import type {PolicyDocument, Statement} from '../../../world/cloud/policy.ts';

/** A pattern in which `*` stands for any characters and `?` for one, as in IAM's actions, resources and values and in EC2's filters. */
const asPattern = (text: string): RegExp =>
	new RegExp(
		`^${text
			.replace(/[.+^${}()|[\]\\]/g, '\\$&')
			.replaceAll('*', '.*')
			.replaceAll('?', '.')}$`,
		's',
	);

/** Patterns of policies as they are read, which the same few statements ask for at each question. */
const read = new Map<string, RegExp>();

/** Whether a text fits such a pattern. */
export function matches(pattern: string, text: string): boolean {
	if (!/[*?]/.test(pattern)) return pattern === text;
	const known = read.get(pattern) ?? asPattern(pattern);
	read.set(pattern, known);
	return known.test(text);
}

/** The condition keys of a request, with the value or, of a key that has several, the values; what isn't in it is missing in the request. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[]>>;

/** Condition keys that are known here; those of tags go on with the tag's own key. */
const knownKeys = [
	...['aws:RequestedRegion', 'aws:ResourceTag/', 'aws:RequestTag/', 'aws:TagKeys'],
	...['ec2:CreateAction', 'ec2:InstanceMarketType', 'ec2:InstanceProfile', 'ec2:InstanceType', 'ec2:Public', 'ec2:Subnet'],
	...['iam:AWSServiceName', 'iam:PassedToService', 's3:prefix', 'kms:GrantIsForAWSResource', 'kms:ResourceAliases', 'kms:ViaService'],
].map((key) => key.toLowerCase());

function judgeKey(key: string): void {
	const asked = key.toLowerCase();
	if (!knownKeys.some((known) => (known.endsWith('/') ? asked.startsWith(known) && asked.length > known.length : asked === known)))
		throw new Error(`The condition key ${key} isn't known here.`);
}

const arnMatches = (pattern: string, arn: string): boolean => {
	const parts = (text: string) => [...text.split(':').slice(0, 5), text.split(':').slice(5).join(':')];
	return parts(pattern).every((part, index) => matches(part, parts(arn)[index] ?? ''));
};

/** How a value is held against one that is wanted; with `not` it must fit none of them. */
const operators: Record<string, {fits(value: string, wanted: string): boolean; not?: true}> = {
	StringEquals: {fits: (value, wanted) => value === wanted},
	StringNotEquals: {fits: (value, wanted) => value === wanted, not: true},
	StringLike: {fits: (value, wanted) => matches(wanted, value)},
	StringNotLike: {fits: (value, wanted) => matches(wanted, value), not: true},
	ArnEquals: {fits: (value, wanted) => arnMatches(wanted, value)},
	ArnLike: {fits: (value, wanted) => arnMatches(wanted, value)},
	Bool: {fits: (value, wanted) => value.toLowerCase() === wanted.toLowerCase()},
};

/** Reads a key of the request: its name is the same in any case, also the tag's in it (IAM User Guide, "Condition"). */
function readKey(key: string, keys: ConditionKeys): string | readonly string[] | undefined {
	return Object.entries(keys).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

/** Takes `ForAllValues:StringLikeIfExists` apart. */
function readOperator(text: string) {
	const [, set, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text) ?? [];
	const operator = operators[name];
	if (!operator) throw new Error(`The condition operator ${text} isn't known here.`);
	return {...operator, set, ifExists: ifExists !== undefined};
}

/**
 * Whether one key of a condition holds for a request, with AWS's rules on what is missing (IAM User Guide, "Condition operators"): a missing key fits no
 * value, so it fails every operator but the negated ones, `…IfExists` and `ForAllValues`; `Null` asks just for that. Throws on an operator or key that
 * isn't known, on a policy variable, and on a key of several values that is held against one without saying how.
 */
function conditionHolds(operator: string, key: string, wanted: readonly string[], keys: ConditionKeys): boolean {
	judgeKey(key);
	if (wanted.some((value) => value.includes('${'))) throw new Error(`Policy variables aren't known here: ${wanted.join(', ')}.`);
	const value = readKey(key, keys);
	const isMissing = value === undefined || value.length === 0;
	if (operator === 'Null') return wanted.includes(String(isMissing));
	const {fits, ifExists, not = false, set} = readOperator(operator);
	const fitsOne = (one: string) => wanted.some((each) => fits(one, each)) !== not;
	if (isMissing) return ifExists || set === 'ForAllValues' || (not && set === undefined);
	if (typeof value === 'string' && set === undefined) return fitsOne(value);
	if (set === undefined) throw new Error(`${key} has several values: ${operator} has to say whether all or any of them.`);
	const values = typeof value === 'string' ? [value] : value;
	return set === 'ForAllValues' ? values.every(fitsOne) : values.some(fitsOne);
}

/** One question to IAM: may this be done to this thing. A call that touches several things is several questions. */
export type PolicyQuestion = {action: string; resource: string; keys: ConditionKeys};

/** `denied`: a statement says so. `not allowed`: none allows it. */
export type PolicyVerdict = 'allowed' | 'denied' | 'not allowed';

const listOf = <Value>(one: Value | Value[]): Value[] => (Array.isArray(one) ? one : [one]);

function speaksOf({Action, Resource, Condition = {}}: Statement, {action, resource, keys}: PolicyQuestion): boolean {
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
export function judge(policies: readonly PolicyDocument[], question: PolicyQuestion): PolicyVerdict {
	const speaking = policies.flatMap(({Statement}) => Statement).filter((statement) => speaksOf(statement, question));
	if (speaking.some(({Effect}) => Effect === 'Deny')) return 'denied';
	return speaking.length > 0 ? 'allowed' : 'not allowed';
}
