import {isProblem, Problem, Stopped, toProblem} from '../../problem.ts';
import type {Clock} from '../../world/laptop/clock.ts';

/** One source's own rhythm. */
export type Loop = {
	/** As told when it doesn't answer: `EC2`. */
	title: string;
	/** Seconds between the end of a look and the next. */
	seconds: number;
	/** Seconds that a look may take. */
	limit: number;
	look(signal: AbortSignal): Promise<void>;
	failed(problem: Problem): void;
};

/** What a look needs isn't known yet: it is tried again soon, and nobody is told. */
export const notYet = (what: string): Problem => new Problem({code: 'not-yet', message: `${what} isn't known yet.`, again: true});

/** After a failed look the next comes soon, however slow the source is, then ever later, up to ten seconds: somebody is looking on. In seconds. */
const pause = (seconds: number, failures: number): number => (failures === 0 ? seconds : Math.min(10, Math.min(seconds, 2) * 2 ** Math.min(failures, 4)));

/** Seconds until what is wanted from another source is looked for again: it costs no call. */
const soon = 0.25;

/** Does one look and gives it up after its limit: what hangs must not keep a source from being asked again. */
async function bounded({title, limit, look}: Loop, clock: Clock, signal: AbortSignal): Promise<void> {
	const ended = new AbortController();
	const within = AbortSignal.any([signal, ended.signal]);
	const late = async (): Promise<never> => {
		await clock.sleep(limit * 1000, within);
		throw new Problem({code: 'no-answer', message: `${title} hasn't answered for ${limit} s.`, fault: 'outside', again: true});
	};
	try {
		await Promise.race([look(within), late()]);
	} finally {
		// A reason of its own is cheap; without one each look makes an error with a stack.
		ended.abort('looked');
	}
}

/** Looks again and again until the signal is aborted; a failure is told and the next look comes. Never rejects. */
export async function follow(loop: Loop, clock: Clock, signal: AbortSignal): Promise<void> {
	let failures = 0;
	while (!signal.aborted) {
		let wanting = false;
		try {
			await bounded(loop, clock, signal);
			failures = 0;
		} catch (error) {
			if (signal.aborted) return;
			wanting = isProblem(error, 'not-yet');
			failures = wanting ? 0 : failures + 1;
			if (!wanting) loop.failed(toProblem(error));
		}
		try {
			await clock.sleep((wanting ? soon : pause(loop.seconds, failures)) * 1000, signal);
		} catch (error) {
			if (error instanceof Stopped) return;
			throw error;
		}
	}
}
