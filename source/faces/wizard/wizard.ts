import {questions} from '../../answers/all.ts';
import {read} from '../../answers/interview.ts';
import {keyWords, type SecretQuestion} from '../../answers/question.ts';
import {putSecret} from '../../answers/secret-interview.ts';
import {answered, answersSeen, before, begin, completeIn, elsewhere, isUnnamed, pathOf, settle, type WalkState, walk} from '../../answers/walk.ts';
import type {EndedPlan} from '../../engine/plan.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import {isProblem, Problem, Stopped, toProblem} from '../../problem.ts';
import type {Agreed, Interviewer} from '../face.ts';
import {draftTaken, prefetch, priceNow, showQuestion, tellCosts} from './asking.ts';
import {answeredSeen, priced, type WizardMove, type WizardNews, type WizardTerminal} from './seen.ts';

/** Everything that the walk on screens works with. */
type Walker = {
	interviewer: Interviewer;
	terminal: WizardTerminal;
	state: WalkState;
	/** A secret that is asked for at the review; `change` where another is to be given for one that was. */
	secret: {question: SecretQuestion; change: boolean} | undefined;
	/** The fleet whose record was looked for. */
	recorded: string | undefined;
	/** Counts up each time that costs are asked for: only the newest are told. */
	pricing: number;
};

/** Milliseconds that the cursor rests before the checks look at what it is on. */
const rest = 150;

/** Walks a person from the first question to their agreement at the review; what stands in the way is shown, and waits until it is mended. */
export async function runWizard(interviewer: Interviewer, terminal: WizardTerminal): Promise<Agreed> {
	const walker: Walker = {interviewer, terminal, state: await begin(interviewer.walk, interviewer.at), secret: undefined, recorded: undefined, pricing: 0};
	terminal.tell({news: undefined});
	await goneOn(walker);
	for (;;) {
		try {
			await lookNow(walker);
			const agreed = await go(walker);
			if (agreed) return agreed;
		} catch (error) {
			// Who leaves the review has nothing in the way.
			if (!isProblem(error) || isProblem(error, leftCode)) throw error;
			await trouble(walker, error);
		}
	}
}

/** Answers of before are gone on with, if the person wants that. */
async function goneOn(walker: Walker): Promise<void> {
	const {terminal, interviewer} = walker;
	const {draft} = interviewer;
	if (!draft) return;
	const resume = draft.taken || (await draftTaken(terminal, draft.kept));
	if (resume) walker.state = await walk(walker.state, {do: 'resume', ...draft.kept});
	else draft.forget();
}

/** Shows what is to be done next, and goes by what is done there. */
async function go(walker: Walker): Promise<Agreed | undefined> {
	if (walker.secret) return secret(walker, walker.secret.question, walker.secret.change);
	walker.state = await walk(walker.state, {do: 'on'});
	const {at, settled} = walker.state;
	if (at.on === 'question') return question(walker, at.key, at.change);
	walker.terminal.tell({at: 0, of: 0});
	const answers = completeIn(settled);
	const [needed] = answers ? await walker.interviewer.secrets(answers) : [];
	if (needed) return secret(walker, needed, false);
	walker.state = await walk(walker.state, {do: 'review', reached: true});
	return reviewed(walker);
}

/** Takes the record of the fleet that the answers name, lets the checks look with them, and shows them. */
async function lookNow(walker: Walker): Promise<void> {
	const {interviewer, terminal} = walker;
	interviewer.reached(walker.state.walk);
	const {fleet, region, profile} = walker.state.settled.given;
	const name = JSON.stringify([profile, region, fleet]);
	const {at} = walker.state;
	// Whoever came back to say where the fleet is isn't held up by where it can't be looked for.
	const isNaming = at.on === 'question' && questions[at.key].tells === 'fleet';
	if (!isNaming && fleet !== undefined && region !== undefined && walker.recorded !== name && !(await isUnnamed(walker.state))) {
		const record = await interviewer.record({name: fleet, region}, profile);
		walker.recorded = name;
		walker.state = await walk(walker.state, {do: 'record', answers: record});
		terminal.tell({changes: record !== undefined});
	}
	const {settled} = walker.state;
	const answers = completeIn(settled);
	terminal.tell({
		answered: answeredSeen(walker.state),
		answers: answersSeen(settled),
		everything: walker.state.walk.everything,
		login: interviewer.login?.command,
		leadsTo: interviewer.leadsTo,
		byHand: answers ? interviewer.byHand(answers) : [],
		secret: answers && interviewer.given(answers) ? keyWords(interviewer.given(answers)?.id ?? '') : undefined,
	});
	if (answers && !isNaming) interviewer.plan.change({answers, sources: settled.sources});
}

/** What the cursor rests on is looked at too, while it is only thought of. Ends when what it gives is called: with the value that was thought of. */
function preview(walker: Walker, key: AnswerKey): () => unknown {
	let cancel = (): void => {};
	let turn = 0;
	let value: unknown;
	walker.terminal.onThought((thought) => {
		// Another place is another account's or region's calls: these wait until it is chosen.
		if (key === 'region' || key === 'profile' || key === 'fleet') return;
		cancel();
		const mine = ++turn;
		value = thought;
		cancel = walker.terminal.later(async () => {
			const {walk: so} = walker.state;
			const layers = value === undefined ? so.layers : answered(so, key, read(key, value)).layers;
			const settled = await settle(layers, so.asking);
			const answers = completeIn(settled);
			if (mine !== turn || !answers) return;
			walker.interviewer.plan.change({answers, sources: settled.sources});
			if (priced.has(key)) priceNow(walker);
		}, rest);
	});
	return () => {
		cancel();
		turn++;
		walker.terminal.onThought(undefined);
		return value;
	};
}

async function question(walker: Walker, key: AnswerKey, change: boolean): Promise<undefined> {
	const {terminal, state, interviewer} = walker;
	const token = change ? undefined : await tokenInstead(walker, key);
	if (token) return secret(walker, token, false, key);
	const path = await pathOf(state);
	const at = path.indexOf(key);
	terminal.tell({at: change ? 0 : at + 1, of: change ? 0 : path.length, answered: answeredSeen(state, key)});
	// An answer that is missing can't be left missing.
	const back = change ? !state.settled.missing.some((one) => one.key === key) : interviewer.home !== undefined || (await before(state)) !== undefined;
	const {promise: hindrance, reject: hindered} = Promise.withResolvers<never>();
	await showQuestion(terminal, state, key, {about: key, back, ...(change ? {change} : {})}, hindered);
	prefetch(state, path.slice(at + 1, at + 3));
	if (priced.has(key)) priceNow(walker);
	const over = preview(walker, key);
	const move = await Promise.race([terminal.next(), hindrance]).catch((error: unknown) => {
		over();
		throw error;
	});
	const thought = over();
	terminal.tell({news: undefined});
	if (move.do === 'answer') await answer(walker, read(key, move.value));
	if (move.do === 'back') walker.state = await wentBack(walker);
	// What is mended is what the cursor is on, so that it's taken along.
	if (move.do === 'mend' && thought !== undefined && !(key in move.answers)) {
		await answer(walker, read(key, thought));
		walker.state = {...walker.state, at: state.at};
	}
	await elsewise(walker, move);
}

/** A question back; before the first one is home, for whoever came from there. */
async function wentBack({state, interviewer}: Walker): Promise<WalkState> {
	if (state.at.on === 'question' && !state.at.change && (await before(state)) === undefined) interviewer.home?.();
	return walk(state, {do: 'back'});
}

/** Where the runner comes from and its token are one question: the token itself, with a key for having the runner made. */
async function tokenInstead({interviewer, state: {settled, walk: so}}: Walker, key: AnswerKey): Promise<SecretQuestion | undefined> {
	const answers = completeIn(settled);
	if (key !== 'runner' || so.everything || !answers || answers.runner !== 'token') return undefined;
	return (await interviewer.secrets(answers)).find(({id}) => id === 'runnerToken');
}

/** Asks for a secret: at the review, or instead of the question of a key. */
async function secret(walker: Walker, asks: SecretQuestion, change: boolean, key?: AnswerKey): Promise<undefined> {
	const {terminal, interviewer} = walker;
	const {asked, read: readSecret} = putSecret(asks);
	if (key === undefined) walker.state = await walk(walker.state, {do: 'review', reached: false});
	const {state} = walker;
	const path = await pathOf(state);
	const at = key === undefined ? path.length : path.indexOf(key);
	terminal.tell({at: change ? 0 : at + 1, of: change ? 0 : Math.max(path.length, at + 1)});
	const walking = {
		about: asks.id,
		back: change || (await before(state)) !== undefined,
		...(change ? {change: true as const} : {}),
		...(asks.id === 'runnerToken' && !change ? {create: true as const} : {}),
	};
	terminal.show({is: 'question', asked, walking});
	const move = await terminal.next();
	terminal.tell({news: undefined});
	if (move.do !== 'answer' && move.do !== 'create' && move.do !== 'back') {
		await elsewise(walker, move);
		return;
	}
	walker.secret = undefined;
	if (move.do === 'answer') {
		interviewer.give(asks.id, String(readSecret(move.value)));
		if (key !== undefined) await answer(walker, 'token');
		interviewer.plan.again(false);
	}
	if (move.do === 'create') walker.state = await walk(state, {do: 'answer', value: 'create', instead: 'runner'});
	if (move.do === 'back' && !change) walker.state = await walk(state, move);
}

/** Takes an answer. Later ones stay, but for those that name a thing which isn't there any more: these are said, and asked again. */
async function answer(walker: Walker, value: unknown): Promise<void> {
	const {at, settled} = walker.state;
	walker.state = await walk(walker.state, {do: 'answer', value});
	if (at.on !== 'question' || (at.key !== 'region' && at.key !== 'profile')) return;
	const earlier = settled.given[at.key];
	if (earlier === undefined || earlier === value) return;
	const keys = await elsewhere(walker.state);
	if (keys.length === 0) return;
	walker.state = await walk(walker.state, {do: 'forget', keys});
	walker.terminal.tell({news: {says: `Asked again, since it isn't there any more: ${keys.map(keyWords).join(', ')}.`, role: 'warning'}});
}

/** Shows what stands in the way until the person tries again, or goes back. */
async function trouble(walker: Walker, problem: Problem): Promise<void> {
	const {terminal, interviewer, state} = walker;
	const isAfter = !walker.secret && (await before(state)) !== undefined;
	const aboutLogin = isProblem(problem, 'session-expired', 'no-credentials', 'wrong-credentials');
	terminal.show({
		is: 'trouble',
		problem: {code: problem.code, message: problem.message, fault: problem.fault, ...(problem.advice === undefined ? {} : {advice: problem.advice})},
		login: aboutLogin ? interviewer.login?.command : undefined,
		back: isAfter || interviewer.home !== undefined,
	});
	const move = await terminal.next();
	terminal.tell({news: undefined});
	if (move.do === 'login') await logIn(walker);
	if (move.do === 'again') interviewer.plan.again(true);
	if (move.do === 'back' && !isAfter) interviewer.home?.();
	if (move.do === 'back' && isAfter)
		walker.state = await leftBehind(await walk(state.at.on === 'question' ? {...state, at: {...state.at, change: false}} : state, move));
}

/** Back at where the fleet is: what was answered there leads nowhere, so it isn't looked in again for what else there is. */
const leftBehind = async (state: WalkState): Promise<WalkState> =>
	state.at.on === 'question' && questions[state.at.key].tells === 'fleet' ? walk(state, {do: 'forget', keys: [state.at.key]}) : state;

/** What can be done at any question: mends, asks everything, looks again, logs in. */
async function elsewise(walker: Walker, move: WizardMove): Promise<void> {
	const {interviewer, terminal} = walker;
	if (move.do === 'mend') await mend(walker, move.answers, move.says);
	if (move.do === 'again') interviewer.plan.again(true);
	if (move.do === 'login') await logIn(walker);
	if (move.do === 'save') terminal.tell({news: await saved(walker, move.name)});
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
	walker.terminal.tell({news: {says: `Done: ${says === '' ? Object.keys(answers).map(keyWords).join(', ') : says}.`, role: 'ready'}});
}

async function saved({interviewer, state}: Walker, name: string): Promise<WizardNews> {
	try {
		await interviewer.save(name, state.settled);
		return {says: `Preset ${name} is saved. Next time: \`gitlab-runner-aws setup --preset ${name}\`.`, role: 'ready'};
	} catch (error) {
		return {says: toProblem(error).message, role: 'blocked'};
	}
}

/** Logs in with the terminal handed over, and looks again. */
async function logIn({interviewer, terminal}: Walker): Promise<void> {
	const {login} = interviewer;
	if (!login) return;
	const isIn = await terminal.handOver(login.run);
	terminal.tell({news: isIn ? {says: 'Logged in; looking again.', role: 'ready'} : {says: `\`${login.command}\` didn't log in.`, role: 'blocked'}});
	interviewer.plan.again(true);
}

const blockedNews: WizardNews = {says: 'Nothing is made while something is blocked. f mends it where it says so; else change the answer.', role: 'blocked'};
const lookingNews: WizardNews = {says: "Not everything is looked at yet, so it isn't known what would be made.", role: 'warning'};

/** The code of the Problem by which a person leaves the review for what comes after it. */
export const leftCode = 'left';

/** Shows the review until the person agrees, or goes to another place. */
async function reviewed(walker: Walker): Promise<Agreed | undefined> {
	const {terminal, state, interviewer} = walker;
	let ended: EndedPlan | undefined;
	const follow = async (): Promise<void> => {
		ended = await interviewer.plan.ended();
		await tellCosts(walker);
	};
	follow().catch((error: unknown) => {
		// Prices are still asked for when the person leaves.
		if (!(error instanceof Stopped)) terminal.tell({news: {says: toProblem(error).message, role: 'blocked'}});
	});
	terminal.show({is: 'review'});
	for (;;) {
		const move = await terminal.next();
		terminal.tell({news: undefined});
		if (move.do === 'leave') throw new Problem({code: leftCode, message: 'Nothing was changed.'});
		if (move.do !== 'go') return leaving(walker, move);
		if (ended && ![...ended.plan.values()].some(({is}) => is === 'blocked')) return {walk: state.walk, settled: state.settled, ended};
		terminal.tell({news: ended ? blockedNews : lookingNews});
	}
}

/** A move at the review that leads on. */
async function leaving(walker: Walker, move: WizardMove): Promise<undefined> {
	if (move.do === 'back') walker.state = await walk(walker.state, move);
	else await elsewise(walker, move);
}
