import {age, money} from '../../panel/formats.ts';
import type {Line} from './lines.ts';
import type {EventOf} from './run-state.ts';

type Orphan = Omit<EventOf<'orphan.found'>, 'event' | 'at'>;

/** What a leftover is called: an instance is a worker here. */
export const orphanNoun = (kind: Orphan['kind']): string => (kind === 'instance' ? 'worker' : kind);

/** Columns of the widest. */
export const nounWidth = 'launch template'.length;

/** A leftover in one line: what it is, how old, what it costs, and why it is judged so. `at` is when it was seen, in milliseconds since 1970. */
export function orphanWords({because, createdAt, id, kind, name, region, sizeGib, type, usdPerHour, usdSoFar, zone}: Orphan, at: number): string {
	const old = createdAt === undefined ? undefined : `${age((at - Date.parse(createdAt)) / 1000)} old`;
	const cost = usdPerHour === undefined ? undefined : `about ${money(usdPerHour)} an hour${usdSoFar === undefined ? '' : `, ${money(usdSoFar)} so far`}`;
	const what = kind === 'key pair' || name === id || name === '' ? name || id : `${id} ${name}`;
	const parts = [type, sizeGib === undefined ? undefined : `${sizeGib} GiB`, zone ?? region, old, cost].filter((part) => part !== undefined && part !== '');
	return `${what}: ${parts.join(', ')}; ${because}`;
}

/** The same as a line with its state. */
export const orphanLine = (orphan: EventOf<'orphan.found'>): Line => ({
	mark: orphan.is === 'orphan' ? 'extra' : 'waiting',
	word: orphan.is === 'orphan' ? 'orphan' : 'not known',
	subject: orphanNoun(orphan.kind),
	subjectWidth: nounWidth,
	text: orphanWords(orphan, Date.parse(orphan.at)),
});
