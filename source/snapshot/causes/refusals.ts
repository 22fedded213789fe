import {beganAt, type History} from '../journal/history.ts';
import type {Refusal} from '../journal/refusal.ts';
import {isSpot} from '../makers.ts';
import type {Case} from './cause.ts';

/** A refusal that still holds: the newest of its kind, since when they come, and how many came. */
export type Holds = {refusal: Refusal; since: number; count: number};

/** How long after its last refusal a reason is believed to hold, in milliseconds: the runner tries again much sooner. */
const believed = 15 * 60_000;

/** Whether a machine that was begun after a time (milliseconds since 1970) has come up. */
const cameUpAfter = ({machines}: History, at: number): boolean =>
	[...machines.values()].some((story) => story.createdAt !== undefined && beganAt(story) > at && story.failedAt === undefined);

/** The newest refusal that `fits`, as long as it still holds: it came lately, and it isn't over since, as by a machine that was begun after it and came up. */
export function holdingRefusal({history, now}: Case, fits: (refusal: Refusal) => boolean, isOver = cameUpAfter): Holds | undefined {
	const refused = (history?.refused ?? []).filter(({refusal}) => fits(refusal));
	const last = refused.at(-1);
	if (!history || !last || now - last.at > believed || isOver(history, last.at)) return undefined;
	let since = last.at;
	let count = 0;
	for (const {at} of refused.toReversed()) {
		if (since - at > believed) break;
		since = at;
		count += 1;
	}
	return {refusal: last.refusal, since, count};
}

/** The newest refusal with one of these codes. */
export const holdingCode = (it: Case, ...codes: readonly string[]): Holds | undefined =>
	holdingRefusal(it, ({code}) => codes.includes(code.replace(/^(?:Client|Server)\./, '')));

/** `c5.large in us-east-2a`, from the refusal, else from config.toml. */
export function whereOf({runner, snapshot}: Case, refusal: Refusal): string {
	const options = runner?.options ?? {};
	const type = refusal.type ?? options['instance-type'];
	const zone = refusal.zone ?? (options.zone === undefined ? undefined : `${options.region ?? snapshot.region}${options.zone}`);
	return [type ?? 'workers', zone === undefined ? '' : `in ${zone}`].filter(Boolean).join(' ');
}

/** Whether config.toml asks for spot machines. */
export const wantsSpot = ({runner}: Case): boolean => runner !== undefined && isSpot(runner);
