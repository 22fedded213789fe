import type {Input, OperationName, Output} from '../../world/cloud/port.ts';
import type {
	BucketState,
	CredentialState,
	GroupState,
	ImageState,
	InstanceState,
	KeyPairState,
	RegionState,
	RouteTableState,
	RuleState,
	SubnetState,
} from './account.ts';
import type {ImageLine} from './catalogue.ts';
import type {SimulatedCloud} from './cloud.ts';
import {canonicalCidr} from './groups.ts';
import {endInstance} from './instances.ts';
import {publishLine} from './new-account.ts';

/** What somebody does in the AWS account by another tool, or AWS by itself; none of it is in `world.calls`. */
export type CloudOutside = ReturnType<typeof cloudOutside>;

/** Hands from outside on the account. Regions are by name; ids are AWS's own. */
export function cloudOutside(cloud: SimulatedCloud, now: () => number, at: (when: number, happen: () => void) => void) {
	const {account} = cloud;
	const regionOf = (name: string): RegionState => {
		const region = account.regions.get(name);
		if (!region) throw new Error(`The simulated world has no region ${name}.`);
		return region;
	};
	const find = <Thing>(what: string, look: (region: RegionState) => Thing | undefined): {thing: Thing; region: RegionState} => {
		for (const region of account.regions.values()) {
			const thing = look(region);
			if (thing !== undefined) return {thing, region};
		}
		throw new Error(`The simulated world has no ${what}.`);
	};
	const groupOf = (id: string) => find(`group ${id}`, (region) => region.groups.get(id)).thing;
	const instanceOf = (id: string) => find(`instance ${id}`, (region) => region.instances.get(id));
	const bucketOf = (name: string): BucketState => {
		const bucket = account.buckets.get(name);
		if (!bucket) throw new Error(`The simulated world has no bucket ${name}.`);
		return bucket;
	};
	const looked = () => {
		for (const look of cloud.whenChanged) look();
	};
	const root = `arn:aws:iam::${account.id}:user/bob`;
	return {
		/** Carries out any call as a colleague's, at once and without faults; what it makes is known to its own service at once. Throws what AWS refuses. */
		call: <Name extends OperationName>(name: Name, region: string, input: Input<Name>): Output<Name> => cloud.carry(name, region, input, root, true),
		/** The laptops' AWS session: `expired`, `none`, `wrong`, or `good` again. */
		credentials(state: CredentialState): void {
			account.credentials = state;
		},
		/** Forbids IAM actions, such as `ec2:RunInstances`; `allow` takes it back. */
		deny(...actions: string[]): void {
			for (const action of actions) account.denied.add(action);
		},
		/** The laptop's policies don't speak of these actions, so that they are refused. */
		lack(...actions: string[]): void {
			for (const action of actions) {
				account.denied.add(action);
				account.unmentioned.add(action);
			}
		},
		allow(...actions: string[]): void {
			for (const action of actions) {
				account.denied.delete(action);
				account.unmentioned.delete(action);
			}
		},
		/** A service control policy of the organization denies IAM actions to everybody in the account, machines included. */
		denyToAll(...actions: string[]): void {
			for (const action of actions) account.deniedToAll.add(action);
		},
		/** So many of the next calls of CreateTags by machines find that the instance isn't there, since they come right after its launch. */
		unseenByTags(calls: number): void {
			account.unseenByTags = calls;
		},
		/** The key that encrypts disks in a region where a launch names none: a customer's own, which Auto Scaling's role may use or not, or AWS's again. */
		diskKey(region: string, arn: string | undefined, isOpenToGroups = false): void {
			const state = regionOf(region);
			if (arn === undefined) delete state.diskKey;
			else state.diskKey = arn;
			state.groupsUseKey = isOpenToGroups;
		},
		/** What AWS says of every launch by an Auto Scaling group of a region, of which it makes none; undefined: it launches as it can. */
		groupLaunches(region: string, said: string | undefined): void {
			if (said === undefined) delete regionOf(region).groupLaunches;
			else regionOf(region).groupLaunches = said;
		},
		/** What every build of an image fails with that is halfway from now on; undefined: they go well. */
		failBuilds(why: string | undefined): void {
			if (why === undefined) delete account.buildsFail;
			else account.buildsFail = why;
		},
		/** EC2 gives up making an image of the account's own. */
		failImage: (id: string): void => void Object.assign(find(`image ${id}`, (region) => region.images.get(id)).thing, {hasFailed: true}),
		/** An applied quota in vCPUs, or undefined: only AWS's default. */
		setQuota(code: string, value: number | undefined): void {
			if (value === undefined) account.quotas.delete(code);
			else account.quotas.set(code, value);
		},
		/** Whether a zone offers a type at all. */
		offer(type: string, zone: string, offered: boolean): void {
			const {notOffered} = regionOf(zone.slice(0, -1));
			if (offered) notOffered.delete(`${type} ${zone}`);
			else notOffered.add(`${type} ${zone}`);
		},
		/** Whether a zone has capacity for a type, on demand and on spot, or on spot alone. */
		capacity(type: string, zone: string, has: 'some' | 'none' | 'none-on-spot'): void {
			const {noCapacity} = regionOf(zone.slice(0, -1));
			noCapacity.delete(`${type} ${zone}`);
			noCapacity.delete(`spot ${type} ${zone}`);
			if (has === 'none') noCapacity.add(`${type} ${zone}`);
			if (has !== 'some') noCapacity.add(`spot ${type} ${zone}`);
		},
		/** The spot price of a type in a zone from now on, in USD an hour. */
		spotPrice(type: string, zone: string, usd: number): void {
			const {spotPrices} = regionOf(zone.slice(0, -1));
			spotPrices.set(`${type} ${zone}`, [...(spotPrices.get(`${type} ${zone}`) ?? []), {at: now(), usd}]);
		},
		stopInstance(id: string): void {
			instanceOf(id).thing.stopping = {from: now(), until: now() + 20_000};
			looked();
		},
		terminateInstance(id: string, reason = {code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown'}): void {
			const {thing, region} = instanceOf(id);
			endInstance({account, region, now: now(), by: root, late: () => 0, at}, thing, reason);
			looked();
		},
		/** AWS takes a spot instance back. `told`: whether the instance itself says so, or only its spot request. */
		interruptSpot(id: string, told: 'by the instance' | 'by its request' = 'by the instance'): void {
			const code = 'Server.SpotInstanceTermination';
			const reason = {code, message: told === 'by the instance' ? `${code}: Spot instance termination` : ''};
			const {thing, region} = instanceOf(id);
			endInstance({account, region, now: now(), by: root, late: () => 0, at}, thing, reason);
			looked();
		},
		/** AWS says that it will take a spot instance back, and does so two minutes later. */
		noticeSpot(id: string): void {
			const {thing, region} = instanceOf(id);
			const request = region.spotRequests.get(thing.spotRequestId ?? '');
			if (!request) throw new Error(`The instance ${id} of the simulated world isn't on spot.`);
			request.ended = 'marked-for-termination';
			at(now() + 120_000, () => {
				const reason = {code: 'Server.SpotInstanceTermination', message: 'Server.SpotInstanceTermination: Spot instance termination'};
				endInstance({account, region, now: now(), by: root, late: () => 0, at}, thing, reason);
				looked();
			});
		},
		/** An instance as somebody else launched it, running since long. */
		addInstance(region: string, fields: Partial<InstanceState> = {}): InstanceState {
			const state = regionOf(region);
			const subnet = state.subnets[0];
			const image = [...state.images.values()][0];
			if (!subnet || !image) throw new Error(`The simulated region ${region} has no subnet or no image.`);
			const since = now() - 3_600_000;
			const instance: InstanceState = {
				id: account.newId('i'),
				imageId: image.id,
				type: 't3.micro',
				subnetId: subnet.id,
				vpcId: subnet.vpcId,
				zone: subnet.zone,
				groupIds: [],
				privateIp: `172.31.15.${state.instances.size + 1}`,
				launchedAt: since,
				seenFrom: since,
				runsFrom: since,
				bootedAt: since,
				initialisedAt: since,
				tokens: 'required',
				hopLimit: 1,
				rootDevice: image.rootDevice,
				volumeId: account.newId('vol'),
				tags: {},
				pushed: [],
				...fields,
			};
			state.instances.set(instance.id, instance);
			return instance;
		},
		addGroup(region: string, name: string, fields: Partial<GroupState> = {}): GroupState {
			const state = regionOf(region);
			const vpcId = state.vpcs[0]?.id ?? '';
			const group: GroupState = {
				id: account.newId('sg'),
				name,
				description: 'made by hand',
				vpcId,
				tags: {},
				inbound: [],
				seenFrom: 0,
				knownFrom: 0,
				...fields,
			};
			state.groups.set(group.id, group);
			return group;
		},
		removeGroup: (id: string): void => void find(`group ${id}`, (region) => (region.groups.has(id) ? region : undefined)).thing.groups.delete(id),
		openPort(groupId: string, port: number, from: {cidr: string} | {groupId: string}, description?: string): RuleState {
			const source = 'cidr' in from ? {cidr: canonicalCidr(from.cidr)} : from;
			const described = description === undefined ? {} : {description};
			const rule: RuleState = {id: account.newId('sgr'), protocol: 'tcp', fromPort: port, toPort: port, ...source, ...described, tags: {}, seenFrom: 0};
			groupOf(groupId).inbound.push(rule);
			return rule;
		},
		/** Takes away a group's inbound rules for a port: from anywhere, or from one CIDR only. */
		closePort(groupId: string, port: number, cidr?: string): void {
			const group = groupOf(groupId);
			group.inbound = group.inbound.filter((rule) => rule.fromPort > port || rule.toPort < port || (cidr !== undefined && rule.cidr !== cidr));
		},
		addKeyPair(region: string, name: string, publicKey: string, fields: Partial<KeyPairState> = {}): void {
			cloud.carry('ImportKeyPair', region, {KeyName: name, PublicKeyMaterial: Buffer.from(publicKey)}, root);
			Object.assign(regionOf(region).keyPairs.get(name) ?? {}, {seenFrom: 0, ...fields});
		},
		/** A bucket name that belongs to another account. */
		takeBucketName: (name: string): void => void account.foreignBuckets.add(name),
		/** A region whose S3 drops tags of CreateBucket silently. */
		dropBucketTags: (region: string): void => void account.tagDroppingRegions.add(region),
		addBucket(name: string, region: string, fields: Partial<BucketState> = {}): BucketState {
			const bucket: BucketState = {
				name,
				region,
				createdAt: now(),
				tags: {},
				rules: undefined,
				block: undefined,
				objects: [],
				knownFrom: 0,
				former: {},
				...fields,
			};
			account.buckets.set(name, bucket);
			return bucket;
		},
		addObjects(bucket: string, count: number): void {
			for (let number = 0; number < count; number += 1) bucketOf(bucket).objects.push({key: `cache/${number}.zip`, versionId: account.newId('v'), size: 1024});
		},
		addLifecycleRule: (bucket: string, rule: NonNullable<BucketState['rules']>[number]): void => {
			bucketOf(bucket).rules = [...(bucketOf(bucket).rules ?? []), rule];
		},
		removeLifecycleRule(bucket: string, id: string): void {
			const left = bucketOf(bucket).rules?.filter(({ID}) => ID !== id);
			bucketOf(bucket).rules = left?.length ? left : undefined;
		},
		/** The publisher brings out a new image of a line, and its parameter names it; the ids for x86_64 and arm64. */
		publishImage(region: string, line: ImageLine['line']): ImageState[] {
			return publishLine(regionOf(region), line, now(), account.newId);
		},
		/** An image of the account's own, by default for x86_64 with /dev/sda1 and the user ubuntu. */
		addImage(region: string, fields: Partial<ImageState> = {}): ImageState {
			const image: ImageState = {
				id: account.newId('ami'),
				name: 'gitlab-runner 19.3',
				owner: account.id,
				architecture: 'x86_64',
				rootDevice: '/dev/sda1',
				diskGib: 16,
				createdAt: now(),
				public: false,
				tags: {},
				user: 'ubuntu',
				os: 'ubuntu 24.04',
				...fields,
			};
			regionOf(region).images.set(image.id, image);
			return image;
		},
		/** A subnet with its own route table; 0.0.0.0/0 leads through a NAT gateway, an internet gateway, or nowhere. */
		addSubnet(zone: string, leads: 'nat' | 'internet' | 'nowhere', fields: Partial<SubnetState> = {}): SubnetState {
			// A Local Zone's name goes on after its region's: us-east-1-bos-1a.
			const region = regionOf([...account.regions.keys()].find((name) => zone.startsWith(name)) ?? zone);
			const vpcId = region.vpcs[0]?.id ?? '';
			const cidr = `172.31.${128 + region.subnets.length}.0/24`;
			const subnet: SubnetState = {
				id: account.newId('subnet'),
				vpcId,
				zone,
				cidr,
				publicIps: leads === 'internet',
				defaultForZone: false,
				free: 251,
				tags: {},
				...fields,
			};
			const target = leads === 'nowhere' ? undefined : account.newId(leads === 'nat' ? 'nat' : 'igw');
			const table: RouteTableState = {id: account.newId('rtb'), vpcId, subnetIds: [subnet.id], target};
			region.subnets.push(subnet);
			region.routeTables.push(table);
			return subnet;
		},
		/** An account without its default VPC in a region. */
		removeDefaultVpc(region: string): void {
			for (const vpc of regionOf(region).vpcs) vpc.isDefault = false;
			for (const subnet of regionOf(region).subnets) subnet.defaultForZone = false;
		},
		/** Everything of a region, to be looked at or changed by hand. */
		region: regionOf,
		account,
	};
}
