import {realClock} from '../clock.ts';
import type {Face} from '../face.ts';
import {Problem} from '../problem.ts';
import type {Stops} from './stops.ts';
import type {Surroundings} from './surroundings.ts';

/** Milliseconds after which a stop that still waits for the call under way says so. */
const silence = 1000;
/** Milliseconds that whatever is under way has after the second stop. */
const grace = 500;

const waiting = 'Stopping: what is under way ends first. Ctrl-c or the signal once more ends it at once.';

const atOnce = new Problem({
	code: 'stopped',
	message: 'Ended at once, in the middle of what was under way. What was made stays, and an instance that runs costs.',
	advice: 'Run the same command again; it looks first and goes on.',
});

/**
 * Sees to it that a stop comes to an end: a first one that waits says so after a while, and half a second after the second one the process ends,
 * whatever is open. Gives what is called once the work has ended by itself.
 */
export function overseeing({emit, fail, screens}: Face, stops: Stops, around: Pick<Surroundings, 'end'>): () => void {
	const over = new AbortController();
	/** Does something after so many milliseconds, unless the work has ended by then. */
	const later = (ms: number, work: () => void): void => void realClock.sleep(ms, over.signal).then(work, () => undefined);
	// Screens show by themselves that they stop.
	const onSoft = (): void => later(silence, () => !screens && stops.isRead() && !stops.hard.aborted && emit({event: 'note', says: waiting}));
	const onHard = (): void =>
		later(grace, () => {
			fail(atOnce);
			around.end(stops.exit() ?? 130);
		});
	const each = [
		[stops.soft, onSoft],
		[stops.hard, onHard],
	] as const;
	for (const [signal, hear] of each) {
		if (signal.aborted) hear();
		else signal.addEventListener('abort', hear, {once: true, signal: over.signal});
	}
	return () => over.abort();
}
