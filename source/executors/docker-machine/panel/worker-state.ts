import type {RowState} from '../../../panel/rows.ts';
import type {StateDetail, StateSeen} from '../../../panel/workers.ts';
import type {ConfigFacts} from '../../../steps/config/facts.ts';
import type {Instance} from '../../../steps/looks/account.ts';
import {unmanagedBy} from '../machine-names.ts';

/** docker-machine gives up a create after an hour. */
const longestCreate = 3_600_000;
/** Between two looks a machine may be in one and not yet in the other, in milliseconds. */
const betweenLooks = 180_000;

/** How a row says that it is in docker-machine's store and that no runner looks after it. */
export const unmanagedDetail = 'no runner manages it';

const told = (state: RowState, detail?: string): StateDetail => ({state, detail});

/** An instance that isn't in the store of the manager that made it. */
function withoutMachine(seen: StateSeen, instance: Instance): StateDetail {
	if (seen.host.value === undefined) return told('unknown', seen.host.problem ? "the manager can't be asked" : 'asking the manager');
	if (!seen.host.value.hasStore) return told('unknown', "the manager's docker-machine store isn't there");
	if ((seen.host.at ?? 0) - instance.launchedAt < betweenLooks) return told('creating', 'just launched');
	if (seen.otherManagers) return told('unknown', 'maybe of another manager of this fleet');
	if (seen.host.value.unreadMachines.includes(seen.name)) return told('unknown', "its file on the manager can't be read");
	return told('orphan', 'not managed');
}

/** A machine of which the log tells nothing that would settle it. */
function withoutStory({counts, hasLooseJobs, instance, machine, createdAt, now}: StateSeen): StateDetail {
	const age = now - (createdAt ?? instance?.launchedAt ?? now);
	if (!instance && machine?.instanceId === '') return age < longestCreate ? told('creating', 'no instance yet') : told('unknown', 'no instance');
	if (instance?.state === 'pending') return told('creating', 'pending');
	if (age < betweenLooks && counts && counts.creating > 0) return told('creating');
	if (counts && counts.idle + counts.creating + counts.removing + counts.acquired === 0 && counts.used > 0) return told('busy');
	return hasLooseJobs() ? told('unknown', 'busy or idle') : told('idle');
}

function stateOf(seen: StateSeen, isUnmanaged: (name: string, now: number) => boolean): StateDetail {
	const {instance, machine, story} = seen;
	if (instance?.state === 'shutting-down') return told('removing', story?.reason ?? instance.stateReason);
	if (story?.removingAt !== undefined) return told('removing', story.reason);
	if (instance?.state === 'stopped' || instance?.state === 'stopping') return told('stopped', instance.stateReason);
	if (instance && !machine) return withoutMachine(seen, instance);
	if (seen.busy) return told('busy');
	const now = settledState(seen);
	return machine !== undefined && now.state !== 'creating' && isUnmanaged(seen.name, seen.now) ? told('orphan', unmanagedDetail) : now;
}

/** What a machine in the store is doing that runs no job. */
function settledState(seen: StateSeen): StateDetail {
	const {story} = seen;
	if (story?.failedAt !== undefined) return told('failed', story.refusal?.code ?? story.stage);
	if (story?.createdAt !== undefined || story?.jobEndedAt !== undefined) return told('idle');
	// The runner's own list of jobs no longer holds the one that the log named.
	if (story?.job !== undefined) return told('idle');
	if (story?.stage !== undefined) return told('creating', story.stage);
	return withoutStory(seen);
}

/** What machines are doing; those in the store that no runner of config.toml counts as its own are orphans. */
export function stateBy(facts: ConfigFacts | undefined): (seen: StateSeen) => StateDetail {
	const isUnmanaged = facts ? unmanagedBy(facts.runners) : () => false;
	return (seen) => stateOf(seen, isUnmanaged);
}
