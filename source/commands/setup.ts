import {makePlan, problemsOf} from '../engine/plan.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import {failAll} from './failing.ts';
import {costsOf} from './interviewing.ts';
import {asIs, goOn, isSetUp, isSo, makeSo, stoppedCode} from './making.ts';
import {openFleet} from './opening.ts';
import {proposalOf} from './proposal.ts';
import type {Command, Session} from './session.ts';
import {watchFirstJob} from './watching.ts';

/** From answers to a verified fleet: plan, agreement, run, first job. The same command repairs and changes a fleet that stands. */
export const setup: Command = async (session) => {
	const {face, interactive} = session;
	if (face.screens && interactive) return (await import('./setup-on-screens.ts')).setupOnScreens(session, face.screens);
	return setupInLines(session);
};

async function setupInLines(session: Session): Promise<number> {
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
			face.emit(asIs(context));
			return 0;
		}
		if (!(await face.agree(proposalOf(plan, steps, context, await costsOf({plan, context}))))) return 0;
		const result = await makeSo(session, context, plan, steps, allowed);
		const code = stoppedCode(session, context, result);
		if (code !== undefined) return code;
		if (result.problems.length > 0) return failAll(session, result.problems, goOn(context));
		if (!opened.stands && session.interactive) await watchFirstJob(session, context);
		face.emit(isSetUp(context));
		return session.stops.exit() ?? 0;
	} finally {
		await context.close();
	}
}
