import * as z from 'zod';
import {limitsOf} from '../executors/offered.ts';
import type {Cloud} from '../world/cloud/port.ts';
import {type Asking, barred, byLabel, type Choice, choice, isText, matching, optional, question, regionPattern, whyNot, words} from './question.ts';

const cidr = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/(3[0-2]|[12]?\d)$/;

/** A zone: the region's name and a letter, or, of a Local or Wavelength Zone, further words. */
const zonePattern = `${regionPattern}([a-z]|(-[a-z0-9]+)+)`;

export const subnet = question(
	'subnet',
	matching(new RegExp(`^(default|subnet-[0-9a-f]{8,17}|${zonePattern})$`), 'a subnet id, a zone such as us-east-2a, or default'),
)({
	title: 'Which subnet do the manager and its workers start in?',
	help: "A subnet's id, a zone of the default VPC, or default: the first zone of the default VPC that offers both instance types.",
	kind: 'choice',
	change: 'replace',
	mends: 'network',
	regional: true,
	default: 'default',
	known: ['default'],
	choices: subnetChoices,
	against(value, {executor, region}) {
		if (region === undefined || value === 'default' || value.startsWith('subnet-')) return undefined;
		if (!value.startsWith(region)) return `It takes a zone of ${region}, such as ${region}a; ${value} is in another region.`;
		return whyNot(limitsOf({executor}).zone(region, value));
	},
});

export const securityGroup = question(
	'securityGroup',
	matching(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/, 'create, or the id or name of a security group'),
)({
	title: 'Which security group guards the manager?',
	help: 'create makes one that lets in SSH from you alone. The id or name of an existing one is taken as it is, but for a rule that lets you in.',
	kind: 'choice',
	asked: true,
	change: 'replace',
	mends: 'security-groups',
	regional: true,
	default: 'create',
	known: ['create'],
	choices: groupChoices,
});

export const sshFrom = question(
	'sshFrom',
	z.string(words('a CIDR or my-ip')).refine((value) => value === 'my-ip' || cidr.test(value), words('my-ip, or a CIDR such as 203.0.113.0/24')),
)({
	title: 'From where may SSH reach the manager?',
	help: 'A CIDR, or my-ip: the address that AWS sees this machine come from. Rules of others stay as they are.',
	kind: 'choice',
	change: 'live',
	mends: 'connection',
	default: 'my-ip',
	choices: async () => [{value: 'my-ip', label: 'my-ip', hint: "this machine's own address"}],
});

export const sshAddress = optional(
	'sshAddress',
	matching(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:\d{1,5}$/, 'host:port'),
)({
	title: 'At which address does this machine reach the manager?',
	help: "The host:port of a tunnel (SSM, a bastion), where the manager's own address can't be reached from here.",
	kind: 'text',
	change: undefined,
	tells: 'reach',
});

/** The default, zones of the default VPC, and every subnet with how many addresses are free. */
async function subnetChoices({cloud, given}: Asking): Promise<Choice<string>[]> {
	const [{Subnets = []}, isPublic] = await Promise.all([cloud.call('DescribeSubnets', {}), publicSubnets(cloud)]);
	const zones = Subnets.filter(({DefaultForAz}) => DefaultForAz)
		.map(({AvailabilityZone}) => AvailabilityZone)
		.filter(isText);
	const noWorkersIn = (zone: string) => limitsOf(given).zone(cloud.region, zone)?.short;
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
async function groupChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {SecurityGroups = []} = await cloud.call('DescribeSecurityGroups', {});
	const groups = SecurityGroups.flatMap((group) =>
		group.GroupId
			? [choice(group.GroupId, `${group.GroupName ?? ''} ${group.GroupId}`.trim(), [group.Description, group.VpcId].filter(Boolean).join(' · '))]
			: [],
	);
	return [choice('create', 'create', 'a new group that lets in SSH from you alone'), ...groups.sort(byLabel)];
}
