import {twinsOf} from '../../answers/instance-families.ts';
import {executorOf} from '../../executors/list.ts';
import {limitsOf} from '../../executors/offered.ts';
import type {RunnerFacts} from '../../steps/config/facts.ts';
import {type InstanceType, instanceTypesLook} from '../../steps/looks/catalog.ts';
import {networkLook, type Subnet} from '../../steps/looks/network.ts';
import {onDemandPriceLook, spotPriceLook} from '../../steps/looks/prices.ts';
import {type Quota, quotaCodeOf, quotaLook} from '../../steps/looks/quota.ts';
import {usdOf, withDiskAndAddress} from '../../steps/prices.ts';
import {usedByOthers} from '../../steps/quota-room.ts';
import type {Reaching} from '../../steps/reaching.ts';
import {counted} from '../../world/printable.ts';
import {many, money} from '../formats.ts';
import {workersMade} from '../live/executors.ts';
import {type Made, type MoveTarget, makerIn} from '../makers.ts';
import type {Snapshot} from '../snapshot.ts';
import {type ActContext, within} from './act-context.ts';
import {type FleetAct, ofWorkers} from './change.ts';
import type {MoveChoice} from './driver.ts';

/** Where a worker can be made instead: AWS calls the zone and the way it is bought a placement. */
type MovePlacement = {type: string; zone: string; spot: boolean; subnet: Subnet};

const priceOf = async (context: Reaching, made: Made, {type, zone, spot}: MovePlacement): Promise<number | undefined> =>
	withDiskAndAddress(usdOf(await context.look(spot ? spotPriceLook(type, zone) : onDemandPriceLook(type))), made.diskGib, made.publicAddress);

function quotaWords(type: InstanceType | undefined, quota: Quota | undefined, others: number | undefined, limit: number): {says: string; tooFew: boolean} {
	if (!type || !quota || 'unknown' in quota) return {says: 'quota not known', tooFew: false};
	const needed = type.vcpus * limit;
	return {says: `${needed} of ${quota.vcpus} vCPUs for ${many(limit, 'worker')}${others ? `, others use ${others} now` : ''}`, tooFew: needed > quota.vcpus};
}

/** One choice with all that helps to choose it. */
async function choiceOf(
	context: Reaching,
	made: Made,
	placement: MovePlacement,
	{executor, limit: jobs = 1, maxWorkers: limit = jobs}: Partial<Pick<RunnerFacts, 'executor' | 'limit' | 'maxWorkers'>>,
	types: Map<string, InstanceType>,
	label: string,
): Promise<MoveChoice> {
	const code = quotaCodeOf(placement.type, placement.spot);
	const [price, quota, others] = await Promise.all([
		priceOf(context, made, placement),
		code === undefined ? undefined : context.look(quotaLook(code)),
		code === undefined ? undefined : usedByOthers(context, code),
	]);
	const seen = types.get(placement.type);
	const isOffered = seen?.zones.includes(placement.zone) ?? false;
	const {says, tooFew} = quotaWords(seen, quota, others, limit);
	const words = [price === undefined ? 'price not known' : `about ${money(price)}/h each`, says, `${counted(placement.subnet.freeAddresses)} addresses free`];
	const moved = {
		...(placement.zone === made.zone ? {} : {zone: placement.zone, subnet: placement.subnet.id}),
		...(placement.type === made.type ? {} : {type: placement.type}),
		...(placement.spot === made.spot ? {} : {spot: placement.spot}),
	};
	const noWorkers = limitsOf({executor}).zone(context.fleet.region, placement.zone)?.short;
	const why = noWorkers ?? (isOffered ? (tooFew ? 'too few vCPUs for the limit' : undefined) : `${placement.type} isn't offered in ${placement.zone} now`);
	// What it would cost where it can't be had helps nobody.
	return {to: moved, label, says: isOffered ? words.join(', ') : '', ...(why === undefined ? {} : {disabled: why})};
}

/** Ways to move new workers: other zones of their network, the other market, types of the same size; each with price, quota and whether it's offered now. */
export async function findMoves(actContext: ActContext, snapshot: Snapshot): Promise<readonly MoveChoice[]> {
	const made = workersMade(snapshot);
	if (!made) return [];
	const maker = makerIn(snapshot) ?? {};
	return within(actContext.open(), async (context) => {
		const twins = twinsOf(made.type);
		const [{subnets}, types] = await Promise.all([context.look(networkLook), context.look(instanceTypesLook(made.type, ...twins))]);
		const here = subnets.find(({id}) => id === made.subnet);
		if (!here) return [];
		const zones = new Map<string, Subnet>();
		for (const subnet of subnets) {
			// As public or private as where they are now: the way out has to be the same.
			if (subnet.vpcId !== here.vpcId || subnet.wayOut !== here.wayOut || subnet.zone === here.zone) continue;
			const known = zones.get(subnet.zone);
			if (!known || (subnet.defaultForZone && !known.defaultForZone)) zones.set(subnet.zone, subnet);
		}
		const placement = (more: Partial<MovePlacement>): MovePlacement => ({type: made.type, zone: made.zone, spot: made.spot, subnet: here, ...more});
		const market = made.spot ? 'on demand' : 'on spot';
		return Promise.all([
			choiceOf(context, made, placement({spot: !made.spot}), maker, types, `${market} instead`),
			...[...zones.values()].map((subnet) => choiceOf(context, made, placement({zone: subnet.zone, subnet}), maker, types, `zone ${subnet.zone}`)),
			...twins.filter((type) => types.has(type)).map((type) => choiceOf(context, made, placement({type}), maker, types, `type ${type}`)),
		]);
	});
}

/** Another zone, type or market for new workers. */
export const move =
	(to: MoveTarget, label: string): FleetAct =>
	({answers, record}) => ({
		...ofWorkers(answers),
		answers: executorOf(answers).moved(to, record),
		says: `New workers: ${label}. Those that run stay as they are until they go.`,
		already: 'New workers are made so already.',
		done: () => `New workers, ${label}`,
	});
