import type {RowState} from '../../../panel/rows.ts';
import {isFresh} from '../../../panel/seen.ts';
import type {StateDetail, StateSeen} from '../../../panel/workers.ts';
import type {ConfigFacts} from '../../../steps/config/facts.ts';
import {groupTag, isTried, longestSetup} from './marked-members.ts';

/** EC2 and the group are asked one after the other, so what is younger than this may be in only one of them, in milliseconds. */
const betweenLooks = 120_000;
/** An instance that hasn't had a job and is younger than this may still be on its way to be ready, in milliseconds. */
const longestReady = 600_000;

const told = (state: RowState, detail?: string): StateDetail => ({state, detail});

const groupOf = ({instance, member}: StateSeen): string | undefined => member?.group ?? instance?.tags[groupTag];

/** What is being launched: EC2's word, else the group's. */
function launching({instance, member}: StateSeen): StateDetail | undefined {
	if (instance?.state === 'pending') return told('creating', 'pending');
	if (member?.state.startsWith('Pending'))
		return told('creating', member.state === 'Pending' ? 'entering service' : `${member.state.toLowerCase()} in its group`);
	return undefined;
}

/** An instance that no runner of this manager can use. */
function strayed(seen: StateSeen, groups: ReadonlySet<string> | undefined): StateDetail | undefined {
	const {host, groups: scaling, instance, member, now, otherManagers} = seen;
	const group = groupOf(seen);
	if (host.value === undefined) return told('unknown', host.problem ? "the manager can't be asked" : 'asking the manager');
	if (instance && isTried(instance)) return now - instance.launchedAt < longestSetup ? told('creating', 'tried by setup') : told('orphan', 'left by a setup');
	if (groups === undefined) return told('unknown', "config.toml can't be read");
	if (group === undefined || !groups.has(group))
		return otherManagers ? told('unknown', 'maybe of another manager of this fleet') : told('orphan', 'of no runner here');
	if (member || !isFresh(scaling) || instance === undefined) return undefined;
	return (scaling.at ?? now) - instance.launchedAt < betweenLooks ? told('creating', 'just launched') : told('orphan', 'not in its group');
}

/** An instance in service of which the log tells nothing that would settle it. */
function withoutStory({counts, instance, hasLooseJobs, now}: StateSeen): StateDetail {
	const age = now - (instance?.launchedAt ?? now);
	if (counts && counts.creating > 0 && age < longestReady && (counts.idle === 0 || age < betweenLooks)) return told('creating', 'not ready yet');
	if (counts && counts.idle + counts.creating === 0 && counts.used > 0) return told('busy');
	return hasLooseJobs() ? told('unknown', 'busy or idle') : told('idle');
}

function stateOf(seen: StateSeen, groups: ReadonlySet<string> | undefined): StateDetail {
	const {busy, instance, member, story} = seen;
	if (instance?.state === 'shutting-down' || member?.state.startsWith('Terminating')) return told('removing', story?.reason || instance?.stateReason);
	if (instance?.state === 'stopped' || instance?.state === 'stopping') return told('stopped', instance.stateReason);
	if (story?.removingAt !== undefined) return told('removing', story.reason || undefined);
	const outdated = member?.isOutdated ? 'of an older template' : undefined;
	if (busy) return told('busy', outdated);
	// What no runner here asked for is none of those that are being made.
	const group = groupOf(seen);
	const isAsked = groups === undefined || group === undefined || groups.has(group);
	const other = (isAsked ? launching(seen) : undefined) ?? strayed(seen, groups);
	if (other) return other;
	if (story?.failedAt !== undefined) return told('failed', story.refusal?.code ?? 'never ready');
	// The runner's own list of jobs no longer holds the one that the log named.
	const now = story?.job === undefined ? withoutStory(seen) : told('idle');
	return now.detail === undefined ? told(now.state, outdated) : now;
}

/** What instances are doing; those of a group that no runner of config.toml has are orphans. */
export function stateBy(facts: ConfigFacts | undefined): (seen: StateSeen) => StateDetail {
	const groups = facts && new Set(facts.runners.flatMap(({group}) => group ?? []));
	return (seen) => stateOf(seen, groups);
}
