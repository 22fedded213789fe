import type {Look, Looking} from '../../engine/step.ts';
import {type Fleet, isWorkerName, markKeys, names} from '../../fleet.ts';
import {unless} from '../../problem.ts';
import type {Action, Instance as AwsInstance, Cloud, SecurityGroup, SecurityGroupRule} from '../../world/cloud/port.ts';
import {bearsMark, tagsOf} from '../tags.ts';
import {inboundOf, type Rule, ruleOf} from './rules.ts';

/** An EC2 instance of the account, as far as a fleet needs to know it. Times are milliseconds since 1970. */
export type Instance = {
	id: string;
	state: 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
	/** AWS's own words on why it stopped or never ran. */
	stateReason?: string | undefined;
	/** When it stopped or was ended, as far as EC2 says: of itself only what somebody's call did, else by its spot request. */
	endedAt?: number | undefined;
	type: string;
	imageId: string;
	zone: string;
	subnetId: string;
	publicIp?: string | undefined;
	privateIp?: string | undefined;
	launchedAt: number;
	keyName?: string | undefined;
	groupIds: string[];
	profileArn?: string | undefined;
	spotRequestId?: string | undefined;
	/** Whether its metadata service demands a token (IMDSv2); absent when AWS doesn't say. */
	httpTokens?: 'required' | 'optional' | undefined;
	tags: Record<string, string>;
};

export type Group = {id: string; name: string; vpcId: string; tags: Record<string, string>; inbound: Rule[]};

export type KeyPair = {
	id: string;
	name: string;
	fingerprint: string;
	publicKey?: string | undefined;
	createdAt?: number | undefined;
	tags: Record<string, string>;
};

/** A disk, and the instance that holds it. */
export type Volume = {id: string; state: string; sizeGib: number; createdAt: number | undefined; instanceId: string | undefined; tags: Record<string, string>};

/**
 * Everything of this region that the fleet's mark, names and patterns can find, and things of others that bear our names: one parallel sweep.
 * Terminated instances are in it, for counting generations.
 */
export type Account = {
	instances: Instance[];
	groups: Group[];
	keyPairs: KeyPair[];
	/** Disks that came with a manager. */
	disks: Volume[];
	/** Rules of ours in groups that aren't in `groups`: adopted ones. */
	rulesElsewhere: {inGroup: string; rule: Rule}[];
};

/** `User initiated (2026-11-24 09:00:00 GMT)`: when EC2 was asked to. */
function transitionAt(reason: string | undefined): number | undefined {
	const [, day, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:GMT|UTC)\)/.exec(reason ?? '') ?? [];
	return day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
}

/** An instance as EC2 tells it. */
export const instanceOf = (seen: AwsInstance): Instance => ({
	id: seen.InstanceId ?? '',
	state: seen.State?.Name ?? 'pending',
	stateReason: seen.StateReason?.Message ?? undefined,
	endedAt: transitionAt(seen.StateTransitionReason),
	type: seen.InstanceType ?? '',
	imageId: seen.ImageId ?? '',
	zone: seen.Placement?.AvailabilityZone ?? '',
	subnetId: seen.SubnetId ?? '',
	publicIp: seen.PublicIpAddress,
	privateIp: seen.PrivateIpAddress,
	launchedAt: seen.LaunchTime?.getTime() ?? 0,
	keyName: seen.KeyName,
	groupIds: (seen.SecurityGroups ?? []).flatMap(({GroupId}) => (GroupId ? [GroupId] : [])),
	profileArn: seen.IamInstanceProfile?.Arn,
	spotRequestId: seen.SpotInstanceRequestId,
	httpTokens: seen.MetadataOptions?.HttpTokens,
	tags: tagsOf(seen.Tags),
});

/** A group as AWS tells it; `marked` are rules that bear a mark, with their ids. */
const groupOf = (seen: SecurityGroup, marked: readonly SecurityGroupRule[]): Group => ({
	id: seen.GroupId ?? '',
	name: seen.GroupName ?? '',
	vpcId: seen.VpcId ?? '',
	tags: tagsOf(seen.Tags),
	inbound: inboundOf(
		seen.IpPermissions ?? [],
		marked.filter((rule) => rule.GroupId === seen.GroupId),
	),
});

const byId = <Thing extends {id: string}>(...lists: Thing[][]): Thing[] => [...new Map(lists.flat().map((thing) => [thing.id, thing])).values()];

/** The pattern of this fleet's worker key pairs and machines, as EC2's filters take it; `isWorkerName` then decides. */
export const workerPattern = (fleet: Fleet): string => `runner-*-${fleet.name}-*`;

/** Values as EC2's filters take them: at most 200 in one. */
export const inFilters = (values: readonly string[]): string[][] =>
	Array.from({length: Math.ceil(values.length / 200)}, (_, index) => values.slice(index * 200, (index + 1) * 200));

/** Instances of a region: all of them, or those that one of EC2's filters finds. An id that EC2 doesn't know is no error then. */
export async function instancesIn(cloud: Cloud, name?: string, values: readonly string[] = []): Promise<Instance[]> {
	const found: Instance[] = [];
	for (const Filters of name === undefined ? [undefined] : inFilters(values).map((Values) => [{Name: name, Values}])) {
		const {Reservations = []} = await cloud.call('DescribeInstances', Filters ? {Filters} : {});
		found.push(...Reservations.flatMap(({Instances = []}) => Instances.map(instanceOf)));
	}
	return found;
}

/** Key pairs that one of EC2's filters finds; their public halves only where they're compared, since they are long. */
export async function keyPairsIn(cloud: Cloud, name: string, values: string[], half: {publicKey: boolean}): Promise<KeyPair[]> {
	const {KeyPairs = []} = await cloud.call('DescribeKeyPairs', {Filters: [{Name: name, Values: values}], ...(half.publicKey ? {IncludePublicKey: true} : {})});
	return KeyPairs.map((seen) => ({
		id: seen.KeyPairId ?? '',
		name: seen.KeyName ?? '',
		fingerprint: seen.KeyFingerprint ?? '',
		publicKey: seen.PublicKey,
		createdAt: seen.CreateTime?.getTime(),
		tags: tagsOf(seen.Tags),
	}));
}

/** Disks that all of these filters find. */
export async function volumesIn(cloud: Cloud, filters: Record<string, string[]>): Promise<Volume[]> {
	const {Volumes = []} = await cloud.call('DescribeVolumes', {Filters: Object.entries(filters).map(([Name, Values]) => ({Name, Values}))});
	return Volumes.map((seen) => ({
		id: seen.VolumeId ?? '',
		state: seen.State ?? '',
		sizeGib: seen.Size ?? 0,
		createdAt: seen.CreateTime?.getTime(),
		instanceId: seen.Attachments?.[0]?.InstanceId,
		tags: tagsOf(seen.Tags),
	}));
}

/** Rules of any group that bear the fleet's mark. */
async function markedRules({cloud, fleet}: Looking): Promise<SecurityGroupRule[]> {
	const {SecurityGroupRules = []} = await cloud.call('DescribeSecurityGroupRules', {Filters: [{Name: `tag:${markKeys.fleet}`, Values: [fleet.name]}]});
	return SecurityGroupRules;
}

async function securityGroups({cloud}: Looking, name: string, ...values: string[]): Promise<SecurityGroup[]> {
	const {SecurityGroups = []} = await cloud.call('DescribeSecurityGroups', {Filters: [{Name: name, Values: values}]});
	return SecurityGroups;
}

/** What the sweep needs to be allowed. */
export const accountActions: readonly Action[] = [
	'ec2:DescribeInstances',
	'ec2:DescribeSecurityGroups',
	'ec2:DescribeSecurityGroupRules',
	'ec2:DescribeKeyPairs',
	'ec2:DescribeVolumes',
];

/** The sweep: eight calls side by side, whatever there is. */
export const accountLook: Look<Account> = {
	name: 'account',
	async load(context) {
		const {cloud, fleet} = context;
		const marked = `tag:${markKeys.fleet}`;
		const pattern = workerPattern(fleet);
		const [byMark, byKey, groupsByMark, groupsByName, rules, pairsByMark, pairsByName, disks] = await Promise.all([
			instancesIn(cloud, marked, [fleet.name]),
			instancesIn(cloud, 'key-name', [pattern]),
			securityGroups(context, marked, fleet.name),
			securityGroups(context, 'group-name', names.managerGroup(fleet), names.workersGroup(fleet)),
			markedRules(context),
			keyPairsIn(cloud, marked, [fleet.name], {publicKey: true}),
			keyPairsIn(cloud, 'key-name', [names.keyPair(fleet), names.workerKey(fleet), pattern], {publicKey: true}),
			volumesIn(cloud, {[marked]: [fleet.name], [`tag:${markKeys.part}`]: ['manager']}),
		]);
		const groups = byId([...groupsByMark, ...groupsByName].map((group) => groupOf(group, rules)));
		return {
			instances: byId(
				byMark,
				byKey.filter(({keyName}) => isWorkerName(fleet, keyName ?? '')),
			),
			groups,
			keyPairs: byId(
				pairsByMark,
				pairsByName.filter(({name}) => name === names.keyPair(fleet) || name === names.workerKey(fleet) || isWorkerName(fleet, name)),
			),
			disks,
			rulesElsewhere: rules
				.filter((rule) => rule.IsEgress !== true && !groups.some(({id}) => id === rule.GroupId))
				.map((rule) => ({inGroup: rule.GroupId ?? '', rule: ruleOf(rule)})),
		};
	},
};

/** Whether an instance is neither terminated nor on its way there. */
export const lives = ({state}: Instance): boolean => state !== 'terminated' && state !== 'shutting-down';

/** Managers of the fleet that aren't terminated or going, the one that counts first: the newest. */
export const managersOf = (fleet: Fleet, account: Account): Instance[] =>
	account.instances
		.filter((instance) => lives(instance) && bearsMark(fleet, instance.tags, 'manager'))
		.sort((one, other) => other.launchedAt - one.launchedAt || other.id.localeCompare(one.id));

/**
 * Workers of the fleet that aren't terminated or going: by the mark, or, since docker-machine tags a spot instance only after its launch, by the key
 * pair's name in the fleet's own group of workers.
 */
export function workersOf(fleet: Fleet, account: Account): Instance[] {
	const workersGroups = account.groups.filter((group) => group.name === names.workersGroup(fleet) && bearsMark(fleet, group.tags)).map(({id}) => id);
	const launchedByUs = (instance: Instance): boolean =>
		isWorkerName(fleet, instance.keyName ?? '') && instance.groupIds.some((id) => workersGroups.includes(id));
	return account.instances.filter((instance) => lives(instance) && (bearsMark(fleet, instance.tags, 'worker') || launchedByUs(instance)));
}

/** Groups that somebody named by id or by name; a name may stand once in each VPC. */
export const adoptedGroupsLook = (group: string): Look<Group[]> => ({
	name: `group ${group}`,
	async load({cloud}) {
		const byId = /^sg-[0-9a-f]+$/.test(group);
		const answer = await unless(
			cloud.call('DescribeSecurityGroups', byId ? {GroupIds: [group]} : {Filters: [{Name: 'group-name', Values: [group]}]}),
			...['InvalidGroup.NotFound', 'InvalidGroupId.Malformed', 'InvalidGroupId.NotFound', 'InvalidSecurityGroupID.NotFound'],
		);
		return (answer?.SecurityGroups ?? []).map((seen) => groupOf(seen, []));
	},
});

/** A key pair that somebody named, with its public half where AWS tells it. */
export const adoptedPairLook = (name: string): Look<KeyPair | undefined> => ({
	name: `key pair ${name}`,
	async load({cloud}) {
		const found = await keyPairsIn(cloud, 'key-name', [name], {publicKey: true});
		return found.find((pair) => pair.name === name);
	},
});
