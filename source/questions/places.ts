import type {Cloud} from '../cloud/port.ts';
import {unsupportedRegion, unsupportedZone} from '../host/docker-machine.ts';
import type {Asking, Choice} from './question.ts';

/** What AWS calls the places of its regions, for recognising one. */
const places: Record<string, string> = {
	'af-south-1': 'Cape Town',
	'ap-east-1': 'Hong Kong',
	'ap-east-2': 'Taipei',
	'ap-northeast-1': 'Tokyo',
	'ap-northeast-2': 'Seoul',
	'ap-northeast-3': 'Osaka',
	'ap-south-1': 'Mumbai',
	'ap-south-2': 'Hyderabad',
	'ap-southeast-1': 'Singapore',
	'ap-southeast-2': 'Sydney',
	'ap-southeast-3': 'Jakarta',
	'ap-southeast-4': 'Melbourne',
	'ap-southeast-5': 'Malaysia',
	'ap-southeast-6': 'New Zealand',
	'ap-southeast-7': 'Thailand',
	'ca-central-1': 'Canada, central',
	'ca-west-1': 'Calgary',
	'eu-central-1': 'Frankfurt',
	'eu-central-2': 'Zurich',
	'eu-north-1': 'Stockholm',
	'eu-south-1': 'Milan',
	'eu-south-2': 'Spain',
	'eu-west-1': 'Ireland',
	'eu-west-2': 'London',
	'eu-west-3': 'Paris',
	'eusc-de-east-1': 'Brandenburg',
	'il-central-1': 'Tel Aviv',
	'me-central-1': 'UAE',
	'me-south-1': 'Bahrain',
	'mx-central-1': 'Mexico, central',
	'sa-east-1': 'São Paulo',
	'us-east-1': 'N. Virginia',
	'us-east-2': 'Ohio',
	'us-west-1': 'N. California',
	'us-west-2': 'Oregon',
};

/** A choice with its hint only where there is one. */
export const choice = <Value>(value: Value, label: string, hint?: string): Choice<Value> => (hint ? {value, label, hint} : {value, label});

/** A choice that can't be taken, where there is a reason. */
export const barred = <Value>(offered: Choice<Value>, disabled: string | undefined): Choice<Value> =>
	disabled === undefined ? offered : {...offered, disabled};

const byLabel = <Value>(a: Choice<Value>, b: Choice<Value>) => a.label.localeCompare(b.label);
const isText = (value: string | undefined): value is string => value !== undefined;

/** The regions that are enabled for this account. */
export async function regionChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {Regions = []} = await cloud.call('DescribeRegions', {});
	const names = Regions.map(({RegionName}) => RegionName).filter(isText);
	return names.sort().map((name) => barred(choice(name, name, places[name]), unsupportedRegion(name) && "docker-machine doesn't know it"));
}

/** Names of fleets that have a record in this region, and the default one. */
export async function fleetsKept({cloud}: Asking): Promise<Choice<string>[]> {
	const {Parameters = []} = await cloud.call('GetParametersByPath', {Path: '/gitlab-runner-aws', Recursive: false});
	const kept = Parameters.map(({Name}) => Name?.split('/').at(-1))
		.filter(isText)
		.sort();
	const standing = kept.map((name) => choice(name, name, 'has a record here: go on with it'));
	return kept.includes('gitlab-runners') ? standing : [choice('gitlab-runners', 'gitlab-runners', 'a new one'), ...standing];
}

/** The default, zones of the default VPC, and every subnet with how many addresses are free. */
export async function subnetChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const [{Subnets = []}, isPublic] = await Promise.all([cloud.call('DescribeSubnets', {}), publicSubnets(cloud)]);
	const zones = Subnets.filter(({DefaultForAz}) => DefaultForAz)
		.map(({AvailabilityZone}) => AvailabilityZone)
		.filter(isText);
	const noWorkersIn = (zone: string) => unsupportedZone(cloud.region, zone) && "docker-machine can't make workers in its zone";
	const subnets = Subnets.flatMap((subnet) => {
		if (!subnet.SubnetId) return [];
		const name = subnet.Tags?.find(({Key}) => Key === 'Name')?.Value;
		const facts = [
			subnet.AvailabilityZone,
			isPublic(subnet.SubnetId, subnet.VpcId) ? 'public' : 'private: needs NAT',
			`${subnet.AvailableIpAddressCount ?? 0} free addresses`,
			subnet.VpcId,
		];
		const offered = choice(subnet.SubnetId, name ? `${name} ${subnet.SubnetId}` : subnet.SubnetId, facts.filter(Boolean).join(' · '));
		return [barred(offered, noWorkersIn(subnet.AvailabilityZone ?? ''))];
	});
	return [
		choice('default', 'default', 'the first zone of the default VPC that offers both instance types'),
		...zones.sort().map((zone) => barred(choice(zone, zone, 'default VPC'), noWorkersIn(zone))),
		...subnets.sort(byLabel),
	];
}

/** Whether a subnet has a route to an internet gateway: by its own route table, else its VPC's main one. */
async function publicSubnets(cloud: Cloud): Promise<(subnetId: string, vpcId: string | undefined) => boolean> {
	const {RouteTables = []} = await cloud.call('DescribeRouteTables', {});
	return (subnetId, vpcId) => {
		const own = RouteTables.find(({Associations = []}) => Associations.some(({SubnetId}) => SubnetId === subnetId));
		const main = RouteTables.find((table) => table.VpcId === vpcId && table.Associations?.some(({Main}) => Main));
		return ((own ?? main)?.Routes ?? []).some(({GatewayId}) => GatewayId?.startsWith('igw-'));
	};
}

/** A new group, or one that is there. */
export async function groupChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {SecurityGroups = []} = await cloud.call('DescribeSecurityGroups', {});
	const groups = SecurityGroups.flatMap((group) =>
		group.GroupId
			? [choice(group.GroupId, `${group.GroupName ?? ''} ${group.GroupId}`.trim(), [group.Description, group.VpcId].filter(Boolean).join(' · '))]
			: [],
	);
	return [choice('create', 'one made for it', 'SSH from you alone'), ...groups.sort(byLabel)];
}

/** A new key pair, or one that is there. */
export async function keyPairChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {KeyPairs = []} = await cloud.call('DescribeKeyPairs', {});
	const pairs = KeyPairs.flatMap(({KeyName, KeyType}) => (KeyName ? [choice(KeyName, KeyName, `${KeyType ?? 'rsa'}, its private key must be here`)] : []));
	return [choice('create', 'one made here', 'ed25519'), ...pairs.sort(byLabel)];
}
