import type {RequestLaunchTemplateData} from '@aws-sdk/client-ec2';

/** A launch template; its versions are numbered from 1, in this order. */
export type TemplateState = {
	id: string;
	name: string;
	tags: Record<string, string>;
	createdAt: number;
	by: string;
	/** Describe calls show it from `seenFrom`, and Auto Scaling knows it from `knownFrom`. */
	seenFrom: number;
	knownFrom: number;
	versions: {data: RequestLaunchTemplateData; description?: string; at: number; by: string}[];
};

/** Something that a group did, or couldn't do. Times are milliseconds since 1970. */
export type ActivityState = {
	id: string;
	group: string;
	groupArn: string;
	description: string;
	cause: string;
	startedAt: number;
	/** Absent while nobody knows when it will be over. */
	endsAt?: number;
	/** What AWS says of one that came to nothing; `Cancelled` where an instance was there and went again. */
	failed?: {code: 'Failed' | 'Cancelled'; message: string};
	place?: {subnetId: string; zone: string};
};

/** An instance of a group. */
export type MemberState = {
	instanceId: string;
	templateId: string;
	version: string;
	isProtected: boolean;
	inServiceFrom: number;
	/** Set once the group has begun to take it away. */
	isLeaving: boolean;
	launch: ActivityState;
};

/** An Auto Scaling group with its mixed instances policy. */
export type ScalingGroupState = {
	name: string;
	arn: string;
	min: number;
	max: number;
	desired: number;
	templateId: string;
	/** As the policy names it: a number, `$Latest` or `$Default`. */
	version: string;
	/** Types of the policy's overrides, in their order; none: the template's own. */
	types: string[];
	subnetIds: string[];
	/** With the defaults that Auto Scaling fills in. */
	distribution: {
		OnDemandAllocationStrategy: string;
		OnDemandBaseCapacity: number;
		OnDemandPercentageAboveBaseCapacity: number;
		SpotAllocationStrategy: string;
		SpotInstancePools?: number;
		SpotMaxPrice?: string;
	};
	protectsNew: boolean;
	rebalances: boolean;
	cooldown: number;
	healthGrace: number;
	suspended: string[];
	tags: Record<string, string>;
	/** Keys of the tags that its instances get. */
	propagated: Set<string>;
	members: MemberState[];
	/** In the order in which they began. */
	activities: ActivityState[];
	createdAt: number;
	seenFrom: number;
	isDeleting: boolean;
	/** Why the number was last changed: the beginning of the next activity's cause. */
	because: string;
	/** When the group next looks whether all is as wanted. */
	looksAt?: number;
	/** Until when it doesn't try again what couldn't be launched. */
	restsUntil?: number;
};
