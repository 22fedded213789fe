import assert from 'node:assert/strict';
import {test} from 'node:test';
import {troublesOf, whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {failing, good, off, unseen} from '../../source/panel/seen.ts';
import {nothingSeen, type Snapshot} from '../../source/panel/snapshot.ts';
import {Problem} from '../../source/problem.ts';
import type {RunnerFacts} from '../../source/steps/config/facts.ts';
import {gitlabSees, healthy, host, instance, journal, machine, manager, minutes, nameAt, now, pending, refused, runnerSees, served} from './seeing.ts';

const told = (more: Partial<Snapshot>): string[] => whyWaiting(healthy(more), now).causes.map(({says, key, source}) => `${says} [${source}: ${key}]`);
const log = (...events: Parameters<typeof journal>): Partial<Snapshot> => ({journal: good(journal(...events), now - 1000)});
const configured = (runner: Partial<RunnerFacts>, more: Partial<Snapshot> = {}): Partial<Snapshot> => ({host: good(host([], {}, runner), now - 1000), ...more});
const figures = (...given: Parameters<typeof runnerSees>): Partial<Snapshot> => ({runner: good(runnerSees(...given), now - 1000)});

const noDocker = 'waiting for container: Cannot connect to the Docker daemon at tcp://10.0.0.5:2376. Is the docker daemon running? (wait.go:58:10s)';

const fullHouse = Array.from({length: 16}, (_, index) => nameAt(40 - index, `000000${(16 + index).toString(16)}`));

/** Each situation: what is so besides a healthy fleet with three waiting jobs, and every sentence that is told. */
const situations: Record<string, [Partial<Snapshot>, string[]]> = {
	'the limit is reached': [
		{
			host: good(host(fullHouse.map((name, index) => machine(name, {instanceId: `i-${index}`}))), now - 1000),
			ec2: good({manager: manager(), otherManagers: [], instances: fullHouse.map((name, index) => instance(`i-${index}`, name))}, now - 1000),
			...figures({used: 16, jobs: 16}),
			...log(
				...fullHouse.map((name, index) => ({
					is: 'job-on-machine' as const,
					job: index,
					project: 'acme/api',
					machine: name,
					runner: 'ab12cd',
					uses: 1,
					at: now - minutes(12 + index),
				})),
			),
			runner: good(
				runnerSees(
					{used: 16, jobs: 16},
					fullHouse.map((_, index) => ({id: index, url: '', project: 'acme/api', state: 'running', stage: 'step_script', executorStage: '', seconds: 60})),
				),
				now - 1000,
			),
		},
		['The limit is 16 and all 16 machines are busy or being made, for 12 m. [runner: raise-limit]'],
	],
	'concurrent is reached while machines are free': [
		figures({concurrent: 4, jobs: 4, used: 4, idle: 2}),
		['concurrent is 4 and 4 jobs run. [runner: raise-limit]'],
	],
	'machines are being made': [
		{
			...figures({creating: 2}),
			host: good(host([machine(nameAt(1, '00000001')), machine(nameAt(0.5, '00000002'))]), now - 1000),
			...log(...[80, 100, 300].map((seconds, index) => ({is: 'machine-created' as const, machine: `m${index}`, seconds, at: now - minutes(60)}))),
		},
		['2 machines are being made, which usually takes about 1 m 40 s; the first began 1 m ago. [runner: wait]'],
	],
	'the idle count is 0 and a machine comes up cold': [
		configured(
			{idleCount: 0},
			figures({
				creating: 1,
				more: 'gitlab_runner_autoscaling_machine_creation_duration_seconds_sum 180\ngitlab_runner_autoscaling_machine_creation_duration_seconds_count 2',
			}),
		),
		['The idle count is 0, so a job waits for a machine of its own: 1 is being made, which usually takes about 1 m 30 s. [runner: idle]'],
	],
	'there is no spot capacity': [
		log(
			refused(
				'Error launching instance: InsufficientInstanceCapacity: We currently do not have sufficient c5.large capacity in the Availability Zone you requested (us-east-2b).',
				12,
			),
			refused('InsufficientInstanceCapacity: We do not have sufficient c5.large capacity in the Availability Zone you requested (us-east-2b).', 1),
		),
		['EC2 has no spot capacity for c5.large in us-east-2b, for 12 m. [journal: move]'],
	],
	'the type is not offered in the zone': [
		log(refused('Unsupported: Your requested instance type (c7i.large) is not supported in your requested Availability Zone (us-east-2a). Please retry', 3)),
		["EC2 doesn't offer c7i.large in us-east-2a, for 3 m. [journal: move]"],
	],
	'the spot price is above the cap': [
		log(refused('SpotMaxPriceTooLow: Your Spot request price of 0.02 is lower than the minimum required Spot request fulfillment price of 0.0341.', 4)),
		['The highest spot price for c5.large in us-east-2a is $0.02, and AWS asks $0.0341, for 4 m. [journal: move]'],
	],
	'the vCPU quota is used up': [
		configured(
			{options: {'instance-type': 'c5.large', region: 'us-east-2', zone: 'a'}},
			log(refused('VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket', 5)),
		),
		["The account's quota of 32 on-demand vCPUs in us-east-2 is used up, so there's no more c5.large in us-east-2a, for 5 m. [journal: commands]"],
	],
	'the spot quota is used up': [
		log(refused('MaxSpotInstanceCountExceeded: Max spot instance count exceeded', 5)),
		["The account's spot vCPU quota in us-east-2 is used up, so there's no more c5.large in us-east-2a, for 5 m. [journal: commands]"],
	],
	'the subnet has no free address': [
		log(
			refused(
				"InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet 'subnet-0a1b' to satisfy the requested number of instances.",
				2,
			),
		),
		['Subnet subnet-0a1b has no free address for a new worker, for 2 m. [journal: move]'],
	],
	'the region is full of key pairs': [
		{
			...log(refused('unable to create key pair: KeyPairLimitExceeded: Maximum of 5000 keypairs reached', 2)),
			leftovers: good(
				{
					keyPairs: Array.from({length: 4800}, (_, index) => ({id: `key-${index}`, name: '', fingerprint: '', tags: {}})),
					spotRequests: [],
					volumes: [],
				},
				now,
			),
		},
		["us-east-2 is full of key pairs, 4,800 of them docker-machine's, for 2 m, and each worker needs one. [journal: remove-leftovers]"],
	],
	'no more machines may be made at a time': [
		{...configured({maxGrowthRate: 2, idleCount: 4}), ...figures({creating: 2})},
		['MaxGrowthRate lets 2 machines be made at a time, and 4 are wanted. [runner: config]', '2 machines are being made. [runner: wait]'],
	],
	'a job asks for a tag that this runner has not': [
		{gitlab: good(gitlabSees([pending(1, {tags: ['docker', 'gpu']})]), now)},
		["1 job of acme/api asks for the tag gpu, which runner gitlab-runners doesn't have. [gitlab: config]"],
	],
	'no runner of the project has the tag': [
		{gitlab: good(gitlabSees([pending(1, {tags: ['gpu']}), pending(2, {tags: ['arm64']})], {others: [served({id: 6, tags: ['gpu'], paused: true})]}), now)},
		['2 jobs of acme/api ask for the tags arm64, gpu, which no runner that is online has. [gitlab: config]'],
	],
	'a branch is not protected': [
		{gitlab: good(gitlabSees([pending(1, {ref: 'feature', protected: false})], {runner: served({accessLevel: 'ref_protected'})}), now)},
		['1 job of acme/api is for feature, not protected, and runner gitlab-runners takes jobs of protected branches only. [gitlab: config]'],
	],
	'a job has no tag': [
		{gitlab: good(gitlabSees([pending(1, {tags: []})], {runner: served({runUntagged: false})}), now)},
		["1 job of acme/api has no tag, and runner gitlab-runners doesn't take untagged jobs. [gitlab: config]"],
	],
	'the runner is paused': [
		{gitlab: good(gitlabSees([pending(1)], {runner: served({paused: true})}), now)},
		["Runner gitlab-runners is paused in GitLab, so it's given no job. [gitlab: unpause]"],
	],
	'the runner is offline': [
		{gitlab: good(gitlabSees([pending(1)], {runner: served({contactedAt: new Date(now - minutes(190)).toISOString()})}), now)},
		['GitLab last heard from runner gitlab-runners 3.2 h ago. [gitlab: restart]'],
	],
	'the token is refused, and the runner switched itself off': [
		log({is: 'forbidden', runner: 'ab12cd', at: now - minutes(15)}, {is: 'unhealthy', seconds: 3600, runner: 'ab12cd', at: now - minutes(12)}),
		[
			"GitLab refuses the runner's token (403), for 15 m: the runner is deleted there, or its token was reset. [journal: repair]",
			'The runner switched itself off as unhealthy 12 m ago and asks again in 48 m. Once GitLab answers it, R has it ask at once. [journal: ask-again]',
		],
	],
	'an organization’s policy denies new machines': [
		{
			...log(
				refused(
					'Error launching instance: UnauthorizedOperation: You are not authorized to perform this operation. Encoded authorization failure message: abcdefghijklmnopqrstuvwxyz',
					6,
				),
			),
			denials: {
				abcdefghijklmnopqrstuvwxyz: {
					explicit: true,
					action: 'ec2:RunInstances',
					principal: 'arn:aws:sts::123456789012:assumed-role/gitlab-runners-us-east-2-manager/i-0ab1',
				},
			},
		},
		[
			'AWS refuses ec2:RunInstances to role gitlab-runners-us-east-2-manager, for 6 m: a policy of the account or the organization (SCP) denies it. [journal: commands]',
		],
	],
	'IAM no longer allows new machines, and nobody may decode why': [
		log(refused('UnauthorizedOperation: You are not authorized to perform this operation.', 6)),
		["AWS doesn't allow the manager to make workers, for 6 m (UnauthorizedOperation). [journal: commands]"],
	],
	'Docker does not install': [
		log(
			refused('Error running provisioning: error installing docker: exit status 1', 8),
			refused('Error running provisioning: error installing docker: exit status 1', 2),
		),
		["Docker can't be installed on new workers, for 8 m: the last 2 tries didn't bring it up. [journal: log]"],
	],
	'Docker Hub refuses pulls': [
		log({
			is: 'prepare-failed',
			job: 5,
			error: '',
			refusal: {
				code: 'docker-hub',
				text: '',
				type: undefined,
				zone: undefined,
				allowed: undefined,
				neededPrice: undefined,
				requestId: undefined,
				encoded: undefined,
			},
			at: now - minutes(2),
		}),
		["Docker Hub refuses more pulls from the workers' address, for 2 m (toomanyrequests). [journal: config]"],
	],
	'the manager’s disk is full': [
		{host: good(host([], {resources: {diskFree: 40e6, diskTotal: 8e9, memoryFree: 1e9, memoryTotal: 2e9, load1: 0, cpus: 2}}), now)},
		["The manager's disk is full: 40 MB of 8.0 GB are free. [host: ssh]"],
	],
	'the manager’s memory is used up': [
		{host: good(host([], {resources: {diskFree: 4e9, diskTotal: 8e9, memoryFree: 30e6, memoryTotal: 2e9, load1: 0, cpus: 2}}), now)},
		["The manager's memory is used up: 30 MB of 2.0 GB are free. [host: ssh]"],
	],
	'the manager’s CPU credits are used up': [
		{host: good(host([], {resources: {diskFree: 4e9, diskTotal: 8e9, memoryFree: 1e9, memoryTotal: 2e9, load1: 3, cpus: 2, stolen: 0.62}}), now)},
		["The manager's CPU credits are used up: t3.small gets 38 % of its processor. [host: ssh]"],
	],
	'certificates do not fit': [
		log(
			refused(
				'Error checking the host: Error checking and/or regenerating the certs: There was an error validating certificates for host "10.0.0.5:2376": remote error: tls: bad certificate',
				7,
			),
		),
		["docker-machine's certificates don't fit, so new workers can't be used, for 7 m. [journal: repair]"],
	],
	'machines idle and the runner asks for one job at a time': [
		{...configured({requestConcurrency: 1}), ...figures({idle: 3, used: 2, jobs: 2})},
		['3 machines idle, but the runner asks GitLab for one job at a time (request_concurrency is 1). [runner: config]'],
	],
	'the service does not run': [
		{
			host: good(host([], {service: {active: 'failed', since: now - minutes(5), restarts: 3}}), now),
			runner: failing(unseen, {code: 'metrics-silent', message: 'no'}, now),
		},
		['GitLab Runner has crashed 4 times, last 5 m ago. systemd has given up. [host: start]'],
	],
	'the fleet is being drained': [
		figures({more: 'gitlab_runner_process_state_info{state="graceful-shutdown"} 1'}),
		['The runner is being drained and takes no new job. [runner: resume]'],
	],
	'the manager is stopped': [
		{ec2: good({manager: manager({state: 'stopped'}), instances: [], otherManagers: []}, now), host: unseen, runner: unseen},
		['The manager i-manager is stopped, so nobody asks GitLab for jobs. [ec2: repair]'],
	],
	'the manager does not trust GitLab': [
		log(
			...[9, 1].map((ago) => ({
				is: 'gitlab-unreachable' as const,
				error: 'x509: certificate signed by unknown authority',
				runner: 'ab12cd',
				at: now - minutes(ago),
			})),
		),
		["The manager doesn't trust the certificate of https://gitlab.com, for 9 m (x509: certificate signed by unknown authority). [journal: config]"],
	],
	'config.toml can’t be loaded': [
		log({is: 'config-refused', error: 'toml: line 3: unexpected end', at: now - minutes(2)}),
		["GitLab Runner can't load config.toml, for 2 m, so the one before stays in force: toml: line 3: unexpected end. [journal: config]"],
	],
	'the image is gone': [
		log(refused('Error launching instance: InvalidAMIID.NotFound: The image id ami-0b316c366679a59d7 does not exist', 3)),
		['New workers are refused for image ami-0b316c366679a59d7, for 3 m (InvalidAMIID.NotFound). [journal: config]'],
	],
	'new workers do not answer SSH': [
		log(refused('Error waiting for SSH: Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded', 3)),
		["New workers don't answer the manager's SSH, for 3 m (1 machine): the security group, the user or the route isn't right. [journal: config]"],
	],
	'the spot role is missing': [
		log(
			refused(
				'AuthFailure.ServiceLinkedRoleCreationNotPermitted: The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.',
			),
		),
		['The account has no role AWSServiceRoleForEC2Spot, without which it gets no spot machine. [journal: repair]'],
	],
	'AWS took machines back': [
		{
			...log({
				is: 'job-ended',
				job: 7,
				project: 'acme/api',
				machine: nameAt(30),
				ok: false,
				error: noDocker,
				why: 'runner_system_failure',
				at: now - minutes(3),
			}),
			ec2: good(
				{
					manager: manager(),
					otherManagers: [],
					instances: [instance('i-1', nameAt(30), {state: 'terminated', stateReason: 'Server.SpotInstanceTermination: Spot instance termination'})],
				},
				now,
			),
		},
		[
			'Job #7 of acme/api lost its machine 3 m ago: spot interruption. `retry: {max: 2, when: runner_system_failure}` in .gitlab-ci.yml runs such jobs again; other types or zones, or on demand, are taken back less. [ec2: move]',
		],
	],
};

for (const [situation, [more, sentences]] of Object.entries(situations)) test(`jobs wait: ${situation}`, () => assert.deepEqual(told(more), sentences));

test('when two causes hold both are told, the one to act on first coming first', () => {
	const both = told({
		...figures({creating: 1}),
		...log(refused('InsufficientInstanceCapacity: no capacity', 3)),
		gitlab: good(gitlabSees([pending(1)], {runner: served({paused: true})}), now),
	});
	assert.deepEqual(
		both.map((says) => /\[(.*)\]/.exec(says)?.[1]),
		['gitlab: unpause', 'journal: move'],
	);
});

test('a refusal is over once a machine that was begun later came up, or a quarter of an hour later', () => {
	const text = 'InsufficientInstanceCapacity: no capacity';
	assert.deepEqual(told(log(refused(text, 5), {is: 'machine-created', machine: nameAt(4), seconds: 90, at: now - minutes(2)})), []);
	assert.equal(told(log(refused(text, 5), {is: 'machine-created', machine: nameAt(6), seconds: 90, at: now - minutes(2)})).length, 1);
	assert.deepEqual(told(log(refused(text, 16))), []);
});

test('jobs that wait are counted by tags over projects, and the question says how many', () => {
	const why = whyWaiting(healthy({gitlab: good(gitlabSees([pending(1), pending(2, {tags: ['gpu']})], {unreadable: ['acme/secret']}), now)}), now);
	assert.ok(why.waiting.known);
	assert.equal(why.waiting.jobs, 1);
	assert.equal(why.waiting.says, "GitLab, 2 projects, 1 project can't be read");
	assert.equal(why.asks, 'Why are 2 jobs waiting?');
});

test('a job of another tag that another runner takes is none of this fleet’s', () => {
	const why = whyWaiting(healthy({gitlab: good(gitlabSees([pending(1, {tags: ['gpu']})], {others: [served({id: 6, tags: ['gpu']})]}), now)}), now);
	assert.equal(why.asks, 'No job waits (GitLab, 2 projects).');
	assert.deepEqual(why.causes, []);
});

test('without a GitLab token the runner’s queue tells, with its age', () => {
	const why = whyWaiting(healthy({gitlab: off('no token'), runner: good(runnerSees({queue: 3}), now - 40_000)}), now);
	assert.ok(why.waiting.known);
	assert.deepEqual([why.waiting.jobs, why.waiting.says], [3, 'runner metrics, 40 s old']);
});

test('with neither, how many wait is not known, and it is never said that none does', () => {
	const why = whyWaiting(healthy({gitlab: off('no token')}), now);
	assert.equal(why.waiting.known, false);
	assert.equal(why.asks, 'Not known how many jobs wait. Give GITLAB_TOKEN to see them.');
	assert.equal(
		whyWaiting(healthy({gitlab: failing(unseen, new Problem({code: 'gitlab-failing', message: 'gitlab.com answers 502.'}), now)}), now).asks,
		'Not known how many jobs wait. gitlab.com answers 502.',
	);
});

test('causes are judged although it isn’t known whether jobs wait', () => {
	assert.equal(told({gitlab: off('no token'), ...log(refused('InsufficientInstanceCapacity: no capacity', 3))}).length, 1);
});

test('when no job waits nothing is explained, but trouble is still trouble', () => {
	const quiet = healthy({gitlab: good(gitlabSees([]), now), host: good(host([], {service: {active: 'failed', since: undefined, restarts: 0}}), now)});
	assert.deepEqual(whyWaiting(quiet, now).causes, []);
	assert.deepEqual(
		troublesOf(quiet, now).map(({id}) => id),
		['service-crashed'],
	);
	assert.deepEqual(troublesOf(healthy(), now), []);
});

test('an old count of none is not taken for none', () => {
	const why = whyWaiting(
		healthy({
			gitlab: off('no token'),
			runner: failing(good(runnerSees({queue: 0}), now - minutes(10)), {code: 'metrics-silent', message: 'no'}, now),
			host: good(host([], {service: {active: 'failed', since: undefined, restarts: 0}}), now),
		}),
		now,
	);
	assert.equal(why.causes.length, 1);
});

test('nothing seen gives no cause and no error', () => {
	assert.deepEqual(whyWaiting(nothingSeen('us-east-2'), now).causes, []);
});

test('each sentence ends as one, and has a key', () => {
	for (const [more] of Object.values(situations))
		for (const {says, key} of whyWaiting(healthy(more), now).causes)
			assert.ok(/^[A-Z0-9a-z].*\.$/.test(says) && !/[!?]|please|failed to|unable to|undefined|NaN/i.test(says) && key, says);
});

test('a cause of one executor is told only where a runner has that executor', () => {
	const certificates = (executor: string) =>
		troublesOf(
			healthy({host: good(host([], {certificates: false}, {executor}), now), journal: good(journal(refused('remote error: tls: bad certificate')), now)}),
			now,
		);
	assert.deepEqual(
		certificates('docker+machine').map(({id}) => id),
		['certificates-missing'],
	);
	assert.deepEqual(certificates('shell'), []);
});
