import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {isProblem} from '../../source/problem.ts';
import type {Cloud, Input} from '../../source/world/cloud/port.ts';
import type {CloudWorld} from './cloud-sides.ts';

/** Where the contract is tried. */
export const region = 'us-east-2';
/** Canonical's parameter of the newest image. */
export const ubuntu = '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id';

/** Tags for a creating call. */
export const tagged = (ResourceType: 'security-group' | 'key-pair' | 'instance' | 'volume' | 'security-group-rule' | 'image' | 'snapshot', name: string) => ({
	ResourceType,
	Tags: [{Key: 'gitlab-runner-aws:fleet', Value: name}],
});

/** Fails unless the work ends in a problem of this code. */
export const rejects = (work: Promise<unknown>, code: string) =>
	assert.rejects(work, (error) => isProblem(error, code) || assert.fail(`${code} was expected, and this came: ${String(error)}`));

/** An ed25519 public key as `ssh-keygen` writes it. */
export function publicKey(): Buffer {
	const der = generateKeyPairSync('ed25519').publicKey.export({format: 'der', type: 'spki'}).subarray(-32);
	const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
	return Buffer.from(`ssh-ed25519 ${Buffer.concat([part(Buffer.from('ssh-ed25519')), part(der)]).toString('base64')} contract`);
}

/** The default network of the region and its subnet in the first zone. */
export async function defaultNetwork(cloud: Cloud): Promise<{vpc: string; subnet: string}> {
	const {Vpcs} = await cloud.call('DescribeVpcs', {Filters: [{Name: 'is-default', Values: ['true']}]});
	const vpc = Vpcs?.[0]?.VpcId;
	assert.ok(vpc);
	const {Subnets} = await cloud.call('DescribeSubnets', {
		Filters: [
			{Name: 'vpc-id', Values: [vpc]},
			{Name: 'availability-zone', Values: [`${region}a`]},
		],
	});
	const subnet = Subnets?.[0]?.SubnetId;
	assert.ok(subnet);
	return {vpc, subnet};
}

/** Makes a security group of that name, tagged with it. */
export async function group(cloud: Cloud, name: string): Promise<string> {
	const {vpc} = await defaultNetwork(cloud);
	const {GroupId} = await cloud.call('CreateSecurityGroup', {
		GroupName: name,
		Description: `Of ${name}`,
		VpcId: vpc,
		TagSpecifications: [tagged('security-group', name)],
	});
	assert.ok(GroupId);
	return GroupId;
}

/** What a machine is started with. */
export async function launch(cloud: Cloud, name: string, more: Partial<Input<'RunInstances'>> = {}): Promise<Input<'RunInstances'>> {
	const [{subnet}, {Parameter}] = await Promise.all([defaultNetwork(cloud), cloud.call('GetParameter', {Name: ubuntu})]);
	return {
		ImageId: Parameter?.Value,
		InstanceType: 't3.small',
		MinCount: 1,
		MaxCount: 1,
		ClientToken: `contract-${name}`,
		NetworkInterfaces: [{DeviceIndex: 0, SubnetId: subnet, AssociatePublicIpAddress: true}],
		TagSpecifications: [tagged('instance', name), tagged('volume', name)],
		...more,
	};
}

async function stateOf(cloud: Cloud, id: string): Promise<string | undefined> {
	const {Reservations} = await cloud.call('DescribeInstances', {InstanceIds: [id]});
	return Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

/** Waits until a machine is in that state. */
export const comesTo = (world: Pick<CloudWorld, 'pass'>, cloud: Cloud, id: string, state: string) =>
	eventually(world, async () =>
		(await stateOf(cloud, id).catch((error) => (isProblem(error, 'InvalidInstanceID.NotFound') ? undefined : Promise.reject(error)))) === state
			? true
			: undefined,
	);

/** Starts a machine and gives its id. */
export async function started(cloud: Cloud, input: Input<'RunInstances'>): Promise<string> {
	const id = (await cloud.call('RunInstances', input)).Instances?.[0]?.InstanceId;
	assert.ok(id);
	return id;
}

/** Starts a machine that lets in SSH from everywhere with this key, and gives its id and its address once it runs. */
export async function reachable(world: Pick<CloudWorld, 'pass'>, cloud: Cloud, name: string, key: string): Promise<{id: string; address: string}> {
	const {subnet} = await defaultNetwork(cloud);
	const open = await group(cloud, name);
	await cloud.call('AuthorizeSecurityGroupIngress', {
		GroupId: open,
		IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '0.0.0.0/0'}]}],
	});
	await cloud.call('ImportKeyPair', {KeyName: name, PublicKeyMaterial: Buffer.from(key)});
	const networks = [{DeviceIndex: 0, SubnetId: subnet, AssociatePublicIpAddress: true, Groups: [open]}];
	const id = await started(cloud, await launch(cloud, name, {KeyName: name, NetworkInterfaces: networks}));
	await comesTo(world, cloud, id, 'running');
	const {Reservations} = await cloud.call('DescribeInstances', {InstanceIds: [id]});
	const address = Reservations?.[0]?.Instances?.[0]?.PublicIpAddress;
	assert.ok(address);
	return {id, address};
}

/** Looks again and again while the world's time goes by, until `look` gives something. */
export async function eventually<Seen>(world: Pick<CloudWorld, 'pass'>, look: () => Promise<Seen | undefined>): Promise<Seen> {
	for (let tries = 0; tries < 500; tries += 1) {
		const seen = await look();
		if (seen !== undefined) return seen;
		await world.pass();
	}
	throw new Error('It never came about');
}
