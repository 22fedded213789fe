import {doneIn} from '../../panel/drained.ts';
import type {RecordVersion} from '../../panel/snapshot.ts';

/** The versions of a record that say something: what was changed, or what was done besides. */
export const versionsTold = (versions: readonly RecordVersion[] = []): RecordVersion[] =>
	versions.filter(({changes, note}) => changes.length > 0 || note !== undefined);

/** `drained`, `limit 12 → 16, idleCount 0 → 2`: what a version tells, at most so many of its changes. */
export function madeWords({changes, note}: RecordVersion, most = changes.length): string {
	const done = note === undefined ? [] : [doneIn(note).done];
	const shown = changes.slice(0, most).map(({what, from, to}) => `${what} ${from} → ${to}`);
	const more = changes.length > most ? [`${changes.length - most} more`] : [];
	return [...done, ...shown, ...more].join(', ');
}

/** `alice`, or `root@vm as alice` where the note says on which laptop it was done, and AWS as whom. */
export function whoWords({by, note}: RecordVersion): string {
	const who = note === undefined ? undefined : doneIn(note).who;
	if (who === undefined) return by;
	return by === 'somebody' || who.startsWith(`${by}@`) ? who : `${who} as ${by}`;
}
