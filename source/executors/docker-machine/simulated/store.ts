import {type Machine, textOf} from '../../../simulated/host/machine.ts';
import {hasKeys} from '../../../simulated/host/manager-calls.ts';
import {regions} from '../limits.ts';
import {userDataPath} from '../scripts/manager-part.ts';
import {credentialsMissing, type DockerMachine, failure, isKeyPairThere, subnetOf} from './driver-calls.ts';
import {type MachineFlags, optionsOf} from './machine-options.ts';

export const dockerMachineProgram = '/usr/local/bin/docker-machine';
export const storeFolder = '/root/.docker/machine/machines/';
export const certificatePaths = ['ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'].map((name) => `/root/.docker/machine/certs/${name}`);

export const hasCertificates = (machine: Machine): boolean => certificatePaths.every((path) => machine.files.has(path));

/** Whether docker-machine's certificates are of one making: files from two first uses at once don't fit each other. */
export const certificatesFit = (machine: Machine): boolean => new Set(certificatePaths.map((path) => textOf(machine, path))).size === 1;

/** docker-machine itself goes, with its certificates, its store, and the file that its workers' user data comes from. */
export function forgetDockerMachine({files}: Machine): void {
	for (const path of [...files.keys()]) if (path.startsWith('/root/.docker/machine/')) files.delete(path);
	for (const path of [dockerMachineProgram, userDataPath]) files.delete(path);
}

/** One machine in docker-machine's store; with its version of Docker once that is installed. */
type Stored = {name: string; instanceId: string; options: string[]; engine?: string | undefined};

/** What docker-machine's store on this host holds. */
export function storeOf(machine: Machine): Stored[] {
	const found: Stored[] = [];
	for (const [path, {text}] of machine.files) {
		const name = /^\/root\/\.docker\/machine\/machines\/([^/]+)\/config\.json$/.exec(path)?.[1];
		if (name !== undefined) found.push({name, ...readStored(text)});
	}
	return found.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function readStored(text: string): Omit<Stored, 'name'> {
	try {
		const config: {Driver?: {InstanceId?: string}; HostOptions?: {Flags?: string[]; Engine?: string}} = JSON.parse(text);
		return {instanceId: config.Driver?.InstanceId ?? '', options: config.HostOptions?.Flags ?? [], engine: config.HostOptions?.Engine};
	} catch {
		return {instanceId: '', options: []};
	}
}

/** Writes a machine into the store; the options, and Docker's version once it's installed, stand beside the driver's fields, since this world reads them back from there. */
export function store({machine, cloud}: DockerMachine, name: string, instanceId: string, list: readonly string[], engine?: string): void {
	const options = optionsOf(list);
	const region = options.read('region') ?? 'us-east-1';
	const instance = cloud.account.regions.get(region)?.instances.get(instanceId);
	const Driver = {
		InstanceId: instanceId,
		IPAddress: instance?.privateIp ?? '',
		PrivateIPAddress: instance?.privateIp ?? '',
		InstanceType: options.read('instance-type') ?? 't2.micro',
		Region: region,
		Zone: options.read('zone') ?? 'a',
		SubnetId: options.read('subnet-id') ?? '',
		AMI: options.read('ami') ?? '',
		RequestSpotInstance: options.has('request-spot-instance'),
		SpotPrice: options.read('spot-price') ?? '0.50',
		KeyName: name,
		RootSize: Number(options.read('root-size') ?? 16),
		VolumeType: options.read('volume-type') ?? 'gp2',
		PrivateIPOnly: options.has('private-address-only'),
		MachineName: name,
	};
	const config = {ConfigVersion: 3, Name: name, DriverName: 'amazonec2', Driver, HostOptions: {Flags: list, Engine: engine}};
	const path = `${storeFolder}${name}/config.json`;
	if (machine.diskFreeGib <= 0) throw failure(`Error saving host to store before attempting creation: open ${path}: no space left on device`);
	machine.files.set(path, {text: JSON.stringify(config), mode: 0o600});
}

/** Throws what docker-machine finds wrong in its flags. */
export function judgeFlags(docker: DockerMachine, options: MachineFlags): void {
	const {cloud, machine} = docker;
	const setting = (what: string) => failure(`Error setting machine configuration from flags provided: ${what}`);
	const isKnown = hasKeys(machine) || options.has('access-key');
	if (!isKnown && !cloud.account.roles.has(cloud.account.profiles.get(machine.instance.profileName ?? '')?.roleName ?? '')) throw setting(credentialsMissing);
	const name = options.read('region') ?? 'us-east-1';
	if (!regions.includes(name))
		throw setting(options.read('endpoint') === undefined ? 'Invalid region specified' : 'MissingRegion: could not find region configuration');
	if (!cloud.account.regions.has(name)) throw setting(`RequestError: send request failed\ncaused by: the simulated account has no ${name}`);
	const subnet = options.read('subnet-id');
	const vpc = options.read('vpc-id');
	if (subnet === undefined) return;
	const standing = subnetOf(docker, name, subnet);
	if (!standing) throw setting(`The desired subnet could not be located in this region. Is '${subnet}' a typo?`);
	if (vpc !== undefined && standing.VpcId !== vpc) throw setting(`SubnetId: ${subnet} does not belong to VpcId: ${vpc}`);
}

/** Throws what the driver finds before it makes anything; it looks twice. */
export function preCheck(docker: DockerMachine, name: string, options: MachineFlags): void {
	if (isKeyPairThere(docker, options.read('region') ?? 'us-east-1', name))
		throw failure(
			`Error with pre-create check: "There is already a keypair with the name ${name}.  Please either remove that keypair or use a different machine name."`,
		);
}

/** Makes the certificates at the first use; where only some are there it makes none. */
export function bootstrapCertificates({machine, say, now}: DockerMachine): void {
	if (hasCertificates(machine)) return;
	if (certificatePaths.some((path) => machine.files.has(path))) throw failure('Error generating certificates: certificate authority key already exists');
	say(`Creating CA: ${certificatePaths[0]}`);
	say(`Creating client certificate: ${certificatePaths[2]}`);
	for (const path of certificatePaths) machine.files.set(path, {text: `PEM of ${now()}`, mode: 0o600});
}
