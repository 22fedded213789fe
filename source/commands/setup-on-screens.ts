import {type Ended, inTurns} from '../engine/live-plan.ts';
import type {Plan} from '../engine/plan.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import type {Agreed, Interviewer, Screens} from '../face.ts';
import {Stopped} from '../problem.ts';
import type {Walk} from '../questions/walk.ts';
import type {Change} from '../step.ts';
import {failAll} from './failing.ts';
import {type Ground, groundFor, interviewerFor, loginOf, presetFrom} from './interviewing.ts';
import {asIs, goOn, isSetUp, isSo, makeSo, stoppedCode} from './making.ts';
import {askingFor, layersOf} from './opening.ts';
import type {Session} from './session.ts';
import {watchFirstJob} from './watching.ts';

/** The same setup where there is a terminal to walk through: questions beside the live plan, review, run, first job. */
export async function setupOnScreens(session: Session, screens: Screens): Promise<number> {
	const ground = groundFor(session);
	try {
		let walk: Walk = {layers: await layersOf(session), everything: false, left: [], asking: askingFor(session, (cloud) => inTurns(cloud, ground.turn))};
		let isNew = false;
		let at: Interviewer['at'] = session.options.preset === undefined ? 'questions' : 'review';
		for (;;) {
			const agreed = await interviewed(session, screens, interviewerFor(session, ground, walk, at));
			walk = agreed.walk;
			at = 'review';
			if (!(await replacementAgreed(session, agreed.ended))) continue;
			// A run that was left for an answer has made the record; the first job is still to come.
			isNew ||= agreed.ended.plan.get('record')?.is === 'missing';
			const ended = await runUntilDone(session, screens, ground, agreed, isNew);
			if (typeof ended === 'number') return ended;
			at = ended.change;
		}
	} finally {
		await ground.close();
	}
}

/** Walks to the agreement; a person who leaves before is told that nothing was made. */
async function interviewed({face}: Session, screens: Screens, interviewer: Interviewer): Promise<Agreed> {
	try {
		return await screens.interview(interviewer);
	} catch (error) {
		if (error instanceof Stopped) face.emit({event: 'note', says: 'Nothing was made or changed.'});
		throw error;
	}
}

/** What can be changed only by another manager. */
const replacedIn = (plan: Plan): Change[] =>
	[...plan.values()].flatMap((finding) => (finding.is === 'different' ? finding.changes.filter(({how}) => how === 'replace') : []));

/** A manager is replaced only where that was agreed to by the fleet's name. */
async function replacementAgreed({face, options}: Session, {plan, context}: Ended): Promise<boolean> {
	const replacing = replacedIn(plan);
	if (replacing.length === 0 || options.replaceManager) return true;
	return face.agree({
		says: `The manager of ${context.fleet.name} is replaced: a new one comes up beside it, and running jobs end first.`,
		details: replacing.map(({what, from, to}) => `${what}  ${from} → ${to}`),
		word: context.fleet.name,
	});
}

/** Runs what was agreed to, again as often as the person says; the exit code, or the answer that they want to change. */
async function runUntilDone(
	session: Session,
	screens: Screens,
	ground: Ground,
	agreed: Agreed,
	isNew: boolean,
): Promise<number | {change: Exclude<Interviewer['at'], 'questions'>}> {
	let {plan, context}: Pick<Ended, 'plan' | 'context'> = agreed.ended;
	const {steps} = dockerMachine;
	for (;;) {
		if (isSo(plan, steps)) return farewell(session, screens, agreed, asIs(context));
		const replaceManager = session.options.replaceManager || replacedIn(plan).length > 0;
		const {result, choice} = await screens.run(loginOf(session), (helping) => makeSo(session, context, plan, steps, {replaceManager, helping}));
		const code = stoppedCode(session, context, result);
		if (code !== undefined) return code;
		if (result.problems.length === 0) {
			if (isNew) await watchFirstJob(session, context);
			const stopped = session.stops.exit();
			if (stopped !== undefined) {
				session.face.emit(isSetUp(context));
				return stopped;
			}
			return farewell(session, screens, agreed, isSetUp(context));
		}
		if (choice === undefined || choice === 'leave') return failAll(session, result.problems, goOn(context));
		ground.plan.again(true);
		if (choice !== 'again') return choice;
		const next = await ground.plan.ended();
		if (!next || [...next.plan.values()].some(({is}) => is === 'blocked') || !(await replacementAgreed(session, next))) return {change: 'review'};
		({plan, context} = next);
	}
}

/** The last screen; whatever ends it, all is done by then. */
async function farewell({face, presets, stops}: Session, screens: Screens, {settled}: Agreed, ended: ReturnType<typeof isSetUp>): Promise<number> {
	face.emit(ended);
	try {
		await screens.farewell({says: ended.says, next: ended.next, save: (name) => presets.save(name, presetFrom(settled))});
		return 0;
	} catch (error) {
		if (!(error instanceof Stopped)) throw error;
		return stops.exit() ?? 130;
	}
}
