import type {LogEvent, MakingPart} from '../../../panel/journal/events.ts';
import {type RefusalWords, refusalIn} from '../../../panel/journal/refusal.ts';
import {type LogRule, numberOf, projectOf, textOf} from '../../../panel/journal/rule.ts';
import {preparing} from '../../../panel/journal/runner-rules.ts';
import {goSeconds} from '../../../world/host/go-duration.ts';

/** Why a worker couldn't be made, in docker-machine's own words (docs/facts.md, "docker-machine: failures"). */
export const refusalWords: RefusalWords = [
	// These two first: docker-machine wraps them as `Error detecting OS` and `Error checking the host`.
	[/Too many retries waiting for SSH/i, 'ssh-never'],
	[/Error checking the host.*(?:i\/o timeout|connection refused|no route to host)/i, 'docker-never'],
	[/error installing docker|Error detecting OS/i, 'docker-install'],
	[
		/bad certificate|x509: certificate|tls: (?:failed to verify|unknown)|Error checking the host|error checking and\/or regenerating the certs|Error generating certificates/i,
		'certificates',
	],
	[/Unable to verify the Docker daemon is listening/i, 'docker-install'],
	[/unable to find a subnet that is both|does not belong to VpcId|desired subnet could not be located/i, 'subnet-zone', 'unlaunched'],
	[/already a keypair with the name/i, 'key-pair-name', 'unlaunched'],
];

const readRefusal = (text: string) => refusalIn(text, refusalWords);

/** docker-machine's lines in words for a person (docs/facts.md, "docker-machine: stages"), and what the time from each on goes into; the first part of a line decides. */
const stages: readonly [string, string, MakingPart][] = [
	['Running pre-create checks', 'checking', 'EC2'],
	['Creating machine', 'creating', 'EC2'],
	['Launching instance', 'launching', 'EC2'],
	['Waiting for machine to be running', 'waiting for the instance', 'EC2'],
	['Detecting operating system', 'detecting the system', 'SSH'],
	['Waiting for SSH', 'waiting for SSH', 'SSH'],
	['Detecting the provisioner', 'detecting the system', 'Docker'],
	['Provisioning with', 'provisioning', 'Docker'],
	['Installing Docker', 'installing Docker', 'Docker'],
	['Copying certs', 'copying certificates', 'Docker'],
	['Setting Docker configuration', 'setting up Docker', 'Docker'],
	['Checking connection to Docker', 'checking Docker', 'Docker'],
	['Docker is up and running', 'ready', 'Docker'],
];

/** What a line of GitLab Runner's says of a machine, which it names; `text` is how the line begins. */
const ofMachine = (is: LogEvent['is'], text: string, tells: (machine: string, ...read: Parameters<LogRule['reads']>) => LogEvent): LogRule => ({
	tells: [is],
	texts: [text],
	reads: (line, at, whole) => {
		const machine = textOf(line, 'name');
		return machine !== undefined && line.message.startsWith(text) ? tells(machine, line, at, whole) : undefined;
	},
});

const onMachine = ['Using existing docker-machine', 'Created docker-machine', 'Starting docker-machine'];

/** What the runner's log tells of docker-machine and its machines. */
export const journal: readonly LogRule[] = [
	{
		// docker-machine's own output, which the runner passes on.
		tells: ['machine-stage', 'machine-refused'],
		texts: ['operation=', '"operation"'],
		field: 'operation',
		reads: (line, at) => {
			const machine = textOf(line, 'name');
			if (machine === undefined) return undefined;
			const said = line.message.replace(`(${machine}) `, '').trim();
			const known = stages.find(([start]) => said.startsWith(start));
			if (known) return {is: 'machine-stage', machine, stage: known[1], part: known[2], at};
			const refusal = ['create', 'provision'].includes(textOf(line, 'operation') ?? '') ? readRefusal(said) : undefined;
			return refusal && {is: 'machine-refused', machine, refusal, at};
		},
	},
	ofMachine('machine-created', 'Machine created', (machine, line, at) => ({is: 'machine-created', machine, seconds: goSeconds(line.fields.duration), at})),
	ofMachine('machine-failed', 'Machine creation failed', (machine, line, at) => {
		const error = textOf(line, 'error') ?? '';
		return {is: 'machine-failed', machine, seconds: goSeconds(line.fields.time), error, refusal: readRefusal(error), at};
	}),
	ofMachine('machine-removing', 'Requesting machine removal', (machine, line, at) => {
		const reason = (textOf(line, 'reason') ?? '').toLowerCase();
		return {is: 'machine-removing', machine, reason, uses: numberOf(line, 'usedCount'), at};
	}),
	ofMachine('machine-removed', 'Machine removed', (machine, _, at) => ({is: 'machine-removed', machine, at})),
	ofMachine('machine-given-up', 'Giving up on machine removal', (machine, _, at) => ({is: 'machine-given-up', machine, at})),
	preparing(['Preparing docker-machine wrapped executor failed'], readRefusal),
	{
		tells: ['job-on-machine'],
		texts: onMachine,
		reads: (line, at) => {
			const [job, machine] = [numberOf(line, 'job'), textOf(line, 'name')];
			if (job === undefined || machine === undefined || !onMachine.some((text) => line.message.startsWith(text))) return undefined;
			return {is: 'job-on-machine', job, project: projectOf(line), machine, runner: textOf(line, 'runner'), uses: numberOf(line, 'usedCount'), at};
		},
	},
];
