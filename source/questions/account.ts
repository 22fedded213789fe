import {z} from 'zod';
import {unsupportedRegion} from '../executors/docker-machine/supported.ts';
import {fleetsKept, regionChoices} from './places.ts';
import {optional, question, whyNot} from './question.ts';
import {matching, regionPattern, text, words} from './shapes.ts';

/**
 * Names of fleets. The names of groups and buckets begin with them, and EC2 takes no group that begins with `sg-`, S3 no bucket that begins with
 * `xn--`, `sthree-` or `amzn-s3-demo-`.
 */
const fleetName = /^(?!(sg|sthree|amzn-s3-demo)(-|$)|xn--)[a-z][a-z0-9-]{0,22}[a-z0-9]$/;

export const profile = optional(
	'profile',
	text,
)({
	title: 'Which AWS profile?',
	help: "The credentials to work with. Without it the AWS SDK's own chain decides: environment, SSO, the default profile.",
	kind: 'choice',
	asked: async (asking) => (await asking.profiles()).length > 1,
	change: undefined,
	tells: 'fleet',
	choices: async (asking) => (await asking.profiles()).map((value) => ({value, label: value})),
});

export const region = question(
	'region',
	matching(new RegExp(`^${regionPattern}$`), 'a region such as us-east-2'),
)({
	title: 'Which region?',
	help: 'The AWS region that the whole fleet lives in.',
	kind: 'choice',
	asked: true,
	change: 'never',
	example: 'us-east-2',
	tells: 'fleet',
	async default(asking) {
		const value = await asking.profileRegion();
		if (value === undefined) return undefined;
		return {value, why: asking.given.profile ? `AWS profile ${asking.given.profile}` : 'AWS configuration', found: true};
	},
	choices: regionChoices,
	against: (value) => whyNot(unsupportedRegion(value)),
});

export const fleet = question(
	'fleet',
	matching(
		fleetName,
		'2 to 24 lower-case letters, digits and hyphens, beginning with a letter, not with sg-, xn--, sthree- or amzn-s3-demo-, and not ending in a hyphen',
	),
)({
	title: 'What is the fleet called?',
	help: "The name in the fleet's tags and in the names of all that it consists of. The name of one that stands goes on with that one.",
	kind: 'choice',
	asked: false,
	change: 'never',
	tells: 'fleet',
	default: async () => ({value: 'gitlab-runners'}),
	choices: fleetsKept,
});

export const executor = question(
	'executor',
	z.literal('docker+machine', words('docker+machine')),
)({
	title: 'Which executor runs the jobs?',
	help: 'docker+machine starts one EC2 instance a job. GitLab takes it away in GitLab 20.0, planned for May 2027.',
	kind: 'choice',
	closed: true,
	asked: false,
	change: 'drain',
	default: async () => ({value: 'docker+machine'}),
	choices: async () => [{value: 'docker+machine', label: 'docker+machine', hint: 'leaves GitLab in 20.0'}],
});
