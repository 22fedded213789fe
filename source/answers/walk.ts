import {isDeepStrictEqual} from 'node:util';
import type {AnswerKey, Answers, Given, Source} from '../fleet.ts';
import {inOrder, isComplete, isKey, questions} from './all.ts';
import {type AnyQuestion, type Asking, defaultOf} from './question.ts';
import {inWords, judge} from './value.ts';

/** What has been given, by where it came from. */
export type Layers = {[From in Exclude<Source, 'default' | 'derived'>]?: Given};

/** Who is believed first. What a person typed now beats all; the record of a fleet that stands beats every default. */
export const precedence = ['typed', 'flag', 'preset', 'environment', 'record', 'found'] as const;

/** Whether nobody has given an answer of this source: it is what there is as long as none is given. */
export const isOpen = (source: Source | undefined): boolean => source === undefined || source === 'default' || source === 'found' || source === 'derived';

/** An answer that can't be taken: whose, what, and the sentence that says what would be right. */
export type Wrong = {key: AnswerKey; source: Source; value: unknown; says: string};

/** A key that must have an answer and has none, with the reason. */
export type Missing = {key: AnswerKey; says: string};

/** Every answer as far as it is known: given ones, then defaults; judged. */
export type Settled = {
	given: Given;
	sources: Partial<Record<AnswerKey, Source>>;
	/** Why a default is the default, where it isn't evident. */
	why: Partial<Record<AnswerKey, string>>;
	missing: Missing[];
	wrong: Wrong[];
};

/** Settles all answers without asking anyone and without any call: who is believed first, then the default. */
export async function settle(layers: Layers, asking: (given: Given) => Asking): Promise<Settled> {
	const settled: Settled = {given: believed(layers), sources: {}, why: {}, missing: [], wrong: []};
	for (const question of inOrder) await answer(question, settled, layers, asking);
	for (const question of inOrder) weigh(question.id, settled);
	return settled;
}

async function answer(question: AnyQuestion, {given, missing, sources, why}: Settled, layers: Layers, asking: (given: Given) => Asking): Promise<void> {
	const {id} = question;
	const source = precedence.find((name) => layers[name]?.[id] !== undefined);
	if (source) {
		sources[id] = source;
		return;
	}
	const implied = question.implied?.(believed(layers));
	if (implied && 'torn' in implied) return void missing.push({key: id, says: implied.torn});
	const fallback = implied ?? (await defaultOf(question, asking(given)));
	if (fallback === undefined) return;
	setValue(given, id, fallback.value);
	sources[id] = implied ? 'derived' : 'found' in fallback && fallback.found ? 'found' : 'default';
	if (fallback.why) why[id] = fallback.why;
}

function setValue<Key extends AnswerKey>(into: Given, key: Key, value: Given[Key]): void {
	into[key] = value;
}

function weigh(key: AnswerKey, {given, sources, missing, wrong}: Settled): void {
	const value = given[key];
	if (missing.some((one) => one.key === key)) return;
	if (value === undefined) {
		const says = absent(key, given);
		if (says) missing.push({key, says});
		return;
	}
	const says = judge(key, value, given);
	if (says) wrong.push({key, source: sources[key] ?? 'default', value, says});
}

/** Why an answer can't be left out, or nothing. */
function absent(key: AnswerKey, others: Given): string | undefined {
	const question = questions[key];
	if (question.required) return 'It has no default here.';
	return question.when?.(others) === false ? undefined : question.needed?.(others);
}

/** What all layers say together, without defaults: each key as the first who is believed gave it. */
export function believed(layers: Layers): Given {
	let all: Given = {};
	for (const source of precedence.toReversed()) all = {...all, ...layers[source]};
	return all;
}

/** An answer in the review: its words, the value itself, and where it came from. */
export type AnswerSeen = {key: AnswerKey; value: string; raw: unknown; source: Source; why?: string | undefined; wrong?: string | undefined};

/** Where an answer came from, in words: what a person types is chosen as much as what is taken from a list. */
export function cameFrom({source, why}: Pick<AnswerSeen, 'source' | 'why'>): string {
	const word = source === 'typed' ? 'chosen' : source;
	return why === undefined ? word : `${word}: ${why}`;
}

/** Every answer, as the review shows it. */
export function answersSeen({given, sources, why, wrong}: Omit<Settled, 'missing'>): AnswerSeen[] {
	return inOrder.flatMap(({id, when, unit, written}) => {
		const value = given[id];
		if (value === undefined || when?.(given) === false) return [];
		const bad = wrong.find(({key}) => key === id)?.says;
		return [{key: id, value: inWords(value, {unit, written}), raw: value, source: sources[id] ?? 'default', why: why[id], wrong: bad}];
	});
}

/** What to put to a person. */
export type Walk = {
	layers: Layers;
	/** Asks all that means something, rather than what most people must choose. */
	everything: boolean;
	/** Keys that a person left as they are: with what they were asked with, or empty, where that can be. */
	left: readonly AnswerKey[];
	asking(given: Given): Asking;
};

/**
 * The keys that a person is still to be asked, in the order of asking: those that nobody answered and that most people must choose, those that
 * are missing, and those whose answer can't be taken as it was given.
 */
async function toAsk(walk: Walk, {given, sources, missing, wrong}: Settled): Promise<AnswerKey[]> {
	const broken = new Set([...missing, ...wrong].map(({key}) => key));
	const keys: AnswerKey[] = [];
	for (const question of inOrder) {
		const {id} = question;
		const open = isOpen(sources[id]);
		if (broken.has(id) || (open && !walk.left.includes(id) && (await isAsked(question, walk, given)))) keys.push(id);
	}
	return keys;
}

async function isAsked({asked, when}: AnyQuestion, walk: Walk, given: Given): Promise<boolean> {
	if (when?.(given) === false) return false;
	if (walk.everything || asked === true) return true;
	return typeof asked === 'function' && asked(walk.asking(given));
}

/** Where the walk stands: on the way to what comes after an answer, at a question, one that is changed from the review perhaps, or at the review. */
type WalkPosition = {on: 'next'; after?: AnswerKey | undefined} | {on: 'question'; key: AnswerKey; change: boolean} | {on: 'review'};

/** How far somebody has come. */
export type WalkState = {
	readonly walk: Walk;
	/** What follows from what was given so far. */
	readonly settled: Settled;
	/** Questions that were answered here. */
	readonly visited: ReadonlySet<AnswerKey>;
	readonly at: WalkPosition;
	/** The review was reached: from then on only what it lacks is asked. */
	readonly reviewing: boolean;
};

/** What is done in a walk. */
export type WalkMove =
	/** The question is answered, or another in its place; undefined leaves it empty. Later answers stay. */
	| {do: 'answer'; value: unknown; instead?: AnswerKey}
	/** Goes on to what comes next: a question, or the review once nothing that it needs is open. */
	| {do: 'on'}
	| {do: 'back'}
	/** Goes to the review; it's reached once it's shown. */
	| {do: 'review'; reached: boolean}
	| {do: 'change'; key: AnswerKey}
	/** Takes answers like typed ones, such as those that mend a finding. */
	| {do: 'mend'; answers: Given}
	/** Asks every key from now on. */
	| {do: 'everything'}
	/** The answers of the record of the fleet that is named by now. */
	| {do: 'record'; answers: Given | undefined}
	/** Goes on with answers of before, and with what was left at its default; what a flag says now stands. */
	| {do: 'resume'; answers: Given; left: readonly AnswerKey[]}
	/** Gives up typed answers, which are asked again. */
	| {do: 'forget'; keys: readonly AnswerKey[]};

/** A walk that begins; at a question it's one answer that is changed, and leads to the review. */
export const begin = async (walk: Walk, at: 'questions' | 'review' | AnswerKey = 'questions'): Promise<WalkState> => ({
	walk,
	settled: await settle(walk.layers, walk.asking),
	visited: new Set(),
	at: at === 'questions' ? {on: 'next'} : at === 'review' ? {on: 'review'} : {on: 'question', key: at, change: true},
	reviewing: at !== 'questions',
});

/** The walk after a move. It changes nothing, and looks only at what defaults and questions look at; prompts, screens and tests walk by it alike. */
export async function walk(state: WalkState, move: WalkMove): Promise<WalkState> {
	const {at, reviewing} = state;
	switch (move.do) {
		case 'answer': {
			const key = move.instead ?? (at.on === 'question' ? at.key : undefined);
			if (key === undefined) return state;
			const leads: WalkPosition = at.on === 'question' && at.change && at.key === key ? {on: 'review'} : {on: 'next', after: key};
			return {...(await taken(state, [[key, move.value]])), at: leads, visited: visiting(state, [key])};
		}
		case 'on':
			return toNextOpen(state);
		case 'back': {
			if (at.on === 'question' && at.change) return {...state, at: {on: 'review'}};
			const key = await before(state);
			return key === undefined ? state : {...state, at: {on: 'question', key, change: false}};
		}
		case 'review':
			return {...state, at: {on: 'review'}, reviewing: reviewing || move.reached};
		case 'change':
			return {...state, at: {on: 'question', key: move.key, change: reviewing}};
		case 'mend': {
			const mended = Object.entries(move.answers).flatMap(([key, value]): [AnswerKey, unknown][] => (isKey(key) ? [[key, value]] : []));
			// What would still be asked is asked with these as its default.
			const asked = mended.flatMap(([key]) => (questions[key].asked === true ? [key] : []));
			return {...(await taken(state, mended)), visited: visiting(state, asked)};
		}
		case 'everything':
			return {...(await within(state, {...state.walk, everything: true})), reviewing: false, at: {on: 'next'}};
		case 'record': {
			const {record: _, ...layers} = state.walk.layers;
			return within(state, {...state.walk, layers: move.answers ? {...layers, record: move.answers} : layers});
		}
		case 'resume': {
			const {layers} = state.walk;
			const typed: Given = Object.fromEntries(Object.entries(move.answers).filter(([id]) => !isKey(id) || layers.flag?.[id] === undefined));
			const visited = inOrder.flatMap(({id}) => (typed[id] !== undefined || move.left.includes(id) ? [id] : []));
			const resumed = {...(await within(state, {...state.walk, layers: {...layers, typed}, left: move.left})), visited: visiting(state, visited)};
			const [open] = await toAsk(resumed.walk, resumed.settled);
			return {...resumed, at: {on: 'next', after: open === undefined ? order.at(-1) : order[order.indexOf(open) - 1]}};
		}
		case 'forget': {
			const {layers} = state.walk;
			const typed: Given = Object.fromEntries(Object.entries(layers.typed ?? {}).filter(([id]) => !move.keys.some((lost) => lost === id)));
			return within(state, {...state.walk, layers: {...layers, typed}});
		}
	}
}

const within = async (state: WalkState, next: Walk): Promise<WalkState> => ({...state, walk: next, settled: await settle(next.layers, next.asking)});

const taken = (state: WalkState, answers: readonly [AnswerKey, unknown][]): Promise<WalkState> =>
	within(
		state,
		answers.reduce((so, [key, value]) => (keeps(state, key, value) ? leaving(so, key) : answered(so, key, value)), state.walk),
	);

const leaving = (so: Walk, key: AnswerKey): Walk => ({...so, left: [...so.left, key]});

/**
 * Whether an answer is the default itself: Enter leaves it a default, which goes on following what it follows, and the next release. Of an optional key the
 * default is nothing, which an empty list is too, and what says no more than other answers do.
 */
function keeps({settled: {given, sources}}: WalkState, key: AnswerKey, value: unknown): boolean {
	const question: AnyQuestion = questions[key];
	if (sources[key] === undefined) return isDeepStrictEqual(value, []) || (question.echoes !== undefined && isDeepStrictEqual(value, question.echoes(given)));
	return isOpen(sources[key]) && isDeepStrictEqual(given[key], value);
}

const visiting = ({visited}: WalkState, keys: readonly AnswerKey[]): ReadonlySet<AnswerKey> => new Set([...visited, ...keys]);

/** The walk with an answer: typed ones beat all others, and an optional key that was left empty isn't asked again. */
export function answered(so: Walk, key: AnswerKey, value: unknown): Walk {
	const {[key]: _, ...typed} = so.layers.typed ?? {};
	if (value === undefined) return leaving({...so, layers: {...so.layers, typed}}, key);
	return {...so, layers: {...so.layers, typed: {...typed, [key]: value}}, left: so.left.filter((id) => id !== key)};
}

/** The question after the last answer, what is still open anywhere once there is none, and then the review: it asks what it lacks. */
async function toNextOpen(state: WalkState): Promise<WalkState> {
	const {at, reviewing, settled} = state;
	if (at.on === 'question') return state;
	const open = await toAsk(state.walk, settled);
	if (at.on === 'next') {
		const from = at.after === undefined ? -1 : order.indexOf(at.after);
		const key = (await pathOf(state)).find((id) => order.indexOf(id) > from) ?? open[0];
		if (key !== undefined) return {...state, at: {on: 'question', key, change: false}};
	}
	const broken = new Set([...settled.missing, ...settled.wrong].map(({key}) => key));
	const lacking = open.find((key) => broken.has(key) || (key !== 'profile' && (!reviewing || typeof questions[key].asked === 'function')));
	return {...state, at: lacking === undefined ? {on: 'review'} : {on: 'question', key: lacking, change: reviewing}};
}

const order = inOrder.map(({id}) => id);

/** The questions of the walk, in the order of asking: those answered here that still mean something, and those still open. */
export async function pathOf({walk: so, settled, visited}: WalkState): Promise<AnswerKey[]> {
	const open = await toAsk(so, settled);
	return inOrder.flatMap(({id, when}) => (open.includes(id) || (visited.has(id) && when?.(settled.given) !== false) ? [id] : []));
}

/** The question before the one that is asked, which was answered here. */
export async function before(state: WalkState): Promise<AnswerKey | undefined> {
	const to = state.at.on === 'question' ? order.indexOf(state.at.key) : order.length;
	return (await pathOf(state)).findLast((id) => order.indexOf(id) < to && state.visited.has(id));
}

/** Whether it is still open which fleet is meant, so that its record can't be looked for. */
export const isUnnamed = async ({walk: so, settled}: WalkState): Promise<boolean> =>
	settled.given.fleet === undefined || settled.given.region === undefined || (await toAsk(so, settled)).some((key) => key === 'region' || key === 'profile');

/** The answers once they are whole and each can be taken; else nothing can be looked at with them. */
export const completeIn = ({given, wrong}: Settled): Answers | undefined => (wrong.length === 0 && isComplete(given) ? given : undefined);

/** Typed answers that name a thing which isn't where the answers now are, by what there is. */
export async function elsewhere({walk: {asking, layers}, settled}: WalkState): Promise<AnswerKey[]> {
	const typed = layers.typed ?? {};
	const kept = await Promise.all(
		inOrder.map(async ({id, regional, choices}) => {
			if (!regional || typed[id] === undefined) return [];
			const there = await choices?.(asking(settled.given));
			return there?.some(({value}) => value === typed[id]) === false ? [id] : [];
		}),
	);
	return kept.flat();
}
