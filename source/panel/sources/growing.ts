import type {Problem} from '../../problem.ts';
import type {Instance} from '../../steps/looks/account.ts';
import type {Cloud, CloudAt} from '../../world/cloud/port.ts';
import type {Connection} from '../../world/host/port.ts';
import type {Clock} from '../../world/laptop/clock.ts';
import {paidAfter} from '../live/paid.ts';
import {failing, type Seen, type SourceTrouble} from '../seen.ts';
import type {Snapshot, SourceName} from '../snapshot.ts';
import type {GitlabAsked} from './gitlab.ts';

/** What the panel looks through: ports only, so that the demo's world serves as well. */
export type PanelPorts = {
	cloud: Cloud;
	cloudAt: CloudAt;
	clock: Clock;
	/** Opens the one connection to the manager that is then held; asked again once it is lost. */
	connect(manager: Instance, signal: AbortSignal): Promise<Connection>;
	/** Absent without a GitLab token. */
	gitlab?: (GitlabAsked & {runnerId?: number | undefined}) | undefined;
};

/** What all sources share: the snapshot as it grows. */
export type Growing = {
	now(): number;
	get(): Snapshot;
	set(more: Partial<Snapshot>): void;
	fail(names: readonly SourceName[], problem: Problem | SourceTrouble): void;
};

/** A snapshot that sources put their part into; each change is told. */
export function growing(clock: Clock, first: Snapshot, emit: (snapshot: Snapshot) => void): Growing {
	let snapshot = first;
	const set = (more: Partial<Snapshot>) => {
		snapshot = {...snapshot, ...more};
		if (more.ec2 || more.host || more.journal || more.prices) snapshot = {...snapshot, paid: paidAfter(snapshot)};
		emit(snapshot);
	};
	return {
		now: () => clock.now(),
		get: () => snapshot,
		set,
		fail: (names, problem) =>
			set(Object.fromEntries(names.map((name) => [name, failing<unknown>(snapshot[name] satisfies Seen<unknown>, problem, clock.now())]))),
	};
}
