import type {Look} from '../../engine/step.ts';
import type {RouteTable} from '../../world/cloud/port.ts';

/** How a subnet reaches the internet: by its own public addresses, through something that translates them, or not. */
type WayOut = 'public' | 'private' | 'none';

export type Subnet = {
	id: string;
	vpcId: string;
	zone: string;
	/** Whether it is in the region's default VPC. */
	inDefaultVpc: boolean;
	/** Whether it is its zone's default subnet. */
	defaultForZone: boolean;
	freeAddresses: number;
	wayOut: WayOut;
};

/** The region's subnets, by zone then id, and whether there is a default VPC. */
export type Network = {subnets: Subnet[]; defaultVpcId?: string | undefined};

/** Where a table leads what isn't for the VPC itself. A route to a gateway that is gone leads nowhere. */
function wayOut(table: RouteTable | undefined): WayOut {
	const route = table?.Routes?.find(({DestinationCidrBlock, State}) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole');
	if (!route) return 'none';
	if (route.GatewayId?.startsWith('igw-')) return 'public';
	return (route.NatGatewayId ?? route.InstanceId ?? route.NetworkInterfaceId ?? route.TransitGatewayId ?? route.VpcPeeringConnectionId ?? route.GatewayId)
		? 'private'
		: 'none';
}

/** A subnet's own table where it has one, else its VPC's main one. */
function tableOf(tables: RouteTable[], subnetId: string, vpcId: string): RouteTable | undefined {
	const own = tables.find(({Associations}) => Associations?.some(({SubnetId}) => SubnetId === subnetId));
	return own ?? tables.find((table) => table.VpcId === vpcId && table.Associations?.some(({Main}) => Main === true));
}

/** Subnets, route tables and the default VPC: three calls side by side. */
export const networkLook: Look<Network> = {
	name: 'network',
	async load({cloud}) {
		const [{Subnets = []}, {RouteTables = []}, {Vpcs = []}] = await Promise.all([
			cloud.call('DescribeSubnets', {}),
			cloud.call('DescribeRouteTables', {}),
			cloud.call('DescribeVpcs', {Filters: [{Name: 'is-default', Values: ['true']}]}),
		]);
		const defaultVpcId = Vpcs.find(({IsDefault}) => IsDefault === true)?.VpcId;
		const subnets = Subnets.map((seen): Subnet => {
			const [id = '', vpcId = ''] = [seen.SubnetId, seen.VpcId];
			return {
				id,
				vpcId,
				zone: seen.AvailabilityZone ?? '',
				inDefaultVpc: vpcId === defaultVpcId,
				defaultForZone: seen.DefaultForAz === true,
				freeAddresses: seen.AvailableIpAddressCount ?? 0,
				wayOut: wayOut(tableOf(RouteTables, id, vpcId)),
			};
		});
		return {subnets: subnets.sort((one, other) => one.zone.localeCompare(other.zone) || one.id.localeCompare(other.id)), defaultVpcId};
	},
};
