import type {z} from 'zod';
import {type AnyQuestion, isSecret, type Kind, type SecretQuestion, type WhichQuestion} from './question.ts';

/**
 * An answer as somebody wrote it, in a flag, a field or at a prompt, read as the value it stands for. What can't be read stays a text, so that the
 * answer's own shape says what would be right.
 */
export function fromText({kind, shape}: {kind: Kind; shape?: z.ZodType}, text: string): unknown {
	switch (kind) {
		case 'number':
			return numberIn(text);
		case 'boolean':
			return booleanIn(text);
		case 'list':
			return listIn(text);
		case 'json':
			return jsonIn(text);
		case 'text':
		case 'choice':
			// A number where no text is taken: a price beside a word.
			return shape?.safeParse(text).success === false && shape.safeParse(numberIn(text)).success ? numberIn(text) : text;
	}
}

/** What was typed for any question, without spaces at its ends. */
export const typedFor = (question: AnyQuestion | SecretQuestion | WhichQuestion, text: string): unknown =>
	isSecret(question) ? text.trim() : fromText(question, text.trim());

/** An answer as `fromText` reads it again: a list's items parted by commas, or as JSON where one could not be read again so. */
export function toText(value: unknown): string {
	if (value === undefined) return '';
	if (typeof value === 'string') return value;
	return Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[^\s,[]([^,]*[^\s,])?$/.test(item))
		? value.join(', ')
		: JSON.stringify(value);
}

/** An answer in words, as a person reads it. */
export function inWords(value: unknown, unit?: string): string {
	if (typeof value === 'boolean') return value ? 'yes' : 'no';
	if (value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)) return 'none';
	return `${toText(value)}${unit === undefined || typeof value !== 'number' ? '' : ` ${unit}`}`;
}

/** A number's text is only digits, a sign and a point. */
const numberIn = (text: string): unknown => (/^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : text);

function booleanIn(text: string): unknown {
	if (/^(true|yes|y|on)$/i.test(text)) return true;
	if (/^(false|no|n|off)$/i.test(text)) return false;
	return text;
}

/** Items parted by commas, or a JSON list where an item holds a comma. */
function listIn(text: string): unknown {
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
