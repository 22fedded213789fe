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
