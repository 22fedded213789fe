import {machineSeconds} from './journal/spans.ts';
import {usdPerHour} from './price.ts';
import type {Row} from './rows.ts';
import type {Snapshot} from './snapshot.ts';

/** A sum over a time, "about, since …": `since` is where what is known begins (milliseconds since 1970). */
export type Spent = {usd: number; since: number};

export type Costs = {
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
export function configuredPrice(snapshot: Snapshot): number | undefined {
	const options = snapshot.host.value?.config?.facts?.runners.find(({idleCount}) => idleCount !== undefined)?.options;
	const type = options?.['instance-type'];
	if (!options || type === undefined) return undefined;
	const region = options['region'] ?? snapshot.region;
	const spot = 'request-spot-instance' in options && options['request-spot-instance'] !== 'false';
	const diskGib = Number(options['root-size'] ?? 16);
	return usdPerHour({type, zone: `${region}${options['zone'] ?? 'a'}`, spot, diskGib, publicAddress: options['private-address-only'] !== 'true'}, snapshot.prices.value);
}

function managerPrice(snapshot: Snapshot): number | undefined {
	const manager = snapshot.ec2.value?.manager;
	if (!manager || manager.state !== 'running') return undefined;
	return usdPerHour({type: manager.type, zone: manager.zone, spot: manager.spotRequestId !== undefined, diskGib: undefined, publicAddress: manager.publicIp !== undefined}, snapshot.prices.value);
}

const sum = (numbers: readonly number[]): number | undefined => (numbers.length === 0 ? undefined : numbers.reduce((total, one) => total + one, 0));

function savedBySpot(snapshot: Snapshot, rows: readonly Row[]): number | undefined {
	const onDemand = snapshot.prices.value?.onDemand ?? {};
	const spot = snapshot.prices.value?.spot ?? {};
	const saved = rows.flatMap(({spot: isSpot, type, zone, usdPerHour: price}) => {
		if (isSpot !== true || price === undefined || type === undefined || zone === undefined) return [];
		const [full, paid] = [onDemand[type], spot[`${type} ${zone}`]];
		return full === undefined || paid === undefined ? [] : [full - paid];
	});
	return sum(saved);
}

/** What the fleet costs, reckoned from what is known: always "about". Pure. */
export function costs(snapshot: Snapshot, rows: readonly Row[], now: number): Costs {
	const priced = rows.map((row) => row.usdPerHour).filter((price) => price !== undefined);
	const workers = sum(priced);
	const manager = managerPrice(snapshot);
	const usual = workers === undefined ? configuredPrice(snapshot) : workers / priced.length;
	const spans = snapshot.journal.value?.spans;
	const alive = snapshot.host.value ? new Set(rows.map(({name}) => name)) : undefined;
	const date = new Date(now);
	const spent = (from: number): Spent | undefined => {
		if (!spans) return undefined;
		const since = Math.max(from, spans.since);
		const seconds = machineSeconds(spans, from, now, alive);
		if (usual === undefined && seconds > 0) return undefined;
		return {usd: (seconds / 3600) * (usual ?? 0) + ((manager ?? 0) * Math.max(0, now - since)) / hour, since};
	};
	const paying = rows.filter(({instanceId}) => instanceId !== undefined);
	return {
		perHour: workers === undefined && (manager === undefined || paying.length > 0) ? undefined : (workers ?? 0) + (manager ?? 0),
		unpriced: paying.filter((row) => row.usdPerHour === undefined).length,
		today: spent(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())),
		month: spent(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)),
		manager,
		savedBySpot: savedBySpot(snapshot, rows),
	};
}
