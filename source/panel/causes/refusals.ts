import {forTime} from '../formats.ts';
import {upFrom} from '../journal/history.ts';
import type {WorkerRefusal} from '../journal/refusal.ts';
import {once} from '../once.ts';
import type {Case, CauseRow} from './cause.ts';

/** A refusal that still holds: the newest of its kind, since when they come, and how many came. */
export type Holds = {refusal: WorkerRefusal; since: number; count: number};

/** How long after its last refusal a reason is believed to hold, in milliseconds: the runner tries again much sooner. */
const believed = 15 * 60_000;

/** When the newest machine was begun that came up, in milliseconds since 1970. */
const newestUp = once(({history}: Case) => {
	let newest = 0;
	for (const story of history?.machines.values() ?? []) newest = Math.max(newest, upFrom(story));
	return newest;
});

const cameUpAfter = (it: Case, at: number): boolean => newestUp(it) > at;

/** The newest refusal that `fits`, as long as it still holds: it came lately, and it isn't over since, as by a machine that was begun after it and came up. */
export function holdingRefusal(it: Case, fits: (refusal: WorkerRefusal) => boolean, isOver = cameUpAfter): Holds | undefined {
	const {history, now} = it;
	const refused = (history?.refused ?? []).filter(({refusal}) => fits(refusal));
	const last = refused.at(-1);
	if (!last || now - last.at > believed || isOver(it, last.at)) return undefined;
	let since = last.at;
	let count = 0;
	for (const {at} of refused.toReversed()) {
		if (since - at > believed) break;
		since = at;
		count += 1;
	}
	return {refusal: last.refusal, since, count};
}

/** The newest refusal that holds and has one of these codes, with or without `Client.` or `Server.`. */
export const holdingCode = (it: Case, codes: {has(code: string): boolean}, isOver = cameUpAfter): Holds | undefined =>
	holdingRefusal(it, ({code}) => codes.has(bareCode(code)), isOver);

/** A code without who is to blame: `Client.UnauthorizedOperation` is `UnauthorizedOperation`. */
export const bareCode = (code: string): string => code.replace(/^(?:Client|Server)\./, '');

/** Docker Hub's newest refusal. New machines come up all the same: it's over once a job ends well. */
export const hubRefusal = once((it: Case) =>
	holdingRefusal(
		it,
		({code}) => code === 'docker-hub',
		({history}, at) => (history?.succeededAt ?? 0) > at,
	),
);

/** The newest refusal for which no machine is made. */
export const machineRefusal = once((it: Case) => holdingRefusal(it, ({code}) => code !== 'docker-hub'));

/**
 * A row of the runner's log: its cause holds while a refusal with one of its codes does. `time` is `, for 12 m`; it may leave a refusal to another row.
 * `isOver` says what else than a machine that came up ends it.
 */
export function refusalRow({
	says,
	refusals,
	isOver,
	...row
}: Pick<CauseRow, 'id' | 'rank' | 'key'> & {
	refusals: readonly string[];
	says(held: Holds, time: string, it: Case): string | undefined;
	isOver?: Parameters<typeof holdingRefusal>[2];
}): CauseRow {
	const codes = new Set(refusals);
	return {
		...row,
		source: 'journal',
		refusals,
		tells: (it) => {
			const held = holdingCode(it, codes, isOver);
			const told = held && says(held, forTime(held.since, it.now), it);
			return told === undefined ? undefined : {says: told, since: held?.since};
		},
	};
}
