import * as z from 'zod';
import {unless} from '../problem.ts';
import type {CloudAt} from '../world/cloud/port.ts';
import type {Asking} from './question.ts';

/** Pricing answers in us-east-1, eu-central-1 and ap-south-1 only, whatever region is asked about. */
const pricingRegion = 'us-east-1';

/** What a type costs on spot in a zone now, in USD an hour. */
export type PricedPool = {type: string; zone: string; usd: number};

/** What types cost on spot now, in every zone of the region, the cheapest first. The filter takes any name, where `InstanceTypes` takes the SDK's own list. */
export async function spotPools({cloud, now}: Asking, types: readonly string[]): Promise<PricedPool[]> {
	const {SpotPriceHistory = []} = await cloud.call('DescribeSpotPriceHistory', {
		Filters: [{Name: 'instance-type', Values: [...types]}],
		ProductDescriptions: ['Linux/UNIX'],
		StartTime: new Date(now()),
	});
	return SpotPriceHistory.map(({AvailabilityZone: zone = '', InstanceType: type = '', SpotPrice}) => ({type, zone, usd: Number(SpotPrice)}))
		.filter(({type, usd}) => type !== '' && usd > 0)
		.toSorted((one, other) => one.usd - other.usd);
}

const dimension = z.object({pricePerUnit: z.object({USD: z.string()})});
const product = z.object({terms: z.object({OnDemand: z.record(z.string(), z.object({priceDimensions: z.record(z.string(), dimension)}))})});

/** The first price above zero in one product of the list, which is JSON in a string (the SDK's own sort of it); capacity blocks are listed at zero. */
function priceIn(item: unknown): number | undefined {
	const judged = product.safeParse(JSON.parse(String(item)));
	if (!judged.success) return undefined;
	const prices = Object.values(judged.data.terms.OnDemand).flatMap(({priceDimensions}) =>
		Object.values(priceDimensions).map(({pricePerUnit}) => Number(pricePerUnit.USD)),
	);
	return prices.find((price) => price > 0);
}

/**
 * Regions of AWS's other partitions (China, GovCloud, European Sovereign Cloud, isolated ones): their credentials are refused where the price list
 * is, and a refusal would have the session's credentials, and an MFA code with them, asked for anew.
 */
const withoutPriceList = /^(cn|us-gov|us-isob?|us-isof|eu-isoe|eusc)-/;

/** USD an hour of a type on demand, from the price list; undefined when it lists none, or can't be asked about this region. */
export async function listPrice(cloudAt: CloudAt, region: string, type: string): Promise<number | undefined> {
	if (withoutPriceList.test(region)) return undefined;
	const fields = {
		instanceType: type,
		regionCode: region,
		operatingSystem: 'Linux',
		tenancy: 'Shared',
		preInstalledSw: 'NA',
		capacitystatus: 'Used',
		licenseModel: 'No License required',
	};
	const {PriceList = []} = await cloudAt(pricingRegion).call('GetProducts', {
		ServiceCode: 'AmazonEC2',
		Filters: Object.entries(fields).map(([Field, Value]) => ({Type: 'TERM_MATCH' as const, Field, Value})),
	});
	return PriceList.map(priceIn).find((price: number | undefined) => price !== undefined);
}

/** What types cost on demand in the region that is asked about, in USD an hour; a type whose price can't be had isn't there, since none is worth failing for. */
export async function onDemandPrices({cloud, cloudAt}: Asking, types: readonly string[]): Promise<ReadonlyMap<string, number>> {
	const prices = await Promise.all(
		types.map(async (type): Promise<[string, number][]> => {
			const usd = await unless(listPrice(cloudAt, cloud.region, type));
			return usd === undefined ? [] : [[type, usd]];
		}),
	);
	return new Map(prices.flat());
}
