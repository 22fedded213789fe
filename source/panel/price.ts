import {withDiskAndAddress} from '../steps/prices.ts';
import type {Prices} from './snapshot.ts';

/** What is paid for: an instance with its disk and address. */
export type Paid = {type: string | undefined; zone: string | undefined; spot: boolean | undefined; diskGib: number | undefined; publicAddress: boolean};

/** Key of a spot price. */
export const spotKey = (type: string, zone: string): string => `${type} ${zone}`;

/** USD an hour with disk and address; undefined while the instance's own price isn't known. */
export function usdPerHour(paid: Paid, prices: Prices | undefined): number | undefined {
	if (!prices || paid.type === undefined || paid.spot === undefined) return undefined;
	const compute = paid.spot ? (paid.zone === undefined ? undefined : prices.spot[spotKey(paid.type, paid.zone)]) : prices.onDemand[paid.type];
	return withDiskAndAddress(compute, paid.diskGib ?? 0, paid.publicAddress);
}
