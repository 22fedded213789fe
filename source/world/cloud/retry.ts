import {isProblem, type Problem, Stopped} from '../../problem.ts';
import type {Clock, Random} from '../laptop/clock.ts';
import type {Cloud, CloudAt, OperationName} from './port.ts';

/** How often and how long the one retry policy tries. Times are milliseconds. */
export const patience = {attempts: 5, firstPause: 500, longestPause: 8000} as const;

export type Retrying = {
	clock: Clock;
	random: Random;
	/** Hears of each further attempt before its pause begins. */
	onRetry?: ((retry: {operation: OperationName; problem: Problem; seconds: number; attempt: number}) => void) | undefined;
};

/** Length of the pause after so many attempts, in milliseconds: it doubles, and jitter takes up to half of it, so that machines don't come back together. */
export const pauseAfter = (attempt: number, random: Random): number =>
	Math.min(patience.longestPause, patience.firstPause * 2 ** (attempt - 1)) * (1 - random() / 2);

/**
 * The same cloud with the program's one retry policy: problems that say `again` are tried up to five times with growing pauses.
 * Ends with `Stopped` once the signal is aborted, and in place of another try once `enough` is. The SDK itself doesn't retry.
 */
export function patient(cloud: Cloud, {clock, random, onRetry}: Retrying, signal?: AbortSignal, enough?: AbortSignal): Cloud {
	const ends = [signal, enough].filter((one) => one !== undefined);
	const either = ends.length === 2 ? AbortSignal.any(ends) : ends[0];
	return {
		...cloud,
		async call(name, input) {
			for (let attempt = 1; ; attempt += 1) {
				if (signal?.aborted) throw new Stopped();
				try {
					return await cloud.call(name, input);
				} catch (error) {
					if (signal?.aborted) throw new Stopped();
					if (!isProblem(error) || !error.again || attempt >= patience.attempts) throw error;
					if (enough?.aborted) throw new Stopped();
					const pause = pauseAfter(attempt, random);
					onRetry?.({operation: name, problem: error, seconds: pause / 1000, attempt});
					await clock.sleep(pause, either);
				}
			}
		},
	};
}

/** The retry policy for clouds of every region. */
export const patientAt =
	(cloudAt: CloudAt, retrying: Retrying): CloudAt =>
	(region, signal, enough) =>
		patient(cloudAt(region, signal), retrying, signal, enough);
