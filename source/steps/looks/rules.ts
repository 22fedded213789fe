import type {IpPermission, SecurityGroupRule} from '../../world/cloud/port.ts';
import {tagsOf} from '../tags.ts';

/**
 * One inbound rule; exactly one of `cidr` and `groupId` is set, or neither for a source that no fleet uses (a prefix list, IPv6).
 * `id` is empty for a rule without a mark: nobody here touches those. Ports are 0 to 65535 for "all".
 */
export type Rule = {
	id: string;
	fromPort: number;
	toPort: number;
	protocol: string;
	cidr?: string | undefined;
	groupId?: string | undefined;
	description?: string | undefined;
	tags: Record<string, string>;
};

/** Protocol -1 and icmp come with ports of -1 or none: all of them. */
const portsOf = (from: number | undefined, to: number | undefined) =>
	from === undefined || from < 0 ? {fromPort: 0, toPort: 65_535} : {fromPort: from, toPort: to ?? from};

/** A rule as DescribeSecurityGroupRules and AuthorizeSecurityGroupIngress tell it. */
export const ruleOf = (seen: SecurityGroupRule): Rule => ({
	id: seen.SecurityGroupRuleId ?? '',
	...portsOf(seen.FromPort, seen.ToPort),
	protocol: seen.IpProtocol ?? '-1',
	cidr: seen.CidrIpv4,
	groupId: seen.ReferencedGroupInfo?.GroupId,
	description: seen.Description,
	tags: tagsOf(seen.Tags),
});

/** What a rule lets in, without who made it. */
const same = (one: Rule, other: Rule): boolean =>
	one.fromPort === other.fromPort && one.toPort === other.toPort && one.protocol === other.protocol && one.cidr === other.cidr && one.groupId === other.groupId;

/** All inbound rules of a group, from its permissions; those in `marked` bring their ids and tags. */
export function inboundOf(permissions: readonly IpPermission[], marked: readonly SecurityGroupRule[]): Rule[] {
	const ours = marked.map(ruleOf);
	return permissions.flatMap((permission): Rule[] => {
		const base = {id: '', ...portsOf(permission.FromPort, permission.ToPort), protocol: permission.IpProtocol ?? '-1', tags: {}};
		const plain: Rule[] = [
			...(permission.IpRanges ?? []).map(({CidrIp, Description}) => ({...base, cidr: CidrIp, description: Description})),
			...(permission.UserIdGroupPairs ?? []).map(({GroupId, Description}) => ({...base, groupId: GroupId, description: Description})),
			...(permission.Ipv6Ranges ?? []).map(({Description}) => ({...base, description: Description})),
			...(permission.PrefixListIds ?? []).map(({Description}) => ({...base, description: Description})),
		];
		return plain.map((rule) => ours.find((marked) => same(marked, rule) && (rule.cidr ?? rule.groupId) !== undefined) ?? rule);
	});
}
