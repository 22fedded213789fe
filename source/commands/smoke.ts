import {askSecret} from '../answers/secret-interview.ts';
import {gitlabTokenQuestion} from '../answers/secrets.ts';
import type {Context} from '../engine/step.ts';
import {executorOf} from '../executors/list.ts';
import {spent} from '../panel/formats.ts';
import {Problem} from '../problem.ts';
import {type SmokeEnd, smoke as tryOut} from '../steps/smoke/smoke.ts';
import {openFleet} from './open.ts';
import {type Command, failAll, fleetFlags, noFleet, type Session} from './session.ts';

/** Proves a fleet's whole chain with two jobs in GitLab, live, and deletes what that made there. Exits 0 when both passed. */
export const smoke: Command = async (session) => {
	const {face, stops} = session;
	const {context, stands} = await openFleet(session, {secrets: 'reach'});
	try {
		if (!stands) throw noFleet(context);
		const token = await tokenFor(session, context);
		if (!(await face.agree(proposal(session, context)))) return 0;
		const {result} = await face.run(undefined, () => smokeRun(session, context, token));
		const stopped = stops.exit();
		if (stopped !== undefined) {
			face.fail(stoppedProblem(session, context, result));
			return stopped;
		}
		if (result.problems.length > 0) return failAll(session, result.problems);
		face.emit({event: 'ended', says: passedWords(context, result), next: []});
		return 0;
	} finally {
		await context.close();
	}
};

/** What is made in GitLab while it runs. */
function proposal({parsed: {words}}: Session, {answers, fleet}: Context) {
	const [project] = words;
	const where = project === undefined ? "a private project beside the runner's" : `a branch of ${project}`;
	return {
		says: `A trial shows whether jobs pass on ${fleet.name}, from worker and image to cache and artifacts. Two jobs run in ${where} on ${answers.gitlabUrl}; it is deleted at the end.`,
		does: 'run the trial',
		details: [`image ${answers.dockerImage}${answers.privileged ? ', and Docker in Docker' : ''}`, 'a worker is made if none is idle, as for any job'],
	};
}

const smokeRun = ({face, parsed: {words}}: Session, context: Context, token: string): Promise<SmokeEnd> =>
	tryOut(context, executorOf(context.answers).workers, {token, project: words[0], emit: face.emit});

/**
 * The same at the end of a setup, where a GitLab token was given and the person agrees; whether both jobs passed. What went wrong is a note there, since
 * the fleet is set up.
 */
export async function smokeAfterSetup(session: Session, context: Context): Promise<boolean> {
	const {face, secrets} = session;
	if (secrets.gitlabToken === undefined || !(await face.agree(proposal(session, context)))) return false;
	const token = secrets.gitlabToken;
	const {result} = await face.run(undefined, () => smokeRun(session, context, token));
	const problems = session.stops.exit() === undefined ? result.problems : [stoppedProblem(session, context, result)];
	for (const {advice, message} of problems) face.emit({event: 'note', says: message, ...(advice === undefined ? {} : {advice})});
	if (problems.length === 0) face.emit({event: 'job.seen', says: passedWords(context, result), status: 'success'});
	return problems.length === 0;
}

/** What is told of a trial that was stopped: what it made in GitLab is deleted all the same, or still stands and why. The demo's can't be tried again. */
function stoppedProblem({demo}: Session, context: Context, {made, problems}: SmokeEnd): Problem {
	const again = `\`gitlab-runner-aws smoke ${fleetFlags(context)}\``;
	const [because] = problems.slice(-1);
	if (made && made.gone === undefined)
		return new Problem({
			code: 'stopped',
			message: `The trial was stopped, and ${made.name} still stands${because === undefined ? '' : `: ${because.message}`}`,
			advice: demo ? undefined : `${again} deletes it before it tries again.`,
		});
	return new Problem({
		code: 'stopped',
		message: made ? `The trial was stopped: ${made.gone}.` : 'The trial was stopped before it made anything in GitLab.',
		advice: `A worker that was made for its jobs goes as any idle one does.${demo ? '' : ` ${again} tries again.`}`,
	});
}

/** How a trial ended well. */
const passedWords = ({fleet}: Context, {seconds}: SmokeEnd): string => `Both jobs passed on ${fleet.name}, in ${spent(seconds)}.`;

async function tokenFor(session: Session, {answers}: Context): Promise<string> {
	const {face, interactive, secrets} = session;
	if (secrets.gitlabToken !== undefined) return secrets.gitlabToken;
	const question = {
		...gitlabTokenQuestion(answers),
		title: 'Which GitLab token may run a trial?',
		help: `Open ${answers.gitlabUrl}/-/user_settings/personal_access_tokens, tick api, and copy the token. It is used now and kept nowhere.`,
		called: 'A GitLab token with the scope api',
	};
	if (!interactive)
		throw new Problem({code: 'secret-missing', exit: 2, message: `${question.called} is missing, and no one can be asked.`, advice: question.instead});
	const token = await askSecret(question, face.ask);
	secrets.gitlabToken = token;
	session.nameGitlab(answers.gitlabUrl);
	return token;
}
