import {markKeys} from '../fleet.ts';
import type {Problem} from '../problem.ts';
import {judgeLeftovers, type AskedManager, type Leftover} from '../snapshot/orphans.ts';
import {lookAtLeftovers} from '../snapshot/sources/ec2.ts';
import type {Leftovers} from '../snapshot/snapshot.ts';
import {type Instance, instanceOf} from '../steps/looks/account.ts';
import {askManager, isMarkedManager, maybeManager} from './managers.ts';
import type {Place} from './place.ts';
import {type Worth, worthOf} from './worth.ts';

/** Something that a docker-machine made, whom it belongs to, and what it costs. */
export type Found = Leftover & Worth;

/** What one region holds of leftovers. */
export type RegionSeen = {
	region: string;
	/** Orphans and what isn't known; what a live manager knows is only counted. */
	found: readonly Found[];
	known: number;
	/** Managers that couldn't be asked while that mattered, each with why. */
	silent: readonly {manager: string; problem: Problem}[];
};

/** Everything in a region that leftovers are judged by, but for the managers. */
type Swept = {fleets: string[]; instances: Instance[]; leftovers: Leftovers};

/** One parallel sweep: records, instances, and what machines may leave behind. */
async function sweep({cloud, fleets}: Place): Promise<Swept> {
	const [names, {Reservations = []}, leftovers] = await Promise.all([fleets(), cloud.call('DescribeInstances', {}), lookAtLeftovers(cloud)]);
	return {fleets: names, instances: Reservations.flatMap(({Instances = []}) => Instances.map(instanceOf)), leftovers};
}

type Judged = {leftovers: Leftover[]; silent: RegionSeen['silent']};

/**
 * Judges in two rounds, so that nobody is asked for nothing: marked managers once there is something that isn't in use, and machines that may be
 * somebody else's manager once those don't know it.
 */
async function judge(place: Place, swept: Swept): Promise<Judged> {
	const {instances} = swept;
	const marked = instances.filter(isMarkedManager);
	const others = instances.filter(maybeManager);
	const judgedWith = (managers: readonly AskedManager[]): Leftover[] => judgeLeftovers({region: place.region, ...swept, managers, now: place.clock.now(), askedAfter: true});
	const isOpen = (leftovers: readonly Leftover[]): boolean => leftovers.some(({is}) => is !== 'known');
	const ask = async (asked: readonly Instance[]) =>
		(await Promise.all(asked.map((one) => askManager(place, one, marked.length + others.length === 1)))).filter((one) => one !== undefined);

	const silence = marked.map(({id, tags}): AskedManager => ({id, fleet: tags[markKeys.fleet], store: undefined, shortTokens: []}));
	const unasked = judgedWith(silence);
	if (!isOpen(unasked)) return {leftovers: unasked, silent: []};
	const ours = await ask(marked);
	const first = judgedWith(ours.map(({manager}) => manager));
	const theirs = isOpen(first) ? await ask(others) : [];
	const all = [...ours, ...theirs];
	const silent = all.flatMap(({manager, trouble}) => (trouble ? [{manager: manager.id, problem: trouble}] : []));
	return {leftovers: judgedWith(all.map(({manager}) => manager)), silent};
}

/** Looks for leftovers in one region, whoever made them, and changes nothing. Throws AWS's Problems, and `Stopped`. */
export async function lookForOrphans(place: Place): Promise<RegionSeen> {
	const swept = await sweep(place);
	const {leftovers, silent} = await judge(place, swept);
	const open = leftovers.filter(({is}) => is !== 'known');
	const worths = await worthOf(place, open, swept.instances);
	return {region: place.region, found: open.map((left) => ({...left, ...worths.get(left.id)})), known: leftovers.length - open.length, silent};
}
