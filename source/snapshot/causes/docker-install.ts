import {forTime, many} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Workers come up but Docker doesn't: the install script, the system or the way to the internet. */
export const dockerInstall: Judge = (it) => {
	const held = holdingCode(it, 'docker-install');
	if (!held) return undefined;
	return {
		id: 'docker-install',
		says: `Docker can't be installed on new workers${forTime(held.since, it.now)}: the last ${many(held.count, 'try', 'tries')} didn't bring it up.`,
		source: 'journal',
		key: 'log',
		since: held.since,
	};
};
