import * as z from 'zod';
import {executorMeant, executorsIn, limitsOf, offered} from '../executors/offered.ts';
import {type Asking, barred, type Choice, choice, isText, matching, optional, question, regionPattern, text, whyNot, words} from './question.ts';

/** What a fleet is called where nobody calls it anything else. */
export const usualFleet = 'gitlab-runners';

/**
 * Names of fleets. The names of groups and buckets begin with them, and EC2 takes no group that begins with `sg-`, S3 no bucket that begins with
 * `xn--`, `sthree-` or `amzn-s3-demo-`.
 */
const fleetName = /^(?!(sg|sthree|amzn-s3-demo)(-|$)|xn--)[a-z][a-z0-9-]{0,22}[a-z0-9]$/;

/** What AWS calls its regions by, for recognising one. */
const regionNames: Record<string, string> = {
	'af-south-1': 'Cape Town',
	'ap-east-1': 'Hong Kong',
	'ap-east-2': 'Taipei',
	'ap-northeast-1': 'Tokyo',
	'ap-northeast-2': 'Seoul',
	'ap-northeast-3': 'Osaka',
	'ap-south-1': 'Mumbai',
	'ap-south-2': 'Hyderabad',
	'ap-southeast-1': 'Singapore',
	'ap-southeast-2': 'Sydney',
	'ap-southeast-3': 'Jakarta',
	'ap-southeast-4': 'Melbourne',
	'ap-southeast-5': 'Malaysia',
	'ap-southeast-6': 'New Zealand',
	'ap-southeast-7': 'Thailand',
	'ca-central-1': 'Canada, central',
	'ca-west-1': 'Calgary',
	'eu-central-1': 'Frankfurt',
	'eu-central-2': 'Zurich',
	'eu-north-1': 'Stockholm',
	'eu-south-1': 'Milan',
	'eu-south-2': 'Spain',
	'eu-west-1': 'Ireland',
	'eu-west-2': 'London',
	'eu-west-3': 'Paris',
	'eusc-de-east-1': 'Brandenburg',
	'il-central-1': 'Tel Aviv',
	'me-central-1': 'UAE',
	'me-south-1': 'Bahrain',
	'mx-central-1': 'Mexico, central',
	'sa-east-1': 'São Paulo',
	'us-east-1': 'N. Virginia',
	'us-east-2': 'Ohio',
	'us-west-1': 'N. California',
	'us-west-2': 'Oregon',
};

/** The places that AWS calls regions by, as they are written there. */
export const placeNames: readonly string[] = Object.values(regionNames);

export const profile = optional(
	'profile',
	text,
)({
	title: 'Which AWS profile?',
	help: "The credentials to work with. Without it the AWS SDK's own chain decides: environment, SSO, the default profile.",
	kind: 'choice',
	asked: async (asking) => (await asking.profiles()).length > 1,
	change: undefined,
	mends: 'identity',
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
	known: Object.keys(regionNames),
	unlisted: "It isn't among the regions that are enabled for this account.",
	choices: regionChoices,
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
	change: 'never',
	mends: 'record',
	tells: 'fleet',
	default: usualFleet,
	choices: fleetsKept,
});

const executors = offered.map(({hint, name, limits}) => ({...choice(name, name, hint), limits}));

export const executor = question(
	'executor',
	z.enum(
		executors.map(({value}) => value),
		words(executors.map(({value}) => value).join(' or ')),
	),
)({
	title: 'Which executor runs the jobs?',
	help: offered.map(({help}) => help).join(' '),
	kind: 'choice',
	closed: true,
	asked: true,
	change: 'live',
	example: offered[0].name,
	implied: executorMeant,
	default: async ({given: {region}}) => ({value: (executorsIn(region)[0] ?? offered[0]).name}),
	choices: async ({given: {region}}) => executors.map(({limits, ...one}) => barred(one, region === undefined ? undefined : limits.region(region)?.short)),
	against: (value, {region}) => (region === undefined ? undefined : whyNot(limitsOf({executor: value}).region(region))),
});

/** The regions that are enabled for this account, the one that most things are in first. */
async function regionChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {Regions = []} = await cloud.call('DescribeRegions', {});
	const names = Regions.map(({RegionName}) => RegionName).filter(isText);
	const first = (name: string): number => (name === 'us-east-1' ? 0 : 1);
	return names
		.sort((one, other) => first(one) - first(other) || one.localeCompare(other))
		.map((name) => {
			const able = executorsIn(name);
			const only = able.length < offered.length ? `with ${able.map((one) => one.name).join(' or ')}` : undefined;
			return choice(name, name, [regionNames[name], only].filter(isText).join(' · '));
		});
}

/** Names of fleets that have a record in this region, and the default one. */
async function fleetsKept({cloud}: Asking): Promise<Choice<string>[]> {
	const {Parameters = []} = await cloud.call('GetParametersByPath', {Path: '/gitlab-runner-aws', Recursive: false});
	const kept = Parameters.map(({Name}) => Name?.split('/').at(-1))
		.filter(isText)
		.sort();
	const standing = kept.map((name) => choice(name, name, 'has a record here: go on with it'));
	return kept.includes(usualFleet) ? standing : [choice(usualFleet, usualFleet, 'a new one'), ...standing];
}
