import {setTimeout as pause} from 'node:timers/promises';

/** Milliseconds. Generous, since it matters only in a failure: a slow computer must not look like one. */
const limit = 240_000;

/** Looks again and again until `look` answers something, and says what it waited for when that never comes. */
export async function until<Seen>(what: string, look: () => Promise<Seen | undefined> | Seen | undefined): Promise<Seen> {
	const deadline = performance.now() + limit;
	for (;;) {
		const seen = await look();
		if (seen !== undefined) {
			return seen;
		}
		if (performance.now() > deadline) {
			throw new Error(`Waited ${limit} ms in vain for ${what}`);
		}
		await pause(20);
	}
}
