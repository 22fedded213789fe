import type {Interviewer} from '../../face.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import {answered} from '../../interview.ts';
import {toProblem} from '../../problem.ts';
import {isKey, questions} from '../../questions/all.ts';
import type {SecretQuestion} from '../../questions/question.ts';
import {settle} from '../../questions/settle.ts';
import {completeIn, type Progress} from './path.ts';
import {keyWords, type News, type WizardMove} from './seen.ts';
import type {Stage} from './stage.ts';

/** Where the walk stands: at a question, at a secret, at the review, or on the way to what comes after an answer. */
export type Place =
	| {on: 'next'; after?: AnswerKey | undefined}
	| {on: 'question'; key: AnswerKey; change: boolean}
	| {on: 'secret'; question: SecretQuestion; change: boolean}
	| {on: 'review'};

/** What the walk remembers while it goes back and forth. */
export type Memory = {
	progress: Progress;
	/** The fleet whose record was looked for. */
	recorded: string | undefined;
	/** The review was reached: from then on only what it lacks is asked. */
	reviewing: boolean;
};

/** Everything that the walk works with. */
export type Walker = {interviewer: Interviewer; stage: Stage; memory: Memory};

/** What can be done at any question: mends, asks everything, looks again, logs in. */
export async function elsewise(walker: Walker, move: WizardMove, here: Place): Promise<Place> {
	const {interviewer, stage, memory} = walker;
	if (move.do === 'mend') await mend(walker, move.answers, move.says);
	if (move.do === 'again') interviewer.plan.again(true);
	if (move.do === 'login') await logIn(walker);
	if (move.do === 'save') stage.tell({news: await saved(walker, move.name)});
	if (move.do === 'secret') return secretAgain(walker) ?? here;
	if (move.do === 'change') return {on: 'question', key: move.key, change: memory.reviewing};
	if (move.do !== 'everything') return here;
	const {walk} = memory.progress;
	memory.progress = {...memory.progress, walk: {...walk, everything: true}};
	memory.reviewing = false;
	return {on: 'next'};
}

/** The runner's secret is given anew. */
function secretAgain({interviewer, memory}: Walker): Place | undefined {
	const answers = completeIn(memory.progress.settled);
	const question = answers && interviewer.given(answers);
	return question && {on: 'secret', question, change: memory.reviewing};
}

/** Answers that mend a finding are taken like typed ones; a question that would still be asked is asked with them as its default. */
async function mend({stage, memory}: Walker, answers: Given, says: string): Promise<void> {
	let {walk, visited} = memory.progress;
	for (const [key, value] of Object.entries(answers)) {
		if (!isKey(key)) continue;
		walk = answered(walk, key, value);
		if (questions[key].asked === true) visited = new Set([...visited, key]);
	}
	memory.progress = {walk, visited, settled: await settle(walk.layers, walk.asking)};
	stage.tell({news: {says: `Done: ${says === '' ? Object.keys(answers).map(keyWords).join(', ') : says}.`, role: 'so'}});
}

async function saved({interviewer, memory}: Walker, name: string): Promise<News> {
	try {
		await interviewer.save(name, memory.progress.settled);
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
