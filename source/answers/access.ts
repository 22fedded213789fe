import * as z from 'zod';
import {type Asking, byLabel, type Choice, choice, iamName, matching, optional, question, text, words} from './question.ts';

/** What IAM, S3 and Systems Manager take in a tag; EC2 takes more. A comma isn't among it: docker-machine splits its tags by them. */
const tagText = (most: number) =>
	z
		.string(words('a text'))
		.max(most, words(`at most ${most} characters`))
		.regex(/^[\p{L}\p{Zs}\p{N}_.:/=+\-@]*$/u, words('letters, digits, spaces and _ . : / = + - @, as AWS does in tags'));
/** AWS takes 50 tags on one thing, and the manager has eight of ours. */
const mostTags = 40;
/** Keys that say the same to IAM, which heeds no case. */
const isTwice = (key: string, index: number, keys: string[]): boolean => keys.findIndex((other) => other.toLowerCase() === key.toLowerCase()) !== index;
const tagsShape = z
	.record(tagText(128), tagText(256), {
		error: ({code}) =>
			`It takes ${code === 'invalid_key' ? 'tag keys of letters, digits, spaces and _ . : / = + - @, at most 128' : 'tags such as Team=ci,CostCenter=42'}.`,
	})
	.refine(
		(value) => !Object.keys(value).some((key) => /^(aws:|gitlab-runner-aws:|$)/i.test(key)),
		words('tag keys that are not empty and begin with neither aws: nor gitlab-runner-aws:'),
	)
	.refine((value) => !('Name' in value), words('tags without Name, which is what a machine is called by'))
	.refine((value) => !Object.keys(value).some(isTwice), words('each tag key once, whatever its case: to IAM Team and team are one'))
	.refine((value) => Object.keys(value).length <= mostTags, words(`at most ${mostTags} tags, since AWS takes 50 and some are ours`));

export const keyPair = question(
	'keyPair',
	matching(/^[!-~]([ -~]{0,253}[!-~])?$/, 'create, or the name of a key pair'),
)({
	title: 'Which key pair opens the manager?',
	help: 'create makes an ed25519 key here and gives AWS its public half. The name of an existing pair needs its private key here.',
	kind: 'choice',
	asked: true,
	change: 'replace',
	mends: 'key-pair',
	regional: true,
	default: 'create',
	known: ['create'],
	choices: keyPairChoices,
});

export const privateKey = optional(
	'privateKey',
	text,
)({
	title: 'Where is the private key of that pair?',
	help: 'The path of the private key that belongs to an existing key pair. It stays where it is.',
	kind: 'text',
	asked: async ({given}) => given.keyPair !== undefined && given.keyPair !== 'create',
	change: undefined,
	tells: 'reach',
	holds: 'file',
	example: '~/.ssh/id_ed25519',
	when: ({keyPair: name}) => name !== undefined && name !== 'create',
	counts: true,
	needed: ({keyPair: name}) =>
		name !== undefined && name !== 'create' ? `It takes the path of the private key, since key pair ${name} wasn't made here.` : undefined,
});

export const access = question(
	'access',
	matching(iamName, 'create, access-keys, or the name of an instance profile'),
)({
	title: 'How does the manager reach AWS?',
	help: "create makes a role that may do just what the manager needs. The name of an instance profile takes that one. access-keys puts a user's keys on the manager.",
	kind: 'choice',
	change: 'live',
	mends: 'instance-profile',
	default: 'create',
	choices: async () => [
		{value: 'create', label: 'create', hint: 'a role of its own, no keys anywhere'},
		{value: 'access-keys', label: 'access-keys', hint: "a user's keys, in root's AWS credentials file on the manager, mode 0600"},
	],
});

export const permissionsBoundary = optional(
	'permissionsBoundary',
	matching(/^arn:[a-z0-9-]+:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/, "a policy's ARN"),
)({
	title: "Which permissions boundary does the manager's role get?",
	help: "A policy's ARN, where your organization asks for a boundary on each role.",
	kind: 'text',
	change: 'live',
	holds: 'path',
	when: ({access: way}) => way === 'create',
});

export const rolePath = optional(
	'rolePath',
	matching(/^\/([\w+=,.@-]+\/)*$/, 'a path such as /ci/'),
)({
	title: "Which path does the manager's role get?",
	help: 'An IAM path such as /ci/, where your organization lets roles be made under it only.',
	kind: 'text',
	change: 'live',
	holds: 'path',
	when: ({access: way}) => way === 'create',
});

export const tags = question(
	'tags',
	tagsShape,
)({
	title: 'Which tags does everything get besides ours?',
	help: 'Names with values. Each machine, group, key pair and bucket bears them from the call that creates it.',
	kind: 'json',
	change: 'live',
	example: 'Team=ci,CostCenter=42',
	default: {},
});

/** A new key pair, or one that is there. */
async function keyPairChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {KeyPairs = []} = await cloud.call('DescribeKeyPairs', {});
	const pairs = KeyPairs.flatMap(({KeyName, KeyType}) => (KeyName ? [choice(KeyName, KeyName, `${KeyType ?? 'rsa'}, its private key must be here`)] : []));
	return [choice('create', 'create', 'a new pair, ed25519, made here'), ...pairs.sort(byLabel)];
}
