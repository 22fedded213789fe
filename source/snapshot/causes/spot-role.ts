import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** The account-wide role for spot is missing and the manager may not make it (facts §7). */
export const spotRole: Judge = (it) => {
	const held = holdingCode(it, 'AuthFailure.ServiceLinkedRoleCreationNotPermitted');
	if (!held) return undefined;
	return {
		id: 'spot-role',
		says: 'The account has no role AWSServiceRoleForEC2Spot, without which it gets no spot machine.',
		source: 'journal',
		key: 'repair',
		since: held.since,
	};
};
