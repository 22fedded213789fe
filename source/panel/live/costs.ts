import type {Instance} from '../../steps/looks/account.ts';
import {monthHours, withDiskAndAddress} from '../../steps/prices.ts';
import {monthOf} from '../journal/spans.ts';
import {makerIn} from '../makers.ts';
import {hourMs, isBuilder, sumOfPaid} from '../paid.ts';
import {spotKey, usdPerHour} from '../price.ts';
import type {WorkerRow} from '../rows.ts';
import type {Snapshot} from '../snapshot.ts';
import {workersMade} from './executors.ts';

/** A sum over a time. `since`: of machines that had gone before, nothing is known (milliseconds since 1970); those that run are in it from their launch. */
type Spent = {usd: number; since: number};

/** What a fleet costs, in USD. */
export type FleetCosts = {
	/** What runs now, USD an hour, managers and builders of images included where their price is known; undefined when no price is known. */
	perHour: number | undefined;
	/** Workers whose price isn't known, so that they aren't in `perHour`. */
	unpriced: number;
	/** By AWS's day and month, which are UTC's. */
	today: Spent | undefined;
	month: Spent | undefined;
	/** Machines of this month that aren't in the sums, since nobody knows when they went. */
	unended: number;
	/** The managers' part, USD an hour. */
	manager: number | undefined;
	/** Instances that an image of workers is being made of, and their part, USD an hour; undefined where there are none. */
	builders: {count: number; perHour: number | undefined} | undefined;
	/** The managers and all workers that the limit allows at once, at the most that one may cost: its cap on spot, else its price on demand: USD an hour, and a month if they ran all of it. */
	most: {perHour: number; perMonth: number} | undefined;
	/** What the spot workers of now would cost on demand, less what they cost: USD an hour. */
	savedBySpot: number | undefined;
};

/** EC2 tells of an instance for about an hour after its end. */
const told = hourMs;

/** What of these runs costs an hour; undefined where nothing does, or a price isn't known. */
function priceOf(instances: readonly Instance[], {ec2, prices}: Snapshot): number | undefined {
	const {disks = {}} = ec2.value ?? {};
	const running = instances.filter(({state}) => state === 'running');
	if (running.length === 0) return undefined;
	const each = running.map(({id, type, zone, spotRequestId, publicIp}) =>
		usdPerHour({type, zone, spot: spotRequestId !== undefined, diskGib: disks[id], publicAddress: publicIp !== undefined}, prices.value),
	);
	return each.reduce<number | undefined>((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
}

/** What one more worker costs an hour now; undefined where that isn't known. */
export function workerNow(snapshot: Snapshot): number | undefined {
	const made = workersMade(snapshot);
	return made && usdPerHour(made, snapshot.prices.value);
}

/** What all workers that the limit allows cost an hour at most; undefined without a limit, and where a price isn't known. */
function workersAtMost(snapshot: Snapshot): number | undefined {
	const made = workersMade(snapshot);
	const {limit: jobs, maxWorkers: limit = jobs} = makerIn(snapshot) ?? {};
	if (!made || !limit) return undefined;
	// An empty cap is the price on demand.
	const cap = made.spot ? Number(made.spotPrice || Number.NaN) : Number.NaN;
	const each = Number.isNaN(cap) ? usdPerHour({...made, spot: false}, snapshot.prices.value) : withDiskAndAddress(cap, made.diskGib, made.publicAddress);
	return each === undefined ? undefined : each * limit;
}

/** Sums over the rows, in one go. */
function addUp(rows: readonly WorkerRow[], snapshot: Snapshot) {
	const {onDemand = {}, spot = {}} = snapshot.prices.value ?? {};
	let [workers, priced, unpriced, saved, spotCount] = [0, 0, 0, 0, 0];
	let pool: {type: string; zone: string; full: number | undefined; paid: number | undefined} | undefined;
	for (const {usdPerHour: price, instanceId, spot: isSpot, type = '', zone = ''} of rows) {
		if (price === undefined) {
			if (instanceId !== undefined) unpriced += 1;
			continue;
		}
		// What goes costs nothing any more, which tells nothing of what runs.
		if (price <= 0) continue;
		workers += price;
		priced += 1;
		if (!isSpot) continue;
		// Most rows are of the same type and zone as the one before.
		if (pool?.type !== type || pool.zone !== zone) pool = {type, zone, full: onDemand[type], paid: spot[spotKey(type, zone)]};
		if (pool.full === undefined || pool.paid === undefined) continue;
		saved += pool.full - pool.paid;
		spotCount += 1;
	}
	return {workers: priced === 0 ? undefined : workers, unpriced, saved: spotCount === 0 ? undefined : saved};
}

/** What the fleet costs, reckoned from what is known: always "about". Pure. */
export function costs(snapshot: Snapshot, rows: readonly WorkerRow[], now: number): FleetCosts {
	const {workers, unpriced, saved} = addUp(rows, snapshot);
	const {manager: first, otherManagers = [], instances = []} = snapshot.ec2.value ?? {};
	const manager = priceOf([...(first ? [first] : []), ...otherManagers], snapshot);
	const building = instances.filter((one) => one.state === 'running' && isBuilder(one));
	const builders = building.length === 0 ? undefined : {count: building.length, perHour: priceOf(building, snapshot)};
	const most = workersAtMost(snapshot);
	const {paid, journal} = snapshot;
	const date = new Date(now);
	const spent = (from: number): Spent | undefined => {
		const usd = sumOfPaid(paid, from);
		return usd === undefined ? undefined : {usd, since: Math.max(from, Math.min(journal.value?.spans.since ?? now, (paid.at ?? now) - told))};
	};
	return {
		perHour: workers === undefined && (manager === undefined || unpriced > 0) ? undefined : (workers ?? 0) + (manager ?? 0) + (builders?.perHour ?? 0),
		unpriced,
		today: spent(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())),
		month: spent(monthOf(now)),
		unended: paid.unended,
		manager,
		builders,
		most: most === undefined || manager === undefined ? undefined : {perHour: most + manager, perMonth: (most + manager) * monthHours},
		savedBySpot: saved,
	};
}
