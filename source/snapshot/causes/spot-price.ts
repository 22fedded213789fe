import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode, whereOf} from './refusals.ts';

/** The cap on the spot price is below what AWS asks. */
export const spotPrice: Judge = (it) => {
	const held = holdingCode(it, 'SpotMaxPriceTooLow');
	if (!held) return undefined;
	const needed = held.refusal.neededPrice;
	const cap = /price of (\d+(?:\.\d+)?) is lower/.exec(held.refusal.text)?.[1] ?? it.runner?.options['spot-price'];
	const compare = needed === undefined ? 'too low' : `$${cap ?? 'the cap'}, and AWS asks $${needed}`;
	return {
		id: 'spot-price',
		says: `The highest spot price for ${whereOf(it, held.refusal)} is ${compare}${forTime(held.since, it.now)}.`,
		source: 'journal',
		key: 'move',
		since: held.since,
	};
};
