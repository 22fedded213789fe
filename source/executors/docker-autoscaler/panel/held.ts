import type {Case, CauseRow} from '../../../panel/causes/cause.ts';
import {bareCode, type Holds, holdingRefusal} from '../../../panel/causes/refusals.ts';
import {forTime} from '../../../panel/formats.ts';

/** What stands in the way of every try is said again with each of them, so that what wasn't said for longer than this is over, in milliseconds. */
const silence = 180_000;

/** A line of these codes that is said as long as it is so: it isn't over by a worker that was there already. */
export const repeated = (it: Case, ...codes: readonly string[]): Holds | undefined =>
	holdingRefusal(
		it,
		({code}) => codes.includes(bareCode(code)),
		({now}, last) => now - last > silence,
	);

/** A row for such lines. */
export function repeatedRow({
	code,
	says,
	...row
}: Pick<CauseRow, 'id' | 'rank' | 'key'> & {code: string; says(held: Holds, time: string, it: Case): string | undefined}): CauseRow {
	return {
		...row,
		source: 'journal',
		refusals: [code],
		tells: (it) => {
			const held = repeated(it, code);
			const told = held && says(held, forTime(held.since, it.now), it);
			return told === undefined ? undefined : {says: told, since: held?.since};
		},
	};
}
