import type {Looking, Note} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import type {Instance} from './looks/account.ts';
import {onDemandPriceLook, type Price, spotPriceLook} from './looks/prices.ts';

/** USD an hour for a public IPv4 address, in every region (AWS's price list). */
export const addressUsd = 0.005;
/** Hours of a month, as AWS counts them. */
export const monthHours = 730;
/** USD an hour for so many GiB of gp3, by us-east-1's price of a GiB and month: other regions differ by some percent, and every sum is "about". */
export const diskUsd = (gib: number): number => (gib * 0.08) / monthHours;

/** USD an hour of an instance with its disk and address; undefined while its own price isn't known. */
export const withDiskAndAddress = (usd: number | undefined, diskGib: number, publicAddress: boolean): number | undefined =>
	usd === undefined ? undefined : usd + diskUsd(diskGib) + (publicAddress ? addressUsd : 0);

/** Costs in USD an hour; a part whose price isn't known is undefined, and so is what adds it up. */
export type CostEstimate = {
	/** The manager with its disk and address. */
	manager: number | undefined;
	/** One worker with its disk and address, as these answers buy it. */
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

function capNote({spot, spotPrice, workerType}: Answers, now: number | undefined, zone: string): Note[] {
	if (!spot || spotPrice === 'on-demand' || now === undefined || spotPrice >= now) return [];
	return [
		{
			says: `Spot instances of ${workerType} cost ${now} USD/h now in ${zone}, above the cap of ${spotPrice}: no worker would start.`,
			advice: 'Raise `--spot-price`, or answer `on-demand`.',
		},
	];
}

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

/** What these answers cost where the fleet lives: reads prices beside each other, and never fails for one that isn't told. */
export async function costs(context: Looking, answers: Answers, placement: {zone: string; public: boolean; managerDiskGib: number}): Promise<CostEstimate> {
	const [managerPrice, workerPrice, spotPrice] = await Promise.all([
		context.look(onDemandPriceLook(answers.managerType)),
		context.look(onDemandPriceLook(answers.workerType)),
		answers.spot ? context.look(spotPriceLook(answers.workerType, placement.zone)) : undefined,
	]);
	const manager = withDiskAndAddress(usdOf(managerPrice), placement.managerDiskGib, placement.public);
	const workerAt = (usd: number | undefined) => withDiskAndAddress(usd, answers.workerDisk, placement.public);
	const workerOnDemand = workerAt(usdOf(workerPrice));
	const worker = answers.spot ? workerAt(usdOf(spotPrice)) : workerOnDemand;
	const workerAtCap = answers.spot && answers.spotPrice !== 'on-demand' ? workerAt(answers.spotPrice) : workerOnDemand;
	const all = (one: number | undefined): number | undefined => (manager === undefined || one === undefined ? undefined : manager + one * answers.limit);
	const unknown = [managerPrice, workerPrice, spotPrice].find((price) => price && 'unknown' in price);
	const why: Note[] = unknown && 'unknown' in unknown ? [{says: `Not all prices are known, since AWS doesn't tell: ${unknown.unknown}.`}] : [];
	return {
		manager,
		worker,
		workerOnDemand,
		most: all(workerAtCap),
		mostNow: all(worker),
		notes: [...why, ...capNote(answers, usdOf(spotPrice), placement.zone)],
	};
}
