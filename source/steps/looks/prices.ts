import {listPrice} from '../../answers/type-prices.ts';
import type {Look} from '../../engine/step.ts';
import {ifAnswered} from '../../problem.ts';
import type {Cloud, InstanceType} from '../../world/cloud/port.ts';

/** USD an hour, or why it isn't known: a price is never worth failing for. */
export type Price = {usd: number} | {unknown: string};

async function asked(price: Promise<number | undefined>): Promise<Price> {
	const answer = await ifAnswered(price);
	if ('problem' in answer) return {unknown: answer.problem.code};
	return answer.result === undefined ? {unknown: 'no price'} : {usd: answer.result};
}

/** What a spot instance of a type came to cost in a zone, in USD an hour, and when: milliseconds since 1970. */
type SpotPrice = {type: string; zone: string; usd: number; at: number};

/**
 * Spot prices of types in one zone or in every one, the newest first: each that was in force between two times (milliseconds since 1970), so that of one
 * moment it is the price then.
 */
export async function spotPrices(
	cloud: Cloud,
	{types, zone, from, to}: {types: readonly string[]; zone?: string; from: number; to?: number},
): Promise<SpotPrice[]> {
	const {SpotPriceHistory = []} = await cloud.call('DescribeSpotPriceHistory', {
		// The SDK's list of types lags behind AWS's.
		InstanceTypes: types.map((type) => type as InstanceType),
		ProductDescriptions: ['Linux/UNIX'],
		...(zone === undefined ? {} : {AvailabilityZone: zone}),
		StartTime: new Date(from),
		...(to === undefined ? {} : {EndTime: new Date(to)}),
	});
	return SpotPriceHistory.map(({InstanceType: type = '', AvailabilityZone = '', SpotPrice, Timestamp}) => ({
		type,
		zone: AvailabilityZone,
		usd: Number(SpotPrice),
		at: Timestamp?.getTime() ?? 0,
	}))
		.filter((one) => one.type !== '' && one.zone !== '' && one.usd > 0)
		.toSorted((one, other) => other.at - one.at);
}

/** What types cost on spot now in every zone, the newest price of each first; or why that isn't known. */
export const spotMarketLook = (types: readonly string[]): Look<{prices: readonly SpotPrice[]} | {unknown: string}> => ({
	name: `spot prices ${types.join(' ')}`,
	async load({clock, cloud}) {
		const answer = await ifAnswered(spotPrices(cloud, {types, from: clock.now()}));
		return 'problem' in answer ? {unknown: answer.problem.code} : {prices: answer.result};
	},
});

/** What a spot instance of a type costs now in a zone. */
export const spotPriceLook = (type: string, zone: string): Look<Price> => ({
	name: `spot price ${type} ${zone}`,
	load: ({clock, cloud}) => asked(spotPrices(cloud, {types: [type], zone, from: clock.now()}).then(([newest]) => newest?.usd)),
});

/** What an instance of a type costs on demand in the fleet's region. */
export const onDemandPriceLook = (type: string): Look<Price> => ({
	name: `on-demand price ${type}`,
	load: (context) => asked(listPrice(context.cloudAt, context.fleet.region, type)),
});
