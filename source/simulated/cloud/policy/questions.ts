import type {PolicyQuestion} from './judge.ts';

type JudgedTags = Readonly<Record<string, string>>;

/** A call of a service as far as IAM judges it: what it does, to what, with which tags. */
export type JudgedCall =
	| {action: 'ec2:RunInstances'; launch: JudgedLaunch}
	/** Calls on instances by id; an id that nobody has is EC2's to refuse, before IAM is asked. */
	| {action: `ec2:${'Start' | 'Stop' | 'Reboot' | 'Terminate'}Instances`; instanceIds: readonly string[]}
	| {action: 'ec2:CreateTags' | 'ec2:DeleteTags'; ids: readonly string[]; tags: JudgedTags}
	| {action: 'ec2:ImportKeyPair' | 'ec2:DeleteKeyPair'; keyName: string; tags?: JudgedTags}
	/** Calls that change an Auto Scaling group's number. */
	| {action: `autoscaling:${'SetDesiredCapacity' | 'TerminateInstanceInAutoScalingGroup'}`; scalingGroup: string}
	| {action: `s3:${'Get' | 'Put' | 'Delete'}Object`; bucket: string; key: string}
	/** A list without a prefix has no `s3:prefix`, and neither has the look for a missing object that GetObject implies. */
	| {action: 's3:ListBucket'; bucket: string; prefix?: string}
	| {action: string; resource: string; keys?: PolicyQuestion['keys']};

/** What a RunInstances asks for. */
export type JudgedLaunch = {
	type: string;
	spot: boolean;
	imageId: string;
	subnetId: string;
	groupIds: readonly string[];
	keyName?: string | undefined;
	profile?: {arn: string; roleArn: string | undefined} | undefined;
	/** A network interface that stands already, instead of a new one. */
	interfaceId?: string | undefined;
	snapshotId?: string | undefined;
	/** Tags in the call, by kind of thing. */
	tags: Readonly<Record<string, JudgedTags>>;
};

/** What AWS knows of a thing that a call names. */
export type KnownThing = {tags: JudgedTags; arn?: string; type?: string; spot?: boolean; profileArn?: string | undefined; isPublic?: boolean};

/** Where a call is judged, and what is known there. */
export type JudgedScope = {
	partition: string;
	account: string;
	region: string;
	/** A thing by its id, or a key pair or an Auto Scaling group by its name; undefined where there is none. A group has an ARN that its name doesn't tell. */
	known(kind: string, id: string): KnownThing | undefined;
};

/** EC2's kinds of things by the beginning of their ids. */
const kinds: Record<string, string> = {
	i: 'instance',
	vol: 'volume',
	eni: 'network-interface',
	sg: 'security-group',
	subnet: 'subnet',
	sir: 'spot-instances-request',
	key: 'key-pair',
	snap: 'snapshot',
	ami: 'image',
	lt: 'launch-template',
};

const kindOf = (id: string): string => {
	const kind = kinds[id.split('-')[0] ?? ''];
	if (kind === undefined) throw new Error(`What kind of thing ${id} is isn't known here.`);
	return kind;
};

const prefixed = (prefix: string, tags: JudgedTags): Record<string, string> =>
	Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key}`, value]));

const requested = (tags: JudgedTags) => ({...prefixed('aws:RequestTag', tags), ...(Object.keys(tags).length === 0 ? {} : {'aws:TagKeys': Object.keys(tags)})});

const market = (spot: boolean) => ({'ec2:InstanceMarketType': spot ? 'spot' : 'on-demand'});

/** The condition keys of a thing that stands, as the Service Authorization Reference lists them for the kind. */
function keysOf({tags, type, spot, profileArn, isPublic}: KnownThing): Record<string, string> {
	return {
		...prefixed('aws:ResourceTag', tags),
		...(type === undefined ? {} : {'ec2:InstanceType': type, ...market(spot === true)}),
		...(profileArn === undefined ? {} : {'ec2:InstanceProfile': profileArn}),
		...(isPublic === undefined ? {} : {'ec2:Public': String(isPublic)}),
	};
}

/** Images have no account in their ARN. */
const arnIn = ({account, partition, region}: JudgedScope, kind: string, id: string): string =>
	`arn:${partition}:ec2:${region}:${kind === 'image' ? '' : account}:${kind}/${id}`;

/** A question about a thing that stands; of one that doesn't, nothing is known. */
function about(scope: JudgedScope, action: string, kind: string, id: string, more: PolicyQuestion['keys'] = {}): PolicyQuestion {
	const thing = scope.known(kind, id);
	return {action, resource: arnIn(scope, kind, id), keys: {'aws:RequestedRegion': scope.region, ...(thing ? keysOf(thing) : {}), ...more}};
}

/** A question about an Auto Scaling group, whose ARN holds an id beside its name (Service Authorization Reference, Amazon EC2 Auto Scaling). */
function aboutGroup(scope: JudgedScope, action: string, name: string): PolicyQuestion {
	const {account, partition, region} = scope;
	const group = scope.known('auto-scaling-group', name);
	const resource = group?.arn ?? `arn:${partition}:autoscaling:${region}:${account}:autoScalingGroup:none:autoScalingGroupName/${name}`;
	return {action, resource, keys: {'aws:RequestedRegion': region, ...(group ? keysOf(group) : {})}};
}

/** A launch is asked about each thing that it makes or takes, each with the keys of its kind; then about the tags, and about the role that it passes on. */
function ofLaunch(launch: JudgedLaunch, scope: JudgedScope): PolicyQuestion[] {
	const run = 'ec2:RunInstances';
	const inRegion = {'aws:RequestedRegion': scope.region};
	const made: Record<string, PolicyQuestion['keys']> = {
		instance: {...inRegion, 'ec2:InstanceType': launch.type, ...market(launch.spot), ...(launch.profile ? {'ec2:InstanceProfile': launch.profile.arn} : {})},
		'network-interface': {...inRegion, 'ec2:Subnet': arnIn(scope, 'subnet', launch.subnetId)},
		volume: inRegion,
		...(launch.tags['spot-instances-request'] ? {'spot-instances-request': inRegion} : {}),
	};
	const keysFor = (kind: string) => ({...made[kind], ...requested(launch.tags[kind] ?? {})});
	return [
		...Object.keys(made).map((kind): PolicyQuestion => {
			const id = kind === 'network-interface' ? (launch.interfaceId ?? '*') : '*';
			return {action: run, resource: arnIn(scope, kind, id), keys: keysFor(kind)};
		}),
		about(scope, run, 'image', launch.imageId),
		about(scope, run, 'subnet', launch.subnetId),
		...launch.groupIds.map((id) => about(scope, run, 'security-group', id)),
		...(launch.keyName === undefined ? [] : [about(scope, run, 'key-pair', launch.keyName)]),
		...(launch.snapshotId === undefined ? [] : [about(scope, run, 'snapshot', launch.snapshotId)]),
		...Object.entries(launch.tags)
			.filter(([, tags]) => Object.keys(tags).length > 0)
			.map(
				([kind]): PolicyQuestion => ({
					action: 'ec2:CreateTags',
					resource: arnIn(scope, kind, '*'),
					keys: {...keysFor(kind), 'ec2:CreateAction': 'RunInstances'},
				}),
			),
		...(launch.profile ? [passing(launch.profile.roleArn ?? launch.profile.arn)] : []),
	];
}

/** EC2 asks for the role in a profile that it is to give to an instance. */
const passing = (roleArn: string): PolicyQuestion => ({action: 'iam:PassRole', resource: roleArn, keys: {'iam:PassedToService': 'ec2.amazonaws.com'}});

/**
 * What AWS asks IAM about a call: one question for each thing that the call touches, with the condition keys that AWS fills in (Service Authorization
 * Reference, Amazon EC2, Amazon EC2 Auto Scaling and Amazon S3). A call that no kind is known of is one question about its resource.
 */
export function questionsOf(call: JudgedCall, scope: JudgedScope): PolicyQuestion[] {
	if ('launch' in call) return ofLaunch(call.launch, scope);
	if ('instanceIds' in call) return call.instanceIds.map((id) => about(scope, call.action, 'instance', id));
	if ('ids' in call) return call.ids.map((id) => about(scope, call.action, kindOf(id), id, requested(call.tags)));
	if ('scalingGroup' in call) return [aboutGroup(scope, call.action, call.scalingGroup)];
	if ('keyName' in call) return [about(scope, call.action, 'key-pair', call.keyName, requested(call.tags ?? {}))];
	const inRegion = {'aws:RequestedRegion': scope.region};
	if ('key' in call) return [{action: call.action, resource: `arn:${scope.partition}:s3:::${call.bucket}/${call.key}`, keys: inRegion}];
	if ('bucket' in call) {
		const prefix = call.prefix === undefined ? {} : {'s3:prefix': call.prefix};
		return [{action: call.action, resource: `arn:${scope.partition}:s3:::${call.bucket}`, keys: {...inRegion, ...prefix}}];
	}
	return [{action: call.action, resource: call.resource, keys: {...inRegion, ...call.keys}}];
}
