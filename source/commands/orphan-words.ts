import type {Happening} from '../engine/events.ts';
import type {Proposal} from '../engine/proposal.ts';
import type {Found, RegionSeen} from '../orphans/look.ts';
import {many, money} from '../snapshot/formats.ts';
import {orphanNoun, orphanWords} from '../telling/orphans.ts';

/** Orphans of one region that are to go. */
export type Goes = {region: string; found: readonly Found[]};

type OrphanFound = Extract<Happening, {event: 'orphan.found'}>;

/** A leftover as the event that tells it. */
export function eventOf(region: string, {because, createdAt, fleet, id, is, kind, name, sizeGib, type, usdPerHour, usdSoFar, zone}: Found): OrphanFound {
	return {
		event: 'orphan.found',
		region,
		kind,
		id,
		name,
		is: is === 'orphan' ? 'orphan' : 'not-known',
		because,
		...(fleet === undefined ? {} : {fleet}),
		...(createdAt === undefined ? {} : {createdAt: new Date(createdAt).toISOString()}),
		...(type === undefined ? {} : {type}),
		...(zone === undefined ? {} : {zone}),
		...(sizeGib === undefined ? {} : {sizeGib}),
		...(usdPerHour === undefined ? {} : {usdPerHour}),
		...(usdSoFar === undefined ? {} : {usdSoFar}),
	};
}

/** `2 workers and 10 key pairs`. */
export function countWords(found: readonly Found[]): string {
	const kinds = (['instance', 'spot request', 'volume', 'key pair'] as const).map((kind) => ({kind, count: found.filter((one) => one.kind === kind).length}));
	const parts = kinds.filter(({count}) => count > 0).map(({count, kind}) => many(count, orphanNoun(kind)));
	const last = parts.pop() ?? 'nothing';
	return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** The region, or how many. */
export const placesWords = (regions: readonly {region: string}[]): string => (regions.length === 1 ? (regions[0]?.region ?? '') : `${regions.length} regions`);

/** What they cost, as the end of a sentence; nothing where no price is known. */
export function costWords(found: readonly Found[]): string {
	const hourly = found.reduce((sum, {usdPerHour = 0}) => sum + usdPerHour, 0);
	const soFar = found.reduce((sum, {usdSoFar = 0}) => sum + usdSoFar, 0);
	return hourly === 0 ? '' : ` cost about ${money(hourly)} an hour, ${money(soFar)} so far`;
}

/** What stays because nobody can say whose it is: a sentence, or nothing. */
export const unsureWords = (unsure: readonly Found[]): string =>
	unsure.length === 0 ? '' : ` Of ${countWords(unsure)} it isn't known whose they are: they stay, as long as that is so.`;

/** What one region holds, in a few words. */
export function foundWords({found}: RegionSeen): string {
	const gone = found.filter(({is}) => is === 'orphan');
	const unsure = found.filter(({is}) => is === 'not-known');
	return `${gone.length === 0 ? 'no orphans' : `orphans: ${countWords(gone)}`}${unsure.length === 0 ? '' : `; not known: ${countWords(unsure)}`}`;
}

/** What is to go, in whole, before anybody agrees to it. */
export function proposalOf(goes: readonly Goes[], unsure: readonly Found[], now: number): Proposal {
	const all = goes.flatMap(({found}) => found);
	const line = (region: string, one: Found): string => {
		const own = one.kind === 'instance' ? '; its disk and key pair go with it' : '';
		return `  ${orphanNoun(one.kind).padEnd(12)}  ${orphanWords(eventOf(region, one), now)}${own}`;
	};
	return {
		says: `${countWords(all)} that no live manager looks after ${all.length === 1 ? 'is' : 'are'} removed in ${placesWords(goes)}.`,
		details: [
			...(costWords(all) === '' ? [] : [`They${costWords(all)}.`]),
			...goes.flatMap(({region, found}) => [`${region}:`, ...found.map((one) => line(region, one))]),
			...(unsure.length === 0 ? [] : [`Stays, since it isn't known whose it is: ${countWords(unsure)}.`]),
		],
	};
}
