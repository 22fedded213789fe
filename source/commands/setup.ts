import {foundIn, makePlan, type Plan, problemsOf} from '../engine/plan.ts';
import {runPlan} from '../engine/run.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import {Problem} from '../problem.ts';
import type {AnyStep, Context} from '../step.ts';
import {type Costs, costs} from '../steps/prices.ts';
import {failAll} from './failing.ts';
import {openFleet} from './opening.ts';
import {proposalOf} from './proposal.ts';
import type {Command, Session} from './session.ts';
import {watchFirstJob} from './watching.ts';

/** From answers to a verified fleet: plan, agreement, run, first job. The same command repairs and changes a fleet that stands. */
export const setup: Command = async (session) => {
	const {face, options} = session;
	const {steps} = dockerMachine;
	const opened = await openFleet(session);
	const {context} = opened;
	try {
		const allowed = {replaceManager: options.replaceManager};
		const plan = await makePlan(steps, context, face.emit, allowed);
		const problems = problemsOf(plan);
		if (problems.length > 0) return failAll(session, problems);
		if (isSo(plan, steps)) {
			face.emit({event: 'ended', says: `${context.fleet.name} is as its answers say; nothing was changed.`, next: nextCommands(context)});
			return 0;
		}
		if (!(await face.agree(proposalOf(plan, steps, context, await costsOf(plan, context))))) return 0;
		return await run(session, context, plan, steps, opened.stands);
	} finally {
		await context.close();
	}
};

async function run(session: Session, context: Context, plan: Plan, steps: readonly AnyStep[], stood: boolean): Promise<number> {
	const {face, world, options, stops} = session;
	const usual = medians(await world.disk.timings());
	const result = await runPlan(steps, context, plan, remembering(session), {replaceManager: options.replaceManager, usual});
	const stopped = stops.exit();
	if (stopped !== undefined) {
		face.fail(whatStands(context, result.done.length, steps.length));
		return stopped;
	}
	if (result.problems.length > 0) return failAll(session, result.problems, goOn(context));
	if (!stood && session.interactive) await watchFirstJob(session, context);
	face.emit({event: 'ended', says: `${context.fleet.name} is set up in ${context.fleet.region}, and its runner takes jobs.`, next: nextCommands(context)});
	return 0;
}

/** Tells the face, and keeps how long each step took for the next run's forecast. */
function remembering({face, world}: Session): Session['face']['emit'] {
	return (happening) => {
		face.emit(happening);
		if (happening.event === 'step.done') void world.disk.saveTiming(happening.step, happening.seconds).catch((error: unknown) => world.disk.log(`timings: ${String(error)}`));
	};
}

/** What the answers cost where the fleet lives, once the network and the images are known. */
async function costsOf(plan: Plan, context: Context): Promise<Costs | undefined> {
	const {network, images} = foundIn(plan);
	return network && images && costs(context, context.answers, {zone: network.zone, public: network.public, managerDiskGib: images.manager.diskGib});
}

const isSo = (plan: Plan, steps: readonly AnyStep[]): boolean => steps.every(({name}) => (plan.get(name)?.is ?? 'so') === 'so');

const medians = (timings: Record<string, number[]>): Record<string, number> =>
	Object.fromEntries(Object.entries(timings).map(([step, seconds]) => [step, seconds.toSorted((one, other) => one - other)[Math.floor(seconds.length / 2)] ?? 0]));

const fleetFlags = ({fleet}: Context): string => `--fleet ${fleet.name} --region ${fleet.region}`;

const goOn = (context: Context): string => `To go on: \`gitlab-runner-aws setup ${fleetFlags(context)}\`. To undo: \`gitlab-runner-aws destroy ${fleetFlags(context)}\`.`;

function whatStands(context: Context, done: number, all: number): Problem {
	return new Problem({code: 'stopped', message: `Stopped after ${done} of ${all} steps. What was made stays, and an instance that runs costs.`, advice: goOn(context)});
}

const nextCommands = (context: Context) => [
	{command: `gitlab-runner-aws plan ${fleetFlags(context)}`, does: 'says what differs from the answers'},
	{command: `gitlab-runner-aws ssh ${fleetFlags(context)}`, does: 'opens a shell on the manager'},
	{command: `gitlab-runner-aws destroy ${fleetFlags(context)}`, does: 'takes the fleet away'},
];
