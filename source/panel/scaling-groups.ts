/** An instance of an Auto Scaling group, as the group tells of it. */
export type GroupMember = {
	instanceId: string;
	/** The group's name. */
	group: string;
	type: string | undefined;
	zone: string | undefined;
	/** Auto Scaling's own word: `Pending`, `InService`, `Terminating:Wait`. */
	state: string;
	/** It was made by another version of the launch template than new ones are. */
	isOutdated: boolean;
	/** Of its disk, as new ones have it; undefined where that isn't known. */
	diskGib: number | undefined;
};

/** A launch of a group's that came to nothing, equal ones told once. Times are milliseconds since 1970. */
export type FailedLaunch = {
	/** AWS's words. */
	says: string;
	/** The oldest of those without another one between them. */
	since: number;
	count: number;
};

/** A version of a launch template, and what it says of instances; what isn't known is undefined. */
export type GroupTemplate = {
	id: string;
	version: string;
	image: string | undefined;
	diskGib: number | undefined;
	publicAddress: boolean | undefined;
};

/** When the launch of an instance by a group began, and when the instance was in service, to the second, by Auto Scaling itself. Milliseconds since 1970. */
export type LaunchSeen = {from: number; to: number};

/** An Auto Scaling group, as a live view needs it. */
export type ScalingGroupSeen = {
	name: string;
	max: number;
	desired: number;
	/** It is being deleted. */
	isGoing: boolean;
	/** New instances are protected from scale-in. */
	protectsNew: boolean;
	/** Processes that somebody has switched off: `Launch`, `AZRebalance`. */
	suspended: readonly string[];
	/** The template, and the version of it by which new instances are made. */
	template: GroupTemplate | undefined;
	/** Types that it may launch, the first of them the one that is wanted most. */
	types: readonly string[];
	zones: readonly string[];
	subnetIds: readonly string[];
	/** The share of instances on demand, in percent. */
	onDemandShare: number;
	/** The highest spot price in USD an hour, as it is written; undefined where there is none. */
	maxPrice: string | undefined;
	members: readonly GroupMember[];
	/** Since when fewer are in service than are desired, in milliseconds since 1970; undefined where none lacks. */
	shortSince: number | undefined;
	/** Launches that failed, newest first: asked for only while instances are lacking for longer than a launch takes. */
	failures: readonly FailedLaunch[];
	/** Launches that went well, by instances. */
	launches: ReadonlyMap<string, LaunchSeen>;
	/** Where older ones are read on from; undefined once all are known that are of use. */
	older: string | undefined;
};

/** The groups that a manager's runners have; `absent` are names of which there is none. */
export type ScalingGroupsSeen = {groups: readonly ScalingGroupSeen[]; absent: readonly string[]};

/** The launches of all groups, by instances. */
export const launchesIn = (seen: ScalingGroupsSeen | undefined): ReadonlyMap<string, LaunchSeen> =>
	new Map(seen?.groups.flatMap(({launches}) => [...launches]));

/** Instances that a group has in service. */
export const inService = ({members}: Pick<ScalingGroupSeen, 'members'>): number => members.filter(({state}) => state === 'InService').length;
