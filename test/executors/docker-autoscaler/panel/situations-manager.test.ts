import assert from 'node:assert/strict';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../../../../source/executors/docker-autoscaler/manager-paths.ts';
import {prove, type Situation, type SituationFleet} from '../../../panel/situation.ts';
import {someFleet} from '../../docker-machine/some-answers.ts';
import {scaled} from './scaled.ts';

const group = 'gitlab-runners-workers';

/** The service is stopped, something is broken, and it starts again. */
const restartedWith = (breaks: (subject: SituationFleet) => void) => (subject: SituationFleet) => {
	const {world, manager, jobs} = subject;
	world.outside.stopService(manager);
	breaks(subject);
	world.outside.startService(manager);
	jobs(2);
};

/** Jobs wait in GitLab since the runner takes none, and one reason is told. */
const untaken = (breaks: (subject: SituationFleet) => void, says: string): Situation => ({
	fleet: scaled,
	happens: restartedWith(breaks),
	watched: 60,
	asks: 'Why are 2 jobs waiting?',
	says: [says],
	verdict: 'trouble',
});

/** Two jobs that have been taken wait for workers on which no job can run. */
const unusable = (happens: Situation['happens'], says: Situation['says'], watched: number, fleet: Situation['fleet'] = {}): Situation => ({
	fleet: {...scaled, ...fleet},
	happens,
	watched,
	asks: /^Why (?:are|is) \d jobs? waiting/,
	says,
	verdict: 'trouble',
});

/** What keeps the runner from having workers at all, and workers from running jobs. */
prove({
	'the plugin was taken away': untaken(
		({world, manager}) => world.outside.removeFile(manager, `${pluginsFolder}/1.1.0/plugin`),
		"The fleeting plugin that makes workers isn't there for the user that GitLab Runner runs as, for 56 s, so it takes no jobs. [journal: repair]",
	),
	'the plugin’s config file names no region': untaken(
		({world, manager}) => world.outside.setFile(manager, awsConfigPath, '[default]\n'),
		'The plugin knows no AWS region, for 56 s: `config_file` in config.toml names the file that says it. [journal: repair]',
	),
	'somebody deleted the group': {
		fleet: scaled,
		async happens({world, manager, jobs, passes}) {
			world.outside.stopService(manager);
			world.outside.call('DeleteAutoScalingGroup', someFleet.region, {AutoScalingGroupName: group, ForceDelete: true});
			await passes(60);
			world.outside.startService(manager);
			jobs(2);
		},
		watched: 60,
		asks: 'Why are 2 jobs waiting?',
		says: ['There is no Auto Scaling group gitlab-runners-workers in us-east-2, for 56 s, so no worker can be made. [group: repair]'],
		verdict: 'trouble',
	},
	'the workers’ key is gone from the manager': untaken(
		({world, manager}) => world.outside.removeFile(manager, workerKeyPath),
		"The key by which the runner gets on to workers can't be read on the manager, for 56 s. [journal: repair]",
	),
	'the manager may no longer look at groups': untaken(({world}) => {
		const role = world.outside.account.roles.get('gitlab-runners-us-east-2-manager') ?? assert.fail('no role');
		role.inline.clear();
	}, 'AWS refuses autoscaling:DescribeAutoScalingGroups to role gitlab-runners-us-east-2-manager, for 56 s (AccessDenied). [journal: commands]'),
	'the manager may no longer ask for workers': {
		fleet: scaled,
		async happens({world, jobs, passes}) {
			await passes(10);
			const role = world.outside.account.roles.get('gitlab-runners-us-east-2-manager') ?? assert.fail('no role');
			role.inline.clear();
			const reads = ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances', 'ec2:DescribeSpotInstanceRequests'];
			role.inline.set('less', JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: reads, Resource: '*'}]}));
			jobs(2);
		},
		watched: 60,
		asks: /^Why (?:are|is) \d jobs? waiting/,
		says: ['AWS refuses autoscaling:SetDesiredCapacity to role gitlab-runners-us-east-2-manager, for 57 s (AccessDenied). [journal: commands]'],
	},
	'the workers’ group lets the manager in no more': unusable(
		({world, workersGroup, jobs}) => {
			world.outside.closePort(workersGroup, 22);
			jobs(2);
		},
		[
			/^Workers don't answer the manager's SSH, for \d+ (?:m|s) \(\d+ instances?\): the security group, the route or the image isn't right\. \[journal: config\]$/,
			/^No worker came in time \(5m0s\) for \d tries of jobs, for \d+ m\. \[journal: log\]$/,
		],
		800,
	),
	'Docker doesn’t come up on workers': unusable(
		({region, jobs}) => {
			// The launch template is of an image without Docker, and installs none any more.
			for (const {versions} of region.templates.values()) for (const {data} of versions) delete data.UserData;
			jobs(2);
		},
		[
			/^New workers aren't ready, for [\d. ms]+: `instance_ready_command` ended with 124 on \d+ instances, which went again\. \[journal: config\]$/,
			/^\d+ instances went again within [\d ms]+ of their start without a job: each is paid for, and serves nobody\. \[journal: log\]$/,
			/^No worker came in time \(5m0s\) for \d tries of jobs, for .*\. \[journal: log\]$/,
		],
		900,
		{workerImage: 'ubuntu-24.04'},
	),
	'the runner comes as a user that workers don’t have': unusable(
		restartedWith(({edits}) => edits((text) => text.replace('username = "ec2-user"', 'username = "ubuntu"').replace('timeout = "10m0s"', 'timeout = "1m0s"'))),
		[
			/^Workers don't take the manager's key for SSH, for \d+ (?:m|s) \(\d+ instances?\): the key pair of the launch template or the user isn't right\. \[journal: config\]$/,
		],
		150,
	),
	'somebody else sets the group’s number': {
		fleet: {...scaled, idleCount: 1},
		async happens({world, passes}) {
			await passes(90);
			world.outside.call('SetDesiredCapacity', someFleet.region, {AutoScalingGroupName: group, DesiredCapacity: 3});
		},
		watched: 90,
		asks: /^No job waits/,
		says: [
			/^Somebody else changed how many instances the group is to have, last \d+ s ago: only the runner should, since it counts on them\. \[journal: log\]$/,
		],
		verdict: 'trouble',
	},
	'somebody took the protection from new instances': {
		fleet: scaled,
		happens({world, jobs}) {
			world.outside.call('UpdateAutoScalingGroup', someFleet.region, {AutoScalingGroupName: group, NewInstancesProtectedFromScaleIn: false});
			jobs(1, {seconds: 600});
		},
		watched: 90,
		asks: /^No job waits/,
		says: ["New instances of gitlab-runners-workers aren't protected from scale-in, so Auto Scaling may end one that runs a job. [group: repair]"],
		verdict: 'trouble',
	},
	'somebody ends an instance under a job': {
		fleet: scaled,
		async happens({world, jobs, passes}) {
			jobs(1, {seconds: 900});
			await passes(90);
			world.outside.terminateInstance(world.jobs[0]?.worker ?? '');
		},
		watched: 90,
		asks: /^No job waits/,
		says: [
			/^Job #9000 of \S+ lost its machine \d+ s ago: somebody ended i-[0-9a-f]+, and who isn't known here \(Client\.UserInitiatedShutdown\)\. `retry: \{max: 2, when: runner_system_failure\}` in \.gitlab-ci\.yml runs such jobs again\. \[ec2: jobs\]$/,
			/^1 instance went without the runner's doing, the last \d+ s ago: somebody ended it, or AWS did\. \[journal: log\]$/,
		],
	},
	'AWS takes an instance back under a job': {
		fleet: scaled,
		async happens({world, jobs, passes}) {
			jobs(1, {seconds: 900});
			await passes(90);
			world.outside.interruptSpot(world.jobs[0]?.worker ?? '');
		},
		watched: 240,
		asks: /^No job waits/,
		says: [
			/^Job #9000 of \S+ lost its machine .*: spot interruption.*\[ec2: move\]$/,
			/^1 instance went without the runner's doing, the last .* ago: AWS took its capacity back \(spot\)\. \[journal: log\]$/,
		],
	},
	'as many workers as may be are busy': {
		fleet: scaled,
		async happens({jobs, passes}) {
			jobs(8, {seconds: 900});
			await passes(60);
		},
		watched: 60,
		asks: 'Why are 4 jobs waiting?',
		says: [
			'The limit is 4 and all 4 machines are busy or being made, for 87 s. [runner: raise-limit]',
			'concurrent is 4 and 4 jobs run. [runner: raise-limit]',
		],
		jobs: '4 running, 4 waiting',
		verdict: 'healthy',
	},
	'the first workers are on their way': {
		fleet: scaled,
		happens: ({jobs}) => jobs(2),
		watched: 20,
		asks: 'Why are 2 jobs waiting for their machines, 19 s so far?',
		says: [/^The idle count is 0, so a job waits for an instance of its own: 2 are on the way.*\. \[runner: idle\]$/],
		jobs: '0 running, 2 waiting for their machines 19 s, 0 waiting in GitLab',
		verdict: 'healthy',
	},
});
