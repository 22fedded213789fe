import {readDeed} from '../steps/deeds.ts';
import type {Snapshot} from './snapshot.ts';

/** Deeds that end or begin the service. */
const deeds: readonly string[] = ['drained', 'resumed', 'restarted', 'started'];

/** Who drained the fleet, and when (milliseconds since 1970), where that is why its service has stopped: told by the record's history, so any laptop knows it. */
export function drainOf({record, journal, host}: Snapshot): {who: string; at: number} | undefined {
	const done = (record.value ?? []).flatMap(({note, at}) => {
		const deed = note === undefined ? undefined : readDeed(note);
		return deed && deeds.includes(deed.deed) ? [{...deed, at}] : [];
	});
	const [last] = done;
	if (last?.deed !== 'drained') return undefined;
	const startedSince = (journal.value?.serviceStartedAt ?? 0) > last.at;
	const stoppedBefore = (host.value?.service.since ?? last.at) < last.at;
	return startedSince || stoppedBefore ? undefined : {who: last.who, at: last.at};
}
