import type {LogEvent, MakingPart} from '../../../panel/journal/events.ts';
import {type RefusalWords, refusalIn} from '../../../panel/journal/refusal.ts';
import {type LogRule, numberOf, projectOf, textOf} from '../../../panel/journal/rule.ts';
import {goSeconds} from '../../../world/host/go-duration.ts';
import type {LogLine} from '../../../world/host/log-line.ts';

/** Why a runner can't have workers, in the words of GitLab Runner, its library for autoscaling and its plugin; the first that fits counts. */
export const refusalWords: RefusalWords = [
	[/loading fleeting plugin/i, 'plugin-missing', 'unlaunched'],
	[/Missing ?Region|could not find region|an AWS region is required/i, 'region-missing', 'unlaunched'],
	[/unexpected number of autoscaling groups returned: 0/i, 'scaling-group-missing', 'unlaunched'],
	[/reading instance group connector key/i, 'key-unreadable', 'unlaunched'],
	[/creating state storage/i, 'state-storage', 'unlaunched'],
	[/running autoscaler plugin/i, 'plugin-broken', 'unlaunched'],
	[/dial unix \S*: connect: (?:connection refused|no such file)|error reading from server: EOF|transport is closing/i, 'plugin-dead', 'unlaunched'],
	[/SetDesiredCapacity value \d+ is above max value/i, 'above-max', 'unlaunched'],
	[/no data on pre-existing instance|pre-existing instance has acquisition/i, 'pre-existing'],
	[/permission denied while trying to connect to the Docker daemon|docker\.sock: connect: permission denied/i, 'docker-group'],
	[/EC2InstanceStateInvalid|getting instance connect info/i, 'connect-info'],
	[/dial ssh|ssh: (?:handshake failed|unable to authenticate)/i, 'instance-ssh'],
	[/Cannot connect to the Docker daemon at http:\/\/internal\.tunnel\.invalid/i, 'instance-docker'],
	[/ready command|ready up preparation/i, 'ready-command'],
	[/unable to acquire instance/i, 'no-instance'],
];

const readRefusal = (text: string) => refusalIn(text, refusalWords);

/** What the runner's library calls the states of an instance, in words for a person, and what the time from each on goes into. */
const stages: Readonly<Record<string, readonly [string, MakingPart]>> = {
	creating: ['launching', 'EC2 until seen'],
	running: ['waiting for SSH and the ready command', 'SSH and Docker'],
	suspending: ['being suspended', 'EC2 until seen'],
	suspended: ['suspended', 'EC2 until seen'],
	resuming: ['being resumed', 'EC2 until seen'],
};

/** A message may stand behind the name of the part that says it. */
const begins = ({message}: LogLine, text: string): boolean => message === text || message.startsWith(`${text} `) || message.endsWith(`: ${text}`);

/** A line of an instance, which it names in one of the fields. */
const ofInstance = (
	is: readonly LogEvent['is'][],
	text: string,
	reads: (machine: string, line: LogLine, at: number) => LogEvent | undefined,
	...fields: readonly string[]
): LogRule => ({
	tells: is,
	texts: [text],
	reads: (line, at) => {
		if (!begins(line, text)) return undefined;
		const machine = fields.map((field) => textOf(line, field)).find((name) => name !== undefined);
		return machine === undefined ? undefined : reads(machine, line, at);
	},
});

function stageOf(machine: string, line: LogLine, at: number): LogEvent | undefined {
	const state = textOf(line, 'state') ?? '';
	if (state === 'deleting' || state === 'deleted') return {is: 'machine-removing', machine, reason: '', uses: undefined, at};
	const known = stages[state];
	return known && {is: 'machine-stage', machine, stage: known[0], part: known[1], at};
}

const errorOf = (line: LogLine): string => [line.message, textOf(line, 'err') ?? textOf(line, 'error') ?? ''].join(': ');

/** A line that says why there are no workers. */
const refusing = (text: string, code?: string): LogRule => ({
	tells: ['workers-refused'],
	texts: [text],
	reads: (line, at) => {
		if (!line.message.includes(text)) return undefined;
		const said = errorOf(line);
		const read = readRefusal(said);
		const refusal = code === undefined ? read : {...(read ?? {...noDetails, text: said.slice(0, 2000)}), code};
		return refusal && {is: 'workers-refused', refusal, at};
	},
});

const noDetails = {
	type: undefined,
	zone: undefined,
	allowed: undefined,
	neededPrice: undefined,
	requestId: undefined,
	encoded: undefined,
} as const;

/** What the runner's log tells of its autoscaling and of the instances. */
export const journal: readonly LogRule[] = [
	{
		tells: ['job-on-machine'],
		texts: ['Dialing instance'],
		reads: (line, at) => {
			const [job, machine] = [numberOf(line, 'job'), textOf(line, 'instance-id')];
			if (!begins(line, 'Dialing instance') || job === undefined || machine === undefined) return undefined;
			return {is: 'job-on-machine', job, project: projectOf(line), machine, runner: textOf(line, 'runner'), uses: undefined, at};
		},
	},
	ofInstance(['machine-stage', 'machine-removing'], 'instance discovery', stageOf, 'id'),
	ofInstance(['machine-stage', 'machine-removing'], 'instance update', stageOf, 'id'),
	ofInstance(
		['machine-removing'],
		'instance marked for removal',
		(machine, line, at) => ({is: 'machine-removing', machine, reason: (textOf(line, 'reason') ?? '').toLowerCase(), uses: undefined, at}),
		'instance',
		'instance-id',
		'id',
	),
	ofInstance(
		['machine-removed'],
		'instance pruned',
		(machine, line, at) => ({is: 'machine-removed', machine, seconds: goSeconds(line.fields.lifetime), at}),
		'id',
	),
	ofInstance(
		['machine-lost'],
		'instance unexpectedly removed',
		(machine, line, at) => ({is: 'machine-lost', machine, uses: numberOf(line, 'used'), at}),
		'instance',
		'instance-id',
		'id',
	),
	ofInstance(
		['machine-failed'],
		'ready up preparation failed',
		(machine, line, at) => {
			const error = textOf(line, 'err') ?? textOf(line, 'error') ?? '';
			return {
				is: 'machine-failed',
				machine,
				seconds: undefined,
				error,
				refusal: readRefusal(error === '' ? line.message : error) ?? readRefusal(line.message),
				at,
			};
		},
		'instance',
		'instance-id',
		'id',
	),
	refusing('Failed to process runner'),
	refusing('increasing instances failure'),
	refusing('decreasing instances failure'),
	refusing('reconcile'),
	refusing('no data on pre-existing instance so removing for safety'),
	refusing('pre-existing instance has acquisition so removing for safety'),
	refusing('out-of-sync capacity', 'out-of-sync'),
	refusing('new instances are not protected from scale in', 'unprotected'),
];
