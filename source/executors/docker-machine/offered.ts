import {limits} from './limits.ts';
import {dockerMachineVersion, engineInstall, machineOptions} from './questions.ts';

/** What answers know of docker-machine. */
export const dockerMachineOffered = {
	name: 'docker+machine',
	hint: 'leaves GitLab in 20.0',
	help: 'docker+machine starts one EC2 instance a job. GitLab takes it away in GitLab 20.0, planned for May 2027.',
	limits,
	questions: {workers: [machineOptions], software: [dockerMachineVersion, engineInstall]},
} as const;
