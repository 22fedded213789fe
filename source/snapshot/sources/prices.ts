import type {Cloud, CloudAt} from '../../cloud/port.ts';
import {toProblem} from '../../problem.ts';
import {listPrice} from '../../steps/looks/prices.ts';
import {addressUsd} from '../../steps/prices.ts';
import {spotKey} from '../price.ts';
import type {Trouble} from '../seen.ts';
import type {Prices} from '../snapshot.ts';

/** Spot prices of the last hours are for the sparkline. */
const historyMs = 6 * 3_600_000;
const points = 24;

type Change = {at: number; usd: number};

/** A series of equal steps from changes of price: a price holds until the next change. */
function series(changes: readonly Change[], from: number, to: number): number[] {
	const sorted = changes.toSorted((one, other) => one.at - other.at);
	const step = (to - from) / points;
	return Array.from({length: points}, (_, index) => sorted.findLast(({at}) => at <= from + step * (index + 1))?.usd).filter((usd) => usd !== undefined);
}

/** Spot prices of these types in every zone: now, and over the last hours. */
async function spotPrices(cloud: Cloud, types: readonly string[], now: number): Promise<Pick<Prices, 'spot' | 'spotHistory'>> {
	const from = now - historyMs;
	const {SpotPriceHistory = []} = await cloud.call('DescribeSpotPriceHistory', {
		// The SDK's list of types lags behind AWS's.
		InstanceTypes: types.map((type) => type as 't3.small'),
		ProductDescriptions: ['Linux/UNIX'],
		StartTime: new Date(from),
		EndTime: new Date(now),
	});
	const changes = new Map<string, Change[]>();
	for (const {InstanceType, AvailabilityZone, SpotPrice, Timestamp} of SpotPriceHistory) {
		const usd = Number(SpotPrice);
		if (InstanceType === undefined || AvailabilityZone === undefined || !(usd > 0)) continue;
		const key = spotKey(InstanceType, AvailabilityZone);
		changes.set(key, [...(changes.get(key) ?? []), {at: Timestamp?.getTime() ?? 0, usd}]);
	}
	const histories = [...changes].map(([key, list]) => [key, series(list, from, now)] as const);
	const newest = [...changes].map(([key, list]) => [key, list.reduce((last, one) => (one.at >= last.at ? one : last)).usd] as const);
	return {spot: Object.fromEntries(newest), spotHistory: Object.fromEntries(histories)};
}

const noPrices: Prices = {spot: {}, spotHistory: {}, onDemand: {}, ipv4: addressUsd};

/** Prices of these types; what couldn't be read keeps its last value, and the first trouble is given back. */
export async function lookAtPrices(
	cloud: Cloud,
	cloudAt: CloudAt,
	types: {workers: readonly string[]; all: readonly string[]},
	before: Prices | undefined,
	now: number,
): Promise<{prices: Prices; trouble?: Trouble}> {
	const known = before ?? noPrices;
	const spot = types.workers.length === 0 ? Promise.resolve(undefined) : spotPrices(cloud, types.workers, now);
	const lists = types.all.map(async (type) => [type, await listPrice({cloudAt}, cloud.region, type)] as const);
	const [spotRead, ...listed] = await Promise.allSettled([spot, ...lists]);
	const onDemand = listed.flatMap((one) => (one.status === 'fulfilled' && one.value[1] !== undefined ? [[one.value[0], one.value[1]] as const] : []));
	const prices: Prices = {...known, ...(spotRead.status === 'fulfilled' ? spotRead.value : {}), onDemand: {...known.onDemand, ...Object.fromEntries(onDemand)}};
	const refused = [spotRead, ...listed].find((one) => one.status === 'rejected');
	if (!refused) return {prices};
	const {code, message, advice} = toProblem(refused.reason);
	return {prices, trouble: {code, message, advice}};
}
