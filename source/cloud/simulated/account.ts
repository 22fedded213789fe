import type {_InstanceType, VolumeType} from '@aws-sdk/client-ec2';
import type {LifecycleRule} from '@aws-sdk/client-s3';
import type {ParameterTier, ParameterType} from '@aws-sdk/client-ssm';
import type {Random} from '../../clock.ts';
import {imageLines} from './catalogue.ts';

export type Tags = Record<string, string>;

export type SubnetState = {id: string; vpcId: string; zone: string; cidr: string; publicIps: boolean; defaultForZone: boolean; free: number; tags: Tags};
export type VpcState = {id: string; cidr: string; isDefault: boolean; tags: Tags};
/** `target` is what 0.0.0.0/0 leads to: igw-…, nat-…, or undefined. `subnetIds` empty: the VPC's main table. */
export type RouteTableState = {id: string; vpcId: string; subnetIds: string[]; target: string | undefined};
export type RuleState = {id: string; protocol: string; fromPort: number; toPort: number; cidr?: string; groupId?: string; description?: string; tags: Tags};
export type GroupState = {id: string; name: string; description: string; vpcId: string; tags: Tags; inbound: RuleState[]; seenFrom: number};
export type KeyPairState = {id: string; name: string; type: 'rsa' | 'ed25519'; fingerprint: string; publicKey: string; createdAt: number; tags: Tags; seenFrom: number};
export type ImageState = {
	id: string;
	name: string;
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
};
export type VolumeState = {id: string; gib: number; kind: VolumeType; encrypted: boolean; zone: string; instanceId?: string; device?: string; deleteOnTermination: boolean; createdAt: number; tags: Tags};
export type SpotRequestState = {id: string; instanceId?: string; state: 'open' | 'active' | 'closed' | 'cancelled'; type: _InstanceType; maxPrice: string; createdAt: number; tags: Tags};

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
	/** Keys pushed by Instance Connect, each good until a time. */
	pushed: {user: string; publicKey: string; until: number}[];
};

export type ParameterState = {
	name: string;
	type: ParameterType;
	tier: ParameterTier;
	tags: Tags;
	seenFrom: number;
	versions: {version: number; value: string; at: number; by: string}[];
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
	instances: Map<string, InstanceState>;
	volumes: Map<string, VolumeState>;
	spotRequests: Map<string, SpotRequestState>;
	parameters: Map<string, ParameterState>;
	/** When a parameter's name was deleted: the same name is refused for 30 s (facts §17.1). */
	deletedParameters: Map<string, number>;
	/** Idempotency of RunInstances: what was asked under a token, and what came of it. */
	launches: Map<string, {asked: string; instanceId: string}>;
	/** Types that a zone doesn't offer, as `type zone`. */
	notOffered: Set<string>;
	/** `type zone` that has no capacity now; `spot type zone` for spot alone. */
	noCapacity: Set<string>;
	spotPrices: Map<string, number>;
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
};
export type RoleState = {
	name: string;
	id: string;
	path: string;
	trust: string;
	createdAt: number;
	boundary?: string;
	tags: Tags;
	inline: Map<string, string>;
	attached: {name: string; arn: string}[];
};
export type ProfileState = {name: string; id: string; path: string; createdAt: number; tags: Tags; roleName?: string; /** From when EC2 knows it. */ spreadAt: number};

/** How the laptop's credentials do: `wrong` ones are refused, `expired` ones were good. */
export type Credentials = 'good' | 'none' | 'wrong' | 'expired';

/** Everything that one AWS account holds, and what its owner may do. */
export type AccountState = {
	id: string;
	alias: string | undefined;
	arn: string;
	credentials: Credentials;
	/** IAM actions that are refused, such as `ec2:RunInstances`. */
	denied: Set<string>;
	regions: Map<string, RegionState>;
	buckets: Map<string, BucketState>;
	/** Bucket names that belong to other accounts. */
	foreignBuckets: Set<string>;
	/** Regions where CreateBucket drops tags silently, as one real peer does (facts §11). */
	tagDroppingRegions: Set<string>;
	roles: Map<string, RoleState>;
	profiles: Map<string, ProfileState>;
	serviceLinkedRoles: Set<string>;
	/** Applied quotas by code; a code that is absent has only AWS's default. */
	quotas: Map<string, number>;
	newId(prefix: string): string;
	random: Random;
};

/** AWS's own defaults of the vCPU quotas in this world (facts §10). */
export const defaultQuotas: Record<string, number> = {'L-1216C47A': 5, 'L-34B43A08': 5};

/** Regions of this world, each with its zones' letters; the last zone of the first two lacks some types. */
const regionZones: Record<string, string[]> = {'us-east-1': ['a', 'b', 'c'], 'us-east-2': ['a', 'b', 'c'], 'eu-west-1': ['a', 'b', 'c']};

/** Makes ids of AWS's form, the same for the same seed. */
export function idMaker(random: Random): (prefix: string) => string {
	return (prefix) => {
		let hex = '';
		while (hex.length < 17) hex += Math.floor(random() * 16).toString(16);
		return `${prefix}-${hex}`;
	};
}

/** An account as a new one is: default VPCs, the publishers' images, quotas of a team that has used AWS before. */
export function newAccount(id: string, now: number, random: Random): AccountState {
	const newId = idMaker(random);
	const account: AccountState = {
		id,
		alias: 'acme-dev',
		arn: `arn:aws:iam::${id}:user/alice`,
		credentials: 'good',
		denied: new Set(),
		regions: new Map(),
		buckets: new Map(),
		foreignBuckets: new Set(),
		tagDroppingRegions: new Set(),
		roles: new Map(),
		profiles: new Map(),
		serviceLinkedRoles: new Set(),
		quotas: new Map([
			['L-1216C47A', 64],
			['L-34B43A08', 64],
		]),
		newId,
		random,
	};
	for (const name of Object.keys(regionZones)) account.regions.set(name, newRegion(name, now, newId));
	return account;
}

function newRegion(name: string, now: number, newId: (prefix: string) => string): RegionState {
	const zones = (regionZones[name] ?? []).map((letter) => name + letter);
	const vpc: VpcState = {id: newId('vpc'), cidr: '172.31.0.0/16', isDefault: true, tags: {}};
	const region: RegionState = {
		name,
		zones,
		vpcs: [vpc],
		subnets: zones.map((zone, index) => ({
			id: newId('subnet'),
			vpcId: vpc.id,
			zone,
			cidr: `172.31.${index * 16}.0/20`,
			publicIps: true,
			defaultForZone: true,
			free: 4091,
			tags: {},
		})),
		routeTables: [{id: newId('rtb'), vpcId: vpc.id, subnetIds: [], target: newId('igw')}],
		groups: new Map(),
		keyPairs: new Map(),
		images: new Map(),
		instances: new Map(),
		volumes: new Map(),
		spotRequests: new Map(),
		parameters: new Map(),
		deletedParameters: new Map(),
		launches: new Map(),
		notOffered: new Set(['t4g.small', 't4g.medium', 'c5.large'].map((type) => `${type} ${zones.at(-1)}`)),
		noCapacity: new Set(),
		spotPrices: new Map(),
	};
	const group = newId('sg');
	region.groups.set(group, {id: group, name: 'default', description: 'default VPC security group', vpcId: vpc.id, tags: {}, inbound: [], seenFrom: 0});
	for (const line of imageLines) publishLine(region, line.line, now - 12 * 86_400_000, newId);
	return region;
}

/** Publishes both architectures of a line's next image: the older one stays, and the publisher's parameter names the new one. */
export function publishLine(region: RegionState, lineName: string, createdAt: number, newId: (prefix: string) => string): ImageState[] {
	const line = imageLines.find((one) => one.line === lineName);
	if (!line) throw new Error(`No such line of images: ${lineName}`);
	const date = new Date(createdAt).toISOString().slice(0, 10).replaceAll('-', '');
	return (['x86_64', 'arm64'] as const).map((architecture) => {
		const image: ImageState = {
			id: newId('ami'),
			name: line.name(architecture, date),
			owner: line.owner,
			...(line.alias === undefined ? {} : {alias: line.alias}),
			architecture,
			rootDevice: line.rootDevice,
			diskGib: line.diskGib,
			createdAt,
			deprecatedFrom: createdAt + 2 * 365 * 86_400_000,
			public: true,
			tags: {},
			user: line.user,
			os: line.os,
		};
		region.images.set(image.id, image);
		const name = line.parameter(architecture);
		const before = region.parameters.get(name)?.versions ?? [];
		const versions = [...before, {version: (before.at(-1)?.version ?? 0) + 1, value: image.id, at: createdAt, by: 'arn:aws:iam::aws:publisher'}];
		region.parameters.set(name, {name, type: 'String', tier: 'Standard', tags: {}, seenFrom: 0, versions});
		return image;
	});
}

/** What an instance is doing at a time. */
export function stateOf(instance: InstanceState, now: number): 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped' {
	if (instance.ending && now >= instance.ending.from) return now >= instance.ending.until ? 'terminated' : 'shutting-down';
	if (instance.stopping) return now >= instance.stopping.until ? 'stopped' : 'stopping';
	return now >= instance.runsFrom ? 'running' : 'pending';
}

/** Whether an instance still holds what it was given: its groups, its address, its quota. */
export const holdsOn = (instance: InstanceState, now: number): boolean => stateOf(instance, now) !== 'terminated';
