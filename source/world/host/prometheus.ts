/** One sample of a metric. */
type Sample = {name: string; labels: Record<string, string>; value: number};

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

/** Samples whose name begins with one of the prefixes; `NaN` is left out. Lines that can't be read are given back. */
function samplesIn(text: string, prefixes: readonly string[]): {samples: Sample[]; unread: string[]} {
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

type Where = Record<string, string>;

/** What a text of Prometheus' format tells of metrics whose name begins with one of the prefixes. A figure that isn't there is undefined: not known is not 0. */
export function readPrometheus(text: string, prefixes: readonly string[]) {
	const {samples, unread} = samplesIn(text, prefixes);
	const byName = Map.groupBy(samples, ({name}) => name);
	const matching = (name: string, where: Where = {}) =>
		(byName.get(name) ?? []).filter(({labels}) => Object.entries(where).every(([key, value]) => labels[key] === value));
	return {
		/** Lines that can't be read. */
		unread,
		/** The sum over all labels that aren't asked for. */
		sum: (name: string, where?: Where): number | undefined => {
			const found = matching(name, where);
			return found.length === 0 ? undefined : found.reduce((total, {value}) => total + value, 0);
		},
		/** The sums by the values of one label. */
		by: (name: string, label: string, where?: Where): Record<string, number> => {
			const sums: Record<string, number> = {};
			for (const {labels, value} of matching(name, where)) sums[labels[label] ?? ''] = (sums[labels[label] ?? ''] ?? 0) + value;
			return sums;
		},
		/** The label of the series whose value is 1: a version, a state. */
		word: (name: string, label: string): string | undefined => matching(name).find(({value}) => value === 1)?.labels[label],
	};
}
