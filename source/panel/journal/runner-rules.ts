import {fatalIn, fatalWords} from '../../world/host/fatal.ts';
import {goSeconds} from '../../world/host/go-duration.ts';
import type {LogLine} from '../../world/host/log-line.ts';
import type {LogEvent} from './events.ts';
import type {WorkerRefusal} from './refusal.ts';
import {type LogRule, numberOf, projectOf, textOf} from './rule.ts';

/** `Job failed (system failure): prepare environment: …  duration_s=…`: the error stands in the message or in a field. */
function endOfJob(line: LogLine, at: number, readRefusal: (text: string) => WorkerRefusal | undefined): LogEvent | undefined {
	const {message} = line;
	const job = numberOf(line, 'job');
	if (job === undefined) return undefined;
	const ended = {is: 'job-ended', job, project: projectOf(line), machine: textOf(line, 'name'), seconds: numberOf(line, 'duration_s'), at} as const;
	if (message.startsWith('Job succeeded')) return {...ended, ok: true, error: undefined};
	if (!message.startsWith('Job failed')) return undefined;
	const error = textOf(line, 'error') ?? message.replace(/^Job failed[^:]*:?\s*/, '');
	const why = textOf(line, 'failure_reason') ?? (message.startsWith('Job failed (system failure)') ? 'runner_system_failure' : undefined);
	// An image that can't be pulled ends the job at once; why no machine came, its own lines say.
	const refusal = error.includes('failed to pull image') ? readRefusal(error) : undefined;
	return {...ended, ok: false, error, why, refusal};
}

/** What GitLab answered, or that it didn't, when the runner asked it for a job. */
function answerOf(line: LogLine, at: number): LogEvent | undefined {
	const {message} = line;
	const runner = textOf(line, 'runner');
	if (!message.startsWith('Checking for jobs')) return undefined;
	if (message.includes('forbidden')) return {is: 'forbidden', runner, at};
	if (message.includes('client error')) return {is: 'gitlab-unreachable', error: textOf(line, 'status') ?? 'no answer', runner, at};
	if (message.includes('currently unavailable')) return {is: 'gitlab-unreachable', error: '503', runner, at};
	if (/\.\.\. ?failed/.test(message)) return {is: 'gitlab-unreachable', error: textOf(line, 'status') ?? 'failed', runner, at};
	return message.includes('received') ? {is: 'gitlab-answered', runner, at} : undefined;
}

/** `Runner "https://gitlab.com/ab12cd" is unhealthy and will be disabled for 1h0m0s seconds!` */
const switchedOff = /is unhealthy and will be disabled for (\S+)/;

/** A line that begins like this and tells no more than that. */
const plainly = (is: 'config-loaded' | 'service-started' | 'service-stopping', text: string): LogRule => ({
	tells: [is],
	texts: [text],
	reads: ({message}, at) => (message.startsWith(text) ? {is, at} : undefined),
});

/** Why the environment of a job couldn't be prepared, in a line that begins with one of these texts. */
export const preparing = (texts: readonly string[], readRefusal: (text: string) => WorkerRefusal | undefined): LogRule => ({
	tells: ['prepare-failed'],
	texts,
	reads: (line, at) => {
		if (!texts.some((text) => line.message.startsWith(text))) return undefined;
		const error = textOf(line, 'error') ?? line.message.replace(/^[^:]*:?\s*/, '');
		return {is: 'prepare-failed', job: numberOf(line, 'job'), error, refusal: readRefusal(error), at};
	},
});

/** What GitLab Runner says whatever its executor is; `readRefusal` finds in an error why no worker was made. */
export const runnerRules = (readRefusal: (text: string) => WorkerRefusal | undefined): readonly LogRule[] => [
	preparing(['Preparation failed'], readRefusal),
	{tells: ['job-ended'], texts: ['Job succeeded', 'Job failed'], reads: (line, at) => endOfJob(line, at, readRefusal)},
	{
		tells: ['job-received'],
		texts: ['Checking for jobs', 'Added job to processing list'],
		reads: (line, at) => {
			const job = numberOf(line, 'job');
			if (job === undefined || !/^(?:Checking for jobs\.\.\. ?received|Added job to processing list)/.test(line.message)) return undefined;
			return {is: 'job-received', job, project: projectOf(line), runner: textOf(line, 'runner'), at};
		},
	},
	{
		tells: ['unhealthy'],
		texts: ['is unhealthy and will be disabled'],
		reads: (line, at) => {
			const off = switchedOff.exec(line.message);
			return off ? {is: 'unhealthy', seconds: goSeconds(off[1]), runner: textOf(line, 'runner'), at} : undefined;
		},
	},
	{
		tells: ['forced-check'],
		texts: ['is not healthy'],
		reads: (line, at) =>
			line.message.includes('is not healthy, but check for a new job will be forced') ? {is: 'forced-check', runner: textOf(line, 'runner'), at} : undefined,
	},
	{tells: ['forbidden', 'gitlab-unreachable', 'gitlab-answered'], texts: ['Checking for jobs'], reads: answerOf},
	plainly('config-loaded', 'Configuration loaded'),
	{
		tells: ['config-refused'],
		texts: ['Failed to load config'],
		reads: (line, at) =>
			line.message.startsWith('Failed to load config')
				? {is: 'config-refused', error: textOf(line, 'error') ?? line.message.replace(/^Failed to load config:?\s*/, ''), at}
				: undefined,
	},
	plainly('service-started', 'Starting multi-runner from'),
	plainly('service-stopping', 'Starting graceful shutdown'),
	{
		tells: ['service-died'],
		texts: fatalWords,
		reads: (line, at, whole) => {
			const fatal = fatalIn(whole, line);
			return fatal && {is: 'service-died', ...fatal, at};
		},
	},
];
