import type {World} from '../../source/simulated/world.ts';
import {prove} from './situation.ts';

const certificates = '/root/.docker/machine/certs';

/** The script that installs Docker ends badly on every new worker. */
const noDocker = ({outside}: World, manager: string): void =>
	outside.machineFaults(manager, {
		stage: {name: 'docker install', detail: 'Error creating machine: Error running provisioning: error installing docker: ', times: 99},
	});

/** The manager, or what it does with workers, is at fault. */
prove({
	'the manager is stopped': {
		happens({world, manager, jobs}) {
			world.outside.stopInstance(manager);
			jobs(3);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: ({manager}) => [`The manager ${manager} is stopped, so nobody asks GitLab for jobs. [ec2: repair]`],
	},
	'the manager is gone': {
		happens({world, manager, jobs}) {
			world.outside.terminateInstance(manager);
			jobs(3);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: ['The fleet has no manager, so nobody asks GitLab for jobs. [ec2: repair]'],
	},
	'the service was stopped long ago': {
		async happens({world, manager, jobs, passes}) {
			world.outside.stopService(manager);
			await passes(1500);
			jobs(3);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: ["GitLab Runner doesn't run on the manager: its service was stopped there 26 m ago, and no drain from here did it. [host: resume]"],
	},
	'the service is being drained while a job runs': {
		async happens({world, manager, jobs, passes}) {
			jobs(1, {seconds: 3000});
			await passes(120);
			world.outside.drainService(manager);
			jobs(3);
		},
		watched: 90,
		asks: 'Why are 3 jobs waiting?',
		says: [
			'The runner is being drained and takes no new job, for 90 s. It waits for job #9000 test of acme/app, running for 3 m (https://gitlab.com/acme/app/-/jobs/9000). [runner: resume]',
		],
	},
	'somebody broke config.toml while raising the limit': {
		happens({edits, jobs}) {
			edits((text) => text.replace('concurrent = 4', 'concurrent = '));
			jobs(6, {seconds: 3000});
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: [
			"GitLab Runner can't load config.toml, for 2 m, so the one before stays in force: toml: line 1, column 14: invalid value. [journal: config]",
			'The limit is 4 and all 4 machines are busy or being made, for 67 s. [runner: raise-limit]',
			'concurrent is 4 and 4 jobs run. [runner: raise-limit]',
		],
	},
	'the manager’s disk is full': {
		fleet: {idleCount: 1},
		happens({world, manager, jobs}) {
			world.outside.setDiskFree(manager, 0);
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ["The manager's disk is full: 0 MB of 8.6 GB are free. [host: ssh]"],
	},
	'the manager’s memory is used up': {
		fleet: {idleCount: 1},
		happens({world, manager, jobs}) {
			world.outside.setStrain(manager, {memoryFree: 0.02});
			jobs(4, {seconds: 3000});
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ["The manager's memory is used up: 43 MB of 2.1 GB are free. [host: ssh]"],
	},
	'the manager’s CPU credits are used up': {
		fleet: {idleCount: 1},
		happens({world, manager, jobs}) {
			world.outside.setStrain(manager, {stolen: 0.62});
			jobs(3, {seconds: 3000});
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: [
			"The manager's CPU credits are used up: t3.small gets 38 % of its processor. [host: ssh]",
			'1 machine is being made; the first began 62 s ago. [runner: wait]',
		],
	},
	'docker-machine’s certificates come from two first uses at once': {
		fleet: {idleCount: 1},
		happens({world, manager, jobs}) {
			world.outside.setFile(manager, `${certificates}/ca.pem`, 'PEM of the other one');
			jobs(3);
		},
		watched: 300,
		asks: 'Why are 3 jobs waiting?',
		says: ["docker-machine's certificates don't fit, so new workers can't be used, for 4 m. [journal: repair]"],
	},
	'one of docker-machine’s certificates is missing': {
		fleet: {idleCount: 1},
		happens({world, manager, jobs}) {
			world.outside.removeFile(manager, `${certificates}/ca.pem`);
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ["docker-machine's certificates are missing on the manager, so no worker can be used. [host: repair]"],
	},
	'workers don’t answer SSH, since their group is closed': {
		fleet: {idleCount: 1},
		happens({world, workersGroup, jobs}) {
			world.outside.closePort(workersGroup, 22);
			jobs(3);
		},
		watched: 1080,
		asks: 'Why are 3 jobs waiting?',
		says: ["New workers don't answer the manager's SSH, for 11 m (2 machines): the security group, the user or the route isn't right. [journal: config]"],
	},
	'workers’ Docker doesn’t answer, since their group is closed': {
		fleet: {idleCount: 1},
		happens({world, workersGroup, jobs}) {
			world.outside.closePort(workersGroup, 2376);
			jobs(3);
		},
		watched: 400,
		asks: 'Why are 3 jobs waiting?',
		says: [
			/^Docker on new workers doesn't answer the manager on port 2376, for 5 m \([45] machines\): the security group or the route isn't right\. \[journal: config\]$/,
		],
	},
	'Docker can’t be installed on workers': {
		fleet: {idleCount: 1},
		happens({world, manager, jobs}) {
			noDocker(world, manager);
			jobs(3);
		},
		watched: 420,
		asks: 'Why are 3 jobs waiting?',
		says: [/^Docker can't be installed on new workers, for [67] m: the last 1\d tries didn't bring it up\. \[journal: log\]$/],
	},
	'Docker can’t be installed on the workers of jobs that the runner has taken': {
		happens({world, manager, jobs}) {
			noDocker(world, manager);
			jobs(3);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting for their machines, 59 s so far?',
		says: [/^Docker can't be installed on new workers, for \d\d s: the last [345] tries didn't bring it up\. \[journal: log\]$/],
	},
	'Docker Hub gives the workers no more images': {
		fleet: {limit: 1, concurrent: 1},
		happens({world, jobs}) {
			world.outside.setDockerHub('none');
			jobs(40);
		},
		watched: 120,
		asks: /^Why are 2\d jobs waiting\?$/,
		says: [
			"Docker Hub refuses more pulls from the workers' address, for 62 s (toomanyrequests). [journal: config]",
			'The limit is 1 and its one machine is busy or being made. [runner: raise-limit]',
			'concurrent is 1 and 1 job runs. [runner: raise-limit]',
		],
	},
});
