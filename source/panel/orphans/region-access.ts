import type {Looking} from '../../engine/step.ts';
import type {Fleet, Given} from '../../fleet.ts';
import type {Cloud, CloudAt} from '../../world/cloud/port.ts';
import type {Clock} from '../../world/laptop/clock.ts';

/** One region, and through what it is looked at. */
export type RegionAccess = {
	region: string;
	cloud: Cloud;
	/** Prices live in another region. */
	cloudAt: CloudAt;
	clock: Clock;
	signal: AbortSignal;
	/** Names of the fleets that have a record here. */
	fleets(): Promise<string[]>;
	/** A context for reaching one manager, which is closed once it was asked. */
	open(fleet: Fleet): Looking & {close(): Promise<void>};
	/** What the command line says of how to reach managers. */
	given: Given;
};
