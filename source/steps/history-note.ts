/** Something that was done to a fleet and changes no answer, as a version of the record says it in its description. */
export type HistoryNote = {done: string; who: string};

/** A note as the record's history keeps it: `drained by alice@laptop at 2026-11-24T09:05Z`. `at` is milliseconds since 1970. */
export const noteText = ({done, who}: HistoryNote, at: number): string => `${done} by ${who} at ${new Date(at).toISOString().slice(0, 16)}Z`;

/** The note in a description; undefined where it says something else. */
export function readNote(description: string): HistoryNote | undefined {
	const [, done, who] = /^(.+?) by (.+) at \d{4}-\d\d-\d\dT\d\d:\d\dZ$/.exec(description) ?? [];
	return done === undefined || who === undefined ? undefined : {done, who};
}
