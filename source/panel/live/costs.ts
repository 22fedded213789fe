import {machineSeconds} from '../journal/spans.ts';
import {spotKey, usdPerHour} from '../price.ts';
import type {WorkerRow} from '../rows.ts';
import type {Snapshot} from '../snapshot.ts';
import {workersMade} from './executors.ts';

/** A sum over a time, "about, since …": `since` is where what is known begins (milliseconds since 1970). */
type Spent = {usd: number; since: number};

/** What a fleet costs, in USD. */
export type FleetCosts = {
	/** What runs now, USD an hour, manager included where its price is known; undefined when no price is known. */
	perHour: number | undefined;
	/** Workers whose price isn't known, so that they aren't in `perHour`. */
	unpriced: number;
	/** By AWS's day and month, which are UTC's. */
	today: Spent | undefined;
	month: Spent | undefined;
	/** The manager's part, USD an hour. */
	manager: number | undefined;
	/** What the spot workers of now would cost on demand, less what they cost: USD an hour. */
	savedBySpot: number | undefined;
};

const hour = 3_600_000;

/** USD an hour of a worker as config.toml makes them now. */
function configuredPrice(snapshot: Snapshot): number | undefined {
	const made = workersMade(snapshot);
	return made && usdPerHour(made, snapshot.prices.value);
}

function managerPrice(snapshot: Snapshot): number | undefined {
	const manager = snapshot.ec2.value?.manager;
	if (manager?.state !== 'running') return undefined;
	return usdPerHour(
		{type: manager.type, zone: manager.zone, spot: manager.spotRequestId !== undefined, diskGib: undefined, publicAddress: manager.publicIp !== undefined},
		snapshot.prices.value,
	);
}

/** Sums over the rows, in one go. */
function addUp(snapshot: Snapshot, rows: readonly WorkerRow[]) {
	const {onDemand = {}, spot = {}} = snapshot.prices.value ?? {};
	let [workers, priced, unpriced, saved, spotCount] = [0, 0, 0, 0, 0];
	for (const {usdPerHour: price, paidFrom, spot: isSpot, type = '', zone = ''} of rows) {
		if (price === undefined) {
			if (paidFrom !== undefined) unpriced += 1;
			continue;
		}
		workers += price;
		priced += 1;
		const [full, paid] = [onDemand[type], isSpot ? spot[spotKey(type, zone)] : undefined];
		if (full === undefined || paid === undefined) continue;
		saved += full - paid;
		spotCount += 1;
	}
	return {workers: priced === 0 ? undefined : workers, priced, unpriced, saved: spotCount === 0 ? undefined : saved};
}

/** What the fleet costs, reckoned from what is known: always "about". Pure. */
export function costs(snapshot: Snapshot, rows: readonly WorkerRow[], now: number): FleetCosts {
	const {workers, priced, unpriced, saved} = addUp(snapshot, rows);
	const manager = managerPrice(snapshot);
	const managerFrom = snapshot.ec2.value?.manager?.launchedAt ?? 0;
	const usual = workers === undefined ? configuredPrice(snapshot) : workers / priced;
	const spans = snapshot.journal.value?.spans;
	const alive = snapshot.host.value && (snapshot.journal.value?.spans.open.size ?? 0) > 0 ? new Set(rows.map(({name}) => name)) : undefined;
	const date = new Date(now);
	const spent = (from: number): Spent | undefined => {
		if (!spans) return undefined;
		const since = Math.max(from, spans.since);
		const seconds = machineSeconds(spans, from, now, alive);
		if (usual === undefined && seconds > 0) return undefined;
		return {usd: (seconds / 3600) * (usual ?? 0) + ((manager ?? 0) * Math.max(0, now - Math.max(since, managerFrom))) / hour, since};
	};
	return {
		perHour: workers === undefined && (manager === undefined || unpriced > 0) ? undefined : (workers ?? 0) + (manager ?? 0),
		unpriced,
		today: spent(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())),
		month: spent(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)),
		manager,
		savedBySpot: saved,
	};
}
