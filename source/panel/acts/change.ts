import {changeInWords} from '../../answers/value.ts';
import type {OpenContext} from '../../engine/context.ts';
import type {Happening} from '../../engine/events.ts';
import {makePlan, mayChange, type Plan, problemsOf} from '../../engine/plan.ts';
import {runPlan} from '../../engine/run.ts';
import type {AnyStep, Change, Context, Looking, StepName} from '../../engine/step.ts';
import type {Executor} from '../../executors/executor.ts';
import {executorOf} from '../../executors/list.ts';
import {jobsPerWorker} from '../../executors/offered.ts';
import {panelScript} from '../../executors/scripts.ts';
import type {Answers, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {connectTo, type Reaching} from '../../steps/reaching.ts';
import {standingRecord} from '../../steps/record.ts';
import {changesBetween} from '../../steps/recorded.ts';
import {drainSeconds} from '../../steps/service.ts';
import type {Connection} from '../../world/host/port.ts';
import {until} from '../../world/laptop/clock.ts';
import {takes} from '../formats.ts';
import {readMetrics} from '../live/executors.ts';
import type {Metrics} from '../metrics.ts';
import {type ActContext, runningManager, within} from './act-context.ts';
import type {Prepared} from './driver.ts';

/** Milliseconds that the runner may take to load what was written (it looks at its file each three seconds). */
const loads = 60_000;

/** What the runner's own metrics tell; undefined where they can't be had. */
export async function metricsOn(connection: Connection): Promise<Metrics | undefined> {
	const {host} = await connection.script(panelScript, {host: true});
	return host?.metrics === undefined ? undefined : readMetrics(host.metrics);
}

/** Waits until the runner's own metrics tell what is wanted; gives whether they did. */
export async function seenInMetrics(context: Looking, connection: Connection, isSo: (metrics: Metrics) => boolean): Promise<boolean> {
	const isTold = (metrics: Metrics | undefined): boolean => metrics !== undefined && isSo(metrics);
	return isTold(await until(context, {pause: 1000, longest: loads}, () => metricsOn(connection), isTold));
}

/** How far an act's answers reach: the steps that may be changed for them, and whether others may follow from them, so that all are looked at. */
export type Reach = {only: readonly StepName[]; whole: boolean};

/** Numbers of workers, which the record and config.toml hold, and what else the executor has count them. */
export const ofNumbers = (answers: Answers): Reach => ({only: ['record', ...executorOf(answers).workers.countedBy, 'runner'], whole: false});

/** Where workers are made, and as what. */
export const ofWorkers = (answers: Answers): Reach => ({only: ['record', ...executorOf(answers).workers.madeBy, 'runner', 'service'], whole: true});

/** Another executor: all that it needs is made beside what stands, and what is left of the one before goes. */
export const ofExecutor = (answers: Given): Reach => ({only: executorOf(answers).steps.map(({name}) => name), whole: true});

/** What an act makes of the fleet's answers, and its words; plan, review, run, record and proof are the same for all acts. */
type FleetChange = Reach & {
	/** What the record is to hold. */
	answers: Given;
	/** One sentence: what is going to happen. */
	says: string;
	/** Lines beside those of the plan: quota, cost. `startsAnew`: the runner waits for its jobs, and starts anew. */
	details?(context: Looking, startsAnew: boolean): Promise<string[]>;
	/** Said where the fleet is so already. */
	already: string;
	/** What was done, for the sentence of its end, given which answers changed; without it, just those. */
	done?(changed: string): string;
	/** What to do about a step that isn't as wanted and may not be changed from the panel. */
	otherwise?: string;
};

/** An act that changes a fleet: of what the record holds, and all answers with it, the answers that are to be. */
export type FleetAct = (standing: {record: Given; answers: Answers}, context: Looking) => FleetChange | Promise<FleetChange>;

const silent = (): void => undefined;

/** Changes in the plan's words; an answer that stands in several places is told once. */
export const changeWords = (changes: readonly Pick<Change, 'what' | 'from' | 'to'>[]): string =>
	[...new Set(changes.map((change) => changeInWords(change)))].join(', ');

/** What a plan changes, a line for each step. */
function linesOf(steps: readonly AnyStep[], plan: Plan): string[] {
	return steps.flatMap(({name, title}) => {
		const finding = plan.get(name);
		// A change of just what the step is called after needs no name.
		if (finding?.is === 'different')
			return [`${title}: ${changeWords(finding.changes.map((one) => (one.what === title.toLowerCase() ? {...one, what: ''} : one))).trimStart()}`];
		if (finding?.is === 'missing') return [`${title}: ${finding.says}`];
		return finding?.is === 'extra' ? [`${title}: ${finding.says}, goes`] : [];
	});
}

/** What is agreed to, by steps: of what goes not its jobs and workers, which come and go while somebody reads. */
const agreedIn = (steps: readonly AnyStep[], plan: Plan): string[] =>
	steps.flatMap((step) => (plan.get(step.name)?.is === 'extra' ? [`${step.title} goes`] : linesOf([step], plan)));

const isReady = (plan: Plan): boolean => [...plan.values()].every(({is}) => is === 'ready');

/**
 * Plans an act by the steps of a setup. Where the steps that it may change are as the record says now, what differs with its answers comes of these,
 * and nothing else needs to be looked at; else all is, since what stands before those steps may have to be made so first.
 */
async function planned(actContext: ActContext, looking: OpenContext<Reaching>, act: FleetAct) {
	const [{answers: record}] = await Promise.all([standingRecord(looking), runningManager(looking)]);
	const standing = await actContext.answered(looking, record);
	const {answers} = standing;
	const change = await act({record, answers}, looking);
	const allowed = {replaceManager: false, only: change.only};
	const isEnough = !change.whole && isReady(await makePlan(executorOf(answers).steps, standing, silent, allowed));
	const context = await actContext.answered(looking, change.answers);
	const executor = executorOf(context.answers);
	const {steps} = executor;
	const plan = await makePlan(steps, context, silent, isEnough ? allowed : {replaceManager: false});
	const [problem] = problemsOf(plan);
	if (problem) throw problem;
	const others = steps.filter((step) => !mayChange(allowed, step) && ['missing', 'different', 'extra'].includes(plan.get(step.name)?.is ?? 'ready'));
	if (others.length > 0)
		throw new Problem({
			code: 'more-to-change',
			message: `The fleet isn't as its answers say in other places, too: ${others.map(({title}) => title.toLowerCase()).join(', ')}.`,
			advice: change.otherwise ?? 'Press `r` to repair it first.',
		});
	const lines = linesOf(steps, plan);
	if (lines.length === 0) throw new Problem({code: 'nothing-to-change', message: change.already});
	return {allowed, change, changed: changeWords(changesBetween(answers, context.answers)), context, executor, agreed: agreedIn(steps, plan), lines, plan};
}

/** Whether config.toml is another one then. */
const isWritten = (plan: Plan): boolean => plan.get('runner')?.is === 'different';

/** Whether the runner has to start anew for it. */
function startsAnew(plan: Plan): boolean {
	const finding = plan.get('runner');
	return finding?.is === 'different' && finding.changes.some(({how}) => how === 'drain');
}

/** Why it has to, or what waits until it does, where that isn't so of every fleet. */
function reasons(plan: Plan): string[] {
	const finding = plan.get('runner');
	return finding?.is === 'different' ? finding.changes.flatMap(({because}) => because ?? []) : [];
}

/** Readies an act: nothing is changed until it is carried out, and then only what was shown. */
export async function prepareChange(actContext: ActContext, act: FleetAct): Promise<Prepared> {
	return within(actContext.open(), async (looking) => {
		const {agreed, change, context, executor, lines, plan} = await planned(actContext, looking, act);
		const isProven = (plan.get(executor.workers.provenBy)?.is ?? 'ready') === 'ready';
		return {
			proposal: {
				says: change.says,
				details: [
					...lines,
					...[...plan.values()].flatMap(({is, notes = []}) => (is === 'different' || is === 'extra' ? notes.map(({says}) => says) : [])),
					...((await change.details?.(context, startsAnew(plan))) ?? []),
					'',
					...(isProven
						? []
						: [
								`A ${executor.workers.provenBy.replace('-', ' ')} is made so first, runs a container and goes; only then ${isWritten(plan) ? 'config.toml is written' : 'others are'}.`,
							]),
					...(isWritten(plan)
						? [
								...reasons(plan),
								startsAnew(plan)
									? `GitLab Runner reads this only when it starts: it takes no new job from then on, starts anew ${actContext.endsJobs ? 'at once, by which running jobs end and fail' : `once running jobs have ended (${takes(drainSeconds)} at most)`}, and its idle workers go with it.`
									: `It is written atomically after \`gitlab-runner lint\`, and the runner loads ${reasons(plan).length > 0 ? 'the rest' : 'it'} by itself; jobs that run go on.`,
							]
						: []),
					`The record gets a version with it. The one before is kept: \`u\` here, or \`status undo\` on any laptop, brings it back.`,
				],
			},
			carryOut: (tell, waiting) => {
				const hurry = actContext.endsJobs ? AbortSignal.abort() : waiting;
				return within(actContext.open(), (again) => carryOut(actContext, Object.assign(again, {hurry}), act, agreed, tell));
			},
			waits: startsAnew(plan) && !actContext.endsJobs,
		};
	});
}

/** Whether the runner has loaded config.toml since, and goes by the answers. */
const isInForce = (now: Metrics, before: Metrics | undefined, {concurrent, limit, ...answers}: Answers): boolean =>
	(now.configLoads !== before?.configLoads || now.startedAt !== before?.startedAt) &&
	Object.values(now.limits).includes(limit * jobsPerWorker(answers)) &&
	now.concurrent === concurrent;

async function carryOut(
	actContext: ActContext,
	looking: OpenContext<Reaching>,
	act: FleetAct,
	shown: readonly string[],
	tell: (says: string) => void,
): Promise<string> {
	const {agreed, allowed, change, changed, context, executor, lines, plan} = await planned(actContext, looking, act);
	if (agreed.join() !== shown.join())
		throw new Problem({
			code: 'changed-meanwhile',
			message: `The fleet isn't as it was when this was shown, so it would now be something else: ${lines.join('; ')}.`,
			advice: 'Do it again, which shows that first.',
		});
	const connection = await connectTo(context, await runningManager(context));
	const before = await metricsOn(connection);
	const {problems, proven} = await run(executor, context, plan, allowed, tell);
	if (problems[0]) throw problems[0];
	const done = `${change.done?.(changed) ?? changed}${proven === undefined ? '' : `, and a machine made so came up and ran a container, ${takes(proven)}`}`;
	if (plan.get('runner')?.is === 'ready') return `${done}: in the record, as it is in config.toml. u, or \`status undo\`, undoes it.`;
	tell("waiting for the runner's metrics to say so");
	return (await seenInMetrics(context, connection, (metrics) => isInForce(metrics, before, context.answers)))
		? `${done}: in config.toml, and the runner's metrics say so. u, or \`status undo\`, undoes it.`
		: `${done}: in config.toml, but the runner's metrics haven't said so within a minute: look at the log with 3.`;
}

/** Runs a plan; gives what stood in its way, and how long a test machine took, where one was made. */
async function run(
	{steps, workers}: Executor,
	context: Context,
	plan: Plan,
	allowed: {replaceManager: boolean; only: readonly StepName[]},
	tell: (says: string) => void,
) {
	const titles = new Map<string, string>(steps.map(({name, title}) => [name, title.toLowerCase()]));
	let proven: number | undefined;
	const hear = (happening: Happening): void => {
		if (happening.event === 'step.says') tell(`${titles.get(happening.step)}: ${happening.says}`);
		if (happening.event === 'step.stage') tell(`${titles.get(happening.step)}: ${happening.stage}`);
		if (happening.event === 'step.done' && happening.step === workers.provenBy) proven = happening.seconds;
	};
	const {problems} = await runPlan(steps, context, plan, hear, allowed);
	return {problems, proven};
}
