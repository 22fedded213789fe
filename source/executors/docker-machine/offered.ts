import {limits} from './limits.ts';
import {dockerMachineVersion, engineInstall, machineOptions, maxGrowthRate} from './questions.ts';

/** What answers know of docker-machine. */
export const dockerMachineOffered = {
	name: 'docker+machine',
	hint: 'one type, one zone; leaves GitLab in 20.0',
	help: 'docker+machine starts EC2 instances of one type in one zone. GitLab takes it away in GitLab 20.0, planned for May 2027.',
	limits,
	questions: {scaling: [maxGrowthRate], workers: [machineOptions], software: [dockerMachineVersion, engineInstall]},
} as const;
