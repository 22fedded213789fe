/** Instance types that do about the same, by the family's generation: Intel or AMD beside Graviton. For suggesting, never for deciding. */
const pairs = [
	['t3', 't4g'],
	['t3a', 't4g'],
	['t2', 't4g'],
	['c5', 'c6g'],
	['c6i', 'c7g'],
	['c6a', 'c7g'],
	['c7i', 'c7g'],
	['m5', 'm6g'],
	['m6i', 'm7g'],
	['m6a', 'm7g'],
	['m7i', 'm7g'],
	['r5', 'r6g'],
	['r6i', 'r7g'],
] as const;

/** Families of one architecture that can stand in for each other, the likeliest first. */
const alike = [
	['t3', 't3a', 't2'],
	['c5', 'c6i', 'c5a', 'c6a', 'c7i'],
	['m5', 'm6i', 'm5a', 'm6a', 'm7i'],
	['r5', 'r6i', 'r5a', 'r6a'],
	['c6g', 'c7g'],
	['m6g', 'm7g'],
	['r6g', 'r7g'],
] as const;

function split(type: string): {family: string; size: string} {
	const [family = '', size = ''] = type.split('.');
	return {family, size};
}

/** Types of the same size and the same architecture that may be offered where this one isn't. */
export function twinsOf(type: string): string[] {
	const {family, size} = split(type);
	const group: readonly string[] = alike.find((one) => one.some((member) => member === family)) ?? [];
	return group.filter((one) => one !== family).map((one) => `${one}.${size}`);
}

/** What has as many vCPUs of the same architecture and more memory: m5.large for c5.large, r5.large for m5.large. */
const roomier: Readonly<Record<string, string>> = {c: 'm', m: 'r'};

/** Types that run what a type runs: of the same size in its own families, then in those with more memory. */
export function standInsFor(type: string): string[] {
	const more = roomier[type.charAt(0)];
	const larger = more === undefined ? undefined : more + type.slice(1);
	const isKnown = larger !== undefined && alike.some((one) => one.some((member) => member === split(larger).family));
	return [...twinsOf(type), ...(isKnown ? [larger, ...twinsOf(larger)] : [])];
}

/** The type of the same size and the other architecture: t3.small for t4g.small, and back. */
export function otherArchitecture(type: string): string | undefined {
	const {family, size} = split(type);
	const forth = pairs.find(([intel]) => intel === family)?.[1];
	const back = pairs.find(([, graviton]) => graviton === family)?.[0];
	const found = forth ?? back;
	return found && `${found}.${size}`;
}
