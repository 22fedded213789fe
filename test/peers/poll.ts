import {setTimeout as pause} from 'node:timers/promises';

/** Milliseconds. Generous, since it matters only in a failure: a slow computer must not look like one. */
const limit = 240_000;

/** Looks again and again until `look` answers something, and says what it waited for when that never comes. */
export async function until<Seen>(what: string, look: () => Promise<Seen | undefined> | Seen | undefined): Promise<Seen> {
	const begun = performance.now();
	for (;;) {
		const seen = await look();
		if (seen !== undefined) {
			return seen;
		}
		const waited = performance.now() - begun;
		if (waited > limit) {
			throw new Error(`Waited ${limit} ms in vain for ${what}`);
		}
		// Looking costs the computer, most of all when it is slow: what takes long is looked at less often.
		await pause(Math.min(20 + waited / 20, 250));
	}
}
