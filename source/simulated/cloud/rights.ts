import {type PolicyDocument, readPolicy} from '../../world/cloud/policy.ts';
import {actionsOf, type Input, type OperationName} from '../../world/cloud/port.ts';
import type {AccountState, RegionState, RoleState} from './account.ts';
import {judge, type PolicyQuestion, type PolicyVerdict} from './policy/judge.ts';
import {type JudgedCall, type JudgedLaunch, type JudgedScope, type KnownThing, questionsOf} from './policy/questions.ts';

/** What AWS's own policies of these names allow, as far as a manager needs it. */
const managed: Record<string, string[]> = {
	AdministratorAccess: ['*'],
	AmazonEC2FullAccess: ['ec2:*', 'iam:CreateServiceLinkedRole'],
	AmazonS3FullAccess: ['s3:*'],
	AmazonSSMManagedInstanceCore: ['ssm:*', 'ssmmessages:*', 'ec2messages:*'],
};

/** Policies by their texts: every call of a machine asks for the same few. */
const read = new Map<string, PolicyDocument | undefined>();

function policyIn(text: string): PolicyDocument | undefined {
	if (!read.has(text)) read.set(text, readPolicy(text));
	return read.get(text);
}

/** The policies of a role in force: of the ones written into it those from before a change, until that has spread. */
function policiesOf({attached, inline, name, spreading}: RoleState, now: number): PolicyDocument[] {
	const written = spreading && now < spreading.until ? spreading.inline : inline;
	const texts = [...written.values()].map((text) => {
		const policy = policyIn(text);
		if (!policy) throw new Error(`A policy of role ${name} has elements that the simulated world doesn't know: ${text}`);
		return policy;
	});
	const attachments = attached.map((policy): PolicyDocument => {
		const Action = managed[policy.name];
		if (!Action) throw new Error(`The simulated world doesn't know AWS's policy ${policy.name}.`);
		return {Version: '2012-10-17', Statement: [{Effect: 'Allow', Action, Resource: '*'}]};
	});
	return [...texts, ...attachments];
}

/** What the role in an instance profile may; without one it may nothing. */
export function judgeRole(account: AccountState, profileName: string | undefined, question: PolicyQuestion, now: number): PolicyVerdict {
	const role = account.roles.get(account.profiles.get(profileName ?? '')?.roleName ?? '');
	return role ? judge(policiesOf(role, now), question) : 'not allowed';
}

const profileArn = ({id, profiles}: AccountState, name: string): string => `arn:aws:iam::${id}:instance-profile${profiles.get(name)?.path ?? '/'}${name}`;

/** Things of a region as IAM's questions name them. */
function known(account: AccountState, region: RegionState): JudgedScope['known'] {
	const by: Record<string, (id: string) => KnownThing | undefined> = {
		instance(id) {
			const instance = region.instances.get(id);
			if (!instance) return undefined;
			const {profileName, spotRequestId, tags, type} = instance;
			return {tags, type, spot: spotRequestId !== undefined, profileArn: profileName === undefined ? undefined : profileArn(account, profileName)};
		},
		image(id) {
			const image = region.images.get(id);
			return image && {tags: image.tags, isPublic: image.public};
		},
		snapshot: (id) => region.snapshots.get(id),
		volume: (id) => region.volumes.get(id),
		subnet: (id) => region.subnets.find((subnet) => subnet.id === id),
		'security-group': (id) => region.groups.get(id),
		'key-pair': (name) => region.keyPairs.get(name),
		'spot-instances-request': (id) => region.spotRequests.get(id),
		'launch-template': (id) => region.templates.get(id),
		'auto-scaling-group': (name) => region.scalingGroups.get(name),
	};
	return (kind, id) => by[kind]?.(id);
}

const scopeIn = (account: AccountState, region: RegionState): JudgedScope => ({
	partition: 'aws',
	account: account.id,
	region: region.name,
	known: known(account, region),
});

const recordOf = (tags: readonly {Key?: string | undefined; Value?: string | undefined}[] = []): Record<string, string> =>
	Object.fromEntries(tags.map(({Key = '', Value = ''}) => [Key, Value]));

function launchIn(input: Input<'RunInstances'>, account: AccountState): JudgedLaunch {
	const face = input.NetworkInterfaces?.[0];
	const name = input.IamInstanceProfile?.Name || input.IamInstanceProfile?.Arn?.split('/').at(-1);
	const role = account.roles.get(account.profiles.get(name ?? '')?.roleName ?? '');
	return {
		type: input.InstanceType ?? '',
		spot: input.InstanceMarketOptions?.MarketType === 'spot',
		imageId: input.ImageId ?? '',
		subnetId: face?.SubnetId ?? input.SubnetId ?? '',
		groupIds: face?.Groups ?? input.SecurityGroupIds ?? [],
		keyName: input.KeyName,
		profile: name ? {arn: profileArn(account, name), roleArn: role && `arn:aws:iam::${account.id}:role${role.path}${role.name}`} : undefined,
		interfaceId: face?.NetworkInterfaceId,
		snapshotId: input.BlockDeviceMappings?.find(({Ebs}) => Ebs?.SnapshotId !== undefined)?.Ebs?.SnapshotId,
		tags: Object.fromEntries((input.TagSpecifications ?? []).map(({ResourceType, Tags}) => [ResourceType ?? '', recordOf(Tags)])),
	};
}

/** AWS's calls that managers make. */
export type MachineOperation =
	| 'DescribeInstances'
	| 'DescribeKeyPairs'
	| 'DescribeSecurityGroups'
	| 'DescribeSubnets'
	| 'CreateSecurityGroup'
	| 'ImportKeyPair'
	| 'DeleteKeyPair'
	| 'RunInstances'
	| 'CreateTags'
	| 'StopInstances'
	| 'TerminateInstances'
	| 'DescribeSpotInstanceRequests'
	| 'DescribeAutoScalingGroups'
	| 'DescribeScalingActivities'
	| 'SetDesiredCapacity'
	| 'TerminateInstanceInAutoScalingGroup';

const look = (name: OperationName) => (): JudgedCall => ({action: actionsOf(name)[0] ?? name, resource: '*'});

/** Each call as IAM is asked about it. */
const judged: {[Name in MachineOperation]: (input: Input<Name>, account: AccountState, region: RegionState) => JudgedCall} = {
	DescribeInstances: look('DescribeInstances'),
	DescribeKeyPairs: look('DescribeKeyPairs'),
	DescribeSecurityGroups: look('DescribeSecurityGroups'),
	DescribeSubnets: look('DescribeSubnets'),
	CreateSecurityGroup: look('CreateSecurityGroup'),
	ImportKeyPair: ({KeyName}) => ({action: 'ec2:ImportKeyPair', keyName: KeyName ?? ''}),
	DeleteKeyPair: ({KeyName}) => ({action: 'ec2:DeleteKeyPair', keyName: KeyName ?? ''}),
	RunInstances: (input, account) => ({action: 'ec2:RunInstances', launch: launchIn(input, account)}),
	CreateTags: ({Resources, Tags}) => ({action: 'ec2:CreateTags', ids: Resources ?? [], tags: recordOf(Tags)}),
	StopInstances: ({InstanceIds}) => ({action: 'ec2:StopInstances', instanceIds: InstanceIds ?? []}),
	TerminateInstances: ({InstanceIds}) => ({action: 'ec2:TerminateInstances', instanceIds: InstanceIds ?? []}),
	DescribeSpotInstanceRequests: look('DescribeSpotInstanceRequests'),
	DescribeAutoScalingGroups: look('DescribeAutoScalingGroups'),
	DescribeScalingActivities: look('DescribeScalingActivities'),
	SetDesiredCapacity: ({AutoScalingGroupName}) => ({action: 'autoscaling:SetDesiredCapacity', scalingGroup: AutoScalingGroupName ?? ''}),
	TerminateInstanceInAutoScalingGroup({InstanceId}, _account, {scalingGroups}) {
		const group = [...scalingGroups.values()].find(({members}) => members.some(({instanceId}) => instanceId === InstanceId));
		return {action: 'autoscaling:TerminateInstanceInAutoScalingGroup', scalingGroup: group?.name ?? ''};
	},
};

/** A call that a machine made by its role, and what refused it. */
export type MachineCall = {name: MachineOperation; region: string; input: unknown; refused?: string};

/** The first question about a machine's call that its role isn't allowed, with what is said of it; undefined where the call may be made. */
export function refusedToRole<Name extends MachineOperation>(
	account: AccountState,
	region: RegionState,
	profileName: string | undefined,
	call: {name: Name; input: Input<Name>},
	now: number,
): {question: PolicyQuestion; verdict: PolicyVerdict} | undefined {
	for (const question of questionsOf(judged[call.name](call.input, account, region), scopeIn(account, region))) {
		const verdict = judgeRole(account, profileName, question, now);
		if (verdict !== 'allowed') return {question, verdict};
	}
	return undefined;
}
