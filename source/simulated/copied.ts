const isRecord = (value: object): value is Record<string, unknown> => {
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
};

/** A copy of one value; what isn't data is refused, as `structuredClone` does. */
function copyOf(value: unknown): unknown {
	if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`${String(value)} is no data.`);
	if (typeof value !== 'object' || value === null) return value;
	if (Array.isArray(value)) return value.map(copyOf);
	if (value instanceof Date) return new Date(value);
	if (!isRecord(value)) return structuredClone(value);
	const made: Record<string, unknown> = {};
	for (const key of Object.keys(value)) made[key] = copyOf(value[key]);
	return made;
}

/**
 * The same data, none of it shared: what crosses between a laptop or a machine and the world's own state. In a tenth of `structuredClone`'s time, which is what
 * most of a simulated call took. Throws on functions.
 */
export const copied = <Value>(value: Value): Value =>
	// Nothing but whose it is changes, so the shape is the same.
	copyOf(value) as Value;
