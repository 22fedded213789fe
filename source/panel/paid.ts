import {markKeys} from '../fleet.ts';
import type {Instance} from '../steps/looks/account.ts';
import {withDiskAndAddress} from '../steps/prices.ts';

/** A machine that is paid for by its seconds. Times are milliseconds since 1970. */
export type PaidMachine = {
	name: string;
	/** Undefined where the log alone tells of it. */
	instanceId: string | undefined;
	/** Its launch. */
	from: number;
	/** When it ended; undefined while EC2 tells that it runs. Once told it never gets earlier. */
	to: number | undefined;
	type: string;
	zone: string;
	spot: boolean;
	diskGib: number;
	publicAddress: boolean;
	/**
	 * USD an hour of the instance alone. On spot one for each of its hours, since the price at an hour's beginning holds for all of it (docs/facts.md,
	 * "Quotas and prices"); on demand one for all. What was paid is never reckoned otherwise later.
	 */
	hourly: readonly (number | undefined)[];
};

/** Whether an instance is one that an image of workers is made of: none of the workers, but paid for as they are. */
export const isBuilder = ({tags}: Instance): boolean => tags[markKeys.part] === 'image-builder';

/** All machines of a fleet that something was paid for this month, managers, builders of images and orphans too, as far as is known: those that have gone stay in it. */
export type Paid = {
	/** Workers by their names, managers and builders by their instances' ids. */
	machines: ReadonlyMap<string, PaidMachine>;
	/** Up to when EC2 has told: what runs is paid until then at least. */
	at: number | undefined;
	/** How many machines the log tells to have begun, and nobody when they went. */
	unended: number;
	/** Whether an hour of a spot machine has begun since prices were looked at last. */
	asks: boolean;
};

/** Nothing paid that is known. */
export const nothingPaid: Paid = {machines: new Map(), at: undefined, unended: 0, asks: false};

/** An hour in milliseconds. */
export const hourMs = 3_600_000;

/**
 * What a machine cost between two times, in USD; undefined where no price of that time is known. An hour whose price alone isn't known yet counts with its
 * disk and address, so that the sum never falls. `until` is up to when the machine is known to run.
 */
export function paidBetween({from, to, diskGib, publicAddress, spot, hourly}: PaidMachine, begin: number, until: number): number | undefined {
	const [start, end] = [Math.max(begin, from), Math.min(until, to ?? until)];
	if (end <= start) return 0;
	let isKnown = false;
	let usd = ((withDiskAndAddress(0, diskGib, publicAddress) ?? 0) * (end - start)) / hourMs;
	for (let at = start; at < end; ) {
		const hour = Math.floor((at - from) / hourMs);
		const next = spot ? Math.min(end, from + (hour + 1) * hourMs) : end;
		const price = hourly[spot ? hour : 0];
		isKnown ||= price !== undefined;
		usd += ((price ?? 0) * (next - at)) / hourMs;
		at = next;
	}
	return isKnown ? usd : undefined;
}

/** What machines cost together between two times, in USD: those whose price isn't known are left out; undefined where there are only such. */
export function sumOfPaid({machines, at}: Paid, begin: number): number | undefined {
	if (at === undefined) return undefined;
	let [usd, known, unknown] = [0, false, false];
	for (const machine of machines.values()) {
		const one = paidBetween(machine, begin, at);
		usd += one ?? 0;
		known ||= one !== undefined;
		unknown ||= one === undefined;
	}
	return unknown && !known ? undefined : usd;
}
