import type {Signal} from './surroundings.ts';

/**
 * How the person ends the work: the first signal finishes the call under way and starts nothing more (`soft`), the second one ends that too (`hard`).
 */
export type Stops = {
	readonly soft: AbortSignal;
	readonly hard: AbortSignal;
	/** Ctrl-c in a face counts as SIGINT. */
	raise(signal: Signal): void;
	/** Nobody reads what is said any more, as when `head` has had enough or the terminal is gone: like a first SIGHUP, and never like a second. */
	unread(): void;
	/** Whether somebody reads what is said. */
	isRead(): boolean;
	/** 130, 143 or 129, by the first signal; undefined when there was none. */
	exit(): 129 | 130 | 143 | undefined;
};

const exits = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

/** Makes the two signals, to be raised by whoever hears of a stop. */
export function makeStops(): Stops {
	const soft = new AbortController();
	const hard = new AbortController();
	let first: Signal | undefined;
	let read = true;
	const begin = (signal: Signal): void => {
		first = signal;
		soft.abort();
	};
	return {
		soft: soft.signal,
		hard: hard.signal,
		raise(signal) {
			if (first) return hard.abort();
			begin(signal);
		},
		unread() {
			read = false;
			if (!first) begin('SIGHUP');
		},
		isRead: () => read,
		exit: () => first && exits[first],
	};
}
