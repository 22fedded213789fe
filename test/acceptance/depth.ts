/** When something outside was asked, and when its answer came, in milliseconds since 1970. */
export type CallSpan = {from: number; to: number};

/** Milliseconds by which each call may be delayed for it: the program gives one up after 30 s. */
export const longestDelay = 20_000;

/** How many round trips deep a command is: the longest chain of calls in which each begins only once the one before has its answer. */
export function roundTripsDeep(spans: readonly CallSpan[]): number {
	let deep = 0;
	let answered = Number.NEGATIVE_INFINITY;
	for (const {from, to} of spans.toSorted((one, other) => one.to - other.to)) {
		if (from < answered) continue;
		deep += 1;
		answered = to;
	}
	return deep;
}
