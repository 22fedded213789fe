import type {History} from '../journal/history.ts';
import type {Snapshot} from '../snapshot.ts';

/** What tells whether a runner asks GitLab for jobs. */
type AskingEvidence = {snapshot: Snapshot; history: History | undefined; now: number};

/** A runner asks every few seconds, and waits a minute at most after trouble: a refusal that didn't come again for longer is over, in milliseconds. */
const silence = 3 * 60_000;

/** Until when the log is known, in milliseconds since 1970. */
const knownTo = ({snapshot, now}: AskingEvidence): number => Math.min(now, snapshot.journal.at ?? now);

/** Whether the runner has switched itself off as unhealthy, so that it asks for nothing. */
export const isOff = ({history, now}: Pick<AskingEvidence, 'history' | 'now'>): boolean =>
	history?.unhealthy !== undefined && (history.unhealthy.until ?? now) >= now;

/** Why GitLab gave no job when it was last asked; what came after is not known while the runner is switched off, and over where it isn't. */
type LastRefusal = {held: NonNullable<History['forbidden']>; lately: boolean};

const asked = (it: AskingEvidence, held: History['forbidden']): LastRefusal | undefined => {
	if (!held) return undefined;
	const lately = knownTo(it) - held.last < silence;
	return lately || isOff(it) ? {held, lately} : undefined;
};

/** Whether GitLab has taken the token since, when it was asked on the runner's behalf. */
const takenSince = ({snapshot}: AskingEvidence, at: number): boolean => {
	const {verified} = snapshot.host.value ?? {};
	return verified?.is === 'valid' && verified.at > at;
};

/** GitLab refused the token when it was last asked. */
export function refusedToken(it: AskingEvidence): LastRefusal | undefined {
	const told = asked(it, it.history?.forbidden);
	return told && takenSince(it, told.held.last) ? undefined : told;
}

/** Whether GitLab would answer a runner that has switched itself off and so doesn't ask. */
export const isTakenAgain = (it: AskingEvidence): boolean => takenSince(it, it.history?.unhealthy?.last ?? 0);

/** GitLab didn't answer when it was last asked, or not with a job. */
export const unanswered = (it: AskingEvidence): LastRefusal | undefined => asked(it, it.history?.unreachable);

/** The Go error of a request without what is the same in each: `dial tcp 172.65.251.78:443: i/o timeout`. */
export const reasonOf = (detail = 'no answer'): string => detail.replace(/^couldn't execute \w+ against \S+: (?:\w+ "[^"]*": )?/, '').replace(/\.$/, '');
