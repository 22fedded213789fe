import {twinsOf} from '../../steps/instance-families.ts';
import {type InstanceType, instanceTypesLook} from '../../steps/looks/instance-types.ts';
import {networkLook, type Subnet} from '../../steps/looks/network.ts';
import {onDemandPriceLook, spotPriceLook} from '../../steps/looks/prices.ts';
import {type Quota, quotaCodeOf, quotaLook} from '../../steps/looks/quota.ts';
import {usdOf, withDiskAndAddress} from '../../steps/prices.ts';
import {usedByOthers} from '../../steps/quota-room.ts';
import type {Reaching} from '../../steps/reaching.ts';
import {unsupportedZone} from '../../world/host/docker-machine.ts';
import {money} from '../formats.ts';
import {type Made, makerIn, workersMade} from '../makers.ts';
import type {Snapshot} from '../snapshot.ts';
import type {MoveChoice} from './driver.ts';
import {type Ground, within} from './ground.ts';

type Place = {type: string; zone: string; spot: boolean; subnet: Subnet};

const priceOf = async (context: Reaching, made: Made, {type, zone, spot}: Place): Promise<number | undefined> =>
	withDiskAndAddress(usdOf(await context.look(spot ? spotPriceLook(type, zone) : onDemandPriceLook(type))), made.diskGib, made.publicAddress);

function quotaWords(type: InstanceType | undefined, quota: Quota | undefined, others: number | undefined, limit: number): {says: string; tooFew: boolean} {
	if (!type || !quota || 'unknown' in quota) return {says: 'quota not known', tooFew: false};
	const needed = type.vcpus * limit;
	return {says: `${needed} of ${quota.vcpus} vCPUs for ${limit}${others ? `, others use ${others} now` : ''}`, tooFew: needed > quota.vcpus};
}

/** One choice with all that helps to choose it. */
async function choiceOf(context: Reaching, made: Made, place: Place, limit: number, types: Map<string, InstanceType>, label: string): Promise<MoveChoice> {
	const code = quotaCodeOf(place.type, place.spot);
	const [price, quota, others] = await Promise.all([
		priceOf(context, made, place),
		code === undefined ? undefined : context.look(quotaLook(code)),
		code === undefined ? undefined : usedByOthers(context, code),
	]);
	const seen = types.get(place.type);
	const isOffered = seen?.zones.includes(place.zone) ?? false;
	const {says, tooFew} = quotaWords(seen, quota, others, limit);
	const words = [price === undefined ? 'price not known' : `about ${money(price)}/h each`, says, `${place.subnet.freeAddresses} addresses free`];
	const moved = {
		...(place.zone === made.zone ? {} : {zone: place.zone, subnet: place.subnet.id}),
		...(place.type === made.type ? {} : {type: place.type}),
		...(place.spot === made.spot ? {} : {spot: place.spot}),
	};
	const noWorkers = unsupportedZone(context.fleet.region, place.zone) && "docker-machine can't make workers there";
	const why = noWorkers ?? (isOffered ? (tooFew ? 'too few vCPUs for the limit' : undefined) : `${place.type} isn't offered in ${place.zone} now`);
	return {to: moved, label, says: words.join(', '), ...(why === undefined ? {} : {disabled: why})};
}

/** Ways to move new workers: other zones of their network, the other market, types of the same size; each with price, quota and whether it's offered now. */
export async function findMoves(ground: Ground, snapshot: Snapshot): Promise<readonly MoveChoice[]> {
	const made = workersMade(snapshot);
	if (!made) return [];
	const limit = makerIn(snapshot)?.limit ?? 1;
	return within(ground.open(), async (context) => {
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
		const place = (more: Partial<Place>): Place => ({type: made.type, zone: made.zone, spot: made.spot, subnet: here, ...more});
		const market = made.spot ? 'on demand' : 'on spot';
		return Promise.all([
			choiceOf(context, made, place({spot: !made.spot}), limit, types, `${market} instead`),
			...[...zones.values()].map((subnet) => choiceOf(context, made, place({zone: subnet.zone, subnet}), limit, types, `zone ${subnet.zone}`)),
			...twins.filter((type) => types.has(type)).map((type) => choiceOf(context, made, place({type}), limit, types, `type ${type}`)),
		]);
	});
}
