import {type Fatal, fatalIn, fatalWords} from '../../world/host/fatal.ts';
import {goSeconds} from '../../world/host/go-duration.ts';
import {type LogLine, readLogLine} from '../../world/host/log-line.ts';
import type {Entry} from './entries.ts';
import {readRefusal, type WorkerRefusal} from './refusal.ts';

type Base = {at: number};

/** Something that the runner's log tells (docs/facts.md, "gitlab-runner: log"). `at` is milliseconds since 1970; `runner` is a short token. */
export type LogEvent = Base &
	(
		| {is: 'job-received'; job: number; project: string | undefined; runner: string | undefined}
		| {is: 'job-on-machine'; job: number; project: string | undefined; machine: string; runner: string | undefined; uses: number | undefined}
		| JobEnded
		| {is: 'prepare-failed'; job: number | undefined; error: string; refusal: WorkerRefusal | undefined}
		| {is: 'machine-stage'; machine: string; stage: string}
		| {is: 'machine-created'; machine: string; seconds: number | undefined}
		| {is: 'machine-failed'; machine: string; seconds: number | undefined; error: string}
		| {is: 'machine-refused'; machine: string; refusal: WorkerRefusal}
		| {is: 'machine-removing'; machine: string; reason: string; uses: number | undefined}
		| {is: 'machine-removed'; machine: string}
		| {is: 'machine-given-up'; machine: string}
		| {is: 'forbidden'; runner: string | undefined}
		| {is: 'gitlab-unreachable'; error: string; runner: string | undefined}
		| {is: 'gitlab-answered'; runner: string | undefined}
		| {is: 'unhealthy'; seconds: number | undefined; runner: string | undefined}
		| {is: 'forced-check'; runner: string | undefined}
		| {is: 'config-loaded'}
		| {is: 'config-refused'; error: string}
		| {is: 'service-started'}
		| {is: 'service-stopping'}
		| ({is: 'service-died'} & Fatal)
	);

/** A job is over. `why` is GitLab's reason for a failure, such as `runner_system_failure`; `seconds` is how long the job took. */
type JobEnded = {
	is: 'job-ended';
	job: number;
	project?: string | undefined;
	machine: string | undefined;
	ok: boolean;
	error: string | undefined;
	why?: string | undefined;
	seconds?: number | undefined;
	refusal?: WorkerRefusal | undefined;
};

const text = (line: LogLine, key: string): string | undefined => {
	const value = line.fields[key];
	return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
};
const number = (line: LogLine, key: string): number | undefined => {
	const value = Number(text(line, key));
	return Number.isFinite(value) ? value : undefined;
};

/** `https://gitlab.com/acme/api.git` is `acme/api`. */
function project(line: LogLine): string | undefined {
	const path = text(line, 'project_full_path');
	if (path !== undefined) return path;
	return /^https?:\/\/[^/]+\/(.+?)(?:\.git)?$/.exec(text(line, 'repo_url') ?? '')?.[1];
}

/** docker-machine's lines in words for a person (docs/facts.md, "docker-machine: stages"); the first part of a line decides. */
const stages: readonly [string, string][] = [
	['Running pre-create checks', 'checking'],
	['Creating machine', 'creating'],
	['Launching instance', 'launching'],
	['Waiting for machine to be running', 'waiting for the instance'],
	['Detecting operating system', 'detecting the system'],
	['Waiting for SSH', 'waiting for SSH'],
	['Detecting the provisioner', 'detecting the system'],
	['Provisioning with', 'provisioning'],
	['Installing Docker', 'installing Docker'],
	['Copying certs', 'copying certificates'],
	['Setting Docker configuration', 'setting up Docker'],
	['Checking connection to Docker', 'checking Docker'],
	['Docker is up and running', 'ready'],
];

function ofMachineTool(line: LogLine, at: number): LogEvent[] {
	const machine = text(line, 'name');
	if (machine === undefined) return [];
	const said = line.message.replace(`(${machine}) `, '').trim();
	const stage = stages.find(([start]) => said.startsWith(start))?.[1];
	if (stage !== undefined) return [{is: 'machine-stage', machine, stage, at}];
	const refusal = text(line, 'operation') === 'create' || text(line, 'operation') === 'provision' ? readRefusal(said) : undefined;
	return refusal ? [{is: 'machine-refused', machine, refusal, at}] : [];
}

function ofMachine(line: LogLine, at: number): LogEvent[] {
	const machine = text(line, 'name');
	if (machine === undefined) return [];
	const {message} = line;
	if (message.startsWith('Machine created')) return [{is: 'machine-created', machine, seconds: goSeconds(line.fields.duration), at}];
	if (message.startsWith('Machine creation failed'))
		return [{is: 'machine-failed', machine, seconds: goSeconds(line.fields.time), error: text(line, 'error') ?? '', at}];
	if (message.startsWith('Requesting machine removal'))
		return [{is: 'machine-removing', machine, reason: (text(line, 'reason') ?? '').toLowerCase(), uses: number(line, 'usedCount'), at}];
	if (message.startsWith('Machine removed')) return [{is: 'machine-removed', machine, at}];
	if (message.startsWith('Giving up on machine removal')) return [{is: 'machine-given-up', machine, at}];
	return [];
}

/** `Job failed (system failure): prepare environment: …  duration_s=…`: the error stands in the message or in a field. */
function ofJob(line: LogLine, at: number): LogEvent[] {
	const job = number(line, 'job');
	const {message} = line;
	if (message.startsWith('Preparation failed') || message.startsWith('Preparing docker-machine wrapped executor failed')) {
		const error = text(line, 'error') ?? message.replace(/^[^:]*:?\s*/, '');
		return [{is: 'prepare-failed', job, error, refusal: readRefusal(error), at}];
	}
	if (job === undefined) return [];
	const machine = text(line, 'name');
	const ended = {is: 'job-ended', job, project: project(line), machine, seconds: number(line, 'duration_s'), at} as const;
	if (message.startsWith('Job succeeded')) return [{...ended, ok: true, error: undefined}];
	if (message.startsWith('Job failed')) {
		const error = text(line, 'error') ?? message.replace(/^Job failed[^:]*:?\s*/, '');
		const why = text(line, 'failure_reason') ?? (message.startsWith('Job failed (system failure)') ? 'runner_system_failure' : undefined);
		// An image that can't be pulled ends the job at once; why no machine came, its own lines say.
		const refusal = error.includes('failed to pull image') ? readRefusal(error) : undefined;
		return [{...ended, ok: false, error, why, refusal}];
	}
	if (message.startsWith('Cleaned up docker-machine')) return [];
	if (machine !== undefined && /^(?:Using existing|Created|Starting) docker-machine/.test(message))
		return [{is: 'job-on-machine', job, project: project(line), machine, runner: text(line, 'runner'), uses: number(line, 'usedCount'), at}];
	if (/^(?:Checking for jobs\.\.\. ?received|Added job to processing list)/.test(message))
		return [{is: 'job-received', job, project: project(line), runner: text(line, 'runner'), at}];
	return [];
}

/** `Runner "https://gitlab.com/ab12cd" is unhealthy and will be disabled for 1h0m0s seconds!` */
const switchedOff = /is unhealthy and will be disabled for (\S+)/;

function ofGitlab(line: LogLine, at: number): LogEvent[] {
	const {message} = line;
	const runner = text(line, 'runner');
	const off = switchedOff.exec(message);
	if (off) return [{is: 'unhealthy', seconds: goSeconds(off[1]), runner, at}];
	if (message.includes('is not healthy, but check for a new job will be forced')) return [{is: 'forced-check', runner, at}];
	if (!message.startsWith('Checking for jobs')) return [];
	if (message.includes('forbidden')) return [{is: 'forbidden', runner, at}];
	if (message.includes('client error')) return [{is: 'gitlab-unreachable', error: text(line, 'status') ?? 'no answer', runner, at}];
	if (message.includes('currently unavailable')) return [{is: 'gitlab-unreachable', error: '503', runner, at}];
	if (/\.\.\. ?failed/.test(message)) return [{is: 'gitlab-unreachable', error: text(line, 'status') ?? 'failed', runner, at}];
	return message.includes('received') ? [{is: 'gitlab-answered', runner, at}] : [];
}

function ofService(line: LogLine, at: number): LogEvent[] {
	const {message} = line;
	if (message.startsWith('Configuration loaded')) return [{is: 'config-loaded', at}];
	if (message.startsWith('Failed to load config'))
		return [{is: 'config-refused', error: text(line, 'error') ?? message.replace(/^Failed to load config:?\s*/, ''), at}];
	if (message.startsWith('Starting multi-runner from')) return [{is: 'service-started', at}];
	if (message.startsWith('Starting graceful shutdown')) return [{is: 'service-stopping', at}];
	return [];
}

function ofEnd(text: string, line: LogLine, at: number): LogEvent[] {
	const fatal = fatalIn(text, line);
	return fatal ? [{is: 'service-died', ...fatal, at}] : [];
}

/** What one entry of the journal tells; mostly nothing. Never throws. */
export function eventsOf(entry: Entry): LogEvent[] {
	const line = readLogLine(entry.message);
	if ('operation' in line.fields) return ofMachineTool(line, entry.at);
	return [
		...ofMachine(line, entry.at),
		...ofJob(line, entry.at),
		...ofGitlab(line, entry.at),
		...ofService(line, entry.at),
		...ofEnd(entry.message, line, entry.at),
	];
}

/** Texts of which each line that `eventsOf` understands holds one: the manager sends no other of the past. */
export const eventTexts: readonly string[] = [
	...[
		'Checking for jobs',
		'Added job to processing list',
		'docker-machine',
		'Preparation failed',
		'Job succeeded',
		'Job failed',
		'Machine created',
		'Machine creation failed',
	],
	...[
		'Requesting machine removal',
		'Machine removed',
		'Giving up on machine removal',
		'operation=',
		'"operation"',
		'is unhealthy and will be disabled',
		'is not healthy',
	],
	...['Configuration loaded', 'Failed to load config', 'Starting multi-runner', 'Starting graceful shutdown'],
	...fatalWords,
];

/** The same for what spans are made of. */
export const spanWords: readonly string[] = ['Machine created', 'Machine removed', 'Requesting machine removal', 'Giving up on machine removal'];
