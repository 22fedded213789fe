import {type AwsRefusal, refusal} from './refusal.ts';

/** A tag as a call carries it. */
export type TagInput = {Key?: string | undefined; Value?: string | undefined};

/** The services that tags are given to. */
type Tagging = 'auto-scaling' | 'ec2' | 'iam' | 's3' | 'ssm';

/** Characters, in a key and in a value, and tags of one thing: the same for all services. */
const most = {key: 128, value: 256, tags: 50};

/** What IAM, S3 and Systems Manager take in keys and values; EC2 and Auto Scaling take any character. */
const takesAny: ReadonlySet<Tagging> = new Set<Tagging>(['auto-scaling', 'ec2']);
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

type Says = Pick<AwsRefusal, 'name' | 'message'>;

/** Each service's own words for what it doesn't take. */
type Words = {key(key: string): Says; value(value: string): Says; reserved(): Says; twice?(key: string): Says; many(): Says};

const constraint = (part: string, value: string, name: string): Says => ({
	name,
	message: `1 validation error detected: Value '${value}' at 'tags.1.member.${part}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+`,
});
/** Auto Scaling's words for an empty or too long text. */
const lengthOf = (part: 'key' | 'value', text: string): Says => ({
	name: 'ValidationError',
	message: `1 validation error detected: Value '${text}' at 'tags.1.member.${part}' failed to satisfy constraint: Member must have length less than or equal to ${most[part]}`,
});
const reserved = 'aws: prefixed tag key names are not allowed for external use.';

const words: Record<Tagging, Words> = {
	'auto-scaling': {
		key: (key) => lengthOf('key', key),
		value: (value) => lengthOf('value', value),
		reserved: () => ({name: 'ValidationError', message: 'Tag keys beginning with aws: are reserved'}),
		twice: (key) => ({name: 'ValidationError', message: `Duplicate tag key '${key}' specified.`}),
		many: () => ({name: 'LimitExceededFault', message: `You have reached your limit of ${most.tags} tags.`}),
	},
	ec2: {
		key: (key) => ({
			name: 'InvalidParameterValue',
			message: key === '' ? 'Tag key cannot be empty' : `Tag key exceeds the maximum length of ${most.key} characters`,
		}),
		value: () => ({name: 'InvalidParameterValue', message: `Tag value exceeds the maximum length of ${most.value} characters`}),
		reserved: () => ({name: 'InvalidParameterValue', message: "Tag keys starting with 'aws:' are reserved for internal use"}),
		twice: (key) => ({name: 'InvalidParameterValue', message: `Duplicate tag key '${key}' specified.`}),
		many: () => ({name: 'TagLimitExceeded', message: 'The maximum number of Tags for a resource has been reached.'}),
	},
	iam: {
		key: (key) => constraint('key', key, 'ValidationError'),
		value: (value) => constraint('value', value, 'ValidationError'),
		reserved: () => ({name: 'InvalidInputException', message: reserved}),
		twice: () => ({name: 'InvalidInputException', message: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'}),
		many: () => ({name: 'LimitExceededException', message: `The number of tags has reached the maximum limit.`}),
	},
	s3: {
		key: () => ({name: 'InvalidTag', message: 'The TagKey you have provided is invalid'}),
		value: () => ({name: 'InvalidTag', message: 'The TagValue you have provided is invalid'}),
		reserved: () => ({name: 'InvalidTag', message: 'System tags cannot be added/updated by requester'}),
		twice: () => ({name: 'InvalidTag', message: 'Cannot provide multiple Tags with the same key'}),
		many: () => ({name: 'BadRequest', message: `Bucket tag count cannot be greater than ${most.tags}`}),
	},
	ssm: {
		key: (key) => constraint('key', key, 'ValidationException'),
		value: (value) => constraint('value', value, 'ValidationException'),
		reserved: () => ({name: 'ValidationException', message: reserved}),
		many: () => ({name: 'TooManyTagsError', message: `The number of tags exceeds the maximum of ${most.tags}.`}),
	},
};

/** Whether two keys are one to a service: IAM heeds no case. */
const asKept = (service: Tagging, key: string): string => (service === 'iam' ? key.toLowerCase() : key);

/** Tags of a call by key, as a service judges them; throws its refusal. `standing` are those that the thing bears already. */
export function judgedTags(service: Tagging, list: readonly TagInput[] | undefined, standing: Record<string, string> = {}): Record<string, string> {
	const says = words[service];
	const refuse = ({name, message}: Says): never => {
		throw refusal(name, message);
	};
	const tags: Record<string, string> = {};
	const seen = new Set<string>();
	for (const {Key: key = '', Value: value = ''} of list ?? []) {
		if (key === '' || [...key].length > most.key || (!takesAny.has(service) && !allowed.test(key))) refuse(says.key(key));
		if ([...value].length > most.value || (!takesAny.has(service) && !allowed.test(value))) refuse(says.value(value));
		if (/^aws:/i.test(key)) refuse(says.reserved());
		if (says.twice && seen.has(asKept(service, key))) refuse(says.twice(key));
		seen.add(asKept(service, key));
		tags[key] = value;
	}
	if (Object.keys({...standing, ...tags}).length > most.tags) refuse(says.many());
	return tags;
}

/** Sets tags on a thing; a key that stands there already, in whatever case where the service heeds none, gets the new value. */
export function tagWith(service: Tagging, {tags}: {tags: Record<string, string>}, list: readonly TagInput[] | undefined): void {
	const given = judgedTags(service, list, tags);
	const keys = new Set(Object.keys(given).map((key) => asKept(service, key)));
	for (const key of Object.keys(tags)) if (!(key in given) && keys.has(asKept(service, key))) delete tags[key];
	Object.assign(tags, given);
}
