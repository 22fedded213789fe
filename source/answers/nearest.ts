/** The name nearest to what was written, or nothing where none is near: at most a third of the letters differ, or one holds the other. */
export function nearest(written: string, names: Iterable<string>): string | undefined {
	let best: {name: string; far: number} | undefined;
	for (const name of names) {
		const far = distance(written, name);
		if (!best || far < best.far) best = {name, far};
	}
	return best && best.far <= Math.max(1, Math.ceil(Math.max(written.length, best.name.length) / 3)) ? best.name : undefined;
}

/** How many letters must be put in, taken out or changed. */
function distance(a: string, b: string): number {
	let row = Array.from({length: b.length + 1}, (_, index) => index);
	for (const [i, letter] of [...a].entries()) {
		const next = [i + 1];
		for (const [j, other] of [...b].entries()) {
			next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
		}
		row = next;
	}
	return row.at(-1) ?? 0;
}
