import {many, takes} from '../formats.ts';
import type {Case, Judge} from './cause.ts';
import {holdingRefusal} from './refusals.ts';

/** What a create usually takes, in seconds: the middle one of the log's, else the mean of the metrics'. */
function usualCreation({history, metrics}: Case): number | undefined {
	const sorted = (history?.creations ?? []).toSorted((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? metrics?.creation?.meanSeconds;
}

/** How long the machine takes that will be ready first, in milliseconds since 1970 of its begin. */
const oldest = ({rows}: Case): number | undefined => {
	let first: number | undefined;
	for (const {state, createdAt} of rows) if (state === 'creating' && createdAt !== undefined) first = Math.min(first ?? createdAt, createdAt);
	return first;
};

/** Refusals that come after the launch: an instance is no sign that its machine will be ready. */
const late = new Set(['docker-install', 'docker-never', 'ssh-never', 'certificates', 'disk-full']);

/** Machines that are tried again and again, and end like the last one: they are not on their way. */
function onlyTried(it: Case): boolean {
	const held = holdingRefusal(it, ({code}) => code !== 'docker-hub');
	if (!held) return false;
	return late.has(held.refusal.code) || !it.rows.some(({state, instanceId}) => state === 'creating' && instanceId !== undefined);
}

/** Machines for the jobs are on their way; with an idle count of 0 every first job waits for one. */
export const beingMade: Judge = (it) => {
	const {now, runner, idle} = it;
	// Those beyond MaxGrowthRate only wait for their turn, though the runner counts them.
	const creating = Math.min(it.creating ?? 0, runner?.maxGrowthRate ?? Number.POSITIVE_INFINITY);
	if (creating === 0 || onlyTried(it)) return undefined;
	const usual = usualCreation(it);
	const since = oldest(it);
	const time = [
		usual === undefined ? '' : `, which usually takes about ${takes(usual)}`,
		since === undefined ? '' : `; the first began ${takes((now - since) / 1000)} ago`,
	].join('');
	const made = creating === 1 ? '1 is being made' : `${creating} are being made`;
	if (runner?.idleCount === 0 && !runner.scheduled && (idle ?? 0) === 0)
		return {
			id: 'cold-start',
			says: `The idle count is 0, so a job waits for a machine of its own: ${made}${time}.`,
			source: it.metrics ? 'runner' : 'host',
			key: 'idle',
			since,
		};
	return {
		id: 'being-made',
		says: `${many(creating, 'machine is', 'machines are')} being made${time}.`,
		source: it.metrics ? 'runner' : 'host',
		key: 'wait',
		since,
	};
};
