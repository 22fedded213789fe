/** Lets so many machines of an entry be made at a time; those beyond wait for their turn, as with `MaxGrowthRate`. */
type Growth = {
	/** Begins at once, or when another one is over; `begin` gives whether it is still wanted. `most` 0: no limit. */
	begin(token: string, most: number, begin: () => boolean): void;
	/** One that had begun is over. */
	over(token: string, most: number): void;
};

/** Nothing grows yet. */
export function growth(): Growth {
	const growing = new Map<string, number>();
	const waiting = new Map<string, (() => boolean)[]>();
	const goOn = (token: string, most: number): void => {
		const queue = waiting.get(token) ?? [];
		while (queue.length > 0 && (most === 0 || (growing.get(token) ?? 0) < most)) {
			if (queue.shift()?.()) growing.set(token, (growing.get(token) ?? 0) + 1);
		}
	};
	return {
		begin(token, most, begin) {
			waiting.set(token, [...(waiting.get(token) ?? []), begin]);
			goOn(token, most);
		},
		over(token, most) {
			growing.set(token, Math.max(0, (growing.get(token) ?? 0) - 1));
			goOn(token, most);
		},
	};
}
