import type {Asking} from './question.ts';

/** What a type costs on spot in a zone now, in USD an hour. */
type PricedPool = {type: string; zone: string; usd: number};

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
