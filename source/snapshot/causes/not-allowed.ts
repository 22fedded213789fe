import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Who is meant by an ARN: `role gitlab-runners-us-east-2-manager`. */
const whoOf = (arn: string): string => {
	const role = /:assumed-role\/([^/]+)/.exec(arn)?.[1];
	if (role !== undefined) return `role ${role}`;
	return arn === '' ? 'the manager' : (arn.split('/').at(-1) ?? arn);
};

/** IAM or the organization's policies (SCP) refuse a call of the manager's: an account-wide change shows here first. */
export const notAllowed: Judge = (it) => {
	const held = holdingCode(it, 'UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException');
	if (!held) return undefined;
	const {encoded} = held.refusal;
	const denial = encoded === undefined ? undefined : it.snapshot.denials[encoded];
	const base = {id: 'not-allowed', source: 'journal', key: 'commands', since: held.since} as const;
	const since = forTime(held.since, it.now);
	if (!denial) return {...base, says: `AWS doesn't allow the manager to make workers${since} (UnauthorizedOperation).`};
	const why = denial.explicit ? 'a policy of the account or the organization (SCP) denies it' : 'no policy allows it';
	return {...base, says: `AWS refuses ${denial.action} to ${whoOf(denial.principal)}${since}: ${why}.`};
};
