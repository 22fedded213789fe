import type {_InstanceType, VolumeType} from '@aws-sdk/client-ec2';
import type {LifecycleRule} from '@aws-sdk/client-s3';
import type {ParameterTier, ParameterType} from '@aws-sdk/client-ssm';
import type {Random} from '../../world/laptop/clock.ts';
import type {Pace} from '../pace.ts';
import type {ActivityState, ScalingGroupState, TemplateState} from './scaling/state.ts';

type Tags = Record<string, string>;

export type SubnetState = {id: string; vpcId: string; zone: string; cidr: string; publicIps: boolean; defaultForZone: boolean; free: number; tags: Tags};
export type VpcState = {id: string; cidr: string; isDefault: boolean; tags: Tags};
/** Between how many milliseconds after it runs an instance's serial console can be read. */
export type Between = readonly [least: number, most: number];

/** When consoles can be read: with `Latest`, which only Nitro types know, and without it, when it's what EC2 has buffered. */
export type ConsoleDelays = {latest: Between | 'unsupported'; buffered: Between};

/** `target` is what 0.0.0.0/0 leads to: igw-…, nat-…, or undefined. `subnetIds` empty: the VPC's main table. */
export type RouteTableState = {id: string; vpcId: string; subnetIds: string[]; target: string | undefined};
export type RuleState = {
	id: string;
	protocol: string;
	fromPort: number;
	toPort: number;
	cidr?: string;
	groupId?: string;
	description?: string;
	tags: Tags;
	seenFrom: number;
};
/** Describe calls show it from `seenFrom`, and others know it from `knownFrom`. */
export type GroupState = {id: string; name: string; description: string; vpcId: string; tags: Tags; inbound: RuleState[]; seenFrom: number; knownFrom: number};
export type KeyPairState = {
	id: string;
	name: string;
	type: 'rsa' | 'ed25519';
	fingerprint: string;
	publicKey: string;
	createdAt: number;
	tags: Tags;
	seenFrom: number;
};
/** What is on a disk beside its system: Docker's version, and the images that Docker has already. */
export type DiskContents = {docker?: string; pulled: readonly string[]};
export type ImageState = {
	id: string;
	name: string;
	description?: string;
	owner: string;
	alias?: string;
	architecture: 'x86_64' | 'arm64';
	rootDevice: string;
	diskGib: number;
	createdAt: number;
	deprecatedFrom?: number;
	public: boolean;
	tags: Tags;
	/** Login user and system of machines made from it. */
	user: string;
	os: string;
	/** Absent where nobody has said what is on it. */
	contents?: DiskContents;
	/** Of one that was made of an instance: its disk's snapshot, and from when Describe calls show it, tell its snapshot, and it can be launched. */
	made?: {snapshotId: string; seenFrom: number; mappedFrom: number; availableFrom: number};
	/** It never is to be had: EC2 couldn't copy the disk. */
	hasFailed?: boolean;
	encrypted?: boolean;
	/** Since when it can't be launched any more, and until when Describe calls show it and its snapshot is in use all the same. */
	deregistered?: {at: number; shownUntil: number};
};
export type SnapshotState = {
	id: string;
	imageId: string;
	volumeId: string;
	gib: number;
	encrypted: boolean;
	description: string;
	startedAt: number;
	completedAt: number;
	seenFrom: number;
	tags: Tags;
};
export type VolumeState = {
	id: string;
	gib: number;
	kind: VolumeType;
	encrypted: boolean;
	zone: string;
	instanceId?: string;
	device?: string;
	deleteOnTermination: boolean;
	createdAt: number;
	tags: Tags;
};
export type SpotRequestState = {
	id: string;
	instanceId?: string;
	state: 'open' | 'active' | 'closed' | 'cancelled';
	type: _InstanceType;
	maxPrice: string;
	createdAt: number;
	/** Its status code, and since when, once its instance has ended. */
	ended?: string;
	endedAt?: number;
	tags: Tags;
};

/** What an instance's user data does that ends by switching it off: what it prints when, and what is on its disk once it has gone well. */
type BuildState = {lines: {at: number; says: string}[]; disk: DiskContents; isOver: boolean};

export type InstanceState = {
	id: string;
	imageId: string;
	type: _InstanceType;
	subnetId: string;
	vpcId: string;
	zone: string;
	groupIds: string[];
	keyName?: string;
	/** Public half of the key pair as it was at the launch: what the first boot authorises. */
	publicKey?: string;
	profileName?: string;
	publicIp?: string;
	privateIp: string;
	spotRequestId?: string;
	clientToken?: string;
	launchedAt: number;
	seenFrom: number;
	runsFrom: number;
	/** From when sshd listens, and from when cloud-init is done. */
	bootedAt: number;
	initialisedAt: number;
	/** Whether it was stopped and started since its first boot. */
	startedAgain?: boolean;
	/** A stop or the end has begun, and is over, at these times. */
	stopping?: {from: number; until: number};
	ending?: {from: number; until: number};
	reason?: {code: string; message: string};
	tokens: 'required' | 'optional';
	hopLimit: number;
	rootDevice: string;
	volumeId: string;
	tags: Tags;
	userData?: string;
	/** Whether it ends, and isn't only stopped, when its own system switches it off. */
	endsItself?: boolean;
	build?: BuildState;
	/** Keys pushed by Instance Connect, each good until a time. */
	pushed: {user: string; publicKey: string; until: number}[];
};

export type ParameterState = {
	name: string;
	type: ParameterType;
	tier: ParameterTier;
	tags: Tags;
	seenFrom: number;
	versions: {version: number; value: string; at: number; by: string; description?: string | undefined}[];
};

/** What one region of the account holds. */
export type RegionState = {
	name: string;
	zones: string[];
	vpcs: VpcState[];
	subnets: SubnetState[];
	routeTables: RouteTableState[];
	groups: Map<string, GroupState>;
	keyPairs: Map<string, KeyPairState>;
	images: Map<string, ImageState>;
	snapshots: Map<string, SnapshotState>;
	instances: Map<string, InstanceState>;
	volumes: Map<string, VolumeState>;
	spotRequests: Map<string, SpotRequestState>;
	parameters: Map<string, ParameterState>;
	/** When a parameter's name was deleted: the same name is refused for 30 s. */
	deletedParameters: Map<string, number>;
	/** Idempotency of RunInstances: what was asked under a token, and what came of it. */
	launches: Map<string, {asked: string; instanceId: string}>;
	/** Types that a zone doesn't offer, as `type zone`. */
	notOffered: Set<string>;
	/** `type zone` that has no capacity now; `spot type zone` for spot alone. */
	noCapacity: Set<string>;
	/** Spot prices that aren't what they always were, by `type zone`: each since when, the oldest first. */
	spotPrices: Map<string, {at: number; usd: number}[]>;
	/** ARN of the customer's key that encrypts disks where a launch names none; absent: AWS's own does. */
	diskKey?: string;
	/** Whether that key is open to Auto Scaling's role too. */
	groupsUseKey?: boolean;
	templates: Map<string, TemplateState>;
	/** Idempotency of CreateLaunchTemplate. */
	templateTokens: Map<string, {asked: string; id: string}>;
	/** By name. */
	scalingGroups: Map<string, ScalingGroupState>;
	/** What groups did that are gone. */
	pastActivities: ActivityState[];
	/** What AWS says of every launch by a group, where it makes none now. */
	groupLaunches?: string;
};

export type BucketState = {
	name: string;
	region: string;
	createdAt: number;
	tags: Tags;
	rules: LifecycleRule[] | undefined;
	block: {BlockPublicAcls: boolean; IgnorePublicAcls: boolean; BlockPublicPolicy: boolean; RestrictPublicBuckets: boolean} | undefined;
	/** Objects by key; a versioned bucket keeps several of one. */
	objects: {key: string; versionId: string; size: number}[];
	knownFrom: number;
	/** Settings as they were before a change, which S3 still shows until a time. */
	former: {[Setting in BucketSetting]?: Former<Setting>};
	/** ARN of the customer's key that encrypts objects; absent: S3's own does. */
	key?: string;
};
export type Former<Setting extends BucketSetting> = {was: BucketState[Setting]; until: number};
/** What of a bucket S3 shows late after a change. */
export type BucketSetting = 'tags' | 'rules' | 'block';
export type RoleState = {
	name: string;
	id: string;
	path: string;
	trust: string;
	createdAt: number;
	boundary?: string;
	tags: Tags;
	inline: Map<string, string>;
	/** Until when the policies that were there before a change are still in force. */
	spreading?: {inline: Map<string, string>; until: number};
	attached: {name: string; arn: string}[];
	/** From when IAM itself knows it. */
	knownFrom: number;
};
export type ProfileState = {
	name: string;
	id: string;
	path: string;
	createdAt: number;
	tags: Tags;
	roleName?: string;
	/** From when IAM itself knows it, EC2 knows it, and EC2 finds its role in it. */
	knownFrom: number;
	spreadAt: number;
	roleSpreadAt: number;
};

/** How the laptop's credentials do: `wrong` ones are refused, `expired` ones were good. */
export type CredentialState = 'good' | 'none' | 'wrong' | 'expired';

/** Everything that one AWS account holds, and what its owner may do. */
export type AccountState = {
	id: string;
	alias: string | undefined;
	credentials: CredentialState;
	/** IAM actions that are refused, such as `ec2:RunInstances`. */
	denied: Set<string>;
	/** Those among them that no policy speaks of, rather than one that denies them. */
	unmentioned: Set<string>;
	/** IAM actions that a service control policy of the organization denies to everybody, machines included. */
	deniedToAll: Set<string>;
	/** So many of the next calls of CreateTags by machines come before their instance is known everywhere. */
	unseenByTags: number;
	/** Key pairs that a region may hold. */
	mostKeyPairs: number;
	consoles: ConsoleDelays;
	/** What every build of an image fails with, where it does. */
	buildsFail?: string;
	/** Docker's newest version: what its own install script puts on a machine. */
	newestDocker: string;
	regions: Map<string, RegionState>;
	buckets: Map<string, BucketState>;
	/** Bucket names that belong to other accounts. */
	foreignBuckets: Set<string>;
	/** Names of deleted buckets that S3 doesn't give yet, each until a time. */
	restingBuckets: Map<string, number>;
	/** Regions where CreateBucket drops tags silently, as moto 5.1.1 does. */
	tagDroppingRegions: Set<string>;
	roles: Map<string, RoleState>;
	profiles: Map<string, ProfileState>;
	serviceLinkedRoles: Set<string>;
	/** From when IAM shows each of them, by the service. */
	linkedRolesSeenFrom: Map<string, number>;
	/** When they were made, of those that were made here. */
	linkedRolesMadeAt: Map<string, number>;
	/** From when Auto Scaling can launch by its own. */
	groupsLaunchFrom: number;
	/** Applied quotas by code; a code that is absent has only AWS's default. */
	quotas: Map<string, number>;
	newId(prefix: string): string;
	random: Random;
	/** How long things take, where that isn't left to chance. */
	pace: Pace | undefined;
};

/** What an instance is doing at a time. */
export function stateOf(instance: InstanceState, now: number): 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped' {
	if (instance.ending && now >= instance.ending.from) return now >= instance.ending.until ? 'terminated' : 'shutting-down';
	if (instance.stopping) return now >= instance.stopping.until ? 'stopped' : 'stopping';
	return now >= instance.runsFrom ? 'running' : 'pending';
}

/** Whether an instance still holds what it was given: its groups, its address, its quota. */
export const holdsOn = (instance: InstanceState, now: number): boolean => stateOf(instance, now) !== 'terminated';
