import {createHash} from 'node:crypto';
import type {Context, Found, Report} from '../engine/step.ts';
import {type Answers, type Fleet, mark, markKeys, names, type Part} from '../fleet.ts';
import {isProblem, Problem, unless} from '../problem.ts';
import type {Input, InstanceType} from '../world/cloud/port.ts';
import {until} from '../world/laptop/clock.ts';
import type {ImageSeen} from './images.ts';
import {untilSeen, whenKnown} from './late.ts';
import {accountLook, type Instance, lives} from './looks/account.ts';
import {recordLook} from './looks/record.ts';
import {bearsMark, tagList, tagsOf} from './tags.ts';

/** GiB: room for the runner's packages, docker-machine's state and logs of months. */
const leastDisk = 16;

/** What a manager is launched with, where it is made. The dry run of `permissions` leaves out what isn't there yet. */
type LaunchPlan = {
	image: ImageSeen;
	network: Pick<Found['network'], 'subnetId' | 'public'>;
	keyName?: string | undefined;
	groupId?: string | undefined;
	/** Instance id of the manager that this one takes over from. */
	replaces?: string | undefined;
};

/** GiB of a manager's disk: the mirror's room comes on top, since it is a file there. */
export const managerDiskGib = ({registryMirror, registryMirrorDisk}: Answers, {diskGib}: ImageSeen): number =>
	Math.max(diskGib, leastDisk) + (registryMirror === 'create' ? registryMirrorDisk : 0);

/** The call that launches a manager: one instance, IMDSv2 only, an encrypted gp3 disk, the mark on all that comes with it. */
export function launchInput(fleet: Fleet, answers: Answers, plan: LaunchPlan): Input<'RunInstances'> {
	const {groupId, image, keyName, network, replaces} = plan;
	const tags = tagList(answers.tags, {Name: names.manager(fleet)}, mark(fleet, 'manager'));
	const own = replaces === undefined ? tags : [...tags, {Key: markKeys.replaces, Value: replaces}];
	return {
		ImageId: image.id,
		InstanceType: instanceTypeOf(answers.managerType),
		MinCount: 1,
		MaxCount: 1,
		...(keyName === undefined ? {} : {KeyName: keyName}),
		NetworkInterfaces: [
			{
				DeviceIndex: 0,
				SubnetId: network.subnetId,
				AssociatePublicIpAddress: network.public,
				DeleteOnTermination: true,
				...(groupId === undefined ? {} : {Groups: [groupId]}),
			},
		],
		BlockDeviceMappings: [
			{DeviceName: image.rootDevice, Ebs: {VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true, VolumeSize: managerDiskGib(answers, image)}},
		],
		MetadataOptions: {HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1},
		TagSpecifications: [
			{ResourceType: 'instance', Tags: own},
			{ResourceType: 'volume', Tags: tags},
			{ResourceType: 'network-interface', Tags: tags},
		],
	};
}

/** The SDK's list of types lags behind AWS's: any type that AWS knows may be written. */
export const instanceTypeOf = (type: string) => type as InstanceType;

/**
 * The same for the same manager, so that a call made twice makes one: mark, birth date of the record, part, what it replaces, and how many came
 * before. A fleet of the same name that was taken away has another birth date, so AWS, which remembers its tokens for a day, doesn't mix them up.
 */
export const clientToken = ({name, region, born}: Fleet & {born: string | undefined}, generation: number, replaces?: string, part: Part = 'manager'): string =>
	createHash('sha256')
		.update([name, region, born ?? '', part, replaces ?? '', generation].join('\n'))
		.digest('hex')
		.slice(0, 64);

/** Generations that one run tries at most: AWS remembers a token for a day after its instance is gone, and forgets the instance in an hour. */
const mostGenerations = 20;
/** How long a launched instance may take to run, in looks of 5 s after the first few. */
const bootTries = 60;

/** Milliseconds until the next look at an instance that comes or goes: soon at first, then every 5 s. */
export const pauseAfter = (turn: number): number => Math.min(5000, 1000 * turn);

const someoneElse = ({id}: Instance, part: Part): Problem =>
	new Problem({
		code: 'made-meanwhile',
		message: `Somebody else's run of this fleet made ${part === 'manager' ? 'manager' : 'builder'} ${id} a moment ago, with other answers.`,
		advice: 'Run the same command again once theirs is done; it looks first and goes on from there.',
	});

/** Waits until an instance that the mark finds can be seen: alive, it is somebody else's run; gone or never seen, its token is used up. */
async function usedUp(context: Context, part: Part, report: Report): Promise<void> {
	const look = async (): Promise<Instance | undefined> => {
		context.forget(accountLook);
		const {instances} = await context.look(accountLook);
		return instances.find((one) => lives(one) && bearsMark(context.fleet, one.tags, part));
	};
	const seen = await untilSeen(context, look, (seconds) =>
		report({says: `waiting for an instance that AWS was asked for under the same token (${seconds} s so far, two minutes at most)`}),
	);
	if (seen) throw someoneElse(seen, part);
	report({says: 'none is to be seen, so another is asked for'});
}

/** One RunInstances. Undefined when this generation's token belongs to an instance that is gone. */
async function runOnce(context: Context, input: Input<'RunInstances'>, part: Part, report: Report): Promise<string | undefined> {
	try {
		const {Instances = []} = await whenKnown(context, report, () => context.cloud.call('RunInstances', input));
		const [made] = Instances;
		const isTerminated = made?.State?.Name === 'terminated' || made?.State?.Name === 'shutting-down';
		return isTerminated ? undefined : made?.InstanceId;
	} catch (error) {
		if (isProblem(error, 'IdempotentInstanceTerminated')) {
			report({says: 'AWS remembers one that is gone, so another is asked for'});
			return undefined;
		}
		if (!isProblem(error, 'IdempotentParameterMismatch')) throw error;
		await usedUp(context, part, report);
		return undefined;
	}
}

/** Launches the manager once, whoever else tries at the same time; gives its instance id. */
export const launch = (context: Context, plan: LaunchPlan, report: Report): Promise<string> =>
	launchOnce(context, {part: 'manager', input: launchInput(context.fleet, context.answers, plan), replaces: plan.replaces}, report);

/** Launches the one instance that a fleet has of a part, whoever else tries at the same time; gives its id. */
export async function launchOnce(
	context: Context,
	{input, part, replaces}: {part: Part; input: Input<'RunInstances'>; replaces?: string | undefined},
	report: Report,
): Promise<string> {
	const [{instances}, record] = await Promise.all([context.look(accountLook), context.look(recordLook)]);
	const first = instances.filter((instance) => !lives(instance) && instance.tags[markKeys.part] === part).length;
	const whose = {...context.fleet, born: record?.born};
	for (let generation = first; generation < first + mostGenerations; generation++) {
		const id = await runOnce(context, {...input, ClientToken: clientToken(whose, generation, replaces, part)}, part, report);
		context.forget(accountLook);
		if (id !== undefined) return id;
	}
	throw new Problem({
		code: 'IdempotentInstanceTerminated',
		fault: 'outside',
		message: `AWS still remembers ${mostGenerations} instances of this fleet that were terminated within a day, and makes none under their tokens.`,
		advice: 'Run the same command again in an hour, or name the fleet otherwise with `--fleet`.',
	});
}

/** What an instance that isn't to be had any more died of, in AWS's words. */
const died = (id: string, state: string, why: string | undefined): Problem =>
	new Problem({
		code: 'manager-died',
		fault: 'outside',
		message: `Manager ${id} is ${state} instead of running: ${why || 'AWS gives no reason'}.`,
		advice: 'Run the same command again; it makes another.',
	});

/** Waits until an instance runs and has an address; gives up after five minutes, saying how far it came. */
export async function untilRunning(context: Context, id: string, report: Report): Promise<void> {
	const {clock, cloud} = context;
	const begun = clock.now();
	let state = 'pending';
	const addressed = async (): Promise<string | undefined> => {
		const seen = await describe(cloud, id);
		state = seen?.State?.Name ?? state;
		if (state === 'terminated' || state === 'shutting-down') throw died(id, state, seen?.StateReason?.Message);
		return state === 'running' ? (seen?.PublicIpAddress ?? seen?.PrivateIpAddress) : undefined;
	};
	const waiting = (): void => report({says: `${id} ${state} (usually about 15 s)`});
	const address = await until(context, {pause: pauseAfter, tries: bootTries}, addressed, (one) => one !== undefined, waiting);
	if (address !== undefined) {
		context.forget(accountLook);
		return report({says: `${id} running, ${address}`});
	}
	throw new Problem({
		code: 'manager-not-running',
		fault: 'outside',
		again: true,
		message: `Manager ${id} is still ${state} after ${Math.round((clock.now() - begun) / 60_000)} minutes.`,
		advice: 'Run the same command again; it goes on waiting for this one and makes no other.',
	});
}

/** An instance by id; EC2 may not know it yet right after it was made (AWS, "Error codes for the Amazon EC2 API"). */
async function describe(cloud: Context['cloud'], id: string) {
	const seen = await unless(cloud.call('DescribeInstances', {InstanceIds: [id]}), 'InvalidInstanceID.NotFound');
	return seen?.Reservations?.flatMap(({Instances = []}) => Instances)[0];
}

/** Waits until instances are terminated, which frees their groups and addresses; gives up after ten minutes. */
export async function untilTerminated(context: Pick<Context, 'clock' | 'cloud' | 'signal'>, ids: string[], report: Report): Promise<void> {
	const left = async (): Promise<string[]> => {
		const seen = await Promise.all(ids.map((id) => describe(context.cloud, id)));
		const standing = seen.filter((instance) => instance !== undefined && instance.State?.Name !== 'terminated');
		return standing.map((instance) => tagsOf(instance?.Tags).Name ?? instance?.InstanceId ?? '');
	};
	const waiting = (going: string[]): void => report({says: `${going.join(', ')} ending`});
	const stays = await until(context, {pause: pauseAfter, tries: 120}, left, (going) => going.length === 0, waiting);
	if (stays.length === 0) return report({says: `${ids.join(', ')} terminated`});
	throw new Problem({
		code: 'not-terminated',
		fault: 'outside',
		again: true,
		message: `AWS has not ended ${ids.join(', ')} within ten minutes.`,
		advice: 'Run the same command again; it looks first and goes on.',
	});
}
