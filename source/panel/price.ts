import {withDiskAndAddress} from '../steps/prices.ts';
import type {Prices} from './snapshot.ts';

/** What is paid for: an instance with its disk and address. */
type Bought = {type: string | undefined; zone: string | undefined; spot: boolean | undefined; diskGib: number | undefined; publicAddress: boolean};

/** Key of a spot price. */
export const spotKey = (type: string, zone: string): string => `${type} ${zone}`;

/** The spot price that was in force at a time (milliseconds since 1970): the first that is known where it was earlier, the present one without a history. */
export function spotPriceAt({spot, spotChanges}: Prices, type: string, zone: string, at: number): number | undefined {
	const changes = spotChanges?.[spotKey(type, zone)] ?? [];
	const before = changes.findLast((one) => one.at <= at) ?? changes[0];
	return before?.usd ?? spot[spotKey(type, zone)];
}

/** USD an hour with disk and address; undefined while the instance's own price isn't known. */
export function usdPerHour(paid: Bought, prices: Prices | undefined): number | undefined {
	if (!prices || paid.type === undefined || paid.spot === undefined) return undefined;
	const compute = paid.spot ? (paid.zone === undefined ? undefined : prices.spot[spotKey(paid.type, paid.zone)]) : prices.onDemand[paid.type];
	return withDiskAndAddress(compute, paid.diskGib ?? 0, paid.publicAddress);
}

/** Types that buy processor time beyond their share by default (unlimited mode: T3, T3a, T4g), at so much a vCPU hour. */
const isUnlimited = (type: string): boolean => /^t[34]/.test(type);

/** What isn't in any sum that is told, for machines of these types; `bakes`: of a fleet that may keep images. */
export function notCounted({types, privately, bakes = false}: {types: readonly string[]; privately: boolean; bakes?: boolean}): string {
	const unlimited = [...new Set(types.filter(isUnlimited))];
	const traffic = privately ? 'traffic (out of AWS, between zones, through the NAT gateway)' : 'traffic (out of AWS, between zones)';
	const credits = unlimited.length === 0 ? [] : [`processor time of ${unlimited.join(' and ')} beyond its share`];
	const parts = [traffic, ...credits, `what the cache bucket ${bakes ? 'and snapshots of baked images hold' : 'holds'}`];
	return `Not counted: ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}.`;
}
