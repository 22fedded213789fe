import * as z from 'zod';
import {count, matching, programUrlPattern, question, words} from '../../answers/question.ts';
import {limits, pinnedEngine} from './limits.ts';

const maxGrowthRate = question(
	'maxGrowthRate',
	count(0, 1000, 'machines'),
)({
	title: 'How many workers are made side by side?',
	help: '0 means no bound.',
	kind: 'number',
	unit: 'machines',
	change: 'live',
	default: 10,
});

const machineOptions = question(
	'machineOptions',
	z.array(
		matching(
			/^[a-z0-9][a-z0-9-]*(=[\w .,:/=@%+~^*{}-]*)?$/,
			'a docker-machine option such as engine-opt=mtu=1400, without quotes and other signs of a shell',
		).refine((option) => !option.startsWith('engine-install-url'), words('no engine-install-url, which the answer engineInstall is for')),
		words('a list of docker-machine options'),
	),
)({
	title: 'Which further docker-machine options do workers get?',
	help: 'MachineOptions such as engine-registry-mirror=https://mirror.example.com, besides those that the answers make.',
	kind: 'list',
	change: 'live',
	default: [],
	against: (value) => {
		const key = value.find((option) => /^amazonec2-(access-key|secret-key|session-token)\b/.test(option))?.split('=')[0];
		return key ? `It takes options without credentials; ${key} is asked for with access-keys.` : undefined;
	},
});

/** The version that this release was proven with; never "latest". */
const dockerMachineVersion = question(
	'dockerMachineVersion',
	matching(/^\d+\.\d+\.\d+(-gitlab\.\d+)?$/, 'a version such as 0.16.2-gitlab.48'),
)({
	title: "Which version of GitLab's docker-machine?",
	help: 'The one that this release was proven with, unless another is given.',
	kind: 'text',
	change: 'drain',
	default: async () => ({value: '0.16.2-gitlab.48', why: 'pinned by this release'}),
});

/** docker-machine puts it into `curl -sSL %s | sh` on each worker, as root. */
const engineInstall = question(
	'engineInstall',
	matching(new RegExp(`^(image|${programUrlPattern})$`), 'the https URL of an install script, or image'),
)({
	title: 'How does Docker get onto a worker?',
	help: "The URL of an install script of one version of Docker, or image, where the workers' image has Docker in it.",
	kind: 'text',
	change: 'drain',
	holds: 'path',
	default: async () => ({value: pinnedEngine, why: 'pinned by this release'}),
});

/** What answers know of docker-machine. */
export const dockerMachineOffered = {
	name: 'docker+machine',
	hint: 'one type, one zone; leaves GitLab in 20.0',
	help: 'docker+machine starts EC2 instances of one type in one zone. GitLab takes it away in GitLab 20.0, planned for May 2027.',
	limits,
	questions: {scaling: [maxGrowthRate], workers: [machineOptions], software: [dockerMachineVersion, engineInstall]},
} as const;
