import {setFlagsFromString} from 'node:v8';
import type {Store} from './screen.ts';

/** Workers up to which a panel's memory counts for more than its speed: beyond, collecting often costs more time than the heap is worth. */
const few = 500;

/**
 * Has V8 keep its heap small while few workers are shown: a screen is drawn in a moment, and what is left of it lies around for long. With thousands of
 * workers the heap may grow. V8 reads this setting of its own at each collection. Gives the end of it.
 */
export function fitHeap({shown, subscribe}: Pick<Store, 'shown' | 'subscribe'>): () => void {
	let isSmall = false;
	const keep = (small: boolean): void => {
		if (isSmall === small) return;
		isSmall = small;
		setFlagsFromString(small ? '--optimize-for-size' : '--no-optimize-for-size');
	};
	const fit = (): void => keep((shown().panel?.rows.length ?? 0) <= few);
	fit();
	const ended = subscribe(fit);
	return () => {
		ended();
		keep(false);
	};
}
