import {executors} from '../../executors/list.ts';
import type {Instance} from '../../steps/looks/account.ts';
import {monthOf} from '../journal/spans.ts';
import {hourMs, isBuilder, type Paid, type PaidMachine} from '../paid.ts';
import {spotPriceAt} from '../price.ts';
import type {Prices, Snapshot} from '../snapshot.ts';
import {workersMade} from './executors.ts';

/** How long a machine may be in the log before EC2 tells of it, in milliseconds: while it is made. */
const making = 600_000;

/** A machine that EC2 tells of, and what else is known of it. */
type Told = {key: string; name: string; instance: Instance; spot: boolean; diskGib: number | undefined; publicAddress: boolean | undefined; worker: boolean};

const runs = ({state}: Instance): boolean => state === 'running' || state === 'pending';

/** All machines of the fleet that EC2 tells of: workers, those that have ended as long as it tells of them, managers, and builders of images. */
function toldBy(snapshot: Snapshot): Told[] {
	const {manager, disks = {}, instances = [], otherManagers = [], goneManagers = []} = snapshot.ec2.value ?? {};
	const made = workersMade(snapshot);
	const workers = executors
		.flatMap(({view}) => [...view.found(snapshot), ...view.ended(snapshot)])
		.flatMap(({name, machine, instance, member}) =>
			instance
				? [
						{
							key: name,
							name,
							instance,
							spot: instance.spotRequestId !== undefined || machine?.spot === true,
							diskGib: machine?.diskGib ?? member?.diskGib,
							// An instance that goes has no address any more.
							publicAddress: instance.publicIp !== undefined || (runs(instance) ? undefined : made?.publicAddress),
							worker: true,
						},
					]
				: [],
		);
	const others = [...(manager ? [manager] : []), ...otherManagers, ...goneManagers, ...instances.filter(isBuilder)].map((instance) => ({
		key: instance.id,
		name: instance.tags.Name ?? instance.id,
		instance,
		spot: instance.spotRequestId !== undefined,
		diskGib: disks[instance.id],
		publicAddress: instance.publicIp !== undefined || (runs(instance) ? undefined : true),
		worker: false,
	}));
	return [...workers, ...others];
}

/** The price of each hour that has begun by `until`; those that are known already stay. The same list where nothing is to be added. */
function pricedHours({from, to, spot, type, zone, hourly}: PaidMachine, until: number, prices: Snapshot['prices']): PaidMachine['hourly'] {
	const known = prices.value;
	if (!known) return hourly;
	if (!spot) return hourly[0] === undefined && known.onDemand[type] !== undefined ? [known.onDemand[type]] : hourly;
	const count = Math.floor((Math.max(from, (to ?? until) - 1) - from) / hourMs) + 1;
	if (hourly.length >= count && !hourly.includes(undefined)) return hourly;
	return Array.from({length: Math.max(count, hourly.length)}, (_, hour) => hourly[hour] ?? priceOfHour(known, prices, {type, zone}, from + hour * hourMs));
}

/** The spot price at an hour's beginning. It is known once prices were looked at since; where they can't be, the last one counts. */
function priceOfHour(known: Prices, {at = 0, problem}: Snapshot['prices'], {type, zone}: {type: string; zone: string}, begin: number): number | undefined {
	return at >= begin || problem !== undefined ? spotPriceAt(known, type, zone, begin) : undefined;
}

/** When a machine that doesn't run any more ended: as EC2 says, else when it was seen last, else as the log says. What is learnt later makes it no earlier. */
function endOf(before: PaidMachine | undefined, {instance, name}: Pick<Told, 'instance' | 'name'>, snapshot: Snapshot): number | undefined {
	if (runs(instance)) return undefined;
	const known = before && (before.to ?? snapshot.paid.at);
	const told = instance.endedAt ?? known ?? snapshot.journal.value?.spans.closed.get(name)?.to;
	return told === undefined ? undefined : Math.max(told, known ?? 0);
}

/** A machine that EC2 tells of, as it's paid for now; undefined where it has ended and nobody knows when. */
function paidAs(before: PaidMachine | undefined, told: Told, snapshot: Snapshot): PaidMachine | undefined {
	const {instance, name} = told;
	const to = endOf(before, told, snapshot);
	if (to === undefined && !runs(instance)) return undefined;
	// A worker that was first seen when it had ended is taken for one as they are made now.
	const made = before || !told.worker || runs(instance) ? undefined : workersMade(snapshot);
	return {
		name,
		instanceId: instance.id,
		from: instance.launchedAt,
		to,
		type: instance.type,
		zone: instance.zone,
		spot: before?.spot || told.spot,
		diskGib: Math.max(before?.diskGib ?? 0, told.diskGib ?? made?.diskGib ?? 0),
		publicAddress: before?.publicAddress || told.publicAddress === true,
		hourly: before?.hourly ?? [],
	};
}

const sameAs = (one: PaidMachine, other: PaidMachine): boolean =>
	one.to === other.to && one.spot === other.spot && one.diskGib === other.diskGib && one.publicAddress === other.publicAddress && one.hourly === other.hourly;

/** Machines of which only the log tells: they came and went while nobody looked. Each is taken for one as config.toml makes them now. */
function loggedOnly(machines: Map<string, PaidMachine>, snapshot: Snapshot): void {
	const made = workersMade(snapshot);
	const until = snapshot.ec2.at ?? 0;
	if (!made) return;
	const {type, zone, spot, diskGib, publicAddress} = made;
	for (const [name, {from, to}] of snapshot.journal.value?.spans.closed ?? []) {
		if (to > until || machines.has(name)) continue;
		machines.set(name, {name, instanceId: undefined, from, to, type, zone, spot, diskGib, publicAddress, hourly: []});
	}
}

/** Machines that the log tells to have begun, that nobody sees, and of which the log tells no end. */
function unendedIn(machines: ReadonlyMap<string, PaidMachine>, {journal, ec2, host}: Snapshot): number {
	const young = (ec2.at ?? 0) - making;
	const stored = host.value ? new Set(executors.flatMap(({leftovers}) => (host.value && leftovers.kept(host.value)?.names) ?? [])) : undefined;
	let count = 0;
	for (const [name, from] of journal.value?.spans.open ?? []) if (from < young && !machines.has(name) && stored?.has(name) !== true) count += 1;
	return count;
}

/**
 * What is paid for, with what was seen last: what was known before stays, so that a sum never falls. Pure; it gives the same object where nothing
 * is told that counts, and the same again of the same.
 */
export function paidAfter(snapshot: Snapshot): Paid {
	const {ec2, paid, prices} = snapshot;
	if (!ec2.value || ec2.at === undefined) return paid;
	const machines = new Map(paid.machines);
	const seen = new Set<string>();
	for (const told of toldBy(snapshot)) {
		const known = machines.get(told.key);
		// One that was told of by the log alone is reckoned already.
		if (known && known.instanceId === undefined) continue;
		// Stopped and started again it was launched anew, as EC2 tells it.
		const key = known && known.from !== told.instance.launchedAt ? `${told.key} ${told.instance.launchedAt}` : told.key;
		const before = machines.get(key);
		const now = paidAs(before, told, snapshot);
		seen.add(key);
		if (now && !(before && sameAs(before, now))) machines.set(key, now);
	}
	// What EC2 tells of no more ran as long as it was seen.
	for (const [key, machine] of machines) if (machine.to === undefined && !seen.has(key)) machines.set(key, {...machine, to: paid.at ?? ec2.at});
	loggedOnly(machines, snapshot);
	const month = monthOf(ec2.at);
	let asks = false;
	for (const [key, machine] of machines) {
		if (machine.to !== undefined && machine.to < month) machines.delete(key);
		else {
			const hourly = pricedHours(machine, ec2.at, prices);
			if (hourly !== machine.hourly) machines.set(key, {...machine, hourly});
			const last = hourly.length - 1;
			asks ||= machine.spot && last >= 0 && hourly[last] === undefined && machine.from + last * hourMs > (prices.at ?? 0);
		}
	}
	const unended = unendedIn(machines, snapshot);
	const isSame = machines.size === paid.machines.size && [...machines].every(([key, machine]) => paid.machines.get(key) === machine);
	if (isSame && paid.at === ec2.at && paid.unended === unended && paid.asks === asks) return paid;
	return {machines: isSame ? paid.machines : machines, at: Math.max(paid.at ?? 0, ec2.at), unended, asks};
}
