/** One sample of a metric. */
export type Sample = {name: string; labels: Record<string, string>; value: number};

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escaped: Record<string, string> = {n: '\n', '"': '"', '\\': '\\'};

function number(text: string): number | undefined {
	if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
	if (text === '-Inf') return Number.NEGATIVE_INFINITY;
	const value = Number(text);
	return Number.isNaN(value) ? undefined : value;
}

function labelsOf(text: string): Record<string, string> {
	const labels: Record<string, string> = {};
	for (const [, name, value] of text.matchAll(label))
		if (name !== undefined) labels[name] = (value ?? '').replace(/\\(.)/g, (_, letter: string) => escaped[letter] ?? letter);
	return labels;
}

/** Samples of Prometheus' text format whose name begins with one of the prefixes; `NaN` is left out. Lines that can't be read are given back. */
export function readPrometheus(text: string, prefixes: readonly string[]): {samples: Sample[]; unread: string[]} {
	const samples: Sample[] = [];
	const unread: string[] = [];
	for (const one of text.split('\n')) {
		const trimmed = one.trim();
		if (trimmed === '' || trimmed.startsWith('#') || !prefixes.some((prefix) => trimmed.startsWith(prefix))) continue;
		const found = line.exec(trimmed);
		const [, name, labels, written] = found ?? [];
		if (name === undefined || written === undefined) {
			unread.push(trimmed);
			continue;
		}
		const value = number(written);
		if (value !== undefined) samples.push({name, labels: labelsOf(labels ?? ''), value});
		else if (written !== 'NaN') unread.push(trimmed);
	}
	return {samples, unread};
}
