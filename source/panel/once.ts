/** Reckons once what several ask of the same object, or one again and again: as long as it is asked for. */
export function once<Of extends object, Answer>(reckon: (of: Of) => Answer): (of: Of) => Answer {
	const known = new WeakMap<Of, {answer: Answer}>();
	return (of) => {
		const told = known.get(of) ?? {answer: reckon(of)};
		known.set(of, told);
		return told.answer;
	};
}
