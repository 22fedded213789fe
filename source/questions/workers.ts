import {managerTypeChoices, spotChoices, spotPriceChoices, workerTypeChoices} from './instance-types.ts';
import type {Question} from './question.ts';

const managerType: Question<'managerType'> = {
	id: 'managerType',
	title: 'Which instance type is the manager?',
	help: 'It runs no jobs: it starts workers and talks to GitLab. t3.small does for about a hundred workers.',
	kind: 'choice',
	asked: false,
	change: 'replace',
	default: async () => ({value: 't3.small'}),
	choices: managerTypeChoices,
};

const workerType: Question<'workerType'> = {
	id: 'workerType',
	title: 'Which instance type are the workers?',
	help: 'Each runs one job at a time.',
	kind: 'choice',
	asked: true,
	change: 'live',
	default: async () => ({value: 'c5.large'}),
	choices: workerTypeChoices,
};

const workerDisk: Question<'workerDisk'> = {
	id: 'workerDisk',
	title: "How big is a worker's disk?",
	help: 'Room for the image, the containers and the job. It is encrypted gp3.',
	kind: 'number',
	unit: 'GiB',
	asked: false,
	change: 'live',
	default: async () => ({value: 20}),
};

const spot: Question<'spot'> = {
	id: 'spot',
	title: 'Are the workers spot instances?',
	help: 'Spot costs about a third, and AWS may take one back within two minutes; GitLab then can retry the job.',
	kind: 'boolean',
	asked: true,
	change: 'live',
	default: async () => ({value: true}),
	choices: spotChoices,
};

const spotPrice: Question<'spotPrice'> = {
	id: 'spotPrice',
	title: 'What is the most that a spot worker may cost?',
	help: 'USD an hour, or on-demand: never more than the on-demand price, as AWS advises.',
	kind: 'choice',
	unit: 'USD/h',
	asked: false,
	change: 'live',
	when: ({spot: wanted}) => wanted !== false,
	default: async () => ({value: 'on-demand'}),
	choices: spotPriceChoices,
};

const workerProfile: Question<'workerProfile'> = {
	id: 'workerProfile',
	title: 'Which instance profile do workers get?',
	help: 'The name of an existing instance profile. Every job on a worker can do what it allows; without one, workers can do nothing in AWS.',
	kind: 'text',
	asked: false,
	change: 'live',
};

const machineOptions: Question<'machineOptions'> = {
	id: 'machineOptions',
	title: 'Which further docker-machine options do workers get?',
	help: 'MachineOptions such as engine-registry-mirror=https://mirror.example.com, besides those that the answers make.',
	kind: 'list',
	asked: false,
	change: 'live',
	default: async () => ({value: []}),
	against: (value) => {
		const key = value.find((option) => /^amazonec2-(access-key|secret-key|session-token)\b/.test(option))?.split('=')[0];
		return key ? `It takes options without credentials; ${key} is asked for with access-keys.` : undefined;
	},
};

/** The machines: which, how big, at what price. */
export const workerQuestions = {managerType, workerType, workerDisk, spot, spotPrice, workerProfile, machineOptions};
