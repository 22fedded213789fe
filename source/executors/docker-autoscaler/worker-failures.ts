import type {Context, Found, Report} from '../../engine/step.ts';
import {ifAnswered, Problem, Stopped} from '../../problem.ts';
import {endedLaunches} from '../../steps/ended-launches.ts';
import {workerTypesOf} from '../offered.ts';
import {type LaunchFailure, launchFailure} from './launch-failures.ts';
import type {TestWorkerOutcome} from './scripts/test-worker.ts';

type FailedWorker = Extract<TestWorkerOutcome, {is: 'failed'}>;

/** Milliseconds between two looks at what a group says of its launches. */
const pause = 15_000;
/** Activities that are read of a group that launches one instance: a failed launch is tried again about once a minute. */
const most = 10;

/** What the newest launch of a group that is over came to, where it failed. */
async function newestFailure({answers, cloud, fleet}: Context, group: string, zones: readonly string[]): Promise<LaunchFailure | 'none' | 'launched'> {
	const {Activities = []} = await cloud.call('DescribeScalingActivities', {AutoScalingGroupName: group, MaxRecords: most});
	const [newest] = endedLaunches(Activities);
	if (!newest) return 'none';
	if (newest.failed === undefined) return 'launched';
	return launchFailure(newest.failed, {types: workerTypesOf(answers), zones, region: fleet.region});
}

/** Where the group launches. */
export type LaunchZones = {group: string; zones: readonly string[]};

export const zonesOf = ({network}: Pick<Found, 'network'>): string[] => network.workerSubnets.map(({zone}) => zone);

/** Says what AWS refuses, each reason once, until a launch has come to something or the wait is over. */
async function watch(context: Context, {group, zones}: LaunchZones, report: Report, signal: AbortSignal): Promise<void> {
	const told = new Set<string>();
	while (!signal.aborted) {
		try {
			await context.clock.sleep(pause, signal);
		} catch (error) {
			if (error instanceof Stopped) return;
			throw error;
		}
		const seen = await ifAnswered(newestFailure(context, group, zones));
		// Who may not ask hears of it at the end.
		if ('problem' in seen || seen.result === 'launched') return;
		if (seen.result === 'none' || told.has(seen.result.code)) continue;
		told.add(seen.result.code);
		report({says: `${seen.result.says}; AWS tries again`});
	}
}

/** Works while what AWS says of the group's launches is told. */
export async function whileLaunching<Result>(context: Context, where: LaunchZones, report: Report, work: () => Promise<Result>): Promise<Result> {
	const over = new AbortController();
	const watching = watch(context, where, report, over.signal);
	try {
		return await work();
	} finally {
		over.abort();
		await watching;
	}
}

const goOn = 'Run the same command again.';

/** What went wrong on a worker that was launched, or on the way to it. */
const told: Readonly<Record<string, (detail: string, id: string) => {message: string; advice: string}>> = {
	'ssh-failed': (detail, id) => ({
		message: `The manager doesn't get on to the worker ${id}: ${detail}`,
		advice: "Check the image's login user with `--worker-ssh-user`, and that the workers' subnets and their network ACLs let port 22 through.",
	}),
	'docker-failed': (detail, id) => ({
		message: `Docker doesn't answer on the worker ${id}: ${detail}`,
		advice: 'Choose an image that has Docker, such as `--worker-image ecs-al2023`, or check that the workers reach the internet.',
	}),
	'container-failed': (detail, id) => ({
		message: `A container doesn't run on the worker ${id}: ${detail}`,
		advice: 'Check that workers reach the registry of `--docker-image`.',
	}),
	'not-removed': (detail, id) => ({
		message: `The worker ${id} was tried and doesn't end: ${detail}`,
		advice: `${goOn} It ends with its group.`,
	}),
	'given-up': (detail) => ({message: `The worker that was tried was given up: ${detail}`, advice: goOn}),
	'no-credentials': (detail) => ({
		message: `The manager has no credentials: ${detail}`,
		advice: 'Check the role of `--access`, then run the same command again.',
	}),
};

/** Why AWS launched nothing, in a sentence with what mends it; undefined where it doesn't tell. */
async function whyNot(context: Context, {group, zones}: LaunchZones): Promise<LaunchFailure | undefined> {
	const seen = await ifAnswered(newestFailure(context, group, zones));
	return 'result' in seen && typeof seen.result === 'object' ? seen.result : undefined;
}

/** A worker that failed, told; `again` where Auto Scaling's own role was made only just now. */
export async function workerProblem(
	context: Context,
	where: LaunchZones,
	{code, detail, instanceId = ''}: FailedWorker,
): Promise<{problem: Problem; again: boolean}> {
	if (code === 'not-launched') {
		const why = await whyNot(context, where);
		const message = why ? `${why.says}.` : `Auto Scaling has launched no worker: ${detail}.`;
		const advice = why ? why.advice : `Look at what it says with \`aws autoscaling describe-scaling-activities --auto-scaling-group-name ${where.group}\`.`;
		const problem = new Problem({code: why?.code ?? code, fault: 'outside', message, advice});
		return {problem, again: why?.code === 'scaling-role-young'};
	}
	const says = told[code]?.(detail, instanceId) ?? {
		message: `AWS refuses what the manager asks of the group: ${detail} (${code})`,
		advice: 'Check the role of `--access`, and the policies of the organization.',
	};
	return {problem: new Problem({code, ...says}), again: false};
}
