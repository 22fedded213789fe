import type {IpPermission} from '@aws-sdk/client-ec2';
import type {GroupState, RuleState} from './account.ts';
import {holdsOn} from './account.ts';
import {filtered, onlyKnows, required, tagList, tagsFor} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';

const describable = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/;
const groupFilters = {
	'group-id': (group: GroupState) => group.id,
	'group-name': (group: GroupState) => group.name,
	'vpc-id': (group: GroupState) => group.vpcId,
	description: (group: GroupState) => group.description,
};

/** A CIDR as EC2 keeps it: the network's own address. */
export function canonicalCidr(cidr: string): string {
	const [address = '', bits = ''] = cidr.split('/');
	const parts = address.split('.').map(Number);
	const length = Number(bits);
	const wrong = parts.length !== 4 || bits === '' || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255) || length < 0 || length > 32;
	if (wrong) throw refusal('InvalidParameterValue', `CIDR block ${cidr} is malformed`);
	const number = parts.reduce((sum, part) => sum * 256 + part, 0);
	const size = 2 ** (32 - length);
	const network = Math.floor(number / size) * size;
	return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${length}`;
}

/** Whether an IPv4 address lies in a CIDR. */
export const cidrHas = (cidr: string, address: string): boolean => canonicalCidr(`${address}/${cidr.split('/')[1]}`) === canonicalCidr(cidr);

/** A group by its id; `InvalidGroup.NotFound` otherwise. */
function groupById({region, now}: Here, id: string | undefined): GroupState {
	const group = region.groups.get(required(id, 'GroupId'));
	if (!group || group.knownFrom > now) throw refusal('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
	return group;
}

const sameRule = (one: RuleState, other: RuleState) =>
	one.protocol === other.protocol && one.fromPort === other.fromPort && one.toPort === other.toPort && one.cidr === other.cidr && one.groupId === other.groupId;

function rulesOf(permissions: IpPermission[] | undefined, here: Here, tags: Record<string, string>): RuleState[] {
	const made: RuleState[] = [];
	for (const permission of required(permissions, 'IpPermissions')) {
		onlyKnows('IpPermissions', permission, ['IpProtocol', 'FromPort', 'ToPort', 'IpRanges', 'UserIdGroupPairs']);
		const protocol = required(permission.IpProtocol, 'IpProtocol');
		const ports =
			protocol === '-1' ? {fromPort: -1, toPort: -1} : {fromPort: required(permission.FromPort, 'FromPort'), toPort: required(permission.ToPort, 'ToPort')};
		const add = (from: {cidr: string} | {groupId: string}, description: string | undefined) => {
			if (description !== undefined && !describable.test(description)) {
				throw refusal(
					'InvalidParameterValue',
					`Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`,
				);
			}
			made.push({
				id: here.account.newId('sgr'),
				protocol,
				...ports,
				...from,
				...(description === undefined ? {} : {description}),
				tags: {...tags},
				seenFrom: here.now + here.late('rule'),
			});
		};
		for (const {CidrIp, Description} of permission.IpRanges ?? []) add({cidr: canonicalCidr(required(CidrIp, 'CidrIp'))}, Description);
		for (const {GroupId, Description} of permission.UserIdGroupPairs ?? []) add({groupId: groupById(here, GroupId).id}, Description);
	}
	return made;
}

const ruleShown = (group: GroupState, account: string) => (rule: RuleState) => ({
	SecurityGroupRuleId: rule.id,
	GroupId: group.id,
	GroupOwnerId: account,
	IsEgress: false,
	IpProtocol: rule.protocol,
	FromPort: rule.fromPort,
	ToPort: rule.toPort,
	...(rule.cidr === undefined ? {} : {CidrIpv4: rule.cidr}),
	...(rule.groupId === undefined ? {} : {ReferencedGroupInfo: {GroupId: rule.groupId, UserId: account}}),
	...(rule.description === undefined ? {} : {Description: rule.description}),
	Tags: tagList(rule.tags),
});

function permissionsShown(group: GroupState, account: string, now: number): IpPermission[] {
	const shown = new Map<string, IpPermission & {IpRanges: object[]; UserIdGroupPairs: object[]}>();
	for (const rule of group.inbound.filter(({seenFrom}) => seenFrom <= now)) {
		const key = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`;
		const ports = rule.protocol === '-1' ? {} : {FromPort: rule.fromPort, ToPort: rule.toPort};
		const permission = shown.get(key) ?? {IpProtocol: rule.protocol, ...ports, IpRanges: [], UserIdGroupPairs: [], Ipv6Ranges: [], PrefixListIds: []};
		const described = rule.description === undefined ? {} : {Description: rule.description};
		if (rule.cidr !== undefined) permission.IpRanges.push({CidrIp: rule.cidr, ...described});
		if (rule.groupId !== undefined) permission.UserIdGroupPairs.push({GroupId: rule.groupId, UserId: account, ...described});
		shown.set(key, permission);
	}
	return [...shown.values()];
}

function inUse(group: GroupState, {region, now}: Here): boolean {
	const worn = [...region.instances.values()].some((instance) => holdsOn(instance, now) && instance.groupIds.includes(group.id));
	return worn || [...region.groups.values()].some((other) => other.id !== group.id && other.inbound.some((rule) => rule.groupId === group.id));
}

/** Security groups and their rules (docs/facts.md, "EC2: security groups"). */
export const groups: Handlers<
	| 'DescribeSecurityGroups'
	| 'CreateSecurityGroup'
	| 'DeleteSecurityGroup'
	| 'DescribeSecurityGroupRules'
	| 'AuthorizeSecurityGroupIngress'
	| 'RevokeSecurityGroupIngress'
> = {
	DescribeSecurityGroups(input, {region, now, account}) {
		onlyKnows('DescribeSecurityGroups', input, ['GroupIds', 'GroupNames', 'Filters', 'MaxResults', 'NextToken']);
		const seen = [...region.groups.values()].filter(({seenFrom}) => seenFrom <= now);
		const missing = input.GroupIds?.find((id) => !seen.some((group) => group.id === id));
		if (missing) throw refusal('InvalidGroup.NotFound', `The security group '${missing}' does not exist`);
		const missingName = input.GroupNames?.find((name) => !seen.some((group) => group.name === name));
		if (missingName) throw refusal('InvalidGroup.NotFound', `The security group '${missingName}' does not exist in default VPC`);
		const chosen = seen.filter(({id, name}) => (!input.GroupIds || input.GroupIds.includes(id)) && (!input.GroupNames || input.GroupNames.includes(name)));
		return {
			SecurityGroups: filtered('DescribeSecurityGroups', chosen, input.Filters, groupFilters, ({tags}) => tags).map((group) => ({
				GroupId: group.id,
				GroupName: group.name,
				Description: group.description,
				VpcId: group.vpcId,
				OwnerId: account.id,
				IpPermissions: permissionsShown(group, account.id, now),
				IpPermissionsEgress: [{IpProtocol: '-1', IpRanges: [{CidrIp: '0.0.0.0/0'}], UserIdGroupPairs: [], Ipv6Ranges: [], PrefixListIds: []}],
				Tags: tagList(group.tags),
			})),
		};
	},
	CreateSecurityGroup(input, here) {
		onlyKnows('CreateSecurityGroup', input, ['GroupName', 'Description', 'VpcId', 'TagSpecifications', 'DryRun']);
		const {region, account, now} = here;
		const name = required(input.GroupName, 'GroupName');
		const description = required(input.Description, 'GroupDescription');
		if (/^sg-/i.test(name)) throw refusal('InvalidParameterValue', 'Group names may not be in the format sg-*');
		if (!describable.test(description))
			throw refusal(
				'InvalidParameterValue',
				`Value (${description}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.`,
			);
		const vpcId = input.VpcId ?? region.vpcs.find(({isDefault}) => isDefault)?.id;
		if (!vpcId) throw refusal('VPCIdNotSpecified', 'No default VPC for this user');
		if (!region.vpcs.some(({id}) => id === vpcId)) throw refusal('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`);
		const twin = [...region.groups.values()].find((group) => group.vpcId === vpcId && group.name.toLowerCase() === name.toLowerCase());
		if (twin) throw refusal('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpcId}'`);
		const tags = tagsFor('security-group', input.TagSpecifications);
		const id = account.newId('sg');
		region.groups.set(id, {id, name, description, vpcId, tags, inbound: [], seenFrom: now + here.late('seeing'), knownFrom: now + here.late('group')});
		return {GroupId: id, Tags: tagList(tags)};
	},
	DeleteSecurityGroup(input, here) {
		onlyKnows('DeleteSecurityGroup', input, ['GroupId', 'DryRun']);
		const group = groupById(here, input.GroupId);
		if (group.name === 'default') throw refusal('CannotDelete', `the specified group: "${group.id}" name: "default" cannot be deleted by a user`);
		if (inUse(group, here)) throw refusal('DependencyViolation', `resource ${group.id} has a dependent object`);
		here.region.groups.delete(group.id);
		return {Return: true, GroupId: group.id};
	},
	DescribeSecurityGroupRules(input, {region, account, now}) {
		onlyKnows('DescribeSecurityGroupRules', input, ['SecurityGroupRuleIds', 'Filters', 'MaxResults', 'NextToken']);
		const all = [...region.groups.values()].flatMap((group) => group.inbound.filter(({seenFrom}) => seenFrom <= now).map((rule) => ({group, rule})));
		const missing = input.SecurityGroupRuleIds?.find((id) => !all.some(({rule}) => rule.id === id));
		if (missing) throw refusal('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${missing}' does not exist`);
		const chosen = input.SecurityGroupRuleIds ? all.filter(({rule}) => input.SecurityGroupRuleIds?.includes(rule.id)) : all;
		const filters = {'group-id': ({group}: (typeof all)[number]) => group.id, 'security-group-rule-id': ({rule}: (typeof all)[number]) => rule.id};
		return {
			SecurityGroupRules: filtered('DescribeSecurityGroupRules', chosen, input.Filters, filters, ({rule}) => rule.tags).map(({group, rule}) =>
				ruleShown(group, account.id)(rule),
			),
		};
	},
	AuthorizeSecurityGroupIngress(input, here) {
		onlyKnows('AuthorizeSecurityGroupIngress', input, ['GroupId', 'IpPermissions', 'TagSpecifications', 'DryRun']);
		const group = groupById(here, input.GroupId);
		const rules = rulesOf(input.IpPermissions, here, tagsFor('security-group-rule', input.TagSpecifications));
		const twin = rules.find((rule, index) => [...group.inbound, ...rules.slice(0, index)].some((other) => sameRule(rule, other)));
		if (twin) {
			const peer = twin.cidr ?? twin.groupId;
			throw refusal(
				'InvalidPermission.Duplicate',
				`the specified rule "peer: ${peer}, ${twin.protocol.toUpperCase()}, from port: ${twin.fromPort}, to port: ${twin.toPort}, ALLOW" already exists`,
			);
		}
		group.inbound.push(...rules);
		return {Return: true, SecurityGroupRules: rules.map(ruleShown(group, here.account.id))};
	},
	RevokeSecurityGroupIngress(input, here) {
		onlyKnows('RevokeSecurityGroupIngress', input, ['GroupId', 'SecurityGroupRuleIds', 'IpPermissions', 'DryRun']);
		const group = groupById(here, input.GroupId);
		const asked = input.SecurityGroupRuleIds ? undefined : rulesOf(input.IpPermissions, here, {});
		const missing = input.SecurityGroupRuleIds?.find((id) => !group.inbound.some((rule) => rule.id === id));
		if (missing) throw refusal('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${missing}' does not exist`);
		const absent = asked?.some((rule) => !group.inbound.some((other) => sameRule(rule, other)));
		const inDefaultVpc = here.region.vpcs.some(({id, isDefault}) => isDefault && id === group.vpcId);
		if (absent && !inDefaultVpc) throw refusal('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
		const isRevoked = (rule: RuleState) => (asked ? asked.some((other) => sameRule(rule, other)) : input.SecurityGroupRuleIds?.includes(rule.id) === true);
		const revoked = group.inbound.filter(isRevoked);
		group.inbound = group.inbound.filter((rule) => !isRevoked(rule));
		return {
			Return: true,
			RevokedSecurityGroupRules: revoked.map(({id}) => ({SecurityGroupRuleId: id, GroupId: group.id})),
			...(absent ? {UnknownIpPermissions: input.IpPermissions} : {}),
		};
	},
};
