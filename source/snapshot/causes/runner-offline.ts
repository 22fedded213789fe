import {age} from '../formats.ts';
import {isOff, refusedToken, unanswered} from './asking.ts';
import {type Case, type Judge, timesIn} from './cause.ts';
import {managerStopped} from './manager-stopped.ts';
import {holdingRefusal} from './refusals.ts';
import {drained, serviceCrashed, serviceStopped} from './service.ts';

/** A runner that works asks every few seconds: ten minutes of silence say that it doesn't. GitLab's own `online` holds for two hours (facts §17.5). */
const silence = 600_000;

/** With an idle count the runner asks for jobs only while a machine is idle (facts §4.5): where none comes up, that is what is told. */
const hasNoneToAskFor = (it: Case): boolean =>
	(it.runner?.idleCount ?? 0) > 0 && it.idle === 0 && ((it.creating ?? 0) > 0 || holdingRefusal(it, () => true) !== undefined);

/** Whether something that is told by itself keeps the runner from asking. */
const isExplained = (it: Case): boolean =>
	[managerStopped, serviceCrashed, serviceStopped, drained].some((judge) => judge(it)) ||
	isOff(it) ||
	Boolean(refusedToken(it) ?? unanswered(it)) ||
	hasNoneToAskFor(it);

/** GitLab hasn't heard from any manager of this runner lately, and nothing else says why. */
export const runnerOffline: Judge = (it) => {
	const {gitlab, now} = it;
	if (!gitlab || isExplained(it)) return undefined;
	const last = timesIn([gitlab.runner.contactedAt, ...gitlab.managers.map(({contactedAt}) => contactedAt)]).at(-1);
	if (last === undefined)
		return {id: 'runner-never', says: `GitLab has never heard from runner ${gitlab.runner.description}.`, source: 'gitlab', key: 'restart'};
	if (now - last < silence) return undefined;
	return {
		id: 'runner-offline',
		says: `GitLab last heard from runner ${gitlab.runner.description} ${age((now - last) / 1000)} ago.`,
		source: 'gitlab',
		key: 'restart',
		since: last,
	};
};
