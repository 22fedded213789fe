import assert from 'node:assert/strict';
import {test} from 'node:test';
import {machineWords} from '../../../../source/faces/words/status-words.ts';
import {join} from '../../../../source/panel/live/join.ts';
import {verdictOf} from '../../../../source/panel/live/verdict.ts';
import {troublesOf, whyWaiting} from '../../../../source/panel/live/why-waiting.ts';
import {countRows} from '../../../../source/panel/rows.ts';
import type {ScalingGroupSeen} from '../../../../source/panel/scaling-groups.ts';
import {good} from '../../../../source/panel/seen.ts';
import type {Snapshot} from '../../../../source/panel/snapshot.ts';
import {gitlabSees, journal, minutes, now} from '../../../panel/seeing.ts';
import {dialed, fleeting, group, groupName, idOf, type LoggedLine, logged, scaling, scalingHost, worker} from './seeing.ts';

const failedToStart = (why: string): LoggedLine =>
	[
		1,
		'Failed to process runner',
		{error: `failed to update executor: initializing taskscaler: ${why}`, executor: 'docker-autoscaler', runner: 'ab12cd'},
	] as const;

const inLog = (...lines: readonly LoggedLine[]): Partial<Snapshot> => ({journal: good(journal(...logged(...lines)), now)});
const inGroup = (more: Partial<ScalingGroupSeen>, absent: readonly string[] = []): Partial<Snapshot> => ({
	group: good({groups: [group([], more)], absent}, now),
});

/** Launches that fail for these reasons while two instances are wanted. */
const refusedLaunch = (...says: readonly string[]): Partial<Snapshot> => ({
	...inGroup({
		desired: 2,
		shortSince: now - minutes(3),
		failures: says.map((one) => ({says: one, since: now - minutes(3), count: 3})),
	}),
	runner: good(fleeting({instances: {requested: 2}, tasks: {pending: 2}, jobs: 2, more: pendingJobs}), now),
});

const pendingJobs = 'gitlab_runner_jobs{executor_stage="",stage="",state="pending"} 2';
const awsError = (operation: string, code: string, text: string): string =>
	`rpc error: code = Unknown desc = ${operation}: operation error Auto Scaling: SetDesiredCapacity, https response error StatusCode: 403, RequestID: 1c2d, api error ${code}: ${text}`;

/** What is seen, and what is told first of why jobs wait, with its source and key. */
const situations: Readonly<Record<string, [seen: Partial<Snapshot>, says: string]>> = {
	'the plugin is not there for this HOME': [
		inLog(failedToStart('loading fleeting plugin: plugin not found: aws:1.1.0')),
		"The fleeting plugin that makes workers isn't there for the user that GitLab Runner runs as, though version 1.1.0 is installed, for 60 s, so it takes no jobs. [journal: repair]",
	],
	'the plugin is not installed': [
		{host: good(scalingHost({fleetingPlugin: undefined}), now)},
		"The fleeting plugin that makes workers isn't there for the user that GitLab Runner runs as, so it takes no jobs. [host: repair]",
	],
	'the plugin cannot start': [
		inLog(failedToStart('running autoscaler plugin: fork/exec /root/plugin: exec format error')),
		"The fleeting plugin that makes workers can't be started, for 60 s: fork/exec /root/plugin: exec format error. [journal: log]",
	],
	'the plugin knows no region': [
		inLog(
			failedToStart(
				'creating taskscaler: init: operation error Auto Scaling: DescribeAutoScalingGroups, failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region',
			),
		),
		'The plugin knows no AWS region, for 60 s: `config_file` in config.toml names the file that says it. [journal: repair]',
	],
	'the group is gone, by the log': [
		{...inLog(failedToStart('creating taskscaler: unexpected number of autoscaling groups returned: 0')), group: {}},
		'There is no Auto Scaling group gitlab-runners-workers in us-east-2, for 60 s, so no worker can be made. [journal: repair]',
	],
	'the group is gone, by Auto Scaling': [
		{group: good({groups: [], absent: [groupName]}, now)},
		'There is no Auto Scaling group gitlab-runners-workers in us-east-2, so no worker can be made. [group: repair]',
	],
	'the group is being deleted': [
		inGroup({isGoing: true}),
		'The Auto Scaling group gitlab-runners-workers is being deleted, with its instances. [group: repair]',
	],
	'the manager may not set the number': [
		inLog([
			1,
			'increasing instances failure',
			{
				err: awsError(
					'increase instances',
					'AccessDenied',
					'User: arn:aws:sts::1:assumed-role/gitlab-runners-us-east-2-manager/i-1 is not authorized to perform: autoscaling:SetDesiredCapacity on resource: x',
				),
				num_requested: 1,
				num_successful: 0,
			},
		]),
		'AWS refuses autoscaling:SetDesiredCapacity to role gitlab-runners-us-east-2-manager, for 60 s (AccessDenied). [journal: commands]',
	],
	'the key cannot be read': [
		inLog(failedToStart('reading instance group connector key: open /etc/gitlab-runner/worker-key: permission denied')),
		"The key by which the runner gets on to workers can't be read on the manager, for 60 s. [journal: repair]",
	],
	'its state cannot be kept': [
		inLog(failedToStart('creating state storage: mkdir /etc/gitlab-runner/.taskscaler: read-only file system')),
		"The runner can't keep what it knows of its instances on the manager, for 60 s: mkdir /etc/gitlab-runner/.taskscaler: read-only file system. [journal: ssh]",
	],
	'the plugin has died': [
		inLog(
			[
				3,
				'reconcile',
				{
					err: 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /tmp/plugin1: connect: connection refused"',
				},
			],
			[
				2,
				'reconcile',
				{
					err: 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /tmp/plugin1: connect: connection refused"',
				},
			],
		),
		"The fleeting plugin's process has died, for 3 m, and GitLab Runner doesn't start it again by itself: a restart does. [journal: restart]",
	],
	'the group may have fewer than the runner': [
		inGroup({max: 4}),
		'The Auto Scaling group gitlab-runners-workers may have 4 instances, and the runner 10: what is beyond is refused. [group: repair]',
	],
	'launches are switched off': [
		inGroup({suspended: ['Launch', 'AZRebalance']}),
		'Somebody has switched off launches of the Auto Scaling group gitlab-runners-workers (the process Launch is suspended). [group: repair]',
	],
	'there is no spot capacity': [
		refusedLaunch('Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration.'),
		'EC2 has no spot capacity for c5.large and c6i.large in us-east-2a and us-east-2b, for 3 m (3 tries). [group: move]',
	],
	'the quota of spot vCPUs is used up': [
		refusedLaunch('Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded.'),
		"The account's quota of spot vCPUs in us-east-2 is used up, for 3 m (3 tries). [group: commands]",
	],
	'the quota of on-demand vCPUs is used up': [
		refusedLaunch('Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 8 allows.'),
		"The account's quota of 8 on-demand vCPUs in us-east-2 is used up, for 3 m (3 tries). [group: commands]",
	],
	'a zone does not have the type': [
		refusedLaunch(
			'Could not launch Spot Instances. InvalidFleetConfiguration - Your requested instance type (c6i.large) is not supported in your requested Availability Zone (us-east-2b).',
		),
		"EC2 doesn't offer c6i.large in us-east-2b, for 3 m (3 tries). [group: move]",
	],
	'the spot price is above the cap': [
		refusedLaunch(
			'Could not launch Spot Instances. SpotMaxPriceTooLow - Your Spot request price of 0.02 is lower than the minimum required Spot request fulfillment price of 0.034.',
		),
		'The highest spot price is $0.02, and AWS asks $0.034, for 3 m (3 tries). [group: move]',
	],
	'the template names what is gone': [
		refusedLaunch("The key pair 'gitlab-runners-workers' does not exist. Launching EC2 instance failed."),
		'The launch template names something that is gone: key pair gitlab-runners-workers, for 3 m (3 tries). [group: repair]',
	],
	'Auto Scaling may not use the KMS key': [
		refusedLaunch(
			'Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InternalError: Client error on launch',
		),
		"The workers' disks are encrypted by a KMS key that Auto Scaling's role may not use, for 3 m (3 tries). [group: commands]",
	],
	'the linked role was only just made': [
		refusedLaunch('Authentication Failure. Launching EC2 instance failed.'),
		"Auto Scaling's role was made only just now, and launches by it are refused for about a minute, for 3 m (3 tries). [group: wait]",
	],
	'the account is on the free plan': [
		refusedLaunch('Could not launch On-Demand Instances. InvalidParameterCombination - The specified instance type is not eligible for Free Tier.'),
		"The account is on AWS's free plan, which doesn't allow c5.large and c6i.large, for 3 m (3 tries). [group: move]",
	],
	'the quota of fleet requests is used up': [
		refusedLaunch("You've reached your quota for maximum Fleet Requests for this account. Launching EC2 instance failed."),
		"The account's quota of fleet requests is used up, as it is on new accounts, for 3 m (3 tries). [group: commands]",
	],
	'AWS says something that nobody knows': [
		refusedLaunch('The moon is in the wrong quarter. Launching EC2 instance failed.'),
		"Auto Scaling can't launch c5.large and c6i.large in us-east-2a and us-east-2b (The moon is in the wrong quarter), for 3 m (3 tries). [group: commands]",
	],
	'nothing comes, and no reason is told': [
		{...refusedLaunch(), ...inGroup({desired: 2, shortSince: now - minutes(3)})},
		"2 instances of 2 haven't come, for 3 m, and Auto Scaling says no reason. [group: commands]",
	],
	'the ready command fails': [
		inLog(
			[4, 'ready up preparation failed', {instance: idOf(1), err: 'ready command: Process exited with status 1'}],
			[1, 'ready up preparation failed', {instance: idOf(2), err: 'ready command: Process exited with status 1'}],
		),
		"New workers aren't ready, for 4 m: `instance_ready_command` ended with 1 on 2 instances, which went again. [journal: config]",
	],
	'workers do not answer SSH': [
		inLog([
			1,
			'ready up preparation failed',
			{instance: idOf(1), err: 'dial ssh: after retrying 30 times during 10m0s timeout: dial tcp 10.0.0.1:22: i/o timeout'},
		]),
		"Workers don't answer the manager's SSH, for 60 s (1 instance): the security group, the route or the image isn't right. [journal: config]",
	],
	'workers do not take the key': [
		inLog([
			1,
			'ready up preparation failed',
			{instance: idOf(1), err: 'dial ssh: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]'},
		]),
		"Workers don't take the manager's key for SSH, for 60 s (1 instance): the key pair of the launch template or the user isn't right. [journal: config]",
	],
	'Docker is not up on workers': [
		inLog([1, 'Preparation failed: Cannot connect to the Docker daemon at http://internal.tunnel.invalid. Is the docker daemon running?', {job: 7}]),
		"Docker doesn't run on workers, for 60 s: their image or user data doesn't start it. [journal: config]",
	],
	'the user is not in the group docker': [
		inLog([1, 'Preparation failed: permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock', {job: 7}]),
		"The user by which the runner gets on to workers may not use Docker there, for 60 s: it isn't in the group docker. [journal: config]",
	],
	'Instance Connect refuses the key': [
		inLog([
			1,
			'Preparation failed: getting instance connect info: refreshing connect info: rpc error: code = Unknown desc = sending ssh key: operation error EC2 Instance Connect: SendSSHPublicKey, api error EC2InstanceStateInvalidException: x',
			{job: 7},
		]),
		"AWS doesn't let the manager's key on to workers, for 60 s (EC2 Instance Connect): `use_static_credentials` with a key of its own needs no such call. [journal: config]",
	],
	'instances go young, again and again': [
		inLog(...[9, 6, 3].map((minutesAgo, at) => [minutesAgo, 'instance pruned', {id: idOf(at), lifetime: 95e9}] as const)),
		'3 instances went again within 1 m 35 s of their start without a job: each is paid for, and serves nobody. [journal: log]',
	],
	'somebody else moves the number': [
		inLog([1, 'out-of-sync capacity', {expected: 2, actual: 0, name: groupName, subsystem: 'fleeting-plugin'}]),
		'Somebody else changed how many instances the group is to have, last 60 s ago: only the runner should, since it counts on them. [journal: log]',
	],
	'new instances are not protected': [
		inGroup({protectsNew: false}),
		"New instances of gitlab-runners-workers aren't protected from scale-in, so Auto Scaling may end one that runs a job. [group: repair]",
	],
	'zones are evened out': [
		inGroup({suspended: []}),
		"Auto Scaling evens gitlab-runners-workers out over its zones, and ends instances for it (the process AZRebalance isn't suspended). [group: repair]",
	],
	'a rotated token made a second scaler': [
		{
			...inLog([1, 'ready up preparation failed', {instance: idOf(1), err: 'no data on pre-existing instance so removing for safety'}]),
			host: good(scalingHost({}, {id: undefined}), now),
		},
		"The runner ended 1 instance that it doesn't know, under the jobs that ran there: its entry in config.toml has no `id`, so a rotated token makes a second scaler. [journal: config]",
	],
	'AWS slows the calls down': [
		inLog([1, 'reconcile', {err: awsError('update', 'Throttling', 'Rate exceeded')}]),
		"AWS slows down the account's calls, so workers are made late, for 60 s (Throttling). [journal: wait]",
	],
	'all that may be are busy': [
		{runner: good(fleeting({instances: {running: 10}, tasks: {acquired: 10}, jobs: 10, concurrent: 20}), now)},
		'The limit is 10 and all 10 machines are busy or being made. [runner: raise-limit]',
	],
	'concurrent is reached': [
		{runner: good(fleeting({instances: {running: 4}, tasks: {acquired: 4}, jobs: 4, concurrent: 4}), now)},
		'concurrent is 4 and 4 jobs run. [runner: raise-limit]',
	],
	'workers idle, but one job is asked for at a time': [
		{host: good(scalingHost({}, {requestConcurrency: 1}), now), runner: good(fleeting({instances: {running: 3}, tasks: {idle: 3}}), now)},
		'3 machines idle, but the runner asks GitLab for one job at a time (request_concurrency is 1). [runner: config]',
	],
	'instances are on their way': [
		{
			...inGroup({desired: 1, shortSince: now - 20_000}),
			runner: good(fleeting({instances: {creating: 1}, tasks: {pending: 1}, jobs: 1}), now),
		},
		'The idle count is 0, so a job waits for an instance of its own: 1 is on the way. [runner: idle]',
	],
	'instances went without the runner’s doing': [
		inLog(dialed(9, 7, 1), [4, 'instance unexpectedly removed', {instance: idOf(1), used: 1, 'max-use-count': 1, slots: 'map[0:true]'}]),
		"1 instance went without the runner's doing, the last 4 m ago: somebody ended it, or AWS did. [journal: log]",
	],
	'no worker came in time': [
		inLog([2, 'Preparation failed: unable to acquire instance within the configured timeout of 5m0s: context deadline exceeded', {job: 7}]),
		'No worker came in time (5m0s) for 1 try of jobs, for 2 m. [journal: log]',
	],
};

for (const [name, [seen, says]] of Object.entries(situations))
	test(`what is told first where ${name}`, () => {
		const [first] = whyWaiting(scaling([], seen), now).causes;
		assert.equal(first && `${first.says} [${first.source}: ${first.key}]`, says);
		assert.match(says, /^[A-Za-z0-9].*\. \[/);
	});

test('a fleet that is well has no trouble, and docker-machine’s causes are none of its', () => {
	assert.deepEqual(troublesOf(scaling([worker(1)]), now), []);
	assert.equal(verdictOf(scaling([worker(1)]), now).is, 'healthy');
});

test('the group in which a setup tries a worker is no reason, whatever it is like', () => {
	const tried = group([], {name: `${groupName}-test`, protectsNew: false, suspended: []});
	assert.deepEqual(troublesOf(scaling([], {group: good({groups: [group(), tried], absent: []}, now)}), now), []);
});

test('of several reasons the one that nothing can be done without comes first', () => {
	const {causes} = whyWaiting(
		scaling([], {
			...refusedLaunch('Could not launch Spot Instances. UnfulfillableCapacity - x', 'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - x'),
			...inLog(failedToStart('loading fleeting plugin: plugin not found')),
		}),
		now,
	);
	assert.deepEqual(
		causes.slice(0, 3).map(({id}) => id),
		['plugin-missing', 'launch-MaxSpotInstanceCountExceeded', 'launch-no-spot-capacity'],
	);
});

test('jobs that the runner has taken and that wait for a place count as waiting for their machine', () => {
	const {asks, jobs} = whyWaiting(scaling([], {gitlab: good(gitlabSees([]), now), runner: good(fleeting({tasks: {pending: 3}, jobs: 3}), now)}), now);
	assert.match(asks, /^Why are 3 jobs waiting for their machines/);
	assert.deepEqual([jobs.running, jobs.preparing?.jobs], [0, 3]);
});

test('what has stopped being said is over, and so is what a worker proves that came up since', () => {
	const ids = (...lines: readonly LoggedLine[]) => troublesOf(scaling([], inLog(...lines)), now).map(({id}) => id);
	assert.deepEqual(ids([5, 'reconcile', {err: 'dial unix /tmp/plugin1: connect: connection refused'}]), []);
	const failed: LoggedLine = [9, 'ready up preparation failed', {instance: idOf(1), err: 'ready command: Process exited with status 1'}];
	assert.deepEqual(ids(failed), ['ready-command']);
	assert.deepEqual(ids(failed, [6, 'instance update', {id: idOf(2), state: 'running'}], dialed(5, 7, 2)), []);
});

test('a worker more than the limit is no trouble where the group and the runner both replaced a lost one; without room for that, or with as many jobs, it is', () => {
	const five = (withReplacements: number, jobs: number): Snapshot =>
		scaling(
			[1, 2, 3, 4, 5].map((number) => worker(number)),
			{
				host: good(scalingHost({}, {limit: 4, maxWorkers: 4, withReplacements}), now),
				runner: good(
					fleeting(
						{instances: {running: 5}, tasks: {acquired: jobs, idle: 5 - jobs}, jobs},
						Array.from({length: jobs}, (_, at) => ({id: at, url: '', project: 'acme/api', state: 'running', stage: '', executorStage: '', seconds: 9})),
					),
					now,
				),
				journal: good(journal(...logged(...Array.from({length: jobs}, (_, at) => dialed(1, at, at + 1)))), now),
			},
		);
	const says = (seen: Snapshot) => troublesOf(seen, now).map((cause) => cause.says);
	const shown = (seen: Snapshot) => machineWords(seen, countRows(join(seen, now)));
	assert.deepEqual([says(five(14, 3)), verdictOf(five(14, 3), now).is, shown(five(14, 3))], [[], 'healthy', '5, at most 4 in use']);
	assert.deepEqual(says(five(4, 3)), ['5 machines run, 1 more than the limit of 4 allows: 3 busy, 2 idle.']);
	assert.deepEqual(
		[says(five(14, 5)), shown(five(14, 5))],
		[['5 machines run, 1 more than the limit of 4 allows: 5 busy. Those that are busy go once their jobs have ended.'], '5, 1 over the limit of 4'],
	);
});
