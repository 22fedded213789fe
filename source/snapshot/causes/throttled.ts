import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** AWS slows the account's calls down. */
export const throttled: Judge = (it) => {
	const held = holdingCode(it, 'RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'TooManyRequestsException');
	if (!held) return undefined;
	return {
		id: 'throttled',
		says: `AWS slows down the account's calls, so workers are made late${forTime(held.since, it.now)} (${held.refusal.code}).`,
		source: 'journal',
		key: 'wait',
		since: held.since,
	};
};
