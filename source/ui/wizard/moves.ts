import type {Interviewer} from '../../face.ts';
import type {Given} from '../../fleet.ts';
import {toProblem} from '../../problem.ts';
import type {SecretQuestion} from '../../questions/question.ts';
import {completeIn, type WalkState, walk} from '../../questions/walk.ts';
import {keyWords, type News, type WizardMove} from './seen.ts';
import type {Stage} from './stage.ts';

/** Everything that the walk on screens works with. */
export type Walker = {
	interviewer: Interviewer;
	stage: Stage;
	state: WalkState;
	/** A secret that is asked for at the review; `change` where another is to be given for one that was. */
	secret: {question: SecretQuestion; change: boolean} | undefined;
	/** The fleet whose record was looked for. */
	recorded: string | undefined;
};

/** What can be done at any question: mends, asks everything, looks again, logs in. */
export async function elsewise(walker: Walker, move: WizardMove): Promise<void> {
	const {interviewer, stage} = walker;
	if (move.do === 'mend') await mend(walker, move.answers, move.says);
	if (move.do === 'again') interviewer.plan.again(true);
	if (move.do === 'login') await logIn(walker);
	if (move.do === 'save') stage.tell({news: await saved(walker, move.name)});
	if (move.do === 'secret') secretAgain(walker);
	if (move.do !== 'change' && move.do !== 'everything') return;
	walker.secret = undefined;
	walker.state = await walk(walker.state, move);
}

/** The runner's secret is given anew. */
function secretAgain(walker: Walker): void {
	const {interviewer, state} = walker;
	const answers = completeIn(state.settled);
	const question = answers && interviewer.given(answers);
	if (question) walker.secret = {question, change: state.reviewing};
}

/** Answers that mend a finding are taken like typed ones. */
async function mend(walker: Walker, answers: Given, says: string): Promise<void> {
	walker.state = await walk(walker.state, {do: 'mend', answers});
	walker.stage.tell({news: {says: `Done: ${says === '' ? Object.keys(answers).map(keyWords).join(', ') : says}.`, role: 'so'}});
}

async function saved({interviewer, state}: Walker, name: string): Promise<News> {
	try {
		await interviewer.save(name, state.settled);
		return {says: `Preset ${name} is saved. Next time: \`gitlab-runner-aws setup --preset ${name}\`.`, role: 'so'};
	} catch (error) {
		return {says: toProblem(error).message, role: 'blocked'};
	}
}

/** Logs in with the terminal handed over, and looks again. */
export async function logIn({interviewer, stage}: Walker): Promise<void> {
	const {login} = interviewer;
	if (!login) return;
	const isIn = await stage.handOver(login.run);
	stage.tell({news: isIn ? {says: 'Logged in; looking again.', role: 'so'} : {says: `\`${login.command}\` didn't log in.`, role: 'blocked'}});
	interviewer.plan.again(true);
}
