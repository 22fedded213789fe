import {stringify} from 'smol-toml';
import {panelScript} from '../../source/executors/scripts.ts';
import {good} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import {lookAtEc2} from '../../source/panel/sources/ec2.ts';
import {lookAtGitlab} from '../../source/panel/sources/gitlab.ts';
import {hostSeen, runnerSees} from '../../source/panel/sources/host.ts';
import {beginReading} from '../../source/panel/sources/journal.ts';
import {lookAtRecord} from '../../source/panel/sources/record.ts';
import {lookAtLeftovers} from '../../source/steps/looks/leftovers.ts';
import type {CloudAt, Input, OperationName} from '../../source/world/cloud/port.ts';
import {printableAt} from '../../source/world/cloud/printable-at.ts';
import type {GitlabAt} from '../../source/world/gitlab/port.ts';
import {printableGitlab} from '../../source/world/gitlab/printable-gitlab.ts';
import type {Connection} from '../../source/world/host/port.ts';
import {resultOf} from '../../source/world/host/script.ts';
import type {Panel} from '../../source/world/host/scripts/panel.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {healthy, minutes, nameAt, now} from '../panel/seeing.ts';

type Next = () => string;

const mark = (next: Next) => [
	{Key: 'gitlab-runner-aws:fleet', Value: someFleet.name},
	{Key: 'Name', Value: next()},
	{Key: next(), Value: next()},
];

/** Instances as EC2 tells them: a manager, workers of the runner's, and what somebody named so that it looks like one. */
function reservations(next: Next) {
	const worker = (at: number) => ({
		InstanceId: `i-${at}`,
		State: {Name: 'running' as const},
		StateReason: {Code: 'Client.X', Message: next()},
		InstanceType: next() as 't3.small',
		ImageId: next(),
		Placement: {AvailabilityZone: next()},
		PrivateIpAddress: next(),
		LaunchTime: new Date(now - minutes(10)),
		KeyName: at % 2 === 0 ? nameAt(at) : next(),
		Tags: [...mark(next).slice(2), {Key: 'Name', Value: at % 3 === 0 ? nameAt(at) : `runner-ab12cd-${next()}-1700000000-deadbeef`}],
	});
	const manager = {...worker(99), KeyName: next(), Tags: [...mark(next), {Key: 'gitlab-runner-aws:part', Value: 'manager'}]};
	return {Reservations: [{Instances: [manager, ...Array.from({length: 6}, (_, at) => worker(at))]}]};
}

/** An account in which everything that may be written is hostile. */
function accountOf(next: Next): CloudAt {
	const answer = (name: OperationName): object => {
		if (name === 'DescribeInstances') return reservations(next);
		if (name === 'DescribeKeyPairs') return {KeyPairs: [{KeyPairId: next(), KeyName: `runner-${next()}`, Tags: mark(next)}]};
		if (name === 'DescribeSpotInstanceRequests') return {SpotInstanceRequests: [{SpotInstanceRequestId: next(), State: 'open', Tags: mark(next)}]};
		if (name === 'DescribeVolumes') return {Volumes: [{VolumeId: next(), State: 'available', Size: 20, Tags: mark(next)}]};
		const version = (Version: number) => ({
			Version,
			Value: JSON.stringify({version: 1, answers: {limit: Version}}),
			LastModifiedDate: new Date(now),
			LastModifiedUser: `arn:aws:sts::1:assumed-role/x/${next()}`,
			Description: next(),
		});
		return {Parameters: [version(1), version(2)]};
	};
	return printableAt((region) => ({
		region,
		ahead: () => 0,
		call: async <Name extends OperationName>(name: Name, _input: Input<Name>) => answer(name) as never,
	}));
}

/** A GitLab in which everything that may be written is hostile. */
function gitlabOf(next: Next) {
	const at = printableGitlab(((url: string) => ({
		url,
		served: async () => ({
			id: 5,
			description: next(),
			paused: true,
			online: false,
			contactedAt: next(),
			tags: [next()],
			runUntagged: false,
			projects: [next(), next()],
		}),
		managers: async () => [{systemId: next(), version: next(), contactedAt: next(), ipAddress: next(), status: next()}],
		running: async () => [0, 1, 2].map((job) => ({id: 8000 + job, name: next(), stage: next(), project: next(), webUrl: next()})),
		groupProjects: async () => [next()],
		pendingJobs: async () =>
			[1, 2].map((job) => ({id: job, name: next(), webUrl: next(), tags: [next()], ref: next(), createdAt: new Date(now - minutes(9)).toISOString()})),
	})) as unknown as GitlabAt);
	return at('https://gitlab.com');
}

/** Lines of the runner's log as somebody's jobs and machines make them, in both of its formats. */
function logOf(next: Next): [number, string][] {
	const name = nameAt(2);
	const fields = (more: object) => JSON.stringify({level: 'error', time: new Date(now).toISOString(), ...more});
	return [
		fields({msg: next(), [next()]: next(), job: next()}),
		fields({msg: 'Job failed (system failure)', job: 8000, name, error: next(), project_full_path: next()}),
		fields({msg: 'Starting docker-machine build...', job: 8001, name, project_full_path: next(), runner: next(), usedCount: 1}),
		fields({msg: `(${name}) Error launching instance: InvalidParameterValue: ${next()}`, name, operation: 'create', driver: next()}),
		fields({msg: 'Machine creation failed', name: nameAt(4), error: `Error creating machine: ${next()}`, time: next()}),
		fields({msg: 'Requesting machine removal', name: nameAt(0), reason: next()}),
		fields({msg: 'Failed to load config', error: next()}),
		`ERROR: ${next()}  job=8002 name=${next()} project=${next()}`,
		next(),
	].map((message, at) => [now - 9000 + at, message]);
}

/** config.toml as somebody on the manager may have written it. */
function configOf(next: Next): string {
	return stringify({
		concurrent: 4,
		log_format: next(),
		listen_address: next(),
		runners: [
			{
				name: next(),
				id: 5,
				url: next(),
				token: `glrt-t3_${next()}`,
				executor: 'docker+machine',
				limit: 4,
				machine: {MachineName: next(), IdleCount: 1, MachineOptions: [`amazonec2-instance-type=${next()}`, `amazonec2-zone=${next()}`, next()]},
			},
			{name: next(), executor: next(), url: next()},
		],
	});
}

/** What the panel's script gives on such a manager. */
function toldBy(next: Next, {journal}: Panel) {
	const machines = [nameAt(0), nameAt(2), `runner-ab12cd-${next()}-1700000000-deadbeef`, next()].map((name, at) => ({
		name,
		instanceId: `i-${at}`,
		type: next(),
		zone: next(),
	}));
	const label = (text: string) => JSON.stringify(text);
	const raw = {
		now,
		host: {
			hasStore: true,
			certificates: false,
			machines,
			unreadMachines: [next()],
			config: {text: configOf(next), hash: next()},
			service: {active: next()},
			resources: {diskFree: 1, diskTotal: 2, memoryFree: 1, memoryTotal: 2, load1: 0, cpus: 1},
			metrics: `gitlab_runner_version_info{version=${label(next())}} 1\ngitlab_runner_jobs{state=${label(next())}} 2\ngitlab_runner_concurrent 4\ngitlab_runner_limit{runner=${label(next())}} 4\n${next()}\n`,
			jobs: `url=https://gitlab.com/${next()}/-/jobs/8000 state=${next()} stage=${next()} executor_stage=${next()} duration=1s\n${next()}`,
		},
		...(journal ? {journal: {entries: logOf(next), tail: logOf(next), more: false, lost: false, unread: 0, cursor: 'c', first: now - 9000}} : {}),
	};
	const judged = resultOf(panelScript, raw);
	if (!judged.success) throw judged.error;
	return judged.data;
}

/** A fleet of which everything that others may write is hostile, as the panel's sources see it through the ports. */
export async function hostileSnapshot(next: Next): Promise<Snapshot> {
	const cloud = accountOf(next)(someFleet.region);
	const script = async (_script: unknown, asked: Panel) => toldBy(next, asked);
	const reading = await beginReading({script} as unknown as Connection, now);
	const told = toldBy(next, {host: true});
	if (!told.host) throw new Error('The host told nothing.');
	const runner = runnerSees(told.host);
	const gitlab = gitlabOf(next);
	const token = 'glpat-nobody';
	const [ec2, leftovers, record, sees] = await Promise.all([
		lookAtEc2(cloud, {fleet: someFleet}, {shortTokens: [next()], instanceIds: [], lost: [], spotEnds: {}, disks: {}, groups: []}),
		lookAtLeftovers(cloud),
		lookAtRecord(cloud, someFleet),
		lookAtGitlab({panel: gitlab, token}, 5, new AbortController().signal),
	]);
	return healthy({
		ec2: good(ec2, now - 1000),
		leftovers: good(leftovers, now - 1000),
		record: good(record, now - 1000),
		gitlab: good(sees, now - 1000),
		host: good(hostSeen(told.host, {ticks: undefined, seen: undefined}), now - 1000),
		...('sees' in runner ? {runner: good(runner.sees, now - 1000)} : {}),
		journal: good(reading.history, now - 1000),
		log: reading.log,
	});
}
