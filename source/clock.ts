import {Stopped} from './problem.ts';

/** Time as the program sees it; the simulated world brings its own. */
export type Clock = {
	/** Milliseconds since 1970. */
	now(): number;
	/** Waits this many milliseconds; rejects with `Stopped` once the signal is aborted. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

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
