import type {InstanceState, RegionState, RouteTableState, SubnetState, VpcState} from './account.ts';
import {filtered, onlyKnows, tagList} from './asked.ts';
import {instanceKinds} from './catalogue.ts';
import type {Handlers} from './here.ts';
import {refusal} from './refusal.ts';

/** Whether an instance gets to the internet: through a NAT gateway, or an internet gateway with a public address. */
export function leadsOut({routeTables}: RegionState, {publicIp, subnetId, vpcId}: InstanceState): boolean {
	const own = routeTables.find(({subnetIds}) => subnetIds.includes(subnetId));
	const target = (own ?? routeTables.find((table) => table.subnetIds.length === 0 && table.vpcId === vpcId))?.target;
	return target?.startsWith('nat-') === true || (target !== undefined && publicIp !== undefined);
}

/** Addresses that are left in a subnet. */
export const freeAddresses = (subnet: SubnetState, instances: Iterable<{subnetId: string; ending?: {until: number}}>, now: number): number =>
	[...instances].reduce((free, instance) => free - Number(instance.subnetId === subnet.id && !(instance.ending && now >= instance.ending.until)), subnet.free);

/** The instance type's kind, or undefined where this world has none of it. */
export const kindOf = (type: string) => instanceKinds.find((kind) => kind.type === type);

const vpcFilters = {
	'vpc-id': (vpc: VpcState) => vpc.id,
	'is-default': (vpc: VpcState) => String(vpc.isDefault),
	isDefault: (vpc: VpcState) => String(vpc.isDefault),
	state: () => 'available',
	cidr: (vpc: VpcState) => vpc.cidr,
};
const subnetFilters = {
	'vpc-id': (subnet: SubnetState) => subnet.vpcId,
	'subnet-id': (subnet: SubnetState) => subnet.id,
	'availability-zone': (subnet: SubnetState) => subnet.zone,
	availabilityZone: (subnet: SubnetState) => subnet.zone,
	'default-for-az': (subnet: SubnetState) => String(subnet.defaultForZone),
	defaultForAz: (subnet: SubnetState) => String(subnet.defaultForZone),
	state: () => 'available',
};
const routeTableFilters = {
	'vpc-id': (table: RouteTableState) => table.vpcId,
	'association.subnet-id': (table: RouteTableState) => table.subnetIds,
	'association.main': (table: RouteTableState) => String(table.subnetIds.length === 0),
	'route-table-id': (table: RouteTableState) => table.id,
};

/** Regions, zones, types, VPCs, subnets, routes and the key for disks: what is looked at and never made here. */
export const network: Handlers<
	| 'DescribeRegions'
	| 'DescribeAvailabilityZones'
	| 'DescribeInstanceTypes'
	| 'DescribeInstanceTypeOfferings'
	| 'DescribeVpcs'
	| 'DescribeSubnets'
	| 'DescribeRouteTables'
	| 'GetEbsDefaultKmsKeyId'
> = {
	GetEbsDefaultKmsKeyId: (_input, {region}) => ({KmsKeyId: region.diskKey ?? 'alias/aws/ebs'}),
	DescribeRegions(input, {account}) {
		onlyKnows('DescribeRegions', input, ['AllRegions', 'RegionNames', 'Filters']);
		const regions = [...account.regions.keys()].map((name) => ({name}));
		const left = filtered('DescribeRegions', regions, input.Filters, {'region-name': ({name}) => name, 'opt-in-status': () => 'opt-in-not-required'});
		for (const name of input.RegionNames ?? []) {
			if (!account.regions.has(name)) throw refusal('InvalidParameterValue', `Invalid region names: [${name}]`);
		}
		const chosen = input.RegionNames ? left.filter(({name}) => input.RegionNames?.includes(name)) : left;
		return {Regions: chosen.map(({name}) => ({RegionName: name, Endpoint: `ec2.${name}.amazonaws.com`, OptInStatus: 'opt-in-not-required'}))};
	},
	DescribeAvailabilityZones(input, {region}) {
		onlyKnows('DescribeAvailabilityZones', input, ['ZoneNames', 'Filters', 'AllAvailabilityZones']);
		const zones = region.zones.map((name) => ({name}));
		const left = filtered('DescribeAvailabilityZones', zones, input.Filters, {
			'zone-name': ({name}) => name,
			state: () => 'available',
			'region-name': () => region.name,
			'zone-type': () => 'availability-zone',
		});
		const chosen = input.ZoneNames ? left.filter(({name}) => input.ZoneNames?.includes(name)) : left;
		return {
			AvailabilityZones: chosen.map(({name}) => ({
				ZoneName: name,
				RegionName: region.name,
				State: 'available',
				ZoneType: 'availability-zone',
				OptInStatus: 'opt-in-not-required',
			})),
		};
	},
	DescribeInstanceTypes(input, _here) {
		onlyKnows('DescribeInstanceTypes', input, ['InstanceTypes', 'Filters', 'MaxResults', 'NextToken']);
		const unknown = input.InstanceTypes?.filter((type) => !kindOf(type)) ?? [];
		if (unknown.length > 0) throw refusal('InvalidInstanceType', `The following supplied instance types do not exist: [${unknown.join(', ')}]`);
		const asked = input.InstanceTypes;
		const kinds = filtered('DescribeInstanceTypes', instanceKinds, input.Filters, {
			'instance-type': ({type}) => type,
			'processor-info.supported-architecture': ({architectures}) => architectures,
			'current-generation': () => 'true',
		}).filter(({type}) => !asked?.length || asked.includes(type));
		return {
			InstanceTypes: kinds.map((kind) => ({
				InstanceType: kind.type,
				CurrentGeneration: true,
				Hypervisor: 'nitro',
				SupportedUsageClasses: ['on-demand', 'spot'],
				ProcessorInfo: {SupportedArchitectures: kind.architectures},
				VCpuInfo: {DefaultVCpus: kind.vcpus},
				MemoryInfo: {SizeInMiB: kind.mib},
				BurstablePerformanceSupported: kind.burst === true,
				NetworkInfo: {EnaSupport: 'required'},
			})),
		};
	},
	DescribeInstanceTypeOfferings(input, {region}) {
		onlyKnows('DescribeInstanceTypeOfferings', input, ['LocationType', 'Filters', 'MaxResults', 'NextToken']);
		const locations = input.LocationType === 'availability-zone' ? region.zones : [region.name];
		const offerings = instanceKinds.flatMap(({type}) =>
			locations.filter((location) => !region.notOffered.has(`${type} ${location}`)).map((location) => ({type, location})),
		);
		const left = filtered('DescribeInstanceTypeOfferings', offerings, input.Filters, {'instance-type': ({type}) => type, location: ({location}) => location});
		return {InstanceTypeOfferings: left.map(({type, location}) => ({InstanceType: type, LocationType: input.LocationType ?? 'region', Location: location}))};
	},
	DescribeVpcs(input, {region}) {
		onlyKnows('DescribeVpcs', input, ['VpcIds', 'Filters', 'MaxResults', 'NextToken']);
		const missing = input.VpcIds?.find((id) => !region.vpcs.some((vpc) => vpc.id === id));
		if (missing) throw refusal('InvalidVpcID.NotFound', `The vpc ID '${missing}' does not exist`);
		const vpcs = filtered('DescribeVpcs', region.vpcs, input.Filters, vpcFilters, ({tags}) => tags).filter(
			({id}) => !input.VpcIds || input.VpcIds.includes(id),
		);
		return {Vpcs: vpcs.map((vpc) => ({VpcId: vpc.id, CidrBlock: vpc.cidr, IsDefault: vpc.isDefault, State: 'available', Tags: tagList(vpc.tags)}))};
	},
	DescribeSubnets(input, {region, now}) {
		onlyKnows('DescribeSubnets', input, ['SubnetIds', 'Filters', 'MaxResults', 'NextToken']);
		const missing = input.SubnetIds?.find((id) => !region.subnets.some((subnet) => subnet.id === id));
		if (missing) throw refusal('InvalidSubnetID.NotFound', `The subnet ID '${missing}' does not exist`);
		const subnets = filtered('DescribeSubnets', region.subnets, input.Filters, subnetFilters, ({tags}) => tags).filter(
			({id}) => !input.SubnetIds || input.SubnetIds.includes(id),
		);
		return {
			Subnets: subnets.map((subnet) => ({
				SubnetId: subnet.id,
				VpcId: subnet.vpcId,
				AvailabilityZone: subnet.zone,
				CidrBlock: subnet.cidr,
				State: 'available',
				MapPublicIpOnLaunch: subnet.publicIps,
				DefaultForAz: subnet.defaultForZone,
				AvailableIpAddressCount: freeAddresses(subnet, region.instances.values(), now),
				Tags: tagList(subnet.tags),
			})),
		};
	},
	DescribeRouteTables(input, {region}) {
		onlyKnows('DescribeRouteTables', input, ['RouteTableIds', 'Filters', 'MaxResults', 'NextToken']);
		const tables = filtered('DescribeRouteTables', region.routeTables, input.Filters, routeTableFilters).filter(
			({id}) => !input.RouteTableIds || input.RouteTableIds.includes(id),
		);
		return {
			RouteTables: tables.map((table) => ({
				RouteTableId: table.id,
				VpcId: table.vpcId,
				Associations:
					table.subnetIds.length === 0
						? [{RouteTableId: table.id, Main: true}]
						: table.subnetIds.map((SubnetId) => ({RouteTableId: table.id, Main: false, SubnetId})),
				Routes: [
					{DestinationCidrBlock: region.vpcs.find(({id}) => id === table.vpcId)?.cidr, GatewayId: 'local', State: 'active', Origin: 'CreateRouteTable'},
					...(table.target === undefined
						? []
						: [
								{
									DestinationCidrBlock: '0.0.0.0/0',
									...(table.target.startsWith('nat-') ? {NatGatewayId: table.target} : {GatewayId: table.target}),
									State: 'active' as const,
									Origin: 'CreateRoute' as const,
								},
							]),
				],
			})),
		};
	},
};
