import {age} from '../formats.ts';
import {isOff, isTakenAgain, reasonOf, unanswered} from './asking.ts';
import type {Case, Judge} from './cause.ts';
import {gitlabUnreachable} from './gitlab-unreachable.ts';

/** What went before, where it isn't a cause of its own any more. */
function after(it: Case): string {
	const told = unanswered(it);
	return told && !gitlabUnreachable(it) ? `, after GitLab didn't answer it (${reasonOf(told.held.detail)}),` : '';
}

/** After three refused or unanswered requests a runner switches itself off for an hour; a restart forgets it (facts §17.3). */
export const switchedOff: Judge = (it) => {
	const {now} = it;
	const held = it.history?.unhealthy;
	if (!held || !isOff(it)) return undefined;
	const until = held.until === undefined ? 'for an hour' : `and asks again in ${age((held.until - now) / 1000)}`;
	const base = `The runner switched itself off as unhealthy ${age((now - held.since) / 1000)} ago${after(it)} ${until}`;
	return {
		id: 'switched-off',
		says: isTakenAgain(it) ? `${base}, though GitLab takes its token by now. R has it ask at once.` : `${base}. Once GitLab answers it, R has it ask at once.`,
		source: 'journal',
		key: 'ask-again',
		since: held.since,
	};
};
