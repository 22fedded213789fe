import type {AnswerKey, Answers, Fleet, Given, Source} from '../fleet.ts';
import {isProblem, Problem} from '../problem.ts';
import {flagOf, inOrder, isComplete, questions} from './all.ts';
import {type Ask, type Asked, type Asking, defaultOf} from './question.ts';
import {fromText, judge, shown, wrongAlone} from './value.ts';
import {begin, isOpen, type Layers, type Missing, precedence, type WalkState, type Wrong, walk} from './walk.ts';

/** What an interview needs. It makes no call itself, but for the live choices of what it asks and the record. */
export type Interview = {
	layers: Layers;
	/** What choices and defaults may look at, for the answers so far. */
	asking(given: Given): Asking;
	/** Whoever answers; absent where no one can: `--yes`, `--json`, no terminal. */
	ask?: Ask | undefined;
	/** Asks every key in order rather than those that most people must choose. */
	everything?: boolean | undefined;
	/** The answers in the record of a fleet that stands, looked up once its region and name are known. */
	record?: ((fleet: Fleet) => Promise<Given | undefined>) | undefined;
};

/** A complete set of answers, each with where it came from, and why where that isn't evident. */
export type Interviewed = {answers: Answers; sources: Partial<Record<AnswerKey, Source>>; why: Partial<Record<AnswerKey, string>>};

/** Keys that say which fleet this is: asked first, so that its record can answer the rest. */
const isIdentity = (key: AnswerKey): boolean => questions[key].tells === 'fleet';

/**
 * Walks the questions. Without anyone to ask, all that is missing or wrong is told together in one Problem that names the flags (exit 2): what can be
 * seen without the record before any call. A typed value that can't be taken is asked for again.
 */
export async function interview(options: Interview): Promise<Interviewed> {
	const {ask, asking, everything = false, layers, record} = options;
	let state = await begin({layers, everything, left: [], asking});
	if (!ask) refuseEarly(state);
	if (ask) state = await askAll(state, ask, isIdentity);
	state = await withRecord(state, record);
	if (ask) state = await askAll(state, ask, () => true);
	const {given, sources, why, missing, wrong} = state.settled;
	if (missing.length > 0 || wrong.length > 0 || !isComplete(given)) throw refusal(missing, wrong);
	return {answers: given, sources, why};
}

/**
 * Which fleet a command is about, for those that need no other answer: profile, region and name, asked for only where they are open. Throws one
 * Problem (exit 2) naming the flags where no one can be asked.
 */
export async function identify({
	layers,
	asking,
	ask,
}: Pick<Interview, 'layers' | 'asking' | 'ask'>): Promise<{fleet: Fleet; profile: string | undefined; layers: Layers}> {
	let state = await begin({layers, everything: false, left: [], asking});
	if (ask) state = await askAll(state, ask, isIdentity);
	const {given, missing, wrong} = state.settled;
	const open = missing.filter(({key}) => isIdentity(key));
	const refused = wrong.filter(({key}) => isIdentity(key));
	const {fleet, region, profile} = given;
	if (fleet === undefined || region === undefined || refused.length > 0) throw refusal(open, refused);
	return {fleet: {name: fleet, region}, profile, layers: state.walk.layers};
}

/** What no record can mend: shapes, and keys of this laptop that are missing. */
function refuseEarly({walk: {layers}, settled: {missing}}: WalkState): void {
	const shapes = refusedGiven(layers);
	if (shapes.length > 0) throw refusal([], shapes);
	if (missing.length > 0) throw refusal(missing, []);
}

async function withRecord(state: WalkState, record: Interview['record']): Promise<WalkState> {
	const {fleet, region} = state.settled.given;
	if (!record || fleet === undefined || region === undefined) return state;
	return walk(state, {do: 'record', answers: await record({name: fleet, region})});
}

/** Asks until the walk has come to a question of none of these keys, or to its end. */
async function askAll(start: WalkState, ask: Ask, only: (key: AnswerKey) => boolean): Promise<WalkState> {
	let state = start;
	for (;;) {
		const next = await walk(state, {do: 'on'});
		// What is asked later is looked for anew, since the record may answer it.
		if (next.at.on !== 'question' || !only(next.at.key)) return state;
		state = await walk(next, {do: 'answer', value: await askOne(next, next.at.key, ask)});
	}
}

/** How often one question is put before we say that whoever answers can't. */
const patience = 50;

async function askOne(state: WalkState, key: AnswerKey, ask: Ask): Promise<unknown> {
	let question = await put(state, key);
	for (let tries = 0; tries < patience; tries += 1) {
		const answer = read(key, await ask(question));
		const refused = question.wrong(answer);
		if (refused === undefined) return answer;
		question = {...question, refused};
	}
	throw new Problem({
		code: 'no-answer-fits',
		exit: 2,
		message: `The question "${questions[key].title}" has been answered ${patience} times, and no answer fits. ${question.refused}`,
	});
}

/** What a typed text stands for; an empty one stands for nothing. */
export function read(key: AnswerKey, answer: unknown): unknown {
	if (typeof answer !== 'string') return answer;
	return answer.trim() === '' ? undefined : fromText(questions[key], answer.trim());
}

/** A question as put to a person: live choices, the default that Enter takes, and what was wrong with what a flag, a preset or the record gave. */
async function put(state: WalkState, key: AnswerKey): Promise<Asked> {
	const [asked, live] = await Promise.all([putAtOnce(state, key), liveChoices(key, state.walk.asking(state.settled.given))]);
	return withLive(asked, live);
}

/** Live choices of a question, or why there are none. */
type Live = Pick<Asked, 'choices' | 'note'>;

/** A question with its live choices: where these are all that there is, nothing else is taken. */
export function withLive(asked: Asked, live: Live): Asked {
	const {question, wrong} = asked;
	const {choices} = live;
	if (!choices?.length || !('unlisted' in question) || question.unlisted === undefined) return {...asked, ...live};
	const isListed = (value: unknown): boolean => value === undefined || choices.some((one) => one.value === value);
	return {...asked, ...live, wrong: (answer) => wrong(answer) ?? (isListed(read(question.id, answer)) ? undefined : question.unlisted)};
}

/** The same without the live choices, which may take a while: no call is made for it. */
export async function putAtOnce({walk: {asking}, settled}: WalkState, key: AnswerKey): Promise<Asked> {
	const question = questions[key];
	const {given, wrong, why, sources} = settled;
	const refused = wrong.find((one) => one.key === key);
	const fallback = refused ? await defaultOf(question, asking(given)) : undefined;
	const value = refused ? fallback?.value : given[key];
	const isGiven = !refused && !isOpen(sources[key]);
	const reason = why[key] ?? (value !== undefined && sources[key] === 'record' ? "the fleet's record" : undefined);
	return {
		question,
		...(value === undefined ? {} : {default: {value, ...(reason ? {why: reason} : {}), ...(isGiven ? {given: true as const} : {})}}),
		...(refused ? {refused: refusal([], [refused]).message} : {}),
		wrong: (answer) => wrongTyped(key, answer, given),
	};
}

function wrongTyped(key: AnswerKey, answer: unknown, given: Given): string | undefined {
	const value = read(key, answer);
	if (value !== undefined) return judge(key, value, given);
	return questions[key].required ? 'It takes an answer.' : questions[key].needed?.(given);
}

/** Live choices, or why there are none: what can't be listed can still be typed. Without a session nothing goes on. */
export async function liveChoices(key: AnswerKey, asking: Asking): Promise<Live> {
	try {
		const choices = await questions[key].choices?.(asking);
		return choices ? {choices} : {};
	} catch (error) {
		if (!(error instanceof Problem) || stops(error)) throw error;
		return {note: error.message};
	}
}

const stops = (problem: Problem): boolean => problem.fault === 'bug' || isProblem(problem, 'no-credentials', 'wrong-credentials', 'session-expired');

/** Answers that the environment gives, as the AWS tools read it. */
export function fromEnvironment(environment: Record<string, string | undefined>): Given {
	const profile = environment.AWS_PROFILE;
	const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
	return {...(profile ? {profile} : {}), ...(region ? {region} : {})};
}

/** Answers of any layer that can't be taken whatever the others are, also of those that another layer beats. */
const refusedGiven = (layers: Layers): Wrong[] =>
	precedence.flatMap((source) =>
		inOrder.flatMap(({id: key}) => {
			const value = layers[source]?.[key];
			const says = value === undefined ? undefined : wrongAlone(key, value);
			return says ? [{key, source, value, says}] : [];
		}),
	);

/** Everything that is missing or can't be taken, told together: exit 2. */
function refusal(missing: readonly Missing[], wrong: readonly Wrong[]): Problem {
	const lines = [...missing.map(({key, says}) => `${flagOf(key)} is missing, and no one can be asked. ${says}`), ...wrong.map(refusedLine)];
	return new Problem({
		code: missing.length > 0 ? 'answer-missing' : 'answer-wrong',
		exit: 2,
		message: lines.join('\n'),
		advice: advice(missing, wrong),
	});
}

/** One answer that can't be taken, with what would be right. */
const refusedLine = (wrong: Wrong): string => `${whose(wrong)} is ${shown(wrong.key, wrong.value)}. ${wrong.says}`;

function advice(missing: readonly Missing[], wrong: readonly Wrong[]): string {
	const flags = missing.map(({key}) => `\`${flagOf(key)} ${questions[key].example ?? ''}`.trimEnd().concat('`'));
	if (flags.length > 0) return `Add ${flags.join(' and ')}${wrong.length > 0 ? ', and change the rest' : ''}.`;
	return wrong.length === 1 && wrong[0]
		? `Change it with \`${flagOf(wrong[0].key)}\`: ${questions[wrong[0].key].help}`
		: 'Change them and run the same command again.';
}

const sourceWords: Record<Exclude<Source, 'flag'>, string> = {
	typed: 'as typed',
	preset: 'of the preset',
	environment: 'of the environment',
	record: "of the fleet's record",
	found: 'as found',
	derived: 'as derived',
	default: 'by default',
};

const whose = ({key, source}: Wrong): string => (source === 'flag' ? flagOf(key) : `${key} ${sourceWords[source]}`);
