import type {SpotRequestState, VolumeState} from './account.ts';
import {filtered, onlyKnows, required, tagList} from './asked.ts';
import {instanceKinds, priceFactor} from './catalogue.ts';
import type {Handlers} from './here.ts';
import {type SpotPriceSince, spotPrices} from './launch.ts';
import {kindOf} from './network.ts';
import {defaultQuotas} from './new-account.ts';
import {refusal} from './refusal.ts';

const quotaNames: Record<string, string> = {
	'L-1216C47A': 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
	'L-34B43A08': 'All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests',
};

function quota(code: string, value: number) {
	return {ServiceCode: 'ec2', QuotaCode: code, QuotaName: quotaNames[code], Value: value, Adjustable: true, GlobalQuota: false, Unit: 'None'};
}

function quotaCode(input: {ServiceCode: string | undefined; QuotaCode: string | undefined}): string {
	const code = required(input.QuotaCode, 'QuotaCode');
	if (input.ServiceCode !== 'ec2' || !(code in defaultQuotas)) throw refusal('NoSuchResourceException', 'The specified resource does not exist.');
	return code;
}

/** Prices that were in force between two times, the newest first: the one that held when it began is told too. */
function pricesBetween(prices: readonly SpotPriceSince[], from: number, to: number): SpotPriceSince[] {
	const first = Math.max(
		0,
		prices.findLastIndex(({at}) => at <= from),
	);
	return prices.filter(({at}, index) => index >= first && at <= to).toReversed();
}

/** Prices, quotas, spot requests and volumes (docs/facts.md, "Quotas and prices"). */
export const market: Handlers<
	| 'DescribeSpotPriceHistory'
	| 'DescribeSpotInstanceRequests'
	| 'CancelSpotInstanceRequests'
	| 'DescribeVolumes'
	| 'DeleteVolume'
	| 'GetServiceQuota'
	| 'GetAWSDefaultServiceQuota'
	| 'GetProducts'
> = {
	DescribeSpotPriceHistory(input, {region, now}) {
		onlyKnows('DescribeSpotPriceHistory', input, [
			'InstanceTypes',
			'ProductDescriptions',
			'AvailabilityZone',
			'StartTime',
			'EndTime',
			'Filters',
			'MaxResults',
			'NextToken',
		]);
		const types = input.InstanceTypes?.length ? input.InstanceTypes : instanceKinds.map(({type}) => type);
		const offered = types.flatMap((type) =>
			region.zones.filter((zone) => kindOf(type) && !region.notOffered.has(`${type} ${zone}`)).map((zone) => ({type, zone})),
		);
		const left = filtered('DescribeSpotPriceHistory', offered, input.Filters, {
			'availability-zone': ({zone}) => zone,
			'instance-type': ({type}) => type,
			'product-description': () => 'Linux/UNIX',
		});
		return {
			SpotPriceHistory: left
				.filter(({zone}) => input.AvailabilityZone === undefined || input.AvailabilityZone === zone)
				.flatMap(({type, zone}) =>
					pricesBetween(spotPrices(region, type, zone), input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? now).map(({at, usd}) => ({
						InstanceType: type,
						AvailabilityZone: zone,
						ProductDescription: 'Linux/UNIX' as const,
						SpotPrice: usd.toFixed(6),
						Timestamp: new Date(at),
					})),
				),
		};
	},
	DescribeSpotInstanceRequests(input, {region}) {
		onlyKnows('DescribeSpotInstanceRequests', input, ['SpotInstanceRequestIds', 'Filters', 'MaxResults', 'NextToken']);
		const missing = input.SpotInstanceRequestIds?.find((id) => !region.spotRequests.has(id));
		if (missing) throw refusal('InvalidSpotInstanceRequestID.NotFound', `The spot instance request ID '${missing}' does not exist`);
		const named = input.SpotInstanceRequestIds && new Set(input.SpotInstanceRequestIds);
		const chosen = [...region.spotRequests.values()].filter(({id}) => named?.has(id) ?? true);
		const filters = {
			state: (request: SpotRequestState) => request.state,
			'instance-id': (request: SpotRequestState) => request.instanceId,
			'spot-instance-request-id': (request: SpotRequestState) => request.id,
			'launch.group-id': (request: SpotRequestState) => region.instances.get(request.instanceId ?? '')?.groupIds,
			'launch.key-name': (request: SpotRequestState) => region.instances.get(request.instanceId ?? '')?.keyName,
		};
		return {
			SpotInstanceRequests: filtered('DescribeSpotInstanceRequests', chosen, input.Filters, filters, ({tags}) => tags).map((request) => ({
				SpotInstanceRequestId: request.id,
				State: request.state,
				Status: {Code: request.ended ?? 'fulfilled', UpdateTime: new Date(request.endedAt ?? request.createdAt)},
				Type: 'one-time',
				SpotPrice: request.maxPrice,
				CreateTime: new Date(request.createdAt),
				InstanceId: request.instanceId,
				LaunchSpecification: {InstanceType: request.type, KeyName: region.instances.get(request.instanceId ?? '')?.keyName},
				Tags: tagList(request.tags),
			})),
		};
	},
	CancelSpotInstanceRequests(input, {region}) {
		onlyKnows('CancelSpotInstanceRequests', input, ['SpotInstanceRequestIds', 'DryRun']);
		return {
			CancelledSpotInstanceRequests: required(input.SpotInstanceRequestIds, 'SpotInstanceRequestId').map((id) => {
				const request = region.spotRequests.get(id);
				if (!request) throw refusal('InvalidSpotInstanceRequestID.NotFound', `The spot instance request ID '${id}' does not exist`);
				request.state = 'cancelled';
				return {SpotInstanceRequestId: id, State: 'cancelled'};
			}),
		};
	},
	DescribeVolumes(input, {region}) {
		onlyKnows('DescribeVolumes', input, ['VolumeIds', 'Filters', 'MaxResults', 'NextToken']);
		const missing = input.VolumeIds?.find((id) => !region.volumes.has(id));
		if (missing) throw refusal('InvalidVolume.NotFound', `The volume '${missing}' does not exist.`);
		const chosen = [...region.volumes.values()].filter(({id}) => !input.VolumeIds || input.VolumeIds.includes(id));
		const state = (volume: VolumeState) => (volume.instanceId === undefined ? 'available' : 'in-use');
		const filters = {status: state, 'volume-id': ({id}: VolumeState) => id, 'attachment.instance-id': (volume: VolumeState) => volume.instanceId};
		return {
			Volumes: filtered('DescribeVolumes', chosen, input.Filters, filters, ({tags}) => tags).map((volume) => ({
				VolumeId: volume.id,
				Size: volume.gib,
				VolumeType: volume.kind,
				Encrypted: volume.encrypted,
				AvailabilityZone: volume.zone,
				State: state(volume),
				CreateTime: new Date(volume.createdAt),
				Attachments:
					volume.instanceId === undefined
						? []
						: [{InstanceId: volume.instanceId, Device: volume.device, State: 'attached', DeleteOnTermination: volume.deleteOnTermination}],
				Tags: tagList(volume.tags),
			})),
		};
	},
	DeleteVolume(input, {region}) {
		onlyKnows('DeleteVolume', input, ['VolumeId', 'DryRun']);
		const volume = region.volumes.get(required(input.VolumeId, 'VolumeId'));
		if (!volume) throw refusal('InvalidVolume.NotFound', `The volume '${input.VolumeId}' does not exist.`);
		if (volume.instanceId !== undefined) throw refusal('VolumeInUse', `Volume ${volume.id} is currently attached to ${volume.instanceId}`);
		region.volumes.delete(volume.id);
		return {};
	},
	GetServiceQuota(input, {account}) {
		onlyKnows('GetServiceQuota', input, ['ServiceCode', 'QuotaCode']);
		const code = quotaCode(input);
		const applied = account.quotas.get(code);
		if (applied === undefined) throw refusal('NoSuchResourceException', 'The specified resource does not exist.');
		return {Quota: quota(code, applied)};
	},
	GetAWSDefaultServiceQuota(input) {
		onlyKnows('GetAWSDefaultServiceQuota', input, ['ServiceCode', 'QuotaCode']);
		const code = quotaCode(input);
		return {Quota: quota(code, defaultQuotas[code] ?? 0)};
	},
	GetProducts(input) {
		onlyKnows('GetProducts', input, ['ServiceCode', 'Filters', 'FormatVersion', 'MaxResults', 'NextToken']);
		if (input.ServiceCode !== 'AmazonEC2') throw refusal('InvalidParameterException', `The service code ${input.ServiceCode} is unknown`);
		const wanted = new Map((input.Filters ?? []).map(({Field, Value}) => [Field, Value]));
		const fixed: Record<string, string> = {
			operatingSystem: 'Linux',
			tenancy: 'Shared',
			preInstalledSw: 'NA',
			capacitystatus: 'Used',
			licenseModel: 'No License required',
		};
		for (const field of wanted.keys()) {
			if (field !== undefined && field !== 'instanceType' && field !== 'regionCode' && !(field in fixed))
				throw new Error(`The simulated world doesn't know the field ${field} of GetProducts.`);
		}
		const others = Object.entries(fixed).some(([field, value]) => wanted.has(field) && wanted.get(field) !== value);
		const products = Object.keys(priceFactor).flatMap((regionCode) => instanceKinds.map((kind) => ({kind, regionCode})));
		const found = products.filter(
			({kind, regionCode}) => !others && (wanted.get('instanceType') ?? kind.type) === kind.type && (wanted.get('regionCode') ?? regionCode) === regionCode,
		);
		return {
			FormatVersion: 'aws_v1',
			PriceList: found.map(({kind, regionCode}) => product(kind.type, regionCode, kind.onDemand * (priceFactor[regionCode] ?? 1), fixed)),
		};
	},
};

function product(instanceType: string, regionCode: string, usd: number, fixed: Record<string, string>): string {
	const sku = `SKU${instanceType.replace('.', '')}${regionCode.replaceAll('-', '')}`.toUpperCase();
	return JSON.stringify({
		product: {productFamily: 'Compute Instance', sku, attributes: {instanceType, regionCode, ...fixed}},
		serviceCode: 'AmazonEC2',
		terms: {
			OnDemand: {
				[`${sku}.JRTCKXETXF`]: {
					priceDimensions: {
						[`${sku}.JRTCKXETXF.6YS6EN2CT7`]: {
							unit: 'Hrs',
							pricePerUnit: {USD: usd.toFixed(10)},
							description: `$${usd.toFixed(4)} per On Demand Linux ${instanceType} Instance Hour`,
						},
					},
				},
			},
		},
	});
}
