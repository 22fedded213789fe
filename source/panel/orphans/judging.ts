import {executors} from '../../executors/list.ts';
import type {AskedManager, Leftover, Region} from '../leftovers.ts';
import {isFresh, type Seen} from '../seen.ts';
import type {HostSeen} from '../snapshot.ts';

/**
 * A manager as its last look told of it. Its answer counts however old it is only while looks go well: what failed since can't be asked.
 * `unmanaged` are those of its workers that no runner there manages, and that run no job.
 */
export function askedManager(id: string, fleet: string | undefined, seen: Seen<HostSeen>, unmanaged: readonly string[] = []): AskedManager {
	const {value} = seen;
	const theirs = value && isFresh(seen) ? executors.filter(({leftovers}) => leftovers.isManager(value)).map(({leftovers}) => leftovers.kept(value)) : [];
	const kept = theirs.filter((one) => one !== undefined);
	// What one of its executors keeps nobody else can tell.
	if (kept.length === 0 || kept.length < theirs.length) return {id, fleet, store: undefined, shortTokens: []};
	const names = new Set(kept.flatMap((one) => one.names));
	const instanceIds = new Set(kept.flatMap((one) => one.instanceIds));
	return {
		id,
		fleet,
		store: {names, instanceIds, groups: new Set(kept.flatMap(({groups = []}) => groups)), ...(unmanaged.length === 0 ? {} : {unmanaged: new Set(unmanaged)})},
		shortTokens: (value?.config?.facts?.runners ?? []).map(({shortToken}) => shortToken).filter((token) => token !== ''),
	};
}

/** Names of the workers on a manager that no runner of its config.toml counts as its own; none where config.toml can't be read. */
export const unmanagedIn = (host: HostSeen, now: number): string[] => executors.flatMap(({leftovers}) => leftovers.unmanaged(host, now));

/** Everything of the region that some manager made, each judged by what the live managers know: never `orphan` where one that could know wasn't asked. Pure. */
export const judgeLeftovers = (region: Region): Leftover[] => executors.flatMap(({leftovers}) => leftovers.judge(region));
