import {setTimeout as pause} from 'node:timers/promises';

/** Looks again and again until `look` answers something, and says what it waited for when that never comes. */
export async function until<Seen>(what: string, look: () => Promise<Seen | undefined> | Seen | undefined, limitMs = 10_000): Promise<Seen> {
	const deadline = performance.now() + limitMs;
	for (;;) {
		const seen = await look();
		if (seen !== undefined) {
			return seen;
		}
		if (performance.now() > deadline) {
			throw new Error(`Waited ${limitMs} ms in vain for ${what}`);
		}
		await pause(20);
	}
}
