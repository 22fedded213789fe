import type {Plan} from '../engine/plan.ts';
import {runPlan} from '../engine/run.ts';
import type {RunResult} from '../engine/walk.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import type {Helping} from '../face.ts';
import {Problem} from '../problem.ts';
import type {AnyStep, Context} from '../step.ts';
import {lookedAfter} from './looked-after.ts';
import type {Session} from './session.ts';

/** What a run may do without asking, and who helps it along. */
export type Making = {replaceManager: boolean; helping?: Helping | undefined};

/** Makes the plan so, and keeps how long each step took for the next run's forecast. */
export async function makeSo(session: Session, context: Context, plan: Plan, steps: readonly AnyStep[], making: Making): Promise<RunResult> {
	const {replaceManager, helping} = making;
	const usual = medians(await session.world.disk.timings());
	return lookedAfter(session, context, {helping, all: steps.length, stands}, (running) =>
		runPlan(steps, running, plan, remembering(session), {replaceManager, usual, again: helping?.again}),
	);
}

/** The exit code of a run that was stopped, once what stands was said. */
export function stoppedCode({face, stops}: Session, context: Context, {done}: RunResult): number | undefined {
	const stopped = stops.exit();
	if (stopped !== undefined) face.fail(whatStands(context, done.length, dockerMachine.steps.length));
	return stopped;
}

/** Tells the face, and keeps how long each step took for the next run's forecast. */
function remembering({face, world}: Session): Session['face']['emit'] {
	return (happening) => {
		face.emit(happening);
		if (happening.event === 'step.done') void world.disk.saveTiming(happening.step, happening.seconds);
	};
}

/** Whether nothing has to be made. */
export const isSo = (plan: Plan, steps: readonly AnyStep[]): boolean => steps.every(({name}) => (plan.get(name)?.is ?? 'so') === 'so');

const medians = (timings: Record<string, number[]>): Record<string, number> =>
	Object.fromEntries(
		Object.entries(timings).map(([step, seconds]) => [step, seconds.toSorted((one, other) => one - other)[Math.floor(seconds.length / 2)] ?? 0]),
	);

const fleetFlags = ({fleet}: Context): string => `--fleet ${fleet.name} --region ${fleet.region}`;

/** How to go on, and how to undo. */
export const goOn = (context: Context): string =>
	`To go on: \`gitlab-runner-aws setup ${fleetFlags(context)}\`. To undo: \`gitlab-runner-aws destroy ${fleetFlags(context)}\`.`;

/** What there is to know of a run that ended before its end. */
const stands = 'What was made stays, and an instance that runs costs.';

function whatStands(context: Context, done: number, all: number): Problem {
	return new Problem({
		code: 'stopped',
		message: `Stopped after ${done} of ${all} steps. ${stands}`,
		advice: goOn(context),
	});
}

/** The end of a run that had nothing to do. */
export const asIs = (context: Context) => ({
	event: 'ended' as const,
	says: `${context.fleet.name} is as its answers say; nothing was changed.`,
	next: nextCommands(context),
});

/** The end of a run that made the fleet. */
export const isSetUp = (context: Context) => ({
	event: 'ended' as const,
	says: `${context.fleet.name} is set up in ${context.fleet.region}, and its runner takes jobs.`,
	next: nextCommands(context),
});

const nextCommands = (context: Context) => [
	{command: `gitlab-runner-aws plan ${fleetFlags(context)}`, does: 'says what differs from the answers'},
	{command: `gitlab-runner-aws ssh ${fleetFlags(context)}`, does: 'opens a shell on the manager'},
	{command: `gitlab-runner-aws destroy ${fleetFlags(context)}`, does: 'takes the fleet away'},
];
