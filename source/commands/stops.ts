import type {Signal} from './surroundings.ts';

/**
 * How the person ends the work: the first signal finishes the call under way and starts nothing more (`soft`), the second one ends that too (`hard`).
 */
export type Stops = {
	readonly soft: AbortSignal;
	readonly hard: AbortSignal;
	/** Ctrl-c in a face counts as SIGINT. */
	raise(signal: Signal): void;
	/** 130, 143 or 129, by the first signal; undefined when there was none. */
	exit(): 129 | 130 | 143 | undefined;
};

const exits = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

/** Makes the two signals, to be raised by whoever hears of a stop. */
export function makeStops(): Stops {
	const soft = new AbortController();
	const hard = new AbortController();
	let first: Signal | undefined;
	return {
		soft: soft.signal,
		hard: hard.signal,
		raise(signal) {
			if (first) return hard.abort();
			first = signal;
			soft.abort();
		},
		exit: () => first && exits[first],
	};
}
