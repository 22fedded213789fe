import type {AnswerValue} from '../fleet.ts';
import type {Instance} from '../steps/looks/account.ts';
import {once} from './once.ts';
import {type PaidMachine, paidBetween} from './paid.ts';

/** What a worker is doing. `orphan`: the manager that made it doesn't know it any more. `unknown`: what would tell isn't there. */
export type RowState = 'creating' | 'idle' | 'busy' | 'removing' | 'failed' | 'stopped' | 'orphan' | 'unknown';

/** A job as far as any source tells of it. */
export type RowJob = {
	id: number;
	name?: string | undefined;
	project?: string | undefined;
	stage?: string | undefined;
	url?: string | undefined;
	/** When it came to this machine, in milliseconds since 1970. */
	since?: number | undefined;
};

/** One worker: job, machine, instance and price joined; the same as long as its sources tell the same, so time isn't in it. What isn't known is undefined, never 0. */
export type WorkerRow = {
	/** What the cursor stays on: the name, or the instance's id where there is no name. */
	key: string;
	name: string;
	/** The executor that has it. */
	executor: AnswerValue<'executor'>;
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
	/** Its instance as it's paid for; undefined where there is none, or EC2 hasn't told of it. */
	paid: PaidMachine | undefined;
	/** What it costs now, with disk and address: nothing while it ends. */
	usdPerHour: number | undefined;
};

/** How many rows are in which state. */
export type Counts = Record<RowState, number> & {all: number};

/** Counts rows by their state. */
export const countRows = once((rows: readonly WorkerRow[]): Readonly<Counts> => {
	const counts: Counts = {all: rows.length, creating: 0, idle: 0, busy: 0, removing: 0, failed: 0, stopped: 0, orphan: 0, unknown: 0};
	for (const {state} of rows) counts[state] += 1;
	return counts;
});

/** How old a worker is, in seconds. */
export const ageOfRow = ({createdAt}: WorkerRow, now: number): number | undefined =>
	createdAt === undefined ? undefined : Math.max(0, (now - createdAt) / 1000);

/** What a worker has cost so far, in USD. `until` is up to when EC2 has told that it runs, in milliseconds since 1970. */
export const spentOfRow = ({paid}: Pick<WorkerRow, 'paid'>, until: number): number | undefined => paid && paidBetween(paid, 0, until);
