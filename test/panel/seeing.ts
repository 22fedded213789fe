import type {LogEvent} from '../../source/panel/journal/events.ts';
import {type History, noHistory, remember} from '../../source/panel/journal/history.ts';
import {readMetrics, readRefusal} from '../../source/panel/live/executors.ts';
import {paidAfter} from '../../source/panel/live/paid.ts';
import {good, off} from '../../source/panel/seen.ts';
import {type GitlabSees, type HostSeen, nothingSeen, type Prices, type RunnerSees, type Snapshot} from '../../source/panel/snapshot.ts';
import type {StoredMachine} from '../../source/panel/workers.ts';
import type {RunnerFacts} from '../../source/steps/config/facts.ts';
import type {Instance} from '../../source/steps/looks/account.ts';
import type {PendingJob, RunnerServed} from '../../source/world/gitlab/port.ts';

/** 24 November 2026, 12:00 UTC. */
export const now = Date.UTC(2026, 10, 24, 12);
export const minutes = (count: number): number => count * 60_000;

/** The name of a machine that the fleet's runner made so many minutes ago. */
export const nameAt = (minutesAgo: number, hex = '0123abcd', short = 'ab12cd'): string =>
	`runner-${short}-gitlab-runners-${Math.floor((now - minutes(minutesAgo)) / 1000)}-${hex}`;

export const machine = (name: string, more: Partial<StoredMachine> = {}): StoredMachine => ({
	name,
	instanceId: '',
	ip: '',
	privateIp: '',
	type: 'c5.large',
	region: 'us-east-2',
	zone: 'a',
	spot: true,
	diskGib: 20,
	createdAt: Number(/-(\d{10})-/.exec(name)?.[1]) * 1000,
	...more,
});

export const instance = (id: string, name: string, more: Partial<Instance> = {}): Instance => ({
	id,
	state: 'running',
	type: 'c5.large',
	imageId: 'ami-1',
	zone: 'us-east-2a',
	subnetId: 'subnet-1',
	publicIp: '198.51.100.1',
	launchedAt: Number(/-(\d{10})-/.exec(name)?.[1] ?? now / 1000) * 1000 + 5000,
	keyName: name,
	groupIds: [],
	spotRequestId: 'sir-1',
	tags: {Name: name},
	...more,
});

export const manager = (more: Partial<Instance> = {}): Instance =>
	instance('i-manager', 'gitlab-runners-manager', {type: 't3.small', spotRequestId: undefined, launchedAt: now - minutes(10_000), ...more});

const runnerFacts = (more: Partial<RunnerFacts> = {}): RunnerFacts => ({
	name: 'gitlab-runners',
	id: 5,
	url: 'https://gitlab.com',
	shortToken: 'ab12cd',
	executor: 'docker+machine',
	limit: 16,
	requestConcurrency: 4,
	idleCount: 1,
	maxGrowthRate: undefined,
	machineName: 'gitlab-runners-%s',
	options: {'instance-type': 'c5.large', region: 'us-east-2', zone: 'a', 'request-spot-instance': 'true', 'root-size': '20', 'subnet-id': 'subnet-0a1b'},
	scheduled: false,
	...more,
});

export const host = (machines: readonly StoredMachine[] = [], more: Partial<HostSeen> = {}, runner: Partial<RunnerFacts> = {}): HostSeen => ({
	machines,
	unreadMachines: [],
	hasStore: true,
	config: {hash: 'h', text: '', facts: {concurrent: 20, runners: [runnerFacts(runner)]}},
	service: {active: 'active', since: now - minutes(600), restarts: 0},
	resources: {diskFree: 10e9, diskTotal: 16e9, memoryFree: 1e9, memoryTotal: 2e9, load1: 0.2, cpus: 2},
	certificates: true,
	fleetingPlugin: undefined,
	workerKey: false,
	pluginRuns: false,
	...more,
});

type Figures = Partial<Record<'creating' | 'idle' | 'used' | 'removing', number>> & {
	limit?: number;
	concurrent?: number;
	jobs?: number;
	/** Those of the jobs that have no machine yet. */
	preparing?: number;
	queue?: number;
	more?: string;
};

/** What the runner's HTTP server tells, by way of its text. */
export function runnerSees(
	{limit = 16, concurrent = 20, jobs = 0, preparing = 0, queue, more = '', ...states}: Figures = {},
	list: RunnerSees['jobs'] = [],
): RunnerSees {
	const machines = ['creating', 'idle', 'used', 'removing', 'acquired', 'stuck-on-removing'].map(
		(state) =>
			`gitlab_runner_autoscaling_machine_states{executor="docker+machine",state="${state}"} ${Object.entries(states).find(([key]) => key === state)?.[1] ?? 0}`,
	);
	const text = [
		...machines,
		`gitlab_runner_limit{runner="ab12cd"} ${limit}`,
		`gitlab_runner_concurrent ${concurrent}`,
		`gitlab_runner_jobs{executor_stage="docker_run",stage="step_script",state="running"} ${jobs - preparing}`,
		preparing === 0 ? '' : `gitlab_runner_jobs{executor_stage="",stage="",state="pending"} ${preparing}`,
		queue === undefined ? '' : `gitlab_runner_job_queue_size{runner="ab12cd"} ${queue}`,
		more,
	].join('\n');
	return {metrics: readMetrics(text), jobs: list};
}

export const served = (more: Partial<RunnerServed> = {}): RunnerServed => ({
	id: 5,
	description: 'gitlab-runners',
	online: true,
	paused: false,
	contactedAt: new Date(now - 5000).toISOString(),
	tags: ['docker', 'linux'],
	runUntagged: true,
	...more,
});

export const pending = (id: number, more: Partial<PendingJob> = {}): PendingJob => ({
	id,
	name: 'test',
	webUrl: '',
	tags: ['docker'],
	ref: 'main',
	createdAt: new Date(now - minutes(5)).toISOString(),
	...more,
});

export const gitlabSees = (jobs: readonly PendingJob[], more: Partial<GitlabSees> = {}): GitlabSees => ({
	runner: served(),
	managers: [],
	running: [],
	pending: [
		{project: 'acme/api', jobs},
		{project: 'acme/web', jobs: []},
	],
	unreadable: [],
	...more,
});

export const journal = (...events: LogEvent[]): History => remember(noHistory(now - minutes(360)), events, now);

/** A create that was refused so many minutes ago, in docker-machine's words. */
export function refused(text: string, minutesAgo = 2): LogEvent {
	const refusal = readRefusal(text);
	if (!refusal) throw new Error(`No refusal in: ${text}`);
	return {is: 'machine-refused', machine: nameAt(minutesAgo + 1), refusal, at: now - minutes(minutesAgo)};
}

export const prices: Prices = {
	spot: {'c5.large us-east-2a': 0.034},
	spotHistory: {},
	onDemand: {'c5.large': 0.085, 't3.small': 0.0208},
};

const seen = (more: Partial<Snapshot>): Snapshot => ({
	...nothingSeen('us-east-2', 'gitlab-runners'),
	ec2: good({manager: manager(), instances: [], otherManagers: []}, now - 2000),
	group: off('No runner here has its workers in an Auto Scaling group.'),
	host: good(host(), now - 1000),
	runner: good(runnerSees(), now - 1000),
	journal: good(journal(), now - 1000),
	gitlab: good(gitlabSees([pending(1), pending(2), pending(3)]), now - 3000),
	prices: good(prices, now - 60_000),
	...more,
});

/** A fleet that is well and idle: what a test doesn't change is fine. */
export function healthy(more: Partial<Snapshot> = {}): Snapshot {
	const snapshot = seen(more);
	return {...snapshot, paid: paidAfter(snapshot)};
}

/** A log in which one job has passed and another one failed. */
export const endedJobs = journal(
	{is: 'job-ended', job: 7001, project: 'acme/api', machine: nameAt(30), ok: true, error: undefined, seconds: 62, at: now - minutes(9)},
	{
		is: 'job-ended',
		job: 7002,
		project: 'acme/web',
		machine: nameAt(40),
		ok: false,
		error: 'failed to pull image "acme/build:1": manifest unknown (manager.go:250:1s)',
		why: 'runner_external_dependency_failure',
		seconds: 4,
		at: now - minutes(4),
	},
);
