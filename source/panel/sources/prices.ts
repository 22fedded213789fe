import {listPrice} from '../../answers/type-prices.ts';
import {toProblem} from '../../problem.ts';
import {spotPrices} from '../../steps/looks/prices.ts';
import type {Cloud, CloudAt} from '../../world/cloud/port.ts';
import {spotKey} from '../price.ts';
import type {SourceTrouble} from '../seen.ts';
import type {Prices} from '../snapshot.ts';

/** Spot prices of the last hours are for the sparkline. */
const historyMs = 6 * 3_600_000;
const points = 24;

/** Changes of one price, the oldest first. */
type Changes = readonly {at: number; usd: number}[];

/** A price in equal steps over the last hours, the oldest first: it holds until the next one. */
function series(changes: Changes, to: number): number[] {
	const step = historyMs / points;
	return Array.from({length: points}, (_, index) => changes.findLast(({at}) => at <= to - historyMs + step * (index + 1))?.usd).filter(
		(usd) => usd !== undefined,
	);
}

/** What was known of a price, and what is told now; each change once, and none that changes nothing. */
function merged(known: Changes, told: Changes): Changes {
	const byTime = [...new Map([...known, ...told].map((one) => [one.at, one])).values()].sort((one, other) => one.at - other.at);
	return byTime.filter(({usd}, index) => usd !== byTime[index - 1]?.usd);
}

/** Spot prices of these types in every zone: now, over the last hours, and each since `from`. */
async function spotNow(
	cloud: Cloud,
	types: readonly string[],
	known: Prices,
	{from, now}: {from: number; now: number},
): Promise<Pick<Prices, 'spot' | 'spotHistory' | 'spotChanges'>> {
	const told = Map.groupBy(await spotPrices(cloud, {types, from, to: now}), ({type, zone}) => spotKey(type, zone));
	const changes = [...told].map(
		([key, prices]) =>
			[
				key,
				merged(
					known.spotChanges?.[key] ?? [],
					prices.map(({at, usd}) => ({at, usd})),
				),
			] as const,
	);
	return {
		spot: Object.fromEntries(changes.flatMap(([key, one]) => one.slice(-1).map(({usd}) => [key, usd]))),
		spotHistory: Object.fromEntries(changes.map(([key, one]) => [key, series(one, now)])),
		spotChanges: {...known.spotChanges, ...Object.fromEntries(changes)},
	};
}

const noPrices: Prices = {spot: {}, spotHistory: {}, onDemand: {}};

/** Prices of these types, those of spot since `from`; what couldn't be read keeps its last value, and the first trouble is given back. */
export async function lookAtPrices(
	cloud: Cloud,
	cloudAt: CloudAt,
	types: {workers: readonly string[]; all: readonly string[]},
	before: Prices | undefined,
	{from, now}: {from: number; now: number},
): Promise<{prices: Prices; trouble?: SourceTrouble}> {
	const known = before ?? noPrices;
	const spot = types.workers.length === 0 ? Promise.resolve(undefined) : spotNow(cloud, types.workers, known, {from, now});
	const lists = types.all.map(async (type) => [type, await listPrice(cloudAt, cloud.region, type)] as const);
	const [spotRead, ...listed] = await Promise.allSettled([spot, ...lists]);
	const onDemand = listed.flatMap((one) => (one.status === 'fulfilled' && one.value[1] !== undefined ? [[one.value[0], one.value[1]] as const] : []));
	const prices: Prices = {...known, ...(spotRead.status === 'fulfilled' ? spotRead.value : {}), onDemand: {...known.onDemand, ...Object.fromEntries(onDemand)}};
	const refused = [spotRead, ...listed].find((one) => one.status === 'rejected');
	if (!refused) return {prices};
	const {code, message, advice} = toProblem(refused.reason);
	return {prices, trouble: {code, message, advice}};
}
