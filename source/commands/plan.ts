import {makePlan, planExit, problemsOf} from '../engine/plan.ts';
import {executorOf} from '../executors/list.ts';
import {openFleet} from './open.ts';
import {type Command, failAll} from './session.ts';

/** Shows what `setup` would change, and changes nothing. Exits 0 when nothing would, 3 when something would, 1 when something is blocked. */
export const plan: Command = async (session) => {
	const {context} = await openFleet(session);
	try {
		// A manager to be replaced is a change here like any other; only doing it needs to be agreed to.
		const findings = await makePlan(executorOf(context.answers).steps, context, session.face.emit, {replaceManager: true});
		const problems = problemsOf(findings);
		return problems.length > 0 ? failAll(session, problems) : planExit(findings);
	} finally {
		await context.close();
	}
};
