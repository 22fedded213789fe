import type {Ended} from '../engine/live-plan.ts';
import type {Plan} from '../engine/plan.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import type {Agreed, Interviewer, Screens} from '../face.ts';
import {isProblem, type Problem, Stopped} from '../problem.ts';
import type {Walk} from '../questions/settle.ts';
import type {Change, Context} from '../step.ts';
import {identityLook} from '../steps/looks/identity.ts';
import {failAll} from './failing.ts';
import {type Ground, groundFor, interviewerFor, loginFor, presetFrom} from './interviewing.ts';
import {asIs, goOn, isSetUp, isSo, makeSo, stoppedCode} from './making.ts';
import {askingFor, layersOf} from './opening.ts';
import type {Session} from './session.ts';
import {watchFirstJob} from './watching.ts';

/** The same setup where there is a terminal to walk through: questions beside the live plan, review, run, first job. */
export async function setupOnScreens(session: Session, screens: Screens): Promise<number> {
	const ground = groundFor(session);
	try {
		let walk: Walk = {layers: await layersOf(session), everything: false, left: [], asking: askingFor(session)};
		let at: Interviewer['at'] = session.options.preset === undefined ? 'questions' : 'review';
		for (;;) {
			const agreed = await interviewed(session, screens, interviewerFor(session, ground, walk, at));
			walk = agreed.walk;
			at = 'review';
			if (!(await replacementAgreed(session, agreed.ended))) continue;
			const ended = await runUntilDone(session, screens, ground, agreed);
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
): Promise<number | {change: Exclude<Interviewer['at'], 'questions'>}> {
	let {plan, context}: Pick<Ended, 'plan' | 'context'> = agreed.ended;
	const stood = plan.get('record')?.is !== 'missing';
	const {steps} = dockerMachine;
	for (;;) {
		if (isSo(plan, steps)) return farewell(session, screens, agreed, asIs(context));
		const result = await makeSo(session, context, plan, steps, {replaceManager: session.options.replaceManager || replacedIn(plan).length > 0});
		const code = stoppedCode(session, context, result);
		if (code !== undefined) return code;
		if (result.problems.length === 0) {
			if (!stood) await watchFirstJob(session, context);
			return farewell(session, screens, agreed, isSetUp(context));
		}
		const choice = await afterRun(session, screens, context, result.problems);
		if (choice === 'leave') return failAll(session, result.problems, goOn(context));
		ground.plan.again(true);
		if (choice !== 'again') return choice;
		const next = await ground.plan.ended();
		if (!next || [...next.plan.values()].some(({is}) => is === 'blocked') || !(await replacementAgreed(session, next))) return {change: 'review'};
		({plan, context} = next);
	}
}

async function farewell({face, presets}: Session, screens: Screens, {settled}: Agreed, ended: ReturnType<typeof isSetUp>): Promise<number> {
	face.emit(ended);
	await screens.farewell({says: ended.says, next: ended.next, save: (name) => presets.save(name, presetFrom(settled))});
	return 0;
}

/** How often a session that has expired is looked at, while a person logs in elsewhere. */
const pause = 5000;

async function afterRun(session: Session, screens: Screens, context: Context, problems: readonly Problem[]): ReturnType<Screens['afterRun']> {
	const expired = problems.some((problem) => isProblem(problem, 'session-expired'));
	const back = async (signal: AbortSignal): Promise<void> => {
		if (!expired) return new Promise(() => {});
		for (;;) {
			await context.clock.sleep(pause, signal);
			context.forget(identityLook);
			if (
				await context.look(identityLook).then(
					() => true,
					(error: unknown) => !isProblem(error, 'session-expired'),
				)
			)
				return;
		}
	};
	return screens.afterRun(expired && !session.demo ? loginFor(session, context.answers.profile ?? session.around.env.AWS_PROFILE) : undefined, back);
}
