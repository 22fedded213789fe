import {changeInWords} from '../../answers/value.ts';
import {doneIn} from '../../panel/drained.ts';
import type {RecordVersion} from '../../panel/snapshot.ts';
import {cut} from './width.ts';

/** The versions of a record that say something: what was changed, or what was done besides. */
export const versionsTold = (versions: readonly RecordVersion[] = []): RecordVersion[] =>
	versions.filter(({changes, note}) => changes.length > 0 || note !== undefined);

/** A value beside others in one line: a schedule is far longer than that. */
const longest = 40;

/** `drained`, `limit 12 → 16, idleCount 0 → 2`: what a version tells; with `most` in one line, so many changes of it, long values cut. */
export function madeWords({changes, note}: RecordVersion, most?: number): string {
	const valueWords = (value: string): string => (most === undefined ? value : cut(value, longest));
	const done = note === undefined ? [] : [doneIn(note).done];
	const shown = changes.slice(0, most).map(({what, from, to}) => changeInWords({what, from: valueWords(from), to: valueWords(to)}));
	const more = most !== undefined && changes.length > most ? [`${changes.length - most} more`] : [];
	return [...done, ...shown, ...more].join(', ');
}

/** `alice`, or `root@vm as alice` where the note says on which laptop it was done, and AWS as whom. */
export function whoWords({by, note}: RecordVersion): string {
	const who = note === undefined ? undefined : doneIn(note).who;
	if (who === undefined) return by;
	return by === 'somebody' || who.startsWith(`${by}@`) ? who : `${who} as ${by}`;
}
