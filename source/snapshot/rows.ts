import type {Instance} from '../steps/looks/account.ts';

/** What a worker is doing. `orphan`: the manager that made it doesn't know it any more. `unknown`: what would tell isn't there. */
export type RowState = 'creating' | 'idle' | 'busy' | 'removing' | 'failed' | 'stopped' | 'orphan' | 'unknown';

/** A job as far as any source tells of it. */
export type RowJob = {id: number; name?: string | undefined; project?: string | undefined; stage?: string | undefined; seconds?: number | undefined; url?: string | undefined};

/** One worker: job, machine, instance and price joined. What isn't known is undefined, never 0. */
export type Row = {
	/** What the cursor stays on: the name, or the instance's id where there is no name. */
	key: string;
	name: string;
	state: RowState;
	/** What it is doing or why, in a few words: `waiting for SSH`, `too many idle machines`. */
	detail: string | undefined;
	job: RowJob | undefined;
	type: string | undefined;
	/** `us-east-2a`. */
	zone: string | undefined;
	instanceId: string | undefined;
	instanceState: Instance['state'] | undefined;
	address: string | undefined;
	spot: boolean | undefined;
	/** Milliseconds since 1970. */
	createdAt: number | undefined;
	ageSeconds: number | undefined;
	/** With disk and address. */
	usdPerHour: number | undefined;
	spentUsd: number | undefined;
};

/** How many rows are in which state. */
export type Counts = Record<RowState, number> & {all: number};

export function countRows(rows: readonly Row[]): Counts {
	const counts: Counts = {all: rows.length, creating: 0, idle: 0, busy: 0, removing: 0, failed: 0, stopped: 0, orphan: 0, unknown: 0};
	for (const {state} of rows) counts[state] += 1;
	return counts;
}
