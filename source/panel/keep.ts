type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;

/** Whether two records hold the same: values as they are, and records and lists of values in them one level down. */
function same(one: Plain, other: Plain, level = 1): boolean {
	const keys = Object.keys(one);
	if (keys.length !== Object.keys(other).length) return false;
	return keys.every((key) => {
		const [mine, theirs] = [one[key], other[key]];
		return mine === theirs || (level > 0 && isPlain(mine) && isPlain(theirs) && same(mine, theirs, level - 1));
	});
}

/** The list as told now, with the objects of before wherever they hold the same; the list of before when nothing changed. So what is joined from it can stay, too. */
export function keeping<Thing extends Plain>(before: readonly Thing[] | undefined, now: readonly Thing[], idOf: (thing: Thing) => string): readonly Thing[] {
	if (!before) return now;
	const known = new Map(before.map((thing) => [idOf(thing), thing]));
	const kept = now.map((thing) => {
		const old = known.get(idOf(thing));
		return old && same(old, thing) ? old : thing;
	});
	return kept.length === before.length && kept.every((thing, index) => thing === before[index]) ? before : kept;
}
