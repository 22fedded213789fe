import type {Problem} from '../problem.ts';

/** Trouble with a source, as data. */
export type SourceTrouble = {code: string; message: string; advice?: string | undefined};

/** What one source last told, and what is wrong with it now. The last good value stays when a look fails. */
export type Seen<Value> = {
	value?: Value;
	/** When `value` was seen, in milliseconds since 1970. */
	at?: number;
	/** Why the last look failed. */
	problem?: SourceTrouble;
	/** Since when looks fail. */
	failingSince?: number;
	/** Why this source isn't asked at all: a sentence. */
	off?: string;
};

/** A source that hasn't been asked yet. */
export const unseen: Seen<never> = {};

/** A source that isn't asked, and why. */
export const off = (why: string): Seen<never> => ({off: why});

/** A good look: what was wrong is over. */
export const good = <Value>(value: Value, at: number): Seen<Value> => ({value, at});

/** A failed look: the last good value stays, with its age. */
export const failing = <Value>(seen: Seen<Value>, problem: Problem | SourceTrouble, at: number): Seen<Value> => ({
	...seen,
	problem: {code: problem.code, message: problem.message, ...(problem.advice === undefined ? {} : {advice: problem.advice})},
	failingSince: seen.failingSince ?? at,
});

/** Seconds since the value was seen; undefined when there is none. */
export const ageOf = (seen: Seen<unknown>, now: number): number | undefined => (seen.at === undefined ? undefined : Math.max(0, (now - seen.at) / 1000));

/** Whether the value is there and the last look didn't fail. */
export const isFresh = (seen: Seen<unknown>): boolean => seen.at !== undefined && seen.problem === undefined;

type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;

/** Whether two records hold the same: values as they are, and records and lists of values in them one level down. */
function same(one: Plain, other: Plain, level = 1): boolean {
	const keys = Object.keys(one);
	if (keys.length !== Object.keys(other).length) return false;
	return keys.every((key) => {
		const [mine, theirs] = [one[key], other[key]];
		return mine === theirs || (level > 0 && isPlain(mine) && isPlain(theirs) && same(mine, theirs, level - 1));
	});
}

/** The list as told now, with the objects of before wherever they hold the same; the list of before when nothing changed. So what is joined from it can stay, too. */
export function keeping<Thing extends Plain>(before: readonly Thing[] | undefined, now: readonly Thing[], idOf: (thing: Thing) => string): readonly Thing[] {
	if (!before) return now;
	const known = new Map(before.map((thing) => [idOf(thing), thing]));
	const kept = now.map((thing) => {
		const old = known.get(idOf(thing));
		return old && same(old, thing) ? old : thing;
	});
	return kept.length === before.length && kept.every((thing, index) => thing === before[index]) ? before : kept;
}
