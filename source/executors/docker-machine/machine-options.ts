import {createHash} from 'node:crypto';
import type {Found} from '../../engine/step.ts';
import {type AnswerKey, type Answers, type Fleet, mark, markKeys} from '../../fleet.ts';
import type {ImageSeen} from '../../steps/images.ts';
import {isManagersMirror} from '../../steps/mirror-address.ts';
import {withoutLogin} from '../../world/host/secret-words.ts';
import {isTable, type Table, textsAt} from '../../world/host/toml.ts';
import {userDataPath} from './scripts/manager-part.ts';
import {isSecretOption} from './scripts/secret-options.ts';

/** What MachineOptions are made from: answers, and what the steps above have found. */
type MachineSetting = {
	answers: Answers;
	fleet: Fleet;
	network: Pick<Found['network'], 'vpcId' | 'subnetId' | 'zone' | 'public'>;
	image: Pick<ImageSeen, 'id' | 'rootDevice' | 'user'>;
	/** The workers' group by name: docker-machine refuses an id. */
	workersGroupName: string;
	/** The URL of the mirror that workers take Docker Hub's images from. */
	mirror?: string | undefined;
};

/** One option of docker-machine, as it is written into MachineOptions and as it is read there. */
type MachineOption = {
	readonly flag: string;
	/** The answer that it holds. */
	readonly answer?: AnswerKey;
	/** What is wanted there; undefined: nothing. One that we write and that isn't wanted goes; all others are the person's own and stay. */
	readonly write?: (setting: MachineSetting) => string | undefined;
	/** What docker-machine goes by where the option is absent. */
	readonly absent?: string;
	/** The answer in its value; as it is when left out. */
	readonly read?: (value: string) => unknown;
	/** It was made from the answer, and isn't the answer as it was given: an image's id for its name. */
	readonly resolved?: true;
	/** Which values that stand are of our writing: one that isn't stays a person's where nothing is wanted. All are where it's absent. */
	readonly isOurs?: (value: string) => boolean;
	/** It means one manager alone, so no other is made with it. */
	readonly local?: true;
};

/** The flag of an option: `engine-opt` of `engine-opt=mtu=1400`. */
export const flagOf = (option: string): string => option.split('=', 1)[0] ?? option;

/** Tags as docker-machine takes them, `key,value,…`; the mark first, since by it workers are known as the fleet's. */
const machineTags = (fleet: Fleet, answers: Pick<Answers, 'tags'>): string =>
	Object.entries({...mark(fleet, 'worker'), ...answers.tags})
		.flat()
		.join(',');

/** docker-machine's own list, `key,value,…`, less what every worker gets anyhow. */
function tagsIn(list: string): Record<string, string> | undefined {
	const ours: readonly string[] = ['Name', ...Object.values(markKeys)];
	const parts = list.split(',');
	const pairs = parts.flatMap((key, index) => (index % 2 === 0 && index + 1 < parts.length ? [[key, parts[index + 1] ?? ''] as const] : []));
	const tags = Object.fromEntries(pairs.filter(([key]) => key !== '' && !ours.includes(key)));
	return Object.keys(tags).length === 0 ? undefined : tags;
}

/**
 * A zone such as us-east-2a as docker-machine takes it: its letter, which docker-machine puts behind the region; the whole zone where the options name an endpoint,
 * with which docker-machine sends it as it was given.
 */
export const zoneIn = (zone: string, options: readonly string[]): string =>
	options.some((option) => flagOf(option) === 'amazonec2-endpoint') ? zone : zone.slice(-1);

const always = (value: string) => (): string => value;
/** A spot worker's highest price as docker-machine takes it: an omitted one is a cap of 0.50 USD an hour, an empty one the on-demand price. */
export const spotCap = ({spotPrice}: Answers): string => (spotPrice === 'on-demand' ? '' : String(spotPrice));

const onSpot =
	(write: (answers: Answers) => string) =>
	({answers}: MachineSetting): string | undefined =>
		answers.spot ? write(answers) : undefined;

/** MachineOptions, flag by flag, in the order in which they are written. */
const rows: readonly MachineOption[] = [
	// A fleet's place is its own, whatever is taken over of another.
	{flag: 'amazonec2-region', answer: 'region', resolved: true, write: ({fleet}) => fleet.region},
	{flag: 'amazonec2-vpc-id', write: ({network}) => network.vpcId},
	{flag: 'amazonec2-subnet-id', answer: 'subnet', resolved: true, write: ({network}) => network.subnetId},
	{flag: 'amazonec2-zone', absent: 'a', write: ({answers, network}) => zoneIn(network.zone, answers.machineOptions)},
	{flag: 'amazonec2-use-private-address', write: ({network}) => (network.public ? 'true' : undefined)},
	{flag: 'amazonec2-private-address-only', write: ({network}) => (network.public ? undefined : 'true')},
	{flag: 'amazonec2-ami', answer: 'workerImage', resolved: true, write: ({image}) => image.id},
	{flag: 'amazonec2-instance-type', answer: 'workerType', absent: 't2.micro', write: ({answers}) => answers.workerType},
	// By name: docker-machine refuses an id.
	{flag: 'amazonec2-security-group', write: ({workersGroupName}) => workersGroupName},
	{flag: 'amazonec2-security-group-readonly', write: always('true')},
	{flag: 'amazonec2-device-name', write: ({image}) => image.rootDevice},
	{flag: 'amazonec2-root-size', answer: 'workerDisk', absent: '16', read: Number, write: ({answers}) => String(answers.workerDisk)},
	{flag: 'amazonec2-volume-type', write: always('gp3')},
	{flag: 'amazonec2-volume-encrypted', write: always('true')},
	{flag: 'amazonec2-ssh-user', answer: 'workerSshUser', resolved: true, write: ({answers, image}) => answers.workerSshUser ?? image.user},
	{flag: 'amazonec2-metadata-token', write: always('required')},
	{flag: 'amazonec2-tags', answer: 'tags', read: tagsIn, write: ({answers, fleet}) => machineTags(fleet, answers)},
	{flag: 'amazonec2-userdata', write: always(userDataPath)},
	{flag: 'amazonec2-request-spot-instance', answer: 'spot', absent: 'false', read: (value) => value !== 'false', write: onSpot(always('true'))},
	{
		flag: 'amazonec2-spot-price',
		answer: 'spotPrice',
		absent: '0.50',
		read: (value) => (value === '' ? 'on-demand' : Number(value)),
		write: onSpot(spotCap),
	},
	{flag: 'amazonec2-iam-instance-profile', answer: 'workerProfile', write: ({answers}) => answers.workerProfile},
	// Containers of a job reach the worker's role only over one hop more.
	{flag: 'amazonec2-metadata-token-response-hop-limit', write: ({answers}) => (answers.workerProfile === undefined ? undefined : '2')},
	{flag: 'engine-install-url', answer: 'engineInstall', write: ({answers}) => (answers.engineInstall === 'image' ? undefined : answers.engineInstall)},
	{
		flag: 'engine-registry-mirror',
		answer: 'registryMirror',
		read: (value) => (isManagersMirror(value) ? 'create' : undefined),
		write: ({mirror}) => mirror,
		isOurs: isManagersMirror,
	},
	...['amazonec2-access-key', 'amazonec2-secret-key', 'amazonec2-session-token'].map((flag): MachineOption => ({flag, local: true})),
	// It names files and pairs that are one manager's.
	...['amazonec2-keypair-name', 'amazonec2-ssh-keypath'].map((flag): MachineOption => ({flag, local: true})),
];

const byFlag = new Map(rows.map((row) => [row.flag, row]));

/** What docker-machine goes by for an option: what is written, else its own default. `options` are by flag, without `amazonec2-`. */
export const optionInForce = (options: Readonly<Record<string, string>>, flag: string): string | undefined =>
	options[flag.replace(/^amazonec2-/, '')] ?? byFlag.get(flag)?.absent;

/** The answer that an option holds. */
export const answerOfFlag = (flag: string): AnswerKey | undefined => byFlag.get(flag)?.answer;

/** Whether every fleet writes an option, or has what it names made by itself. */
export const isMadeByUs = (flag: string): boolean => byFlag.get(flag)?.write !== undefined || byFlag.get(flag)?.local === true;

/** MachineOptions that stand in an entry. */
export const standingOptions = (runner: Table | undefined): string[] => (isTable(runner?.machine) ? textsAt(runner.machine, 'MachineOptions') : []);

/** The value of one of MachineOptions as it may be shown. */
export const shownOf = (flag: string, value: string): string => (isSecretOption(flag) ? '…' : withoutLogin(value));

/** One of MachineOptions as it may be shown. */
export function shownOption(option: string): string {
	const flag = flagOf(option);
	return option === flag ? option : `${flag}=${shownOf(flag, option.slice(flag.length + 1))}`;
}

/** The runner's MachineOptions as the answers want them, in a fixed order; the person's own come last and override ours of the same flag. */
export function machineOptions(setting: MachineSetting): string[] {
	const own = setting.answers.machineOptions;
	const overridden = new Set(own.map(flagOf));
	const ours = rows.flatMap(({flag, write}) => {
		const value = overridden.has(flag) ? undefined : write?.(setting);
		return value === undefined ? [] : [`${flag}=${value}`];
	});
	return [...ours, ...own];
}

/** Whether an option is one that we write, with a value of our writing. */
function isOurWriting(option: string): boolean {
	const flag = flagOf(option);
	const row = byFlag.get(flag);
	return row?.write !== undefined && (row.isOurs?.(option.slice(flag.length + 1)) ?? true);
}

/** Options that stand in config.toml beside what we want: written there by a person, kept, and listed as theirs. */
export function extraOptions(standing: readonly string[], wanted: readonly string[]): string[] {
	const flags = new Set(wanted.map(flagOf));
	return standing.filter((option) => !flags.has(flagOf(option)) && !isOurWriting(option));
}

/** What MachineOptions say in our answers; `secrets` where one of them was left out. */
type OptionsRead = {
	answers: Partial<Record<AnswerKey, unknown>>;
	/** Answers that aren't what was answered: made from it, or mixed with what others wrote. */
	resolved: AnswerKey[];
	secrets: boolean;
};

/** Reads the options of amazonec2, whoever wrote them. Options that no answer holds are the answer `machineOptions`; secrets are never in it. */
export function optionsRead(options: readonly string[]): OptionsRead {
	const values = new Map(options.map((option) => [flagOf(option), option.slice(flagOf(option).length + 1)]));
	const answers: OptionsRead['answers'] = {};
	for (const {absent, answer, flag, read} of rows) {
		const value = values.get(flag) ?? absent;
		if (answer !== undefined && value !== undefined) answers[answer] = read ? read(value) : value;
	}
	if (answers.spot !== true) delete answers.spotPrice;
	const isOwn = (option: string): boolean => !isSecretOption(flagOf(option)) && byFlag.get(flagOf(option))?.local !== true;
	answers.machineOptions = extraOptions(options, []).filter(isOwn);
	return {
		answers,
		resolved: ['machineOptions', ...rows.flatMap(({answer, resolved}) => (answer && resolved ? [answer] : []))],
		secrets: options.some((one) => isSecretOption(flagOf(one))),
	};
}

/** What the test machine proves, as a hash for the manager's tag: another one means that another machine has to be tried. */
export function proofOf(options: readonly string[], versions: {dockerMachine: string}, imageId: string, userData: string): string {
	const proven = JSON.stringify({options, dockerMachine: versions.dockerMachine, imageId, userData});
	return createHash('sha256').update(proven).digest('hex').slice(0, 32);
}
