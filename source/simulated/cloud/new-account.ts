import type {Random} from '../../world/laptop/clock.ts';
import {seededRandom} from '../clock.ts';
import type {Pace} from '../pace.ts';
import type {AccountState, ImageState, RegionState, VpcState} from './account.ts';
import {imageLines} from './catalogue.ts';
import {lateConsoles} from './console.ts';

/** AWS's own defaults of the vCPU quotas in this world: 5, as AWS's own examples say. */
export const defaultQuotas: Record<string, number> = {'L-1216C47A': 5, 'L-34B43A08': 5};

/** Regions of this world, each with its zones' letters; the last zone of the first two lacks some types. */
const regionZones: Record<string, string[]> = {'us-east-1': ['a', 'b', 'c'], 'us-east-2': ['a', 'b', 'c'], 'eu-west-1': ['a', 'b', 'c']};

/** Makes ids of AWS's form, the same for the same seed. */
function idMaker(random: Random): (prefix: string) => string {
	return (prefix) => {
		let hex = '';
		while (hex.length < 17) hex += Math.floor(random() * 16).toString(16);
		return `${prefix}-${hex}`;
	};
}

/** An account as a new one is: default VPCs, the publishers' images, quotas of a team that has used AWS before. */
export function newAccount(id: string, now: number, random: Random, pace?: Pace): AccountState {
	const newId = idMaker(random);
	const account: AccountState = {
		id,
		alias: 'acme-dev',
		credentials: 'good',
		denied: new Set(),
		unmentioned: new Set(),
		deniedToAll: new Set(),
		unseenByTags: 0,
		mostKeyPairs: 5000,
		consoles: pace ? {latest: [pace.console - pace.runs, pace.console - pace.runs], buffered: lateConsoles.buffered} : lateConsoles,
		newestDocker: '29.1.2',
		regions: new Map(),
		buckets: new Map(),
		foreignBuckets: new Set(),
		restingBuckets: new Map(),
		tagDroppingRegions: new Set(),
		roles: new Map(),
		profiles: new Map(),
		serviceLinkedRoles: new Set(),
		linkedRolesSeenFrom: new Map(),
		linkedRolesMadeAt: new Map(),
		groupsLaunchFrom: 0,
		quotas: new Map([
			['L-1216C47A', 64],
			['L-34B43A08', 64],
		]),
		newId,
		random,
		pace,
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
		snapshots: new Map(),
		instances: new Map(),
		volumes: new Map(),
		spotRequests: new Map(),
		parameters: new Map(),
		deletedParameters: new Map(),
		launches: new Map(),
		notOffered: new Set(['t4g.small', 't4g.medium', 'c5.large'].map((type) => `${type} ${zones.at(-1)}`)),
		noCapacity: new Set(),
		spotPrices: new Map(),
		templates: new Map(),
		templateTokens: new Map(),
		scalingGroups: new Map(),
		pastActivities: [],
	};
	const group = newId('sg');
	region.groups.set(group, {
		id: group,
		name: 'default',
		description: 'default VPC security group',
		vpcId: vpc.id,
		tags: {},
		inbound: [],
		seenFrom: 0,
		knownFrom: 0,
	});
	// Their ids hang on the region alone.
	const ecsId = idMaker(seededRandom(Object.keys(regionZones).indexOf(name)));
	for (const {line} of imageLines) publishLine(region, line, now - 12 * 86_400_000, line === 'ecs-al2023' ? ecsId : newId);
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
			...(line.docker === undefined ? {} : {contents: {docker: line.docker, pulled: []}}),
		};
		region.images.set(image.id, image);
		const name = line.parameter(architecture);
		const before = region.parameters.get(name)?.versions ?? [];
		const versions = [...before, {version: (before.at(-1)?.version ?? 0) + 1, value: image.id, at: createdAt, by: 'arn:aws:iam::aws:publisher'}];
		region.parameters.set(name, {name, type: 'String', tier: 'Standard', tags: {}, seenFrom: 0, versions});
		return image;
	});
}
