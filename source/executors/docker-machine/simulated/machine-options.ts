import {kindOf} from '../../../simulated/cloud/network.ts';
import {refusal} from '../../../simulated/cloud/refusal.ts';
import type {Input} from '../../../world/cloud/port.ts';

/** docker-machine's options as it reads them: the last of a flag counts. */
export type MachineFlags = {read(flag: string): string | undefined; has(flag: string): boolean; wrong: string | undefined};

/** Flags of the fork's amazonec2 driver and of `create` (v0.16.2-gitlab.23, drivers/amazonec2/amazonec2.go, commands/create.go). */
const flags = new Set(
	[
		...[
			'access-key',
			'secret-key',
			'session-token',
			'region',
			'ami',
			'instance-type',
			'vpc-id',
			'subnet-id',
			'zone',
			'security-group',
			'security-group-readonly',
			'open-port',
		],
		...[
			'tags',
			'device-name',
			'root-size',
			'volume-type',
			'volume-encrypted',
			'volume-kms-key',
			'iam-instance-profile',
			'ssh-user',
			'ssh-port',
			'ssh-keypath',
			'keypair-name',
		],
		...[
			'request-spot-instance',
			'spot-price',
			'block-duration-minutes',
			'private-address-only',
			'use-private-address',
			'monitoring',
			'use-ebs-optimized-instance',
			'retries',
		],
		...['endpoint', 'insecure-transport', 'userdata', 'metadata-token', 'metadata-token-response-hop-limit'],
	].map((flag) => `amazonec2-${flag}`),
);
const engineFlags = new Set([
	'engine-install-url',
	'engine-opt',
	'engine-insecure-registry',
	'engine-registry-mirror',
	'engine-label',
	'engine-storage-driver',
	'engine-env',
	'tls-san',
]);

/** Reads options as `flag=value`. */
export function optionsOf(list: readonly string[]): MachineFlags {
	const pairs = list.map((option) => [option.split('=', 1)[0] ?? '', option.includes('=') ? option.slice(option.indexOf('=') + 1) : 'true'] as const);
	const unknown = pairs.find(([flag]) => !flags.has(flag) && !engineFlags.has(flag))?.[0];
	const read = (flag: string) => pairs.findLast(([name]) => name === `amazonec2-${flag}`)?.[1];
	return {
		read,
		has: (flag) => !['', 'false', undefined].includes(read(flag)),
		wrong: unknown === undefined ? undefined : `flag provided but not defined: -${unknown}`,
	};
}

/** Tags that docker-machine gives a machine: its name, and the pairs of `amazonec2-tags`. */
export function tagsOf(name: string, options: MachineFlags): {Key: string; Value: string}[] {
	const parts = (options.read('tags') ?? '').split(',').filter((part) => part !== '');
	const pairs = parts.flatMap((part, index) => (index % 2 === 0 ? [{Key: part, Value: parts[index + 1] ?? ''}] : []));
	return [{Key: 'Name', Value: name}, ...pairs];
}

/** What docker-machine asks EC2 for: an empty price and an empty profile are sent, and mean none. */
export function launchInput(name: string, options: MachineFlags, region: string, groupId: string | undefined): Input<'RunInstances'> {
	const type = options.read('instance-type') ?? 't2.micro';
	const kind = kindOf(type);
	if (!kind) throw refusal('InvalidParameterValue', `Invalid value '${type}' for InstanceType.`);
	const zone = options.read('zone') ?? 'a';
	const price = options.read('spot-price') ?? '0.50';
	const isSpot = options.has('request-spot-instance');
	const tags = tagsOf(name, options);
	const subnet = options.read('subnet-id');
	return {
		ImageId: options.read('ami'),
		InstanceType: kind.type,
		MinCount: 1,
		MaxCount: 1,
		KeyName: name,
		Placement: {AvailabilityZone: options.read('endpoint') === undefined ? region + zone : zone},
		NetworkInterfaces: [
			{
				DeviceIndex: 0,
				...(subnet === undefined ? {} : {SubnetId: subnet}),
				...(groupId === undefined ? {} : {Groups: [groupId]}),
				AssociatePublicIpAddress: !options.has('private-address-only'),
			},
		],
		BlockDeviceMappings: [
			{
				DeviceName: options.read('device-name') ?? '/dev/sda1',
				Ebs: {
					VolumeSize: Number(options.read('root-size') ?? 16),
					VolumeType: options.read('volume-type') === 'gp3' ? 'gp3' : 'gp2',
					Encrypted: options.has('volume-encrypted'),
					DeleteOnTermination: true,
				},
			},
		],
		MetadataOptions: {
			HttpTokens: options.read('metadata-token') === 'required' ? 'required' : 'optional',
			HttpPutResponseHopLimit: Number(options.read('metadata-token-response-hop-limit') ?? 1),
		},
		Monitoring: {Enabled: options.has('monitoring')},
		EbsOptimized: options.has('use-ebs-optimized-instance'),
		IamInstanceProfile: {Name: options.read('iam-instance-profile') ?? ''},
		...(isSpot
			? {InstanceMarketOptions: {MarketType: 'spot', SpotOptions: {MaxPrice: price}}}
			: {TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({ResourceType, Tags: tags}))}),
	};
}
