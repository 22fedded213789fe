import {many, takes} from '../formats.ts';
import type {Case, CauseRow, CauseStatement} from './cause.ts';

/** Workers that are on their way. */
export type Coming = Pick<CauseStatement, 'since' | 'source'> & {
	count: number;
	/** With an idle count of 0 every first job waits for one. */
	cold: boolean;
	/** How long one usually takes, in seconds. */
	usual: number | undefined;
};

/** How an executor speaks of its workers: `an`, `instance`, `on the way`. */
type ComingWords = {article: 'a' | 'an'; worker: string; going: string};

/** The two rows of workers that are on their way, `cold` and `warm` by their ids. */
export function comingRows(
	ids: Record<'cold' | 'warm', string>,
	{article, worker, going}: ComingWords,
	coming: (it: Case) => Coming | undefined,
): readonly CauseRow[] {
	const row = (is: 'cold' | 'warm', key: CauseRow['key'], says: (count: number) => string): CauseRow => ({
		id: ids[is],
		rank: 'coming',
		source: 'runner',
		key,
		tells: (it) => {
			const {cold, count, since, source, usual} = coming(it) ?? {};
			if (count === undefined || cold !== (is === 'cold')) return undefined;
			const taking = usual === undefined ? '' : `, which usually takes about ${takes(usual)}`;
			const begun = since === undefined ? '' : `; the first began ${takes((it.now - since) / 1000)} ago`;
			return {says: `${says(count)} ${going}${taking}${begun}.`, since, ...(source ? {source} : {})};
		},
	});
	return [
		row('cold', 'idle', (count) => `The idle count is 0, so a job waits for ${article} ${worker} of its own: ${count === 1 ? '1 is' : `${count} are`}`),
		row('warm', 'wait', (count) => many(count, `${worker} is`, `${worker}s are`)),
	];
}
