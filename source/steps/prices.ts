import type {Looking, Note} from '../engine/step.ts';
import {isOfAnother, workerTypesOf} from '../executors/offered.ts';
import type {Answers} from '../fleet.ts';
import type {Instance} from './looks/account.ts';
import {onDemandPriceLook, type Price, spotMarketLook, spotPriceLook} from './looks/prices.ts';

/** USD an hour for a public IPv4 address, in every region (AWS's price list). */
export const addressUsd = 0.005;
/** Hours of a month, as AWS counts them. */
export const monthHours = 730;
/** USD an hour for so many GiB of gp3, by us-east-1's price of a GiB and month: other regions differ by some percent, and every sum is "about". */
export const diskUsd = (gib: number): number => (gib * 0.08) / monthHours;

/** What is written of a snapshot's disk costs this, by us-east-1's price (docs/facts.md, "Quotas and prices"). */
export const snapshotPrice = 'about $0.05 per GiB and month';

/** USD an hour of an instance with its disk and address; undefined while its own price isn't known. */
export const withDiskAndAddress = (usd: number | undefined, diskGib: number, publicAddress: boolean): number | undefined =>
	usd === undefined ? undefined : usd + diskUsd(diskGib) + (publicAddress ? addressUsd : 0);

/** Costs in USD an hour; a part whose price isn't known is undefined, and so is what adds it up. */
export type CostEstimate = {
	/** The manager with its disk and address. */
	manager: number | undefined;
	/** One worker with its disk and address, as these answers buy it: of several types and zones on spot the cheapest. */
	worker: number | undefined;
	workerOnDemand: number | undefined;
	/** The manager and all workers that the limit allows, at once, at the most that one may cost: its cap on spot, else its price on demand. */
	most: number | undefined;
	/** The same at today's prices. */
	mostNow: number | undefined;
	/** Why a price isn't known, or a cap that is below today's price. */
	notes: Note[];
};

/** A price that is known. */
export const usdOf = (price: Price | undefined): number | undefined => (price && 'usd' in price ? price.usd : undefined);

/** A type in a zone, and what it costs on spot there now. */
type SpotOffer = {type: string; zone: string; usd: number};

function capNote({spot, spotPrice}: Answers, cheapest: SpotOffer | undefined): Note[] {
	if (!spot || spotPrice === 'on-demand' || cheapest === undefined || spotPrice >= cheapest.usd) return [];
	const {type, usd, zone} = cheapest;
	return [
		{
			says: `Spot instances of ${type} cost ${usd} USD/h now in ${zone}, above the cap of ${spotPrice}: no worker would start.`,
			advice: 'Raise `--spot-price`, or answer `on-demand`.',
		},
	];
}

const priceWords = ({usd}: SpotOffer): string => `$${usd.toFixed(3)}`;
const offerWords = (offer: SpotOffer): string => `${priceWords(offer)} (${offer.type} in ${offer.zone})`;

/** Of several types and zones, what the cheapest and the dearest cost on spot: AWS weighs the price with how much is left, which it tells nobody. */
function rangeNote(offers: readonly SpotOffer[]): Note[] {
	const [cheapest, dearest] = [offers[0], offers.at(-1)];
	if (!cheapest || !dearest || priceWords(cheapest) === priceWords(dearest)) return [];
	return [
		{
			says: `On spot an instance costs from ${offerWords(cheapest)} to ${offerWords(dearest)} an hour now: AWS takes the cheap ones of which enough is left, and doesn't tell which those are.`,
		},
	];
}

/** What of a market is in these zones, each type in each zone once, the cheapest first. */
function offersIn(prices: readonly SpotOffer[], zones: readonly string[]): SpotOffer[] {
	const newest = Map.groupBy(
		prices.filter(({zone}) => zones.includes(zone)),
		({type, zone}) => `${type} ${zone}`,
	);
	return [...newest.values()].flatMap(([first]) => first ?? []).toSorted((one, other) => one.usd - other.usd);
}

/** How many of so many workers are on demand, as the group is told to buy them: AWS rounds that share, so it's taken as the next whole worker. */
function onDemandOf(answers: Answers, workers: number): number {
	const {executor, onDemandBase, onDemandShare, spot} = answers;
	if (!spot) return workers;
	if (isOfAnother('onDemandShare', {executor})) return 0;
	const base = Math.min(workers, onDemandBase);
	return base + Math.ceil(((workers - base) * onDemandShare) / 100);
}

const sumOf = (...parts: readonly (number | undefined)[]): number | undefined =>
	parts.reduce<number | undefined>((sum, part) => (sum === undefined || part === undefined ? undefined : sum + part), 0);

/** So many at a price; none cost nothing, whatever the price is. */
const times = (count: number, usd: number | undefined): number | undefined => (count === 0 ? 0 : usd === undefined ? undefined : count * usd);

/** What instances cost an hour together, with their addresses; undefined where a price isn't known. */
export async function hourlyUsd(
	context: Looking,
	instances: readonly Pick<Instance, 'publicIp' | 'spotRequestId' | 'type' | 'zone'>[],
): Promise<number | undefined> {
	const each = await Promise.all(
		instances.map(async ({publicIp, spotRequestId, type, zone}) =>
			withDiskAndAddress(
				usdOf(await context.look(spotRequestId === undefined ? onDemandPriceLook(type) : spotPriceLook(type, zone))),
				0,
				publicIp !== undefined,
			),
		),
	);
	return each.reduce<number | undefined>((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
}

/** Where workers start, and what of it costs. */
type CostPlacement = {zones: readonly string[]; public: boolean; managerDiskGib: number};

/** What these answers cost where the fleet lives: reads prices beside each other, and never fails for one that isn't told. */
export async function costs(context: Looking, answers: Answers, placement: CostPlacement): Promise<CostEstimate> {
	const types = workerTypesOf(answers);
	const [managerPrice, onDemandPrices, market] = await Promise.all([
		context.look(onDemandPriceLook(answers.managerType)),
		Promise.all(types.map((type) => context.look(onDemandPriceLook(type)))),
		answers.spot ? context.look(spotMarketLook(types)) : {prices: []},
	]);
	const offers = 'unknown' in market ? [] : offersIn(market.prices, placement.zones);
	const manager = withDiskAndAddress(usdOf(managerPrice), placement.managerDiskGib, placement.public);
	const workerAt = (usd: number | undefined) => withDiskAndAddress(usd, answers.workerDisk, placement.public);
	const [first] = onDemandPrices;
	// On demand the first type is taken, and a spot instance costs at the most what its own type does on demand.
	const workerOnDemand = workerAt(usdOf(first));
	const worker = answers.spot ? workerAt(offers[0]?.usd) : workerOnDemand;
	const dearest = onDemandPrices
		.map((price) => workerAt(usdOf(price)))
		.reduce((one, other) => (one === undefined || other === undefined ? undefined : Math.max(one, other)));
	const atCap = answers.spotPrice === 'on-demand' ? dearest : workerAt(answers.spotPrice);
	const onDemand = onDemandOf(answers, answers.limit);
	const all = (onSpot: number | undefined): number | undefined => sumOf(manager, times(onDemand, workerOnDemand), times(answers.limit - onDemand, onSpot));
	const noOffer: Price[] = answers.spot && offers.length === 0 ? [{unknown: 'unknown' in market ? market.unknown : 'no price'}] : [];
	const unknown = [managerPrice, ...onDemandPrices, ...noOffer].find((price) => 'unknown' in price);
	const why: Note[] = unknown && 'unknown' in unknown ? [{says: `Not all prices are known, since AWS doesn't tell: ${unknown.unknown}.`}] : [];
	return {
		manager,
		worker,
		workerOnDemand,
		most: all(atCap),
		mostNow: all(worker),
		notes: [...why, ...capNote(answers, offers[0]), ...rangeNote(offers)],
	};
}
