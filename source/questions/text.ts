import type {AnswerKey} from '../fleet.ts';
import {questions} from './all.ts';

/**
 * An answer as somebody wrote it, in a flag or a field, read as the value it stands for. What can't be read stays a text, so that
 * the answer's own shape says what would be right.
 */
export function fromText(key: AnswerKey, text: string): unknown {
	const {kind} = questions[key];
	if (kind === 'number' || key === 'spotPrice') return numberIn(text);
	if (kind === 'boolean') return booleanIn(text);
	if (kind === 'list') return listIn(text);
	if (kind === 'json') return jsonIn(text);
	return text;
}

/** An answer as `fromText` reads it again: for a flag of a command that can be pasted, and for the review. */
export function toText(key: AnswerKey, value: unknown): string {
	if (typeof value === 'string') return value;
	return questions[key].kind === 'list' && Array.isArray(value) ? listText(value, ',') : JSON.stringify(value);
}

/** A list's items with something between them, or a JSON list where one could not be read again so. */
export const listText = (items: readonly unknown[], between: string): string =>
	items.every((item) => /^[^\s,[]([^,]*[^\s,])?$/.test(String(item))) ? items.join(between) : JSON.stringify(items);

const numberIn = (text: string): unknown => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

function booleanIn(text: string): unknown {
	if (/^(true|yes|y|on)$/i.test(text)) return true;
	if (/^(false|no|n|off)$/i.test(text)) return false;
	return text;
}

/** Items parted by commas, or a JSON list where an item holds a comma. */
export function listIn(text: string): unknown {
	if (text.trim().startsWith('[')) return parsed(text);
	const items = text.split(',').map((item) => item.trim());
	return items.filter((item) => item !== '');
}

/** JSON, or `key=value,key=value` for an object of texts. */
function jsonIn(text: string): unknown {
	if (/^\s*[[{]/.test(text)) return parsed(text);
	const pairs = text.split(',').map((pair) => /^\s*([^=]+)=(.*)$/.exec(pair));
	return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.trim(), value.trim()])) : text;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return text;
		throw error;
	}
}
