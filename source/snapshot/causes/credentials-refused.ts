import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Codes by which AWS refuses credentials or the whole account (facts §12). */
export const credentialCodes = [
	'AuthFailure',
	'InvalidClientTokenId',
	'ExpiredToken',
	'RequestExpired',
	'SignatureDoesNotMatch',
	'OptInRequired',
	'PendingVerification',
	'Blocked',
];

/** AWS doesn't take the manager's credentials. */
export const credentialsRefused: Judge = (it) => {
	const held = holdingCode(it, ...credentialCodes);
	if (!held) return undefined;
	return {
		id: 'credentials-refused',
		says: `AWS doesn't accept the manager's credentials${forTime(held.since, it.now)} (${held.refusal.code}).`,
		source: 'journal',
		key: 'repair',
		since: held.since,
	};
};
