/** Something that was done to a fleet and changes no answer, as a version of the record says it in its description. */
export type Deed = {deed: string; who: string};

/** A deed as the record's history keeps it: `drained by alice@laptop at 2026-11-24T09:05Z`. `at` is milliseconds since 1970. */
export const deedText = ({deed, who}: Deed, at: number): string => `${deed} by ${who} at ${new Date(at).toISOString().slice(0, 16)}Z`;

/** The deed in a description; undefined where it says something else. */
export function readDeed(description: string): Deed | undefined {
	const [, deed, who] = /^(.+?) by (.+) at \d{4}-\d\d-\d\dT\d\d:\d\dZ$/.exec(description) ?? [];
	return deed === undefined || who === undefined ? undefined : {deed, who};
}
