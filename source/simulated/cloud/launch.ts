import type {_InstanceType, RunInstancesCommandInput, VolumeType} from '@aws-sdk/client-ec2';
import type {AccountState, GroupState, ImageState, InstanceState, RegionState, SubnetState} from './account.ts';
import {holdsOn} from './account.ts';
import {onlyKnows, required, tagsFor} from './asked.ts';
import {priceFactor} from './catalogue.ts';
import type {Here} from './here.ts';
import {profileInEc2} from './iam.ts';
import {launchable, snapshotOf} from './images.ts';
import {groupsCaller, linkedRoleArn, linkedRoles, makeLinkedRole} from './linked-roles.ts';
import {freeAddresses, kindOf} from './network.ts';
import {defaultQuotas} from './new-account.ts';
import {refusal} from './refusal.ts';
import {judgeRole} from './rights.ts';

const taggable = ['instance', 'volume', 'network-interface', 'spot-instances-request'];

/** What a launch comes to, once everything in it has been judged. */
export type Launch = {
	image: ImageState;
	type: _InstanceType;
	subnet: SubnetState;
	groups: GroupState[];
	keyName: string | undefined;
	profileName: string | undefined;
	publicIp: boolean;
	spot: {maxPrice: string} | undefined;
	disk: {gib: number; kind: VolumeType; encrypted: boolean};
	tags: {instance: Record<string, string>; volume: Record<string, string>; spotRequest: Record<string, string>};
};

/** A spot price in USD an hour, and since when it holds (milliseconds since 1970). */
export type SpotPriceSince = {at: number; usd: number};

/** Since when spot prices are what they are where nobody has set others: longer than anybody looks back. */
const always = Date.UTC(2026, 0, 1);

/** The spot prices of a type in a zone, the oldest first. */
export function spotPrices(region: RegionState, type: string, zone: string): [SpotPriceSince, ...SpotPriceSince[]] {
	const factor = 1 + 0.04 * region.zones.indexOf(zone);
	const usual = Number(((kindOf(type)?.spot ?? 0) * (priceFactor[region.name] ?? 1) * factor).toFixed(4));
	return [{at: always, usd: usual}, ...(region.spotPrices.get(`${type} ${zone}`) ?? [])];
}

/** The spot price of a type in a zone now, in USD an hour. */
export function spotPrice(region: RegionState, type: string, zone: string): number {
	const [usual, ...set] = spotPrices(region, type, zone);
	return (set.at(-1) ?? usual).usd;
}

/** Judges a launch as EC2 does, in one place for the real call and for its dry run; throws the refusal. */
export function judgeLaunch(input: RunInstancesCommandInput, here: Here): Launch {
	onlyKnows('RunInstances', input, [
		'ImageId',
		'InstanceType',
		'MinCount',
		'MaxCount',
		'KeyName',
		'SecurityGroupIds',
		'SubnetId',
		'NetworkInterfaces',
		'Placement',
		'IamInstanceProfile',
		'BlockDeviceMappings',
		'MetadataOptions',
		'InstanceMarketOptions',
		'TagSpecifications',
		'ClientToken',
		'UserData',
		'DryRun',
		'Monitoring',
		'EbsOptimized',
		'CreditSpecification',
		'InstanceInitiatedShutdownBehavior',
	]);
	if (input.MinCount !== 1 || input.MaxCount !== 1) throw new Error('The simulated world launches one instance a call.');
	const image = launchable(here, required(input.ImageId, 'ImageId'));
	const type = required<string>(input.InstanceType, 'InstanceType');
	const kind = kindOf(type);
	if (!kind) throw refusal('InvalidParameterValue', `Invalid value '${type}' for InstanceType.`);
	if (!kind.architectures.includes(image.architecture)) {
		const architectures = kind.architectures.join(', ');
		throw refusal(
			'InvalidParameterValue',
			`The architecture '${architectures}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
		);
	}
	const face = input.NetworkInterfaces?.[0];
	const subnet = subnetFor(input, here, face?.SubnetId ?? input.SubnetId);
	const groups = groupsFor(face?.Groups ?? input.SecurityGroupIds, subnet, here);
	const keyName = keyFor(input.KeyName, here);
	// An empty name asks for none.
	const asked = input.IamInstanceProfile?.Name === '' ? undefined : input.IamInstanceProfile;
	const profileName = asked && profileInEc2(asked, here).name;
	const spotTags = tagsFor('spot-instances-request', input.TagSpecifications, taggable);
	if (Object.keys(spotTags).length > 0 && input.InstanceMarketOptions?.MarketType !== 'spot')
		throw refusal(
			'InvalidParameterValue',
			'You cannot specify tags for Spot instances requests if there are no Spot instances requests being created by the request.',
		);
	const launch: Launch = {
		image,
		type: kind.type,
		subnet,
		groups,
		keyName,
		profileName,
		publicIp: face?.AssociatePublicIpAddress ?? subnet.publicIps,
		spot:
			input.InstanceMarketOptions?.MarketType === 'spot' ? {maxPrice: input.InstanceMarketOptions.SpotOptions?.MaxPrice || String(kind.onDemand)} : undefined,
		disk: diskFor(input, image),
		tags: {
			instance: tagsFor('instance', input.TagSpecifications, taggable),
			volume: tagsFor('volume', input.TagSpecifications, taggable),
			spotRequest: spotTags,
		},
	};
	judgeDevice(input, image);
	if (Buffer.from(input.UserData ?? '', 'base64').length > 16_384) throw refusal('InvalidParameterValue', 'User data is limited to 16384 bytes');
	return launch;
}

/** Judges what a dry run leaves out: quota, capacity, addresses, price. */
export function judgeRoom(launch: Launch, here: Here): void {
	const {region, now, account} = here;
	const {type, subnet} = launch;
	if (region.notOffered.has(`${type} ${subnet.zone}`)) {
		const others = region.zones.filter((zone) => !region.notOffered.has(`${type} ${zone}`)).join(', ');
		throw refusal(
			'Unsupported',
			`Your requested instance type (${type}) is not supported in your requested Availability Zone (${subnet.zone}). Please retry your request by not specifying an Availability Zone or choosing ${others}.`,
		);
	}
	if (freeAddresses(subnet, region.instances.values(), now) < 1) {
		throw refusal(
			'InsufficientFreeAddressesInSubnet',
			`There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
		);
	}
	const code = launch.spot ? 'L-34B43A08' : 'L-1216C47A';
	const allowed = account.quotas.get(code) ?? defaultQuotas[code] ?? 0;
	if (vcpusInUse(region, now, launch.spot !== undefined) + (kindOf(type)?.vcpus ?? 0) > allowed) {
		if (launch.spot) throw refusal('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded');
		throw refusal(
			'VcpuLimitExceeded',
			`You have requested more vCPU capacity than your current vCPU limit of ${allowed} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
		);
	}
	if (launch.spot) judgeSpot(launch, launch.spot.maxPrice, here);
	if (region.noCapacity.has(`${type} ${subnet.zone}`)) {
		const others = region.zones.filter((zone) => zone !== subnet.zone && !region.noCapacity.has(`${type} ${zone}`)).join(', ');
		throw refusal(
			'InsufficientInstanceCapacity',
			`We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${subnet.zone}). Our system will be working on provisioning additional capacity. You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${others}.`,
			500,
		);
	}
}

/** Whether EC2 may make the role for spot on behalf of whoever launches: a person, or a machine by its role. */
function mayMakeSpotRole({account, by, now}: Here): boolean {
	if (by === groupsCaller(account)) return true;
	const profile = profileOf(by);
	if (profile === undefined) return !account.denied.has('iam:CreateServiceLinkedRole');
	const resource = linkedRoleArn(account, 'spot.amazonaws.com');
	const question = {action: 'iam:CreateServiceLinkedRole', resource, keys: {'iam:AWSServiceName': 'spot.amazonaws.com'}};
	return judgeRole(account, profile, question, now) === 'allowed';
}

/** Whether whoever launches may use the customer's key that encrypts the disks here, if one does; a person may. */
export function mayUseDiskKey({account, by, now, region}: Here): boolean {
	if (by === groupsCaller(account)) return region.diskKey === undefined || region.groupsUseKey === true;
	const profile = profileOf(by);
	if (region.diskKey === undefined || profile === undefined) return true;
	const keys = {'kms:ViaService': `ec2.${region.name}.amazonaws.com`, 'kms:GrantIsForAWSResource': 'true'};
	return ['kms:CreateGrant', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext'].every(
		(action) => judgeRole(account, profile, {action, resource: region.diskKey ?? '', keys}, now) === 'allowed',
	);
}

/** The instance profile by whose role a machine calls; undefined for a person. */
const profileOf = (by: string): string | undefined => /:assumed-role\/([^/]+)\/i-/.exec(by)?.[1];

function judgeSpot({type, subnet}: Launch, maxPrice: string, here: Here): void {
	const {region, account} = here;
	if (!account.serviceLinkedRoles.has(linkedRoles['spot.amazonaws.com'])) {
		if (!mayMakeSpotRole(here)) {
			throw refusal(
				'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
				'The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.',
				403,
			);
		}
		makeLinkedRole(here, 'spot.amazonaws.com');
	}
	const price = spotPrice(region, type, subnet.zone);
	if (Number(maxPrice) < price) {
		throw refusal(
			'SpotMaxPriceTooLow',
			`Your Spot request price of ${maxPrice} is lower than the minimum required Spot request fulfillment price of ${price}.`,
		);
	}
	if (region.noCapacity.has(`spot ${type} ${subnet.zone}`)) {
		throw refusal('InsufficientInstanceCapacity', `There is no Spot capacity available that matches your request.`, 500);
	}
}

/** vCPUs that hold a quota: on spot, or on demand. */
const vcpusInUse = (region: RegionState, now: number, spot: boolean): number =>
	[...region.instances.values()]
		.filter((instance) => holdsOn(instance, now) && !(instance.stopping && now >= instance.stopping.until) && (instance.spotRequestId !== undefined) === spot)
		.reduce((sum, {type}) => sum + (kindOf(type)?.vcpus ?? 0), 0);

function subnetFor(input: RunInstancesCommandInput, {region}: Here, id: string | undefined): SubnetState {
	const zone = input.Placement?.AvailabilityZone;
	if (zone !== undefined && !region.zones.includes(zone)) throw refusal('InvalidParameterValue', `Invalid availability zone: [${zone}]`);
	const subnet =
		id === undefined
			? region.subnets.find((one) => one.defaultForZone && (zone === undefined || one.zone === zone))
			: region.subnets.find((one) => one.id === id);
	if (!subnet) throw refusal('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
	if (zone !== undefined && subnet.zone !== zone) {
		throw refusal(
			'InvalidParameterValue',
			`Value (${zone}) for parameter availabilityZone is invalid. Subnet '${subnet.id}' is in the availability zone ${subnet.zone}`,
		);
	}
	return subnet;
}

function groupsFor(ids: string[] | undefined, subnet: SubnetState, {region, now}: Here): GroupState[] {
	const wanted = ids?.length ? ids : [...region.groups.values()].filter(({name, vpcId}) => name === 'default' && vpcId === subnet.vpcId).map(({id}) => id);
	return wanted.map((id) => {
		const group = region.groups.get(id);
		if (!group || group.knownFrom > now) throw refusal('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
		if (group.vpcId !== subnet.vpcId) throw refusal('InvalidParameter', `Security group ${id} and subnet ${subnet.id} belong to different networks.`);
		return group;
	});
}

function keyFor(name: string | undefined, {region}: Here): string | undefined {
	if (name !== undefined && !region.keyPairs.has(name)) throw refusal('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
	return name;
}

function diskFor({BlockDeviceMappings: mappings}: RunInstancesCommandInput, image: ImageState): Launch['disk'] {
	const ebs = mappings?.find(({DeviceName}) => DeviceName === image.rootDevice)?.Ebs;
	return {gib: ebs?.VolumeSize ?? image.diskGib, kind: ebs?.VolumeType ?? 'gp3', encrypted: image.encrypted === true || (ebs?.Encrypted ?? false)};
}

function judgeDevice({BlockDeviceMappings: mappings}: RunInstancesCommandInput, image: ImageState): void {
	const root = mappings?.find(({DeviceName}) => DeviceName === image.rootDevice)?.Ebs;
	if (root?.VolumeSize !== undefined && root.VolumeSize < image.diskGib) {
		throw refusal(
			'InvalidBlockDeviceMapping',
			`Volume of size ${root.VolumeSize}GB is smaller than snapshot '${snapshotOf(image)}', expect size >= ${image.diskGib}GB`,
		);
	}
}

/** How long a launched machine takes to run, to listen on 22 and to be initialised, in milliseconds after the call. */
export function bootTimes({pace, random}: Pick<AccountState, 'pace' | 'random'>): {runs: number; boots: number; initialises: number} {
	if (pace) return pace;
	const runs = 8000 + random() * 6000;
	const boots = runs + 9000 + random() * 6000;
	return {runs, boots, initialises: boots + 12_000 + random() * 8000};
}

/** Whether an instance answers on the network in general: it runs and has booted. */
export const hasBooted = (instance: InstanceState, now: number): boolean =>
	instance.bootedAt <= now && !instance.stopping && !(instance.ending && instance.ending.from <= now);
