import {toProblem} from '../../problem.ts';
import {listPrice, spotPrices} from '../../steps/looks/prices.ts';
import type {Cloud, CloudAt} from '../../world/cloud/port.ts';
import {spotKey} from '../price.ts';
import type {SourceTrouble} from '../seen.ts';
import type {Prices} from '../snapshot.ts';

/** Spot prices of the last hours are for the sparkline. */
const historyMs = 6 * 3_600_000;
const points = 24;

/** The prices of one type and zone in equal steps, the oldest first: a price holds until the next one. They come with the newest first. */
function series(prices: readonly {at: number; usd: number}[], from: number, to: number): number[] {
	const step = (to - from) / points;
	return Array.from({length: points}, (_, index) => prices.find(({at}) => at <= from + step * (index + 1))?.usd).filter((usd) => usd !== undefined);
}

/** Spot prices of these types in every zone: now, and over the last hours. */
async function spotNow(cloud: Cloud, types: readonly string[], now: number): Promise<Pick<Prices, 'spot' | 'spotHistory'>> {
	const from = now - historyMs;
	const byKey = Map.groupBy(await spotPrices(cloud, {types, from, to: now}), ({type, zone}) => spotKey(type, zone));
	return {
		spot: Object.fromEntries([...byKey].flatMap(([key, [newest]]) => (newest ? [[key, newest.usd]] : []))),
		spotHistory: Object.fromEntries([...byKey].map(([key, prices]) => [key, series(prices, from, now)])),
	};
}

const noPrices: Prices = {spot: {}, spotHistory: {}, onDemand: {}};

/** Prices of these types; what couldn't be read keeps its last value, and the first trouble is given back. */
export async function lookAtPrices(
	cloud: Cloud,
	cloudAt: CloudAt,
	types: {workers: readonly string[]; all: readonly string[]},
	before: Prices | undefined,
	now: number,
): Promise<{prices: Prices; trouble?: SourceTrouble}> {
	const known = before ?? noPrices;
	const spot = types.workers.length === 0 ? Promise.resolve(undefined) : spotNow(cloud, types.workers, now);
	const lists = types.all.map(async (type) => [type, await listPrice({cloudAt}, cloud.region, type)] as const);
	const [spotRead, ...listed] = await Promise.allSettled([spot, ...lists]);
	const onDemand = listed.flatMap((one) => (one.status === 'fulfilled' && one.value[1] !== undefined ? [[one.value[0], one.value[1]] as const] : []));
	const prices: Prices = {...known, ...(spotRead.status === 'fulfilled' ? spotRead.value : {}), onDemand: {...known.onDemand, ...Object.fromEntries(onDemand)}};
	const refused = [spotRead, ...listed].find((one) => one.status === 'rejected');
	if (!refused) return {prices};
	const {code, message, advice} = toProblem(refused.reason);
	return {prices, trouble: {code, message, advice}};
}
