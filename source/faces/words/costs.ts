/** Types that buy processor time beyond their share by default (unlimited mode: T3, T3a, T4g), at so much a vCPU hour. */
const isUnlimited = (type: string): boolean => /^t[34]/.test(type);

/** What isn't in any sum that is told, for machines of these types. */
export function notCounted({types, privately}: {types: readonly string[]; privately: boolean}): string {
	const unlimited = [...new Set(types.filter(isUnlimited))];
	const traffic = privately ? 'traffic (out of AWS, between zones, through the NAT gateway)' : 'traffic (out of AWS, between zones)';
	const credits = unlimited.length === 0 ? [] : [`processor time of ${unlimited.join(' and ')} beyond its share`];
	const parts = [traffic, ...credits, 'what the cache bucket holds'];
	return `Not counted: ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}.`;
}
