import {changeInWords} from '../answers/value.ts';
import type {Walk} from '../answers/walk.ts';
import {retryLost} from '../answers/workers.ts';
import {type EndedPlan, inTurns, makePlan, type Plan, problemsOf} from '../engine/plan.ts';
import {type RunResult, runPlan} from '../engine/run.ts';
import type {AnyStep, Change, Context} from '../engine/step.ts';
import {executorOf} from '../executors/list.ts';
import type {Agreed, Helping, Interviewer, Walked} from '../faces/face.ts';
import {many, spent} from '../panel/formats.ts';
import {Problem, Stopped} from '../problem.ts';
import {firstJobFile, runnerTags, watchFirstJob as watch} from '../steps/first-job.ts';
import {commandWith, forgetDraft, keepDraft, keptDraft} from './draft.ts';
import {costsOf, interviewerFor, loginOf, type OpenInterview, openInterview, presetFrom, proposalOf} from './interviewing.ts';
import {askingFor, layersOf, openFleet} from './open.ts';
import {type Command, demoOver, failAll, fleetFlags, lookedAfter, type Session} from './session.ts';
import {smokeAfterSetup} from './smoke.ts';

/** From answers to a verified fleet: questions beside the plan, review, run, first job. The same command repairs and changes a fleet that stands. */
export const setup: Command = async (session) => {
	const {interactive, options} = session;
	const draft = interactive ? await keptDraft(session) : undefined;
	const interview = openInterview(session);
	try {
		let walk: Walk = {layers: await layersOf(session), everything: false, left: [], asking: askingFor(session, (cloud) => inTurns(cloud, interview.turn))};
		let isNew = false;
		let at: Interviewer['at'] = options.preset === undefined ? 'questions' : 'review';
		let offered: Interviewer['draft'] = draft && {kept: draft, taken: session.resume === true, forget: () => void forgetDraft(session)};
		for (;;) {
			const walked = await interviewed(session, interview, {walk, at, draft: offered, home: session.home});
			if ('exit' in walked) return walked.exit;
			offered = undefined;
			walk = walked.walk;
			at = 'review';
			if (!(await replacementAgreed(session, walked.ended))) continue;
			if (interactive) await forgetDraft(session);
			// A run that was left for an answer has made the record; the first job is still to come.
			isNew ||= walked.ended.plan.get('record')?.is === 'missing';
			const ended = await runUntilDone(session, interview, walked, isNew);
			if (typeof ended === 'number') return ended;
			at = ended.change;
		}
	} finally {
		await interview.close();
	}
};

/** The walk where nobody is asked: what was given has to do. What is blocked is told; what would be made is agreed to by a flag. */
async function alone(session: Session, interview: OpenInterview, walk: Walk): Promise<Walked> {
	const {face, options} = session;
	const {context, answers, sources} = await openFleet(session);
	interview.keep(context);
	const {steps} = executorOf(answers);
	const plan = await makePlan(steps, context, face.emit, {replaceManager: options.replaceManager});
	const problems = problemsOf(plan);
	if (problems.length > 0) return {exit: failAll(session, problems)};
	if (!isReady(plan, steps) && !(await face.agree(proposalOf(plan, steps, context, await costsOf({plan, context}))))) return {exit: 0};
	return {walk, settled: {given: answers, sources, why: {}, missing: [], wrong: []}, ended: {plan, context, answers, sources}};
}

/** Walks to the agreement; a person who leaves before is told that nothing was made, and the command that goes on from there. */
async function interviewed(session: Session, interview: OpenInterview, from: Pick<Interviewer, 'walk' | 'at' | 'draft' | 'home'>): Promise<Walked> {
	let walk = from.walk;
	const reached = (so: Walk): void => {
		walk = so;
	};
	try {
		return await session.face.walk(interviewerFor(session, interview, {...from, reached, alone: () => alone(session, interview, from.walk)}));
	} catch (error) {
		if (error instanceof Stopped && session.interactive)
			session.face.emit({event: 'note', says: `Nothing was made or changed.${await leftWith(session, walk)}`});
		throw error;
	}
}

/** How to go on for whoever has left the questions: their answers are kept, and stand in a command. */
async function leftWith(session: Session, walk: Walk): Promise<string> {
	if (session.demo) return '';
	const kept = await keepDraft(session, walk);
	const offers =
		kept > 0 ? ` ${many(kept, 'answer')} ${kept === 1 ? 'is' : 'are'} kept, and \`gitlab-runner-aws setup\` goes on with ${kept === 1 ? 'it' : 'them'}.` : '';
	const command = Object.keys(walk.layers.typed ?? {}).length > 0 ? ` With these answers again: \`${commandWith(session, walk)}\`.` : '';
	return offers + command;
}

/** What can be changed only by another manager. */
const replacedIn = (plan: Plan): Change[] =>
	[...plan.values()].flatMap((finding) => (finding.is === 'different' ? finding.changes.filter(({how}) => how === 'replace') : []));

/** Whether workers are bought or made otherwise than before. */
const newlyMade = (plan: Plan): boolean =>
	[...plan.values()].some((finding) => finding.is === 'different' && finding.changes.some(({what}) => what === 'spot' || what === 'executor'));

const adviceOnSpot = `AWS may take spot workers back while jobs run there. \`${retryLost}\` in a job's .gitlab-ci.yml has GitLab run it again.`;

/** A manager is replaced only where that was agreed to by the fleet's name. */
async function replacementAgreed({face, options}: Session, {plan, context}: EndedPlan): Promise<boolean> {
	const replacing = replacedIn(plan);
	if (replacing.length === 0 || options.replaceManager) return true;
	return face.agree({
		says: `The manager of ${context.fleet.name} is replaced: a new one comes up beside it, and running jobs end first.`,
		details: replacing.map((change) => changeInWords(change, '  ')),
		word: context.fleet.name,
	});
}

/** Runs what was agreed to, again as often as the person says; the exit code, or the answer that they want to change. */
async function runUntilDone(
	session: Session,
	interview: OpenInterview,
	agreed: Agreed,
	isNew: boolean,
): Promise<number | {change: Exclude<Interviewer['at'], 'questions'>}> {
	let {plan, context}: Pick<EndedPlan, 'plan' | 'context'> = agreed.ended;
	for (;;) {
		const {steps} = executorOf(context.answers);
		if (isReady(plan, steps)) return farewell(session, agreed, asIs(session, context));
		const replaceManager = session.options.replaceManager || replacedIn(plan).length > 0;
		const {result, choice} = await session.face.run(loginOf(session), (helping) => makeSo(session, context, plan, steps, {replaceManager, helping}));
		const code = stoppedCode(session, context, result);
		if (code !== undefined) return code;
		if (result.problems.length === 0) {
			if (isNew && session.interactive && !(await untilStopped(smokeAfterSetup(session, context))) && session.stops.exit() === undefined)
				await watchFirstJob(session, context);
			if (context.answers.spot && (isNew || newlyMade(plan))) session.face.emit({event: 'note', says: adviceOnSpot});
			const stopped = session.stops.exit();
			if (stopped !== undefined) {
				session.face.emit(isSetUp(session, context));
				return stopped;
			}
			return farewell(session, agreed, isSetUp(session, context));
		}
		if (choice === undefined || choice === 'leave') return failAll(session, result.problems, goOn(session, context));
		interview.plan.again(true);
		if (choice !== 'again') return choice;
		const next = await interview.plan.ended();
		if (!next || [...next.plan.values()].some(({is}) => is === 'blocked') || !(await replacementAgreed(session, next))) return {change: 'review'};
		({plan, context} = next);
	}
}

/** The last screen; whatever ends it, all is done by then. */
async function farewell({face, leadsTo, presets, stops}: Session, {settled}: Agreed, ended: ReturnType<typeof isSetUp>): Promise<number> {
	face.emit(ended);
	try {
		await face.show.farewell({leadsTo, says: ended.says, next: ended.next, save: (name) => presets.save(name, presetFrom(settled))});
		return 0;
	} catch (error) {
		if (!(error instanceof Stopped)) throw error;
		return stops.exit() ?? 130;
	}
}

/** What a run may do without asking, and who helps it along. */
type Making = {replaceManager: boolean; helping?: Helping | undefined};

/** Makes the plan so, and keeps how long each step took for the next run's forecast. */
async function makeSo(session: Session, context: Context, plan: Plan, steps: readonly AnyStep[], making: Making): Promise<RunResult> {
	const {replaceManager, helping} = making;
	const usual = medians(await session.world.disk.timings());
	return lookedAfter(session, context, {helping, stands}, (running) =>
		runPlan(steps, running, plan, remembering(session), {replaceManager, usual, again: helping?.again}),
	);
}

/** The exit code of a run that was stopped, once what stands was said. */
function stoppedCode(session: Session, context: Context, {counts}: RunResult): number | undefined {
	const {face, stops} = session;
	const stopped = stops.exit();
	if (stopped !== undefined) face.fail(whatStands(session, context, counts));
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
const isReady = (plan: Plan, steps: readonly AnyStep[]): boolean => steps.every(({name}) => (plan.get(name)?.is ?? 'ready') === 'ready');

const medians = (timings: Record<string, number[]>): Record<string, number> =>
	Object.fromEntries(
		Object.entries(timings).map(([step, seconds]) => [step, seconds.toSorted((one, other) => one - other)[Math.floor(seconds.length / 2)] ?? 0]),
	);

/** How to go on, and how to undo. */
const goOn = ({demo}: Session, context: Context): string =>
	demo ? demoOver : `To go on: \`gitlab-runner-aws setup ${fleetFlags(context)}\`. To undo: \`gitlab-runner-aws destroy ${fleetFlags(context)}\`.`;

/** What there is to know of a run that ended before its end. */
const stands = 'What was made stays, and an instance that runs costs.';

function whatStands(session: Session, context: Context, {done, of}: RunResult['counts']): Problem {
	return new Problem({
		code: 'stopped',
		message: `Stopped after ${done} of ${of} steps.${session.demo ? '' : ` ${stands}`}`,
		advice: goOn(session, context),
	});
}

/** The end of a run that had nothing to do. */
const asIs = (session: Session, context: Context) => ({
	event: 'ended' as const,
	says: `${context.fleet.name} is as its answers say; nothing was changed.`,
	next: nextCommands(session, context),
});

/** The end of a run that made the fleet. */
const isSetUp = (session: Session, context: Context) => ({
	event: 'ended' as const,
	says: `${context.fleet.name} is set up in ${context.fleet.region}, and its runner takes jobs.`,
	next: nextCommands(session, context),
});

const nextCommands = ({demo}: Session, context: Context) =>
	demo
		? [
				{command: 'gitlab-runner-aws setup', does: 'sets up a real fleet'},
				{command: 'gitlab-runner-aws demo', does: 'shows this again'},
			]
		: [
				{command: `gitlab-runner-aws status ${fleetFlags(context)}`, does: 'shows the fleet, live'},
				{command: `gitlab-runner-aws plan ${fleetFlags(context)}`, does: 'says what differs from the answers'},
				{command: `gitlab-runner-aws ssh ${fleetFlags(context)}`, does: 'opens a shell on the manager'},
				{command: `gitlab-runner-aws destroy ${fleetFlags(context)}`, does: 'takes the fleet away'},
			];

/** Shows the smallest `.gitlab-ci.yml` for this runner, then its first job, live; the person may leave it. */
async function watchFirstJob({face}: Session, context: Context): Promise<void> {
	const tags = await runnerTags(context, undefined);
	face.emit({event: 'document', name: '.gitlab-ci.yml', value: firstJobFile(tags, context.answers.dockerImage, context.answers.spot)});
	// Of a runner that somebody made in GitLab nothing here tells the tags.
	const untold = context.answers.runner === 'token' ? ', with tags of the runner where it runs no untagged jobs' : '';
	const job = await untilStopped(
		face.watch(`Waiting for the first job: commit that file to the project${untold}.`, async (signal) => {
			const watched: Context = {...context, signal, clock: {now: context.clock.now, sleep: (ms) => context.clock.sleep(ms, signal)}};
			return watch(watched, executorOf(context.answers).workers, (seen) => face.emit({event: 'job.seen', ...seen}));
		}),
	);
	if (!job) return;
	const link = job.url === undefined ? {} : {url: job.url};
	if (job.passed) face.emit({event: 'job.seen', says: `your first job passed, ${spent(job.seconds)}`, status: 'success', ...link});
	else face.emit({event: 'job.seen', says: "your first job didn't pass; its log says why", status: 'failed', ...link});
}

/** Whoever stops while only the job is waited for leaves it: all is set up by then. */
async function untilStopped<Result>(work: Promise<Result>): Promise<Result | undefined> {
	try {
		return await work;
	} catch (error) {
		if (error instanceof Stopped) return undefined;
		throw error;
	}
}
