import type {HomeFleet} from '../face.ts';
import {countRows} from '../snapshot/rows.ts';
import {verdictOf} from '../snapshot/verdict.ts';
import {whyWaiting} from '../snapshot/why-waiting.ts';
import {glanceWords} from '../telling/status-words.ts';
import {lookOnce} from './one-look.ts';
import type {Session} from './session.ts';
import {watchFleet} from './status-ports.ts';

/** One look at a fleet whose manager runs, by what `status` looks at, but for what is paid and who changed what: how many machines are busy, whether jobs wait and why. Where it can't be asked, what is known stays. */
export async function glance(session: Session, {name, region, says}: HomeFleet, signal: AbortSignal): Promise<Pick<HomeFleet, 'is' | 'says'>> {
	const watch = await watchFleet(session, {name, region});
	const {snapshot, rows, now} = await lookOnce(watch, AbortSignal.any([session.stops.soft, signal]), ['leftovers', 'prices', 'record']);
	const verdict = verdictOf(snapshot, now, rows);
	if (verdict.is === 'unknown') return {is: 'note', says: `${says}. ${verdict.says}`};
	const why = whyWaiting(snapshot, now, rows);
	const trouble = verdict.causes[0];
	// What is wrong is said first, whether or not jobs wait because of it.
	const told = trouble ? {...why, causes: [trouble]} : why;
	return {is: trouble ? 'note' : 'so', says: glanceWords(snapshot, countRows(rows), told)};
}
