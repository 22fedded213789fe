import {makePlan, planExit, problemsOf} from '../engine/plan.ts';
import {executorOf} from '../executors/list.ts';
import {openFleet} from './open.ts';
import {notGivenYet} from './secrets.ts';
import {type Command, failAll} from './session.ts';

/** Shows what `setup` would change, and changes nothing. Exits 0 when nothing would, 3 when something would, 1 when something is blocked. */
export const plan: Command = async (session) => {
	const {context} = await openFleet(session, {secrets: 'reach'});
	try {
		// A manager to be replaced is a change here like any other; only doing it needs to be agreed to. So is a secret: only doing it needs it.
		const findings = await makePlan(executorOf(context.answers).steps, context, session.face.emit, {replaceManager: true, notYet: notGivenYet});
		const problems = problemsOf(findings);
		return problems.length > 0 ? failAll(session, problems) : planExit(findings);
	} finally {
		await context.close();
	}
};
