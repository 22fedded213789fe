import {followed, inOrder} from '../answers/all.ts';
import type {AnyQuestion} from '../answers/question.ts';
import {toText} from '../answers/value.ts';
import type {Change} from '../engine/step.ts';
import {isOfAnother} from '../executors/offered.ts';
import type {AnswerKey, Given, Source} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {counted} from '../world/printable.ts';
import {recordForm} from './looks/record.ts';

/** SSM's standard tier holds this many bytes in one parameter. */
const mostBytes = 4096;

/** A value as text that is equal for equal values, whatever the order of an object's keys. */
export function canonical(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
	if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined';
	const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
	return `{${entries
		.sort(([one], [other]) => one.localeCompare(other))
		.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
		.join(',')}}`;
}

/** Where answers came from, as far as it is known. */
type Sources = Partial<Record<AnswerKey, Source>>;

/** An answer that nobody gave, and that is another one's: it goes along when that one changes. */
const goesAlong = (key: AnswerKey, answers: Given, sources: Sources): boolean => {
	const other = followed(key);
	return other !== undefined && sources[key] === 'default' && answers[key] === answers[other];
};

/** What of the answers was decided, is the fleet's rather than this laptop's, and means something to its executor. */
export const fleetAnswers = (answers: Given, sources: Sources = {}): Given =>
	Object.fromEntries(
		inOrder
			.filter(({id, change}) => answers[id] !== undefined && change !== undefined && !isOfAnother(id, answers) && !goesAlong(id, answers, sources))
			.map(({id}) => [id, answers[id]]),
	);

/** An answer that isn't there, as it's shown. */
export const notSet = 'not set';

const shown = (value: unknown, question: AnyQuestion): string => (value === undefined ? notSet : toText(value, question));

/** What differs between a record and the answers wanted now, by key. */
export function changesBetween(recorded: Given, wanted: Given): Change[] {
	return inOrder.flatMap((question): Change[] => {
		const {id, change} = question;
		if (change === undefined || canonical(recorded[id]) === canonical(wanted[id])) return [];
		return [{what: id, from: shown(recorded[id], question), to: shown(wanted[id], question), how: change}];
	});
}

/**
 * The record's value for these answers and a fleet born then (ISO 8601). Throws a Problem that names the largest answers when it is too long for
 * the standard tier. SSM refuses `{{ }}` in a value (`Parameter value can't nest another parameter`), and JSON never has `{{` outside of a text:
 * there the second brace can be written as what it is by number.
 */
export function recordValue(answers: Given, born: string | undefined): string {
	const wanted = fleetAnswers(answers);
	const value = JSON.stringify({version: recordForm, born, answers: wanted}).replaceAll('{{', '{\\u007b');
	const bytes = Buffer.byteLength(value);
	if (bytes <= mostBytes) return value;
	const largest = Object.entries(wanted)
		.map(([key, inner]) => ({key, bytes: Buffer.byteLength(JSON.stringify(inner))}))
		.sort((one, other) => other.bytes - one.bytes)
		.slice(0, 3);
	throw new Problem({
		code: 'record-too-long',
		message: `The answers are ${counted(bytes)} bytes, and the fleet's record holds ${counted(mostBytes)}. The longest are ${largest.map(({key, bytes}) => `${key} (${counted(bytes)})`).join(', ')}.`,
		advice: `Shorten ${largest[0]?.key ?? 'the longest'}.`,
	});
}
