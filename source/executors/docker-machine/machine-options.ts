import {createHash} from 'node:crypto';
import {type Answers, type Fleet, mark} from '../../fleet.ts';
import {paths} from '../../host/scripts/paths.ts';
import type {Found, ImageSeen} from '../../step.ts';

/** What MachineOptions are made from: answers, and what the steps above have found. */
export type MachineSetting = {
	answers: Answers;
	fleet: Fleet;
	network: Pick<Found['network'], 'vpcId' | 'subnetId' | 'zone' | 'public'>;
	image: Pick<ImageSeen, 'id' | 'rootDevice' | 'user'>;
	/** The workers' group by name: docker-machine refuses an id (facts §3.5). */
	workersGroupName: string;
};

/** Flags that only we set: one that stands in config.toml and isn't wanted goes. All others there are the person's own and stay. */
const ourFlags = new Set([
	...['region', 'vpc-id', 'subnet-id', 'zone', 'ami', 'instance-type', 'security-group', 'security-group-readonly', 'use-private-address'],
	...['private-address-only', 'device-name', 'root-size', 'volume-type', 'volume-encrypted', 'ssh-user', 'metadata-token', 'tags', 'userdata'],
	...['iam-instance-profile', 'metadata-token-response-hop-limit', 'request-spot-instance', 'spot-price'],
]);

/** The flag of an option: `engine-opt` of `engine-opt=mtu=1400`. */
export const flagOf = (option: string): string => option.split('=', 1)[0] ?? option;

const isOurs = (option: string): boolean => {
	const flag = flagOf(option);
	return flag === 'engine-install-url' || (flag.startsWith('amazonec2-') && ourFlags.has(flag.slice('amazonec2-'.length)));
};

/** Tags as docker-machine takes them, `key,value,…`; the mark first, since by it workers are known as the fleet's. */
const machineTags = (fleet: Fleet, answers: Pick<Answers, 'tags'>): string =>
	Object.entries({...mark(fleet, 'worker'), ...answers.tags})
		.flat()
		.join(',');

/**
 * The option of a zone such as us-east-2a: its letter, which docker-machine puts behind the region; the whole zone where the options name an endpoint,
 * with which docker-machine sends it as it was given.
 */
export const zoneOption = (zone: string, options: readonly string[]): string =>
	`amazonec2-zone=${options.some((option) => flagOf(option) === 'amazonec2-endpoint') ? zone : zone.slice(-1)}`;

function place({answers, fleet, network}: MachineSetting): string[] {
	return [
		`amazonec2-region=${fleet.region}`,
		`amazonec2-vpc-id=${network.vpcId}`,
		`amazonec2-subnet-id=${network.subnetId}`,
		zoneOption(network.zone, answers.machineOptions),
		network.public ? 'amazonec2-use-private-address=true' : 'amazonec2-private-address-only=true',
	];
}

function machine({answers, fleet, image, workersGroupName}: MachineSetting): string[] {
	return [
		`amazonec2-ami=${image.id}`,
		`amazonec2-instance-type=${answers.workerType}`,
		`amazonec2-security-group=${workersGroupName}`,
		'amazonec2-security-group-readonly=true',
		`amazonec2-device-name=${image.rootDevice}`,
		`amazonec2-root-size=${answers.workerDisk}`,
		'amazonec2-volume-type=gp3',
		'amazonec2-volume-encrypted=true',
		`amazonec2-ssh-user=${answers.workerSshUser ?? image.user}`,
		'amazonec2-metadata-token=required',
		`amazonec2-tags=${machineTags(fleet, answers)}`,
		`amazonec2-userdata=${paths.userData}`,
	];
}

/** An omitted price would mean a cap of 0.50 USD an hour; an empty one caps at the on-demand price (facts §3.4). */
const spot = ({spot: wanted, spotPrice}: Answers): string[] =>
	wanted ? ['amazonec2-request-spot-instance=true', `amazonec2-spot-price=${spotPrice === 'on-demand' ? '' : spotPrice}`] : [];

/** Containers of a job reach the worker's role only over one hop more (facts §3.4). */
const profile = ({workerProfile}: Answers): string[] =>
	workerProfile === undefined ? [] : [`amazonec2-iam-instance-profile=${workerProfile}`, 'amazonec2-metadata-token-response-hop-limit=2'];

/** The runner's MachineOptions as the answers want them, in a fixed order; the person's own come last and override ours of the same flag. */
export function machineOptions(setting: MachineSetting): string[] {
	const {answers} = setting;
	const engine = answers.engineInstall === 'image' ? [] : [`engine-install-url=${answers.engineInstall}`];
	const ours = [...place(setting), ...machine(setting), ...spot(answers), ...profile(answers), ...engine];
	const overridden = new Set(answers.machineOptions.map(flagOf));
	return [...ours.filter((option) => !overridden.has(flagOf(option))), ...answers.machineOptions];
}

/** Options that stand in config.toml beside what we want: written there by a person, kept, and listed as theirs. */
export function extraOptions(standing: readonly string[], wanted: readonly string[]): string[] {
	const flags = new Set(wanted.map(flagOf));
	return standing.filter((option) => !flags.has(flagOf(option)) && !isOurs(option));
}

/** What the test machine proves, as a hash for the manager's tag: another one means that another machine has to be tried. */
export function proofOf(options: readonly string[], versions: {dockerMachine: string}, imageId: string, userData: string): string {
	const proven = JSON.stringify({options, dockerMachine: versions.dockerMachine, imageId, userData});
	return createHash('sha256').update(proven).digest('hex').slice(0, 32);
}
