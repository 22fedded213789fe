import type {AnswerKey, Given, Source} from '../fleet.ts';
import {inOrder, questions} from './all.ts';
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

/** Every answer, as the review shows it. */
export function answersSeen({given, sources, why, wrong}: Omit<Settled, 'missing'>): AnswerSeen[] {
	return inOrder.flatMap(({id, when, unit, written}) => {
		const value = given[id];
		if (value === undefined || when?.(given) === false) return [];
		const bad = wrong.find(({key}) => key === id)?.says;
		return [{key: id, value: inWords(value, {unit, written}), raw: value, source: sources[id] ?? 'default', why: why[id], wrong: bad}];
	});
}
