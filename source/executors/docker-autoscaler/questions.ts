import * as z from 'zod';
import {standInsFor} from '../../answers/instance-families.ts';
import {type Asking, type Choice, choice, count, instanceType, matching, optional, question, words} from '../../answers/question.ts';
import {onDemandPrices, type PricedPool, spotPools} from '../../answers/type-prices.ts';
import {limits} from './limits.ts';

/** A group takes 40 types. */
export const mostTypes = 40;

const isTwice = (item: string, index: number, items: readonly string[]): boolean => items.indexOf(item) !== index;

const workerTypes = optional(
	'workerTypes',
	z
		.array(instanceType, words('a list of instance types such as c5.large,c6i.large'))
		.min(1, words('at least one instance type'))
		.max(mostTypes, words(`at most ${mostTypes} instance types`))
		.refine((types) => !types.some(isTwice), words('each instance type once')),
)({
	title: 'Which instance types may workers be?',
	help: 'Several of one architecture, such as c5.large,c6i.large,m5.large: spot is then taken where there is most of it for the least. The first is workerType.',
	kind: 'choice',
	change: 'live',
	example: 'c5.large,c6i.large',
	known: ['c5.large', 'c6i.large', 'm5.large', 'm6i.large', 'c7g.large'],
	written: {read: typesIn, write: typesWritten},
	choices: typeChoices,
	echoes: ({workerType}) => (workerType === undefined ? undefined : [workerType]),
	against([first], {workerType}) {
		if (workerType === undefined || first === workerType) return undefined;
		return `Its first is ${first}, and workerType is ${workerType}: put ${workerType} first, or add \`--worker-type ${first}\`.`;
	},
});

const workerSubnets = question(
	'workerSubnets',
	z
		.array(matching(/^(all|subnet-[0-9a-f]{8,17})$/, 'all, or ids of subnets'), words('all, or a list of ids of subnets'))
		.min(1, words('all, or at least one id of a subnet'))
		.refine((subnets) => subnets.length === 1 || !subnets.includes('all'), words('either all, or ids of subnets'))
		.refine((subnets) => !subnets.some(isTwice), words('each subnet once')),
)({
	title: 'Which subnets may workers start in?',
	help: 'all takes one in each zone that offers one of the types, as public or private as the manager is; or ids, parted by commas.',
	kind: 'list',
	change: 'live',
	regional: true,
	default: ['all'],
});

const onDemandBase = question(
	'onDemandBase',
	count(0, 5000, 'machines'),
)({
	title: 'How many workers are on demand before any is spot?',
	help: 'The first workers of the group: AWS never takes those back.',
	kind: 'number',
	unit: 'machines',
	change: 'live',
	when: ({spot}) => spot !== false,
	default: 0,
});

const onDemandShare = question(
	'onDemandShare',
	count(0, 100, 'percent'),
)({
	title: 'How many percent of the other workers are on demand?',
	help: 'With 0 all of them are spot. There is no falling back to on demand when spot runs out.',
	kind: 'number',
	unit: '%',
	change: 'live',
	when: ({spot}) => spot !== false,
	default: 0,
});

const capacityPerInstance = question(
	'capacityPerInstance',
	count(1, 100, 'jobs'),
)({
	title: 'How many jobs does a worker run at a time?',
	help: "Above 1 jobs share a worker's Docker: its ports, its disk and its memory.",
	kind: 'number',
	unit: 'jobs',
	change: 'drain',
	default: 1,
});

/** The version that this release was proven with; never "latest". */
const fleetingPluginVersion = question(
	'fleetingPluginVersion',
	matching(/^\d+\.\d+\.\d+$/, 'a version such as 1.1.0'),
)({
	title: "Which version of GitLab's fleeting plugin for AWS?",
	help: 'The one that this release was proven with, unless another is given.',
	kind: 'text',
	change: 'drain',
	default: async () => ({value: '1.1.0', why: 'pinned by this release'}),
});

/** Types as a person writes them, parted by commas; undefined for JSON. */
function typesIn(text: string): string[] | undefined {
	if (text.trim().startsWith('[')) return undefined;
	return text
		.split(',')
		.map((type) => type.trim())
		.filter((type) => type !== '');
}

/** Types in one line; undefined for what isn't a list of texts. */
function typesWritten(value: unknown): string | undefined {
	const isPlain = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && /^[^\s,[]+$/.test(one));
	return isPlain ? value.join(', ') : undefined;
}

/** The chosen type alone, with some that run what it runs, and with all such that this region offers, each with what it costs now. */
async function typeChoices(asking: Asking): Promise<Choice<string[]>[]> {
	const {workerType: wanted = 'c5.large', spot} = asking.given;
	const alike = [wanted, ...standInsFor(wanted)];
	const [{InstanceTypes = []}, pools, onDemand] = await Promise.all([
		asking.cloud.call('DescribeInstanceTypes', {Filters: [{Name: 'instance-type', Values: alike}]}),
		spot === false ? [] : spotPools(asking, alike),
		onDemandPrices(asking, alike),
	]);
	const offered = alike.filter((type) => InstanceTypes.some(({InstanceType}) => InstanceType === type));
	const most = Math.max(1, offered.length);
	return [...new Set([1, Math.min(3, most), most])].map((many) => {
		const types = offered.length === 0 ? [wanted] : offered.slice(0, many);
		const range = rangeOf(pools.filter(({type}) => types.includes(type)));
		const full = onDemand.get(types[0] ?? '');
		const prices = [...(range === undefined ? [] : [range]), ...(full === undefined ? [] : [`on demand ${usd(full)}${range === undefined ? '/h' : ''}`])];
		const details = types.flatMap((type): [string, string][] => {
			const words = priceWords(type, pools, onDemand);
			return words === undefined ? [] : [['', words]];
		});
		return {...choice(types, types.join(', '), prices.join(', ')), ...(details.length === 0 ? {} : {details})};
	});
}

const usd = (price: number): string => `$${price.toFixed(3)}`;

/** The cheapest and the dearest of types and zones; which of them AWS takes depends on how much is left, and that it doesn't tell. */
function rangeOf(pools: readonly PricedPool[]): string | undefined {
	const [cheapest, dearest] = [pools[0], pools.at(-1)];
	if (!cheapest || !dearest) return undefined;
	const from = `${usd(cheapest.usd)}/h now (${cheapest.type} in ${cheapest.zone})`;
	return cheapest === dearest ? `spot ${from}` : `spot from ${from} to ${usd(dearest.usd)}`;
}

/** `c5.large: on demand $0.085, spot $0.031 in us-east-2a, $0.034 in us-east-2b`: what is known of a type's prices, the cheapest zone first. */
function priceWords(type: string, pools: readonly PricedPool[], onDemand: ReadonlyMap<string, number>): string | undefined {
	const full = onDemand.get(type);
	const zones = pools.filter((pool) => pool.type === type).map((pool) => `${usd(pool.usd)} in ${pool.zone}`);
	const parts = [...(full === undefined ? [] : [`on demand ${usd(full)}`]), ...(zones.length === 0 ? [] : [`spot ${zones.join(', ')}`])];
	return parts.length === 0 ? undefined : `${type}: ${parts.join(', ')}`;
}

/** What answers know of docker-autoscaler. */
export const dockerAutoscalerOffered = {
	name: 'docker-autoscaler',
	hint: 'several types and zones, in every region',
	help: 'docker-autoscaler has an Auto Scaling group of several types and zones, in every region.',
	limits,
	workerImage: 'ecs-al2023',
	// That image alone is 30.
	workerDisk: 40,
	jobsPerWorker: ({capacityPerInstance: jobs = 1}: {capacityPerInstance?: number | undefined}): number => jobs,
	questions: {scaling: [capacityPerInstance], workers: [workerTypes, workerSubnets, onDemandBase, onDemandShare], software: [fleetingPluginVersion]},
} as const;
