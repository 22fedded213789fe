import {many, takes} from '../formats.ts';
import type {Case, Judge} from './cause.ts';

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

/** Machines for the jobs are on their way; with an idle count of 0 every first job waits for one. */
export const beingMade: Judge = (it) => {
	const {creating, now, runner, idle} = it;
	if (creating === undefined || creating === 0) return undefined;
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
