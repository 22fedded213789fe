import type {Problem} from '../../problem.ts';
import {type Instance, instancesIn, lives} from '../../steps/looks/account.ts';
import {type Leftovers, lookAtLeftovers, lookAtScalingLeft} from '../../steps/looks/leftovers.ts';
import type {AskedManager, Leftover, Region} from '../leftovers.ts';
import {type BakedSeen, bakedLeft, lookAtAllBaked} from './baked.ts';
import {askManager, judgeLeftovers, managedFleet, maybeManager, type RegionAccess} from './managers.ts';
import {type Worth, worthOf} from './worth.ts';

/** Something that a manager made, whom it belongs to, and what it costs. */
export type PricedLeftover = Leftover & Worth;

/** What one region holds of leftovers. */
export type RegionSeen = {
	region: string;
	/** Orphans and what isn't known; what a live manager knows is only counted. */
	found: readonly PricedLeftover[];
	known: number;
	/** Managers that couldn't be asked while that mattered, each with why. */
	silent: readonly {manager: string; problem: Problem}[];
};

/** Everything in a region that leftovers are judged by, but for the managers. */
type Swept = {fleets: string[]; instances: Instance[]; leftovers: Leftovers; baked: BakedSeen};

/** One parallel sweep: records, instances, what machines may leave behind, and what was baked. */
async function sweep({cloud, fleets}: RegionAccess): Promise<Swept> {
	const [names, instances, leftovers, scaling, baked] = await Promise.all([
		fleets(),
		instancesIn(cloud),
		lookAtLeftovers(cloud),
		lookAtScalingLeft(cloud),
		lookAtAllBaked(cloud),
	]);
	return {fleets: names, instances, leftovers: {...leftovers, scaling}, baked};
}

type Judged = {leftovers: Leftover[]; silent: RegionSeen['silent']};

/**
 * Judges in two rounds, so that nobody is asked for nothing: the fleets' managers once there is something that isn't in use, and machines that may be
 * somebody else's manager once those don't know it.
 */
async function judge(access: RegionAccess, swept: Swept): Promise<Judged> {
	const {region, clock} = access;
	const living = swept.instances.filter(lives).map((instance) => ({instance, fleet: managedFleet(instance, swept.fleets, region)}));
	const ours = living.filter(({fleet}) => fleet !== undefined);
	const others = living.filter(({fleet, instance}) => fleet === undefined && maybeManager(instance));
	const {fleets, instances, leftovers} = swept;
	const regionWith = (managers: readonly AskedManager[]): Region => ({region, fleets, instances, leftovers, managers, now: clock.now(), askedAfter: true});
	const judgedBy = (managers: readonly AskedManager[]): Leftover[] => judgeLeftovers(regionWith(managers));
	const isOpen = (leftovers: readonly Leftover[]): boolean => leftovers.some(({is}) => is !== 'known');
	const isOnly = ours.length + others.length === 1;
	const ask = async (asked: typeof living) =>
		(await Promise.all(asked.map(({fleet, instance}) => askManager(access, instance, fleet, isOnly)))).filter((one) => one !== undefined);

	const present = ours.map(({fleet, instance: {id}}) => ({id, fleet, store: undefined, shortTokens: []}));
	// What was baked no manager knows of: that a fleet has one is enough.
	const withBaked = async (judged: Leftover[]): Promise<Leftover[]> => [...judged, ...(await bakedLeft(access, regionWith(present), swept.baked, judged))];
	const unasked = judgedBy(present);
	if (!isOpen(unasked)) return {leftovers: await withBaked(unasked), silent: []};
	const first = await ask(ours);
	const asked = isOpen(judgedBy(first.map(({manager}) => manager))) ? [...first, ...(await ask(others))] : first;
	const silent = asked.flatMap(({manager, trouble}) => (trouble ? [{manager: manager.id, problem: trouble}] : []));
	return {leftovers: await withBaked(judgedBy(asked.map(({manager}) => manager))), silent};
}

/** Looks for leftovers in one region, whoever made them, and changes nothing. Throws AWS's Problems, and `Stopped`. */
export async function lookForOrphans(access: RegionAccess): Promise<RegionSeen> {
	const swept = await sweep(access);
	const {leftovers, silent} = await judge(access, swept);
	const open = leftovers.filter(({is}) => is !== 'known');
	const worths = await worthOf(access, open, swept.instances);
	return {region: access.region, found: open.map((left) => ({...left, ...worths.get(left.id)})), known: leftovers.length - open.length, silent};
}
