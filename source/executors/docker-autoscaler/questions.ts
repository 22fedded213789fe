import {z} from 'zod';
import {count, instanceType, matching, optional, question, words} from '../../answers/question.ts';

/** A group takes 40 types. */
const mostTypes = 40;

const isTwice = (item: string, index: number, items: readonly string[]): boolean => items.indexOf(item) !== index;

export const workerTypes = optional(
	'workerTypes',
	z
		.array(instanceType, words('a list of instance types such as c5.large,c6i.large'))
		.min(1, words('at least one instance type'))
		.max(mostTypes, words(`at most ${mostTypes} instance types`))
		.refine((types) => !types.some(isTwice), words('each instance type once')),
)({
	title: 'Which instance types may workers be?',
	help: 'Several of one architecture, such as c5.large,c6i.large,m5.large: spot is then taken where there is most of it for the least. The first is workerType.',
	kind: 'list',
	change: 'live',
	against([first], {workerType}) {
		if (workerType === undefined || first === workerType) return undefined;
		return `Its first is ${first}, and workerType is ${workerType}: put ${workerType} first, or add \`--worker-type ${first}\`.`;
	},
});

export const workerSubnets = question(
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

export const onDemandBase = question(
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

export const onDemandShare = question(
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

export const capacityPerInstance = question(
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
export const fleetingPluginVersion = question(
	'fleetingPluginVersion',
	matching(/^\d+\.\d+\.\d+$/, 'a version such as 1.1.0'),
)({
	title: "Which version of GitLab's fleeting plugin for AWS?",
	help: 'The one that this release was proven with, unless another is given.',
	kind: 'text',
	change: 'drain',
	default: async () => ({value: '1.1.0', why: 'pinned by this release'}),
});
