import {ifAnswered} from '../../problem.ts';
import {type Instance, inFilters, volumesIn} from '../../steps/looks/account.ts';
import {diskUsd} from '../../steps/prices.ts';
import type {Leftover} from '../leftovers.ts';
import {usdPerHour} from '../price.ts';
import type {Prices} from '../snapshot.ts';
import {lookAtPrices} from '../sources/prices.ts';
import type {RegionAccess} from './managers.ts';

/** What a leftover costs in USD, about; nothing for what costs nothing, undefined for what has no known price. */
export type Worth = {usdPerHour?: number | undefined; usdSoFar?: number | undefined};

const hour = 3_600_000;

/** GiB of the disks of these instances, by instance. */
async function disksOf({cloud}: RegionAccess, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
	const sizes = new Map<string, number>();
	for (const Values of inFilters(ids)) {
		// What can't be told makes a sum too low, which is "about".
		const answer = await ifAnswered(volumesIn(cloud, {'attachment.instance-id': Values}));
		for (const {instanceId = '', sizeGib} of 'result' in answer ? answer.result : []) sizes.set(instanceId, (sizes.get(instanceId) ?? 0) + sizeGib);
	}
	return sizes;
}

type PricedBy = {instances: ReadonlyMap<string, Instance>; disks: ReadonlyMap<string, number>; prices: Prices; now: number};

function hourly({id, kind, sizeGib}: Leftover, {disks, instances, prices}: PricedBy): number | undefined {
	if (kind === 'volume') return diskUsd(sizeGib ?? 0);
	const instance = kind === 'instance' || kind === 'image builder' ? instances.get(id) : undefined;
	if (!instance) return undefined;
	const {publicIp, spotRequestId, state, type, zone} = instance;
	const diskGib = disks.get(id);
	// A stopped one is paid for by its disk.
	if (state === 'stopped') return diskUsd(diskGib ?? 0);
	return usdPerHour({type, zone, spot: spotRequestId !== undefined, diskGib, publicAddress: publicIp !== undefined}, prices);
}

function worth(left: Leftover, known: PricedBy): Worth {
	const usd = hourly(left, known);
	if (usd === undefined) return {};
	return {usdPerHour: usd, ...(left.createdAt === undefined ? {} : {usdSoFar: (usd * Math.max(0, known.now - left.createdAt)) / hour})};
}

/** What each of these leftovers costs, by id. Prices are asked for only where something has one; what isn't told isn't known, and nothing fails for it. */
export async function worthOf(access: RegionAccess, leftovers: readonly Leftover[], all: readonly Instance[]): Promise<ReadonlyMap<string, Worth>> {
	const instances = new Map(all.map((one) => [one.id, one]));
	const paid = leftovers.flatMap(({id}) => instances.get(id) ?? []);
	const types = [...new Set(paid.map(({type}) => type))].sort();
	const now = access.clock.now();
	const [{prices}, disks] = await Promise.all([
		lookAtPrices(access.cloud, access.cloudAt, {workers: types, all: types}, undefined, {from: now, now}),
		disksOf(
			access,
			paid.map(({id}) => id),
		),
	]);
	return new Map(leftovers.map((left) => [left.id, worth(left, {instances, disks, prices, now})]));
}
