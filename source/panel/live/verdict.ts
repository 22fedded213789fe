import type {Cause} from '../causes/cause.ts';
import type {WorkerRow} from '../rows.ts';
import type {Snapshot, SourceName} from '../snapshot.ts';
import {join} from './join.ts';
import {troublesOf, whyWaiting} from './why-waiting.ts';

/** Whether a fleet is well: `unknown` where what would tell couldn't be looked at. */
export type Verdict = {is: 'healthy' | 'trouble' | 'unknown'; says: string; causes: readonly Cause[]};

/** Sources that a look isn't complete without; leftovers are another command's. */
const awaited = ['ec2', 'group', 'host', 'runner', 'journal', 'gitlab', 'prices', 'record'] as const satisfies readonly SourceName[];

/** Whether each source has told, failed or isn't asked. Prices wait until something has a price. */
export function hasSettled(snapshot: Snapshot): boolean {
	const {value, problem: failed} = snapshot.ec2;
	const nothingPaid = failed !== undefined || (value !== undefined && value.manager === undefined && value.instances.length === 0);
	return awaited.every((name) => {
		const {at, problem, off} = snapshot[name];
		return at !== undefined || problem !== undefined || off !== undefined || (name === 'prices' && nothingPaid);
	});
}

/** Judges a fleet by all that is known: jobs that wait because every machine is busy are no trouble. Pure; `now` is milliseconds since 1970. */
export function verdictOf(snapshot: Snapshot, now: number, rows: readonly WorkerRow[] = join(snapshot, now)): Verdict {
	const {ec2, host} = snapshot;
	if (!ec2.value) return {is: 'unknown', says: ec2.problem?.message ?? "EC2 hasn't told anything yet.", causes: []};
	const {waiting, causes: why} = whyWaiting(snapshot, now, rows);
	const causes = [...troublesOf(snapshot, now, rows), ...why.filter(({rank}) => rank === 'unserved')];
	const {manager} = ec2.value;
	if (manager?.state === 'running' && !host.value)
		return {is: 'unknown', says: `The manager can't be asked. ${host.problem?.message ?? "It hasn't answered yet."}`, causes};
	const [first] = causes;
	// Who drains a fleet wants it to take no jobs: that is as it should be, until one waits.
	const isResting = causes.every(({intended}) => intended) && !(waiting.known && waiting.jobs > 0);
	if (first) return {is: isResting ? 'healthy' : 'trouble', says: first.says, causes};
	return {is: 'healthy', says: 'Everything that is known is well.', causes};
}
