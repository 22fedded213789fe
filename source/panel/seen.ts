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
