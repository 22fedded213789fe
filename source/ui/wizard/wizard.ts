import type {Agreed, Interviewer} from '../../face.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import {answered, read} from '../../interview.ts';
import {isProblem, type Problem} from '../../problem.ts';
import {questions} from '../../questions/all.ts';
import type {SecretQuestion} from '../../questions/question.ts';
import {answersSeen, settle, toAsk} from '../../questions/settle.ts';
import {putSecret} from '../../secret-interview.ts';
import {fieldFor} from '../screens/field.ts';
import {prefetch, putOnStage, valueOn} from './asking.ts';
import {elsewise, logIn, type Place, type Walker} from './moves.ts';
import {after, answeredSeen, before, completeIn, elsewhere, type Progress, pathOf} from './path.ts';
import {reviewed} from './reviewing.ts';
import {keyWords} from './seen.ts';
import type {Stage} from './stage.ts';

/** Milliseconds that the cursor rests before the checks look at what it is on. */
const rest = 150;

/** Walks a person from the first question to their agreement at the review; what stands in the way is shown, and waits until it is mended. */
export async function runWizard(interviewer: Interviewer, stage: Stage): Promise<Agreed> {
	const {walk, at} = interviewer;
	const progress: Progress = {walk, settled: await settle(walk.layers, walk.asking), visited: new Set()};
	const walker: Walker = {interviewer, stage, memory: {progress, recorded: undefined, reviewing: at !== 'questions'}};
	stage.tell({news: undefined});
	let place: Place = at === 'questions' ? {on: 'next'} : at === 'review' ? {on: 'review'} : {on: 'question', key: at, change: true};
	for (;;) {
		try {
			await settleNow(walker);
			const came: Place | Agreed = await go(walker, place);
			if (!('on' in came)) return came;
			place = came;
		} catch (error) {
			if (!isProblem(error)) throw error;
			place = (await trouble(walker, error, place)) ?? place;
		}
	}
}

async function go(walker: Walker, place: Place): Promise<Place | Agreed> {
	if (place.on === 'question') return question(walker, place.key, place.change);
	if (place.on === 'secret') return secret(walker, place.question, place.change);
	if (place.on === 'review') return review(walker);
	const key = await after(walker.memory.progress, place.after);
	return key === undefined ? {on: 'review'} : {on: 'question', key, change: false};
}

/** Settles the answers, takes the record of the fleet that they name, and lets the checks look with them. */
async function settleNow({interviewer, stage, memory}: Walker): Promise<void> {
	const settleWith = async (walk: Progress['walk']): Promise<void> => {
		memory.progress = {...memory.progress, walk, settled: await settle(walk.layers, walk.asking)};
	};
	await settleWith(memory.progress.walk);
	const {walk, settled} = memory.progress;
	const {fleet, region, profile} = settled.given;
	const open = await toAsk(walk, settled);
	const name = JSON.stringify([profile, region, fleet]);
	if (fleet !== undefined && region !== undefined && memory.recorded !== name && !open.some((key) => key === 'region' || key === 'profile')) {
		const {record: _, ...layers} = walk.layers;
		const record = await interviewer.record({name: fleet, region}, profile);
		memory.recorded = name;
		await settleWith({...walk, layers: record ? {...layers, record} : layers});
		stage.tell({changes: record !== undefined});
	}
	lookNow({interviewer, stage, memory});
}

/** The checks look with the answers of now, and the screens show them. */
function lookNow({interviewer, stage, memory: {progress}}: Walker): void {
	const {settled, walk} = progress;
	const answers = completeIn(settled);
	stage.tell({
		answered: answeredSeen(progress),
		answers: answersSeen(settled),
		everything: walk.everything,
		login: interviewer.login?.command,
		byHand: answers ? interviewer.byHand(answers) : [],
		secret: answers && interviewer.given(answers) ? keyWords(interviewer.given(answers)?.id ?? '') : undefined,
	});
	if (answers) interviewer.plan.change({answers, sources: settled.sources});
}

/** What the cursor rests on is looked at too, while it is only thought of. Ends when what it gives is called: with the value that was thought of. */
function preview(walker: Walker, key: AnswerKey): () => unknown {
	let cancel = (): void => {};
	let turn = 0;
	let value: unknown;
	walker.stage.onChange((screen) => {
		// Another place is another account's or region's calls: these wait until it is chosen.
		if ((screen.is !== 'choose' && screen.is !== 'field') || key === 'region' || key === 'profile' || key === 'fleet') return;
		cancel();
		const mine = ++turn;
		value = valueOn(screen);
		cancel = walker.stage.later(async () => {
			const {walk} = walker.memory.progress;
			const layers = value === undefined ? walk.layers : answered(walk, key, value).layers;
			const settled = await settle(layers, walk.asking);
			const answers = completeIn(settled);
			if (mine === turn && answers) walker.interviewer.plan.change({answers, sources: settled.sources});
		}, rest);
	});
	return () => {
		cancel();
		turn++;
		walker.stage.onChange(undefined);
		return value;
	};
}

async function question(walker: Walker, key: AnswerKey, change: boolean): Promise<Place> {
	const {stage, memory} = walker;
	const token = change ? undefined : await tokenInstead(walker, key);
	if (token) return secret(walker, token, false, key);
	const path = await pathOf(memory.progress);
	const at = path.indexOf(key);
	stage.tell({at: change ? 0 : at + 1, of: change ? 0 : path.length, answered: answeredSeen(memory.progress, key)});
	// An answer that is missing can't be left missing.
	const back = change ? !memory.progress.settled.missing.some((one) => one.key === key) : (await before(memory.progress, key)) !== undefined;
	await putOnStage(stage, memory.progress, key, {about: key, back, ...(change ? {change} : {})});
	prefetch(memory.progress, path.slice(at + 1, at + 3));
	const over = preview(walker, key);
	const move = await stage.next();
	const thought = over();
	stage.tell({news: undefined});
	// What is mended is what the cursor is on, so that it's taken along.
	if (move.do === 'mend' && thought !== undefined && !(key in move.answers)) await take(walker, key, read(key, thought));
	if (move.do === 'answer') {
		await take(walker, key, read(key, move.value));
		return change ? {on: 'review'} : {on: 'next', after: key};
	}
	if (move.do === 'back') return change ? {on: 'review'} : {on: 'question', key: (await before(memory.progress, key)) ?? key, change: false};
	return elsewise(walker, move, {on: 'question', key, change});
}

/** Where the runner comes from and its token are one question: the token itself, with a key for having the runner made. */
async function tokenInstead({interviewer, memory}: Walker, key: AnswerKey): Promise<SecretQuestion | undefined> {
	const {settled, walk} = memory.progress;
	const answers = completeIn(settled);
	if (key !== 'runner' || walk.everything || !answers || answers.runner !== 'token') return undefined;
	return (await interviewer.secrets(answers)).find(({id}) => id === 'runnerToken');
}

async function secret(walker: Walker, asks: SecretQuestion, change: boolean, key?: AnswerKey): Promise<Place> {
	const {stage, memory, interviewer} = walker;
	const {asked, read: readSecret} = putSecret(asks);
	const path = await pathOf(memory.progress);
	const at = key === undefined ? path.length : path.indexOf(key);
	stage.tell({at: change ? 0 : at + 1, of: change ? 0 : Math.max(path.length, at + 1)});
	const previous = await before(memory.progress, key);
	const walking = {
		about: asks.id,
		back: change || previous !== undefined,
		...(change ? {change: true as const} : {}),
		...(asks.id === 'runnerToken' && !change ? {create: true as const} : {}),
	};
	stage.show(fieldFor(asked, undefined, walking));
	const move = await stage.next();
	stage.tell({news: undefined});
	if (move.do === 'answer') {
		interviewer.give(asks.id, String(readSecret(move.value)));
		if (key !== undefined) await take(walker, key, 'token');
		interviewer.plan.again(false);
		return key === undefined ? {on: 'review'} : {on: 'next', after: key};
	}
	if (move.do === 'create') {
		await take(walker, 'runner', 'create');
		return {on: 'next', after: 'runner'};
	}
	if (move.do === 'back') return change || previous === undefined ? {on: 'review'} : {on: 'question', key: previous, change: false};
	return elsewise(walker, move, key === undefined ? {on: 'secret', question: asks, change} : {on: 'question', key, change: false});
}

/** Takes an answer. Later ones stay, but for those that name a thing which isn't there any more: these are said, and asked again. */
async function take({stage, memory}: Walker, key: AnswerKey, value: unknown): Promise<void> {
	const {progress} = memory;
	const visited = new Set([...progress.visited, key]);
	const before = progress.settled.given[key];
	const walk = answered(progress.walk, key, value);
	memory.progress = {walk, visited, settled: await settle(walk.layers, walk.asking)};
	if ((key !== 'region' && key !== 'profile') || before === undefined || before === value) return;
	const gone = await elsewhere(memory.progress);
	if (gone.length === 0) return;
	const typed: Given = Object.fromEntries(Object.entries(walk.layers.typed ?? {}).filter(([id]) => !gone.some((lost) => lost === id)));
	const less = {...walk, layers: {...walk.layers, typed}};
	memory.progress = {walk: less, visited, settled: await settle(less.layers, less.asking)};
	stage.tell({news: {says: `Asked again, since it isn't there any more: ${gone.map(keyWords).join(', ')}.`, role: 'warning'}});
}

/** Shows what stands in the way until the person tries again; the place to go on at. */
async function trouble(walker: Walker, problem: Problem, place: Place): Promise<Place | undefined> {
	const {stage, interviewer, memory} = walker;
	const previous = place.on === 'question' ? await before(memory.progress, place.key) : undefined;
	const aboutLogin = isProblem(problem, 'session-expired', 'no-credentials', 'wrong-credentials');
	stage.show({
		is: 'trouble',
		problem: {code: problem.code, message: problem.message, fault: problem.fault, ...(problem.advice === undefined ? {} : {advice: problem.advice})},
		login: aboutLogin ? interviewer.login?.command : undefined,
		back: previous !== undefined,
	});
	const move = await stage.next();
	if (move.do === 'login') await logIn(walker);
	if (move.do === 'again') interviewer.plan.again(true);
	return move.do === 'back' && previous !== undefined ? {on: 'question', key: previous, change: false} : undefined;
}

/** The review, once nothing that it needs is open. */
async function review(walker: Walker): Promise<Place | Agreed> {
	const {interviewer, stage, memory} = walker;
	const {walk, settled} = memory.progress;
	stage.tell({at: 0, of: 0});
	const broken = new Set([...settled.missing, ...settled.wrong].map(({key}) => key));
	const open = (await toAsk(walk, settled)).filter(
		(key) => broken.has(key) || (key !== 'profile' && (!memory.reviewing || typeof questions[key].asked === 'function')),
	);
	const [first] = open;
	if (first !== undefined) return {on: 'question', key: first, change: memory.reviewing};
	const answers = completeIn(settled);
	const [needed] = answers ? await interviewer.secrets(answers) : [];
	if (needed) return {on: 'secret', question: needed, change: false};
	memory.reviewing = true;
	return reviewed(walker);
}
