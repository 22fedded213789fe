import {executorOf, executors} from '../../executors/list.ts';
import {Problem, unless} from '../../problem.ts';
import {deleteWithSnapshots} from '../../steps/bake/image.ts';
import {instancesIn, lives} from '../../steps/looks/account.ts';
import {lookAtLeftovers, lookAtScalingLeft} from '../../steps/looks/leftovers.ts';
import type {Action} from '../../world/cloud/port.ts';
import {until} from '../../world/laptop/clock.ts';
import type {Leftover} from '../leftovers.ts';
import {lookAtAllBaked} from './baked.ts';
import {lookForOrphans, type PricedLeftover} from './look.ts';
import {type RegionAccess, removeOn} from './managers.ts';

/** What became of what was agreed to. */
export type Removed = {
	/** Gone, as another look has shown. */
	removed: readonly PricedLeftover[];
	/** Not an orphan any more when it was looked at again, so it stays: gone by itself, or a manager knows it. */
	spared: readonly PricedLeftover[];
	problems: readonly Problem[];
};

/** EC2 takes this many ids in one call. */
const most = 100;
/** Terminating takes a minute or two. */
const goes = {tries: 60, pause: 5000};
/** EC2 may list for a moment what it has just deleted. */
const settles = {tries: 5, pause: 2000};

/** What finding and removing orphans needs to be allowed. */
export const orphanActions: readonly Action[] = [
	'ec2:DescribeInstances',
	'ec2:DescribeKeyPairs',
	'ec2:DescribeSpotInstanceRequests',
	'ec2:DescribeVolumes',
	'ec2:TerminateInstances',
	'ec2:CancelSpotInstanceRequests',
	'ec2:DeleteVolume',
	'ec2:DeleteKeyPair',
	'autoscaling:DescribeAutoScalingGroups',
	'autoscaling:DeleteAutoScalingGroup',
	'autoscaling:TerminateInstanceInAutoScalingGroup',
	'ec2:DescribeLaunchTemplates',
	'ec2:DeleteLaunchTemplate',
	'ec2:DescribeImages',
	'ec2:DescribeSnapshots',
	'ec2:DescribeLaunchTemplateVersions',
	'ec2:DeregisterImage',
	'ec2:DeleteSnapshot',
	'ssm:GetParameter',
];

const keyOf = ({id, kind}: Pick<Leftover, 'id' | 'kind'>): string => `${kind} ${id}`;
const idsOf = (things: readonly PricedLeftover[], ...kinds: PricedLeftover['kind'][]): string[] =>
	things.filter(({kind}) => kinds.includes(kind)).map(({id}) => id);
const batches = (ids: readonly string[]): string[][] =>
	Array.from({length: Math.ceil(ids.length / most)}, (_, index) => ids.slice(index * most, (index + 1) * most));

/** Does each piece of work whatever became of the others, and gathers their problems. */
async function each<Thing>(things: readonly Thing[], problems: Problem[], work: (thing: Thing) => Promise<unknown>): Promise<void> {
	for (const thing of things) {
		try {
			await work(thing);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			problems.push(error);
		}
	}
}

/** All of them in one call; where that is refused, one by one, since one that can't go must not keep the others. */
async function inBatches(ids: readonly string[], problems: Problem[], call: (ids: string[]) => Promise<unknown>): Promise<void> {
	for (const batch of batches(ids)) {
		const refused: Problem[] = [];
		await each([batch], refused, call);
		if (refused.length > 0) await each(batch, problems, (id) => call([id]));
	}
}

/** Waits until those that are going have gone. One that doesn't go at all isn't waited for: its refusal is known already. */
const untilTerminated = (access: RegionAccess, ids: readonly string[]): Promise<unknown> =>
	until(
		access,
		goes,
		() => instancesIn(access.cloud, 'instance-id', ids),
		(seen) => !seen.some(({state}) => state === 'shutting-down'),
	);

/** Ids and names of everything that still stands. */
async function standing(access: RegionAccess, things: readonly PricedLeftover[]): Promise<ReadonlySet<string>> {
	const [instances, {keyPairs, spotRequests, volumes}, scaling, baked] = await Promise.all([
		instancesIn(access.cloud, 'instance-id', idsOf(things, 'instance', 'image builder')),
		lookAtLeftovers(access.cloud),
		lookAtScalingLeft(access.cloud),
		lookAtAllBaked(access.cloud),
	]);
	const snapshots = new Set(baked.snapshots.map(({id}) => id));
	const images = new Set(baked.images.map(({id}) => id));
	const {groups = [], templates = [], keyPairs: workerKeys = []} = scaling ?? {};
	return new Set([
		...instances.filter(({state}) => state !== 'terminated').flatMap(({id}) => [keyOf({id, kind: 'instance'}), keyOf({id, kind: 'image builder'})]),
		// An image isn't gone while a snapshot of it is paid for.
		...things.filter(({id, kind, snapshotIds = []}) => kind === 'image' && (images.has(id) || snapshotIds.some((one) => snapshots.has(one)))).map(keyOf),
		...[...snapshots].map((id) => keyOf({id, kind: 'snapshot'})),
		...groups.map(({id}) => keyOf({id, kind: 'Auto Scaling group'})),
		...templates.map(({id}) => keyOf({id, kind: 'launch template'})),
		...[...keyPairs, ...workerKeys].map(({id}) => keyOf({id, kind: 'key pair'})),
		...spotRequests.map(({id}) => keyOf({id, kind: 'spot request'})),
		...volumes.map(({id}) => keyOf({id, kind: 'volume'})),
	]);
}

/** Looks again, a few times: only what isn't there any more was removed. */
const leftOf = (access: RegionAccess, things: readonly PricedLeftover[]): Promise<ReadonlySet<string>> =>
	until(
		access,
		settles,
		() => standing(access, things),
		(left) => !things.some((one) => left.has(keyOf(one))),
	);

/** What a manager still keeps is taken away there, so that it is forgotten there, too; what that doesn't do is left to EC2. */
async function byTheirManagers(access: RegionAccess, workers: readonly PricedLeftover[], says: (says: string) => void): Promise<void> {
	const keepers = new Map(workers.flatMap(({keeper}) => (keeper ? [[`${keeper.id} ${keeper.executor}`, keeper] as const] : [])));
	const managers = await instancesIn(access.cloud, 'instance-id', [...new Set([...keepers.values()].map(({id}) => id))]);
	for (const {id, executor, fleet} of keepers.values()) {
		const manager = managers.find((one) => one.id === id);
		if (!manager) continue;
		const names = workers.filter(({keeper}) => keeper?.id === id && keeper.executor === executor).map(({name}) => name);
		says(`${names.length} ${names.length === 1 ? 'worker' : 'workers'} going by ${executorOf({executor}).leftovers.tool} on ${id}`);
		await removeOn(access, manager, {fleet, executor, isOnly: managers.length === 1}, names, says);
	}
}

/** Groups go with all of their instances, which takes some minutes. */
async function groupsGo(access: RegionAccess, names: readonly string[], problems: Problem[], says: (says: string) => void): Promise<void> {
	const {cloud} = access;
	if (names.length === 0) return;
	says(`${names.length} Auto Scaling ${names.length === 1 ? 'group' : 'groups'} going`);
	await each(names, problems, async (name) => {
		const look = () => cloud.call('DescribeAutoScalingGroups', {AutoScalingGroupNames: [name]});
		await cloud.call('DeleteAutoScalingGroup', {AutoScalingGroupName: name, ForceDelete: true});
		await until(access, goes, look, ({AutoScalingGroups = []}) => AutoScalingGroups.length === 0);
	});
}

/** Ends instances by the group that they are in, which is to have one fewer then; gives those that are in none, or that it doesn't know any more. */
async function outsideGroups({cloud}: RegionAccess, workers: readonly PricedLeftover[], ids: readonly string[]): Promise<string[]> {
	const grouped = new Set(workers.flatMap(({id, group}) => (group === undefined ? [] : [id])));
	const others = ids.filter((id) => !grouped.has(id));
	for (const InstanceId of ids.filter((id) => grouped.has(id))) {
		const call = cloud.call('TerminateInstanceInAutoScalingGroup', {InstanceId, ShouldDecrementDesiredCapacity: true});
		if ((await unless(call, 'ValidationError')) === undefined) others.push(InstanceId);
	}
	return others;
}

async function takeAway(access: RegionAccess, things: readonly PricedLeftover[], says: (says: string) => void): Promise<Problem[]> {
	const {cloud} = access;
	const problems: Problem[] = [];
	const workers = things.filter(({kind}) => kind === 'instance');
	const builders = idsOf(things, 'image builder');
	await byTheirManagers(access, workers, says);
	await groupsGo(access, idsOf(things, 'Auto Scaling group'), problems, says);
	await inBatches(idsOf(things, 'spot request'), problems, (ids) =>
		unless(cloud.call('CancelSpotInstanceRequests', {SpotInstanceRequestIds: ids}), 'InvalidSpotInstanceRequestID.NotFound'),
	);
	const ids = [...idsOf(workers, 'instance'), ...builders];
	if (ids.length > 0) {
		if (workers.length > 0) says(`${workers.length} ${workers.length === 1 ? 'worker' : 'workers'} going`);
		if (builders.length > 0) says(`${builders.join(', ')} going`);
		const left = (await instancesIn(access.cloud, 'instance-id', ids)).filter(lives).map(({id}) => id);
		await inBatches(await outsideGroups(access, workers, left), problems, (some) => cloud.call('TerminateInstances', {InstanceIds: some}));
		await untilTerminated(access, ids);
	}
	await each(idsOf(things, 'volume'), problems, (id) => unless(cloud.call('DeleteVolume', {VolumeId: id}), 'InvalidVolume.NotFound'));
	await each(idsOf(things, 'launch template'), problems, (id) =>
		unless(cloud.call('DeleteLaunchTemplate', {LaunchTemplateId: id}), 'InvalidLaunchTemplateId.NotFound', 'InvalidLaunchTemplateId.NotFoundException'),
	);
	await each(
		things.filter(({kind}) => kind === 'image' || kind === 'snapshot'),
		problems,
		({id, kind, name, snapshotIds = []}) =>
			deleteWithSnapshots(access, kind === 'image' ? [{id, name, snapshotIds}] : [], kind === 'snapshot' ? [id] : [], (progress) => {
				if ('says' in progress) says(progress.says);
			}),
	);
	await each(idsOf(things, 'key pair'), problems, (id) => unless(cloud.call('DeleteKeyPair', {KeyPairId: id}), 'InvalidKeyPair.NotFound'));
	const stay = new Set(
		(await instancesIn(access.cloud, 'instance-id', idsOf(workers, 'instance'))).filter(({state}) => state !== 'terminated').map(({id}) => id),
	);
	// A worker's own key pair goes with it.
	const theirs = workers.filter(({id}) => !stay.has(id)).flatMap(({name}) => executors.flatMap(({leftovers}) => leftovers.keyPairOf(name) ?? []));
	await each(theirs, problems, (name) => unless(cloud.call('DeleteKeyPair', {KeyName: name}), 'InvalidKeyPair.NotFound'));
	return problems;
}

const wordFor = ({id, kind, name}: PricedLeftover): string => (kind === 'key pair' ? `key pair ${name}` : id);

/**
 * Removes what was agreed to and is still an orphan when it is looked at again, managers included; what isn't known by then stays, and is a problem.
 * One that can't be removed doesn't keep the others. Ends with a look that proves it. Throws AWS's Problems of looking, and `Stopped`.
 */
export async function removeOrphans(access: RegionAccess, agreed: readonly PricedLeftover[], says: (says: string) => void): Promise<Removed> {
	const now = new Map((await lookForOrphans(access)).found.map((one) => [keyOf(one), one]));
	const wanted = agreed.filter((one) => now.get(keyOf(one))?.is === 'orphan');
	const unsure = agreed.flatMap((one) => {
		const seen = now.get(keyOf(one));
		return seen?.is === 'not-known' ? [seen] : [];
	});
	const doubts = unsure.map(
		(one) => new Problem({code: 'orphan-not-known', message: `${wordFor(one)} stays: whether it is an orphan isn't known any more, since ${one.because}.`}),
	);
	if (wanted.length === 0) return {removed: [], spared: agreed.filter((one) => !now.has(keyOf(one))), problems: doubts};
	const problems = await takeAway(access, wanted, says);
	const left = await leftOf(access, wanted);
	const stays = wanted.filter((one) => left.has(keyOf(one)));
	// A refusal says more than that something is still there.
	const still =
		stays.length > 0 && problems.length === 0
			? [new Problem({code: 'still-stands', fault: 'outside', message: `Still there in ${access.region}: ${stays.map(wordFor).join(', ')}.`})]
			: [];
	return {
		removed: wanted.filter((one) => !left.has(keyOf(one))),
		spared: agreed.filter((one) => !now.has(keyOf(one))),
		problems: [...doubts, ...problems, ...still],
	};
}
