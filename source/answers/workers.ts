import * as z from 'zod';
import {workerDiskOf} from '../executors/offered.ts';
import type {Cloud} from '../world/cloud/port.ts';
import {type Asking, type Choice, choice, count, iamName, instanceType, matching, optional, question, words, yesOrNo} from './question.ts';
import {onDemandPrices, spotPools} from './type-prices.ts';

const forManager: string[] = ['t3.micro', 't3.small', 't3.medium', 't4g.small', 't4g.medium'];
const forWorkers: string[] = [
	'c5.large',
	'c5.xlarge',
	'c5.2xlarge',
	'm5.large',
	'm5.xlarge',
	'c6i.large',
	'c6i.xlarge',
	'c7g.large',
	'c7g.xlarge',
	't3.medium',
];

export const managerType = question(
	'managerType',
	instanceType,
)({
	title: 'Which instance type is the manager?',
	help: 'It runs no jobs: it starts workers and talks to GitLab. t3.small does for about a hundred workers.',
	kind: 'choice',
	change: 'replace',
	mends: 'manager',
	default: 't3.small',
	known: forManager,
	choices: managerTypeChoices,
});

export const workerType = question(
	'workerType',
	instanceType,
)({
	title: 'Which instance type are the workers?',
	help: 'Each runs one job at a time.',
	kind: 'choice',
	asked: true,
	change: 'live',
	mends: 'test-machine',
	default: 'c5.large',
	known: forWorkers,
	choices: workerTypeChoices,
});

export const workerDisk = question(
	'workerDisk',
	count(8, 16_384, 'GiB'),
)({
	title: "How big is a worker's disk?",
	help: 'Room for the image, the containers and the job. It is encrypted gp3.',
	kind: 'number',
	unit: 'GiB',
	change: 'live',
	default: async ({given}) => ({value: workerDiskOf(given)}),
});

/**
 * What a job's .gitlab-ci.yml says to be run again once it has lost its worker. By default GitLab tries nothing again, nor by `when` alone, without `max`
 * (docs/facts.md, "GitLab's API").
 */
export const retryLost = 'retry: {max: 2, when: runner_system_failure}';

export const spot = question(
	'spot',
	yesOrNo,
)({
	title: 'Are the workers spot instances?',
	help: "Spot costs about a third, and AWS may take one back at two minutes' notice; GitLab runs the job again where its .gitlab-ci.yml has `retry`.",
	kind: 'boolean',
	asked: true,
	change: 'live',
	mends: 'spot-role',
	default: true,
	choices: spotChoices,
});

export const spotPrice = question(
	'spotPrice',
	z.union([z.literal('on-demand'), z.number().gt(0.001)], words('on-demand, or USD an hour above 0.001')),
)({
	title: 'What is the most that a spot worker may cost?',
	help: 'USD an hour, or on-demand: never more than the on-demand price, as AWS advises.',
	kind: 'choice',
	unit: 'USD/h',
	change: 'live',
	when: ({spot: wanted}) => wanted !== false,
	default: 'on-demand',
	choices: spotPriceChoices,
});

export const workerProfile = optional(
	'workerProfile',
	matching(iamName, 'the name of an instance profile'),
)({
	title: 'Which instance profile do workers get?',
	help: 'The name of an existing instance profile. Every job on a worker can do what it allows; without one, workers can do nothing in AWS.',
	kind: 'text',
	change: 'live',
});

/** Types that do for the manager, as far as this region offers them. */
async function managerTypeChoices({cloud}: Asking): Promise<Choice<string>[]> {
	return sizes(cloud, forManager);
}

/** Types that do for workers, as far as this region offers them, with the price of spot now. */
async function workerTypeChoices(asking: Asking): Promise<Choice<string>[]> {
	const [types, prices] = await Promise.all([sizes(asking.cloud, forWorkers), spotPrices(asking, forWorkers)]);
	return types.map(({value, label, hint}) => {
		const price = prices.get(value);
		return choice(value, label, [hint, price && `spot $${price}/h now`].filter(Boolean).join(' · '));
	});
}

/** Spot or not, with the price of the chosen type now. */
async function spotChoices(asking: Asking): Promise<Choice<boolean>[]> {
	const type = asking.given.workerType;
	if (type === undefined) return [choice(true, 'yes'), choice(false, 'no', 'on demand: never taken back')];
	const [spots, lists] = await Promise.all([spotPrices(asking, [type]), onDemandPrices(asking, [type])]);
	const [spot, list] = [spots.get(type), lists.get(type)];
	return [
		choice(true, 'yes', spot && `spot: ${type} costs $${spot}/h now`),
		choice(false, 'no', `on demand: ${list === undefined ? '' : `$${list.toFixed(3)}/h, `}never taken back`),
	];
}

/** The on-demand price as the cap. A cap in USD is typed. */
async function spotPriceChoices(asking: Asking): Promise<Choice<number | 'on-demand'>[]> {
	const type = asking.given.workerType;
	const price = type && (await spotPrices(asking, [type])).get(type);
	return [choice<number | 'on-demand'>('on-demand', 'on-demand', price && `spot is $${price}/h now`)];
}

async function sizes(cloud: Cloud, types: readonly string[]): Promise<Choice<string>[]> {
	const {InstanceTypes = []} = await cloud.call('DescribeInstanceTypes', {Filters: [{Name: 'instance-type', Values: [...types]}]});
	return types.flatMap((type) => {
		const seen = InstanceTypes.find(({InstanceType}) => InstanceType === type);
		if (!seen) return [];
		const facts = [
			seen.VCpuInfo?.DefaultVCpus && `${seen.VCpuInfo.DefaultVCpus} vCPU`,
			seen.MemoryInfo?.SizeInMiB && `${seen.MemoryInfo.SizeInMiB / 1024} GiB`,
			seen.ProcessorInfo?.SupportedArchitectures?.find((name) => name === 'x86_64' || name === 'arm64'),
		];
		return [choice(type, type, facts.filter(Boolean).join(' · '))];
	});
}

/** The lowest price of any zone now, by type. */
async function spotPrices(asking: Asking, types: readonly string[]): Promise<Map<string, string>> {
	const dearestFirst = (await spotPools(asking, types)).toReversed();
	return new Map(dearestFirst.map(({type, usd}) => [type, usd.toFixed(3)]));
}
