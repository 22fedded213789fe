import {readNote} from '../steps/record.ts';
import type {Snapshot} from './snapshot.ts';

/** What a version of the record says was done, and who did it; a description of another form is all that it says. */
export const doneIn = (note: string): {done: string; who?: string} => readNote(note) ?? {done: note};

/** What ends or begins the service. */
const endOrBegin: readonly string[] = ['drained', 'resumed', 'restarted', 'started'];

/** Who drained the fleet, and when (milliseconds since 1970), where that is why its service has stopped: told by the record's history, so any laptop knows it. */
export function drainOf({record, journal, host}: Snapshot): {who: string; at: number} | undefined {
	const notes = (record.value ?? []).flatMap(({note, at}) => {
		const read = note === undefined ? undefined : readNote(note);
		return read && endOrBegin.includes(read.done) ? [{...read, at}] : [];
	});
	const [last] = notes;
	if (last?.done !== 'drained') return undefined;
	const startedSince = (journal.value?.serviceStartedAt ?? 0) > last.at;
	const stoppedBefore = (host.value?.service.since ?? last.at) < last.at;
	return startedSince || stoppedBefore ? undefined : {who: last.who, at: last.at};
}
