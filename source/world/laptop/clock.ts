import {Stopped} from '../../problem.ts';

/** Time as the program sees it; the simulated world brings its own. */
export type Clock = {
	/** Milliseconds since 1970. */
	now(): number;
	/** Waits this many milliseconds; rejects with `Stopped` once the signal is aborted. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/**
 * How something is waited for: milliseconds between two looks, by the turn from 1 where it isn't always the same; and when it's given up: after so many
 * looks, or once so many milliseconds are over.
 */
type Patience = {pause: number | ((turn: number) => number); tries?: number; longest?: number};

/** Whoever waits: by which clock, and what ends it. */
type WaitOptions = {clock: Clock; signal?: AbortSignal | undefined};

/**
 * Looks again and again until it is so; gives what was seen last, which isn't so where it was given up. `waiting` hears of what was seen before each pause, and
 * of how many milliseconds it has been. Rejects with what `look` throws, and with `Stopped` once the signal is aborted.
 */
export async function until<Seen>(
	{clock, signal}: WaitOptions,
	{pause, tries = Number.POSITIVE_INFINITY, longest = Number.POSITIVE_INFINITY}: Patience,
	look: () => Promise<Seen>,
	isSo: (seen: Seen) => boolean,
	waiting: (seen: Seen, waited: number) => void = () => undefined,
): Promise<Seen> {
	const begun = clock.now();
	for (let turn = 1; ; turn++) {
		const seen = await look();
		const waited = clock.now() - begun;
		if (isSo(seen) || turn >= tries || waited > longest) return seen;
		waiting(seen, waited);
		await clock.sleep(typeof pause === 'number' ? pause : pause(turn), signal);
	}
}

/**
 * Does something again and again while it fails in a way that passes by itself: `passes` gives a sentence to say meanwhile for such an error, and nothing for
 * any other, which is thrown, as is the last one once it's given up.
 */
export async function retried<Result>(
	around: WaitOptions,
	patience: Patience,
	work: () => Promise<Result>,
	passes: (error: unknown) => string | undefined,
	say: (progress: {says: string}) => void,
): Promise<Result> {
	type Attempt = {result: Result} | {error: unknown; says: string};
	const attempt = async (): Promise<Attempt> => {
		try {
			return {result: await work()};
		} catch (error) {
			const says = passes(error);
			if (says === undefined) throw error;
			return {error, says};
		}
	};
	const ended = await until(
		around,
		patience,
		attempt,
		(one) => 'result' in one,
		(one) => {
			if ('says' in one) say({says: one.says});
		},
	);
	if ('result' in ended) return ended.result;
	throw ended.error;
}

/** A number from 0 up to 1; seeded in the simulated world. */
export type Random = () => number;

/** Milliseconds; a clock that is off by less is left as it is. */
const smallError = 60_000;

/**
 * The same clock, told by AWS's where the machine's own is wrong: ages of machines and sessions are judged by the time of whoever made them.
 * `ahead` gives the milliseconds by which AWS's clock is ahead, as far as it's known by now.
 */
export function setByAws(clock: Clock, ahead: () => number): Clock {
	let set = 0;
	return {
		...clock,
		now() {
			// Answers are dated to the second, so the difference wavers; time mustn't run backwards for that.
			if (Math.abs(ahead() - set) > smallError) set = Math.abs(ahead()) > smallError ? ahead() : 0;
			return clock.now() + set;
		},
	};
}

/** The machine's own clock. */
export const realClock: Clock = {
	now: () => Date.now(),
	sleep: (ms, signal) =>
		new Promise((resolve, reject) => {
			if (signal?.aborted) return reject(new Stopped());
			const stop = () => {
				clearTimeout(timer);
				reject(new Stopped());
			};
			const timer = setTimeout(() => {
				signal?.removeEventListener('abort', stop);
				resolve();
			}, ms);
			signal?.addEventListener('abort', stop, {once: true});
		}),
};
