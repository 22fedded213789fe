import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** Each docker-machine worker has a key pair of its own; leftovers fill the region's 5,000 (facts §8). */
export const keyPairQuota: Judge = (it) => {
	const held = holdingCode(it, 'KeyPairLimitExceeded');
	if (!held) return undefined;
	const seen = it.snapshot.leftovers.value?.keyPairs.length;
	const count = seen === undefined ? '' : `, ${seen.toLocaleString('en-US')} of them docker-machine's`;
	return {
		id: 'key-pair-quota',
		says: `${it.snapshot.region} is full of key pairs${count}${forTime(held.since, it.now)}, and each worker needs one.`,
		source: 'journal',
		key: 'remove-leftovers',
		since: held.since,
	};
};
