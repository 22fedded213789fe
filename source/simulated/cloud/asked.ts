import {matches} from './policy/judge.ts';
import {refusal, unknownToThisWorld} from './refusal.ts';
import {judgedTags, type TagInput} from './tag-rules.ts';

type Filter = {Name?: string | undefined; Values?: string[] | undefined};

/** Throws when a call carries a parameter that this world would silently overlook. */
export function onlyKnows(call: string, input: object, parameters: readonly string[]): void {
	for (const [key, value] of Object.entries(input)) {
		if (value !== undefined && !parameters.includes(key)) throw unknownToThisWorld(`the parameter ${key} of ${call}`);
	}
}

/** What a filter looks at: the values of a thing under the filter's name. */
export type Filterable<Thing> = Record<string, (thing: Thing) => readonly (string | undefined)[] | string | undefined>;

/** Applies EC2's filters, all of them, each true for one of its values; `*` and `?` stand for other characters. `tag:` and `tag-key` work on what has tags. */
export function filtered<Thing>(
	call: string,
	things: readonly Thing[],
	filters: readonly Filter[] | undefined,
	by: Filterable<Thing>,
	tagsOf: (thing: Thing) => Record<string, string> = () => ({}),
): Thing[] {
	return (filters ?? []).reduce<Thing[]>(
		(left, {Name, Values}) => {
			if (!Name || !Values?.length) throw refusal('InvalidParameterValue', `The filter '${Name ?? ''}' is invalid`);
			const valuesOf = reader(call, Name, by, tagsOf);
			return left.filter((thing) => valuesOf(thing).some((value) => value !== undefined && Values.some((pattern) => matches(pattern, value))));
		},
		[...things],
	);
}

function reader<Thing>(
	call: string,
	name: string,
	by: Filterable<Thing>,
	tagsOf: (thing: Thing) => Record<string, string>,
): (thing: Thing) => readonly (string | undefined)[] {
	if (name.startsWith('tag:')) return (thing) => [tagsOf(thing)[name.slice(4)]];
	if (name === 'tag-key') return (thing) => Object.keys(tagsOf(thing));
	const read = by[name];
	if (!read) throw unknownToThisWorld(`the filter ${name} of ${call}`);
	return (thing) => {
		const value = read(thing);
		return typeof value === 'string' || value === undefined ? [value] : value;
	};
}

/** Tags of an answer, as AWS lists them. */
export const tagList = (tags: Record<string, string>): {Key: string; Value: string}[] => Object.entries(tags).map(([Key, Value]) => ({Key, Value}));

type TagSpecification = {ResourceType?: string | undefined; Tags?: readonly TagInput[] | undefined};

/** The tags for one kind of thing that a creating call asks for; any other kind in the call is refused, as EC2 does. */
export function tagsFor(kind: string, specifications: readonly TagSpecification[] | undefined, allowed: readonly string[] = [kind]): Record<string, string> {
	const tags: Record<string, string> = {};
	for (const {ResourceType, Tags} of specifications ?? []) {
		if (!ResourceType || !allowed.includes(ResourceType)) {
			throw refusal('InvalidParameterValue', `'${ResourceType ?? ''}' is not a valid taggable resource type for this operation.`);
		}
		if (ResourceType === kind) Object.assign(tags, judgedTags('ec2', Tags));
	}
	return tags;
}

/** A parameter that AWS requires. */
export function required<Value>(value: Value | undefined, name: string): Value {
	if (value === undefined || value === '') throw refusal('MissingParameter', `The request must contain the parameter ${name}`);
	return value;
}
