import type {LogEvent} from '../../../../source/panel/journal/events.ts';
import {eventsOf, readMetrics} from '../../../../source/panel/live/executors.ts';
import type {GroupMember, ScalingGroupSeen} from '../../../../source/panel/scaling-groups.ts';
import {good} from '../../../../source/panel/seen.ts';
import type {HostSeen, RunnerSees, Snapshot} from '../../../../source/panel/snapshot.ts';
import type {RunnerFacts} from '../../../../source/steps/config/facts.ts';
import type {Instance} from '../../../../source/steps/looks/account.ts';
import {healthy, host, instance, journal, manager, minutes, now} from '../../../panel/seeing.ts';

export const groupName = 'gitlab-runners-workers';

/** Id of the fleet's instance of that number. */
export const idOf = (number: number): string => `i-${number.toString(16).padStart(17, '0')}`;

/** An instance of the group, launched so many minutes ago. */
export const worker = (number: number, minutesAgo = 20, more: Partial<Instance> = {}): Instance =>
	instance(idOf(number), 'gitlab-runners-worker', {
		launchedAt: now - minutes(minutesAgo),
		keyName: 'gitlab-runners-workers',
		publicIp: undefined,
		privateIp: `10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`,
		spotRequestId: `sir-${number}`,
		...more,
		tags: {
			Name: 'gitlab-runners-worker',
			'gitlab-runner-aws:fleet': 'gitlab-runners',
			'gitlab-runner-aws:part': 'worker',
			'aws:autoscaling:groupName': groupName,
			...more.tags,
		},
	});

export const member = ({id, type, zone}: Instance, more: Partial<GroupMember> = {}): GroupMember => ({
	instanceId: id,
	group: groupName,
	type,
	zone,
	state: 'InService',
	isOutdated: false,
	diskGib: 30,
	...more,
});

export const group = (members: readonly GroupMember[] = [], more: Partial<ScalingGroupSeen> = {}): ScalingGroupSeen => ({
	name: groupName,
	max: 10,
	desired: members.length,
	isGoing: false,
	protectsNew: true,
	suspended: ['AZRebalance'],
	template: {id: 'lt-1', version: '3', image: 'ami-1', diskGib: 30, publicAddress: false},
	types: ['c5.large', 'c6i.large'],
	zones: ['us-east-2a', 'us-east-2b'],
	subnetIds: ['subnet-1', 'subnet-2'],
	onDemandShare: 0,
	maxPrice: undefined,
	members,
	shortSince: undefined,
	failures: [],
	launches: new Map(),
	older: undefined,
	...more,
});

const runner: Partial<RunnerFacts> = {
	executor: 'docker-autoscaler',
	limit: 10,
	maxWorkers: 10,
	group: groupName,
	idleCount: 0,
	options: {plugin: 'aws:1.1.0', username: 'ec2-user'},
};

/** The manager of a docker-autoscaler fleet. */
export const scalingHost = (more: Partial<HostSeen> = {}, facts: Partial<RunnerFacts> = {}): HostSeen =>
	host([], {hasStore: false, certificates: false, fleetingPlugin: '1.1.0', workerKey: true, pluginRuns: true, ...more}, {...runner, ...facts});

type Fleeting = {
	instances?: Record<string, number>;
	tasks?: Record<string, number>;
	jobs?: number;
	concurrent?: number;
	queue?: number;
	jobsEach?: number;
	more?: string;
};

/** What the runner's HTTP server tells of its autoscaling, by way of its text. */
export function fleeting(
	{instances = {}, tasks = {}, jobs = 0, concurrent = 10, queue, jobsEach = 1, more = ''}: Fleeting = {},
	list: RunnerSees['jobs'] = [],
): RunnerSees {
	const labels = 'runner="ab12cd",runner_name="gitlab-runners",system_id="s_1"';
	const series = (name: string, counts: Record<string, number>): string[] =>
		Object.entries(counts).map(([state, count]) => `${name}{${labels},state="${state}"} ${count}`);
	const text = [
		...series('fleeting_provisioner_instances', {requested: 0, creating: 0, pending: 0, running: 0, deleting: 0, ...instances}),
		...series('fleeting_taskscaler_tasks', {idle: 0, pending: 0, reserved: 0, acquired: 0, unavailable: 0, unhealthy: 0, ...tasks}),
		`fleeting_provisioner_max_instances{${labels}} 10`,
		`fleeting_taskscaler_max_tasks_per_instance{${labels}} ${jobsEach}`,
		'gitlab_runner_limit{runner="ab12cd"} 10',
		`gitlab_runner_concurrent ${concurrent}`,
		`gitlab_runner_jobs{executor_stage="docker_run",stage="step_script",state="running"} ${jobs}`,
		queue === undefined ? '' : `gitlab_runner_job_queue_size{runner="ab12cd"} ${queue}`,
		more,
	].join('\n');
	return {metrics: readMetrics(text), jobs: list};
}

/** A line of the runner's JSON log, so many minutes ago. */
export type LoggedLine = readonly [minutesAgo: number, msg: string, fields?: Record<string, unknown>];

/** Such lines as events. */
export const logged = (...lines: readonly LoggedLine[]): LogEvent[] =>
	lines.flatMap(([minutesAgo, msg, fields = {}]) => eventsOf({at: now - minutes(minutesAgo), message: JSON.stringify({level: 'info', msg, ...fields})}));

/** A job that came to an instance. */
export const dialed = (minutesAgo: number, job: number, number: number): LoggedLine => [
	minutesAgo,
	'Dialing instance',
	{job, 'instance-id': idOf(number), project_full_path: 'acme/api', runner: 'ab12cd'},
];

/** A docker-autoscaler fleet that is well and idle, with these instances in service. */
export const scaling = (instances: readonly Instance[] = [], more: Partial<Snapshot> = {}): Snapshot =>
	healthy({
		ec2: good({manager: manager(), instances, otherManagers: []}, now - 2000),
		group: good({groups: [group(instances.map((one) => member(one)))], absent: []}, now - 2000),
		host: good(scalingHost(), now - 1000),
		runner: good(fleeting({instances: {running: instances.length}, tasks: {idle: instances.length}}), now - 1000),
		journal: good(journal(), now - 1000),
		...more,
	});
