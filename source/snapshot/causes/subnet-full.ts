import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {holdingCode} from './refusals.ts';

/** The workers' subnet has no free address. */
export const subnetFull: Judge = (it) => {
	const held = holdingCode(it, 'InsufficientFreeAddressesInSubnet');
	if (!held) return undefined;
	const subnet = /subnet-[0-9a-f]+/.exec(held.refusal.text)?.[0] ?? it.runner?.options['subnet-id'];
	return {
		id: 'subnet-full',
		says: `${subnet === undefined ? "The workers' subnet" : `Subnet ${subnet}`} has no free address for a new worker${forTime(held.since, it.now)}.`,
		source: 'journal',
		key: 'move',
		since: held.since,
	};
};
