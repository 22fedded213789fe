import {monthHours} from '../steps/prices.ts';
import type {Prices} from './snapshot.ts';

/** What is paid for: an instance with its disk and address. */
export type Paid = {type: string | undefined; zone: string | undefined; spot: boolean | undefined; diskGib: number | undefined; publicAddress: boolean};

/** gp3 in us-east-1, USD a GiB and month (facts §17.8): stands in where the price list couldn't be read, since every sum is "about". */
const usualGp3 = 0.08;

/** Key of a spot price. */
export const spotKey = (type: string, zone: string): string => `${type} ${zone}`;

/** USD an hour of gp3 of so many GiB, about. */
export const diskUsdPerHour = (gib: number, prices: Prices | undefined): number => (gib * (prices?.gp3 ?? usualGp3)) / monthHours;

/** USD an hour with disk and address; undefined while the instance's own price isn't known. */
export function usdPerHour(paid: Paid, prices: Prices | undefined): number | undefined {
	if (!prices || paid.type === undefined || paid.spot === undefined) return undefined;
	const compute = paid.spot ? (paid.zone === undefined ? undefined : prices.spot[spotKey(paid.type, paid.zone)]) : prices.onDemand[paid.type];
	if (compute === undefined) return undefined;
	return compute + diskUsdPerHour(paid.diskGib ?? 0, prices) + (paid.publicAddress ? prices.ipv4 : 0);
}
