import type {Asked} from '../questions/ask.ts';
import type {Kind, SecretQuestion} from '../questions/question.ts';
import {listIn, listText} from '../questions/text.ts';

/** Whether a question is about a secret: hidden while typed. */
export const isSecret = (question: Asked['question']): question is SecretQuestion => !('kind' in question);

/** Whether only the offered values can be taken, so that none can be typed. */
export const isClosed = (question: Asked['question']): boolean => !isSecret(question) && question.closed === true;

/** An answer as text: what a field begins with and what an answered line shows. */
export function toField(value: unknown): string {
	if (value === undefined) return '';
	if (typeof value === 'string') return value;
	if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return listText(value, ', ');
	return JSON.stringify(value);
}

/** A number's text is only digits, a sign and a point. */
const number = /^[+-]?(\d+\.?\d*|\.\d+)$/;

function json(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** What a typed text means for a question of this kind. A text that has no such meaning stays a text: the validator then says what would be right. */
export function fromField(kind: Kind, text: string, wrong: Asked['wrong']): unknown {
	const trimmed = text.trim();
	switch (kind) {
		case 'number':
			return number.test(trimmed) ? Number(trimmed) : trimmed;
		case 'boolean':
			return /^(y|yes|true)$/i.test(trimmed) ? true : /^(n|no|false)$/i.test(trimmed) ? false : trimmed;
		case 'list':
			return listIn(trimmed);
		case 'json':
			return json(trimmed);
		case 'text':
		case 'choice':
			return number.test(trimmed) && wrong(trimmed) !== undefined && wrong(Number(trimmed)) === undefined ? Number(trimmed) : trimmed;
	}
}
