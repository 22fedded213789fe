import pLimit from 'p-limit';
import type {Layers} from '../answers/walk.ts';
import type {Happening} from '../engine/events.ts';
import type {Proposal} from '../engine/step.ts';
import {nounWidth, orphanNoun, orphanWords} from '../faces/words/sentences.ts';
import {many, money} from '../panel/formats.ts';
import {lookForOrphans, type PricedLeftover, type RegionSeen} from '../panel/orphans/look.ts';
import type {RegionAccess} from '../panel/orphans/managers.ts';
import {type Removed, removeOrphans} from '../panel/orphans/remove.ts';
import {Problem, Stopped} from '../problem.ts';
import {snapshotPrice} from '../steps/prices.ts';
import {enabledRegions, fleetsIn, layersOf, lookingAt, regionOf} from './open.ts';
import {type Command, failAll, type Session} from './session.ts';

/** Regions looked at side by side. */
const together = 6;

/**
 * Lists what managers' workers left behind and no live manager knows, whoever made it, and removes it once that is agreed to. What isn't known stays.
 * Exits 0 when there was none, none was to go or all went, 1 when something couldn't be removed or no region answered.
 */
export const orphans: Command = async (session) => {
	const {face, interactive, options} = session;
	const layers = await layersOf(session);
	const given = {...layers.environment, ...layers.preset, ...layers.flag};
	const accesses = (await regionsOf(session, layers)).map((region) => accessTo(session, region, given));
	const {seen, refused} = await lookEverywhere(session, accesses);
	if (seen.length === 0) return failAll(session, refused);
	const fleet = layers.flag?.fleet;
	const only = (found: readonly PricedLeftover[]): PricedLeftover[] => found.filter((one) => fleet === undefined || one.fleet === fleet);
	const regions = seen.map((one) => ({...one, found: only(one.found)}));
	for (const region of regions) tell(session, region);
	const goes = regions.map(({region, found}) => ({region, found: found.filter(({is}) => is === 'orphan')})).filter(({found}) => found.length > 0);
	const unsure = regions.flatMap(({found}) => found.filter(({is}) => is === 'not-known'));
	if (goes.length === 0) {
		face.emit({event: 'ended', says: `No orphans in ${regionsWords(regions)}.${unsureWords(unsure)}`, next: []});
		return 0;
	}
	if (!interactive && !options.yes) {
		const all = goes.flatMap(({found}) => found);
		const says = `${countWords(all)} in ${regionsWords(goes)}${costWords(all)}.${storageWords(all)}${unsureWords(unsure)}`;
		face.emit({event: 'ended', says, next: [{command: `${againWords(session, regions)} --yes`, does: 'removes the orphans, and nothing else'}]});
		return 0;
	}
	if (!(await face.agree(proposalOf(goes, unsure, session.world.clock.now())))) return 0;
	return takeAway(session, accesses, goes, againWords(session, regions));
};

/** The region that is meant, or all that are enabled for this account. */
async function regionsOf(session: Session, layers: Layers): Promise<string[]> {
	const {options, stops, world} = session;
	if (!options.allRegions) return [await regionOf(session, layers)];
	world.use(layers.flag?.profile ?? layers.preset?.profile ?? layers.environment?.profile);
	const first = layers.flag?.region ?? layers.preset?.region ?? layers.environment?.region ?? (await world.defaultRegion()) ?? 'us-east-1';
	return enabledRegions(world.cloudAt(first, stops.soft));
}

function accessTo(session: Session, region: string, given: RegionAccess['given']): RegionAccess {
	const {cloud, cloudAt, clock, signal} = lookingAt(session, {name: '', region});
	return {
		region,
		cloud,
		cloudAt,
		clock,
		signal,
		fleets: () => fleetsIn(cloud),
		open: (fleet) => lookingAt(session, fleet),
		given,
	};
}

const asData = ({code, message, advice, fault}: Problem) => ({code, message, fault, ...(advice === undefined ? {} : {advice})});

/** Looks in all regions side by side; one that refuses is told and doesn't stop the others. */
async function lookEverywhere({face}: Session, accesses: readonly RegionAccess[]): Promise<{seen: RegionSeen[]; refused: Problem[]}> {
	const limit = pLimit(together);
	const refused: Problem[] = [];
	const lookIn = async (access: RegionAccess): Promise<RegionSeen | undefined> => {
		const {region: step} = access;
		face.emit({event: 'step.looking', step});
		try {
			const seen = await lookForOrphans(access);
			face.emit({event: 'step.found', step, is: 'ready', says: foundWords(seen)});
			return seen;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			refused.push(error);
			face.emit({event: 'step.found', step, is: 'blocked', says: '', problem: asData(error)});
			return undefined;
		}
	};
	face.emit({event: 'plan.started', steps: accesses.map(({region}) => ({name: region, title: region}))});
	const all = await Promise.all(accesses.map((access) => limit(() => lookIn(access))));
	return {seen: all.filter((one) => one !== undefined), refused};
}

/** What one region holds, each leftover and each manager that couldn't be asked. */
function tell({face}: Session, {region, found, silent}: RegionSeen): void {
	for (const one of found) face.emit(eventOf(region, one));
	if (!found.some(({is}) => is === 'not-known')) return;
	for (const {manager, problem} of silent)
		face.emit({
			event: 'note',
			says: `What manager ${manager} made isn't known, since it can't be asked: ${problem.message}`,
			...(problem.advice === undefined ? {} : {advice: problem.advice}),
		});
}

async function takeAway(session: Session, accesses: readonly RegionAccess[], goes: readonly Goes[], again: string): Promise<number> {
	const {face, stops, world} = session;
	const limit = pLimit(together);
	const begun = world.clock.now();
	const since = (from: number): number => (world.clock.now() - from) / 1000;
	const goOn = `To go on: \`${again}\`.`;
	const removeIn = async (access: RegionAccess, {found}: Goes): Promise<Removed> => {
		const {region: step} = access;
		const from = world.clock.now();
		face.emit({event: 'step.started', step});
		try {
			const removed = await removeOrphans(access, found, (says) => face.emit({event: 'step.says', step, says}));
			for (const {id, kind, name} of removed.removed) face.emit({event: 'orphan.removed', region: step, kind, id, name});
			const [problem] = removed.problems;
			if (problem) face.emit({event: 'step.failed', step, problem: asData(problem), seconds: since(from)});
			else face.emit({event: 'step.done', step, says: `${countWords(removed.removed)} gone`, seconds: since(from)});
			return removed;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			face.emit({event: 'step.failed', step, problem: asData(error), seconds: since(from)});
			return {removed: [], spared: [], problems: [error]};
		}
	};
	face.emit({event: 'run.started', doing: 'remove', steps: goes.map(({region}) => ({name: region, title: region, needs: []}))});
	try {
		const work = goes.flatMap((one) => accesses.filter(({region}) => region === one.region).map((access) => limit(() => removeIn(access, one))));
		const done = await Promise.all(work);
		const problems = done.flatMap((one) => one.problems);
		const failed = done.filter((one) => one.problems.length > 0).length;
		face.emit({event: 'run.ended', done: done.length - failed, failed, skipped: 0, seconds: since(begun)});
		if (problems.length > 0) return failAll(session, problems, goOn);
		const spared = done.flatMap((one) => one.spared);
		const stayed = spared.length === 0 ? '' : ` ${countWords(spared)} had gone already, or belong to a manager after all.`;
		face.emit({event: 'ended', says: `${countWords(done.flatMap((one) => one.removed))} removed in ${regionsWords(goes)}; none is left.${stayed}`, next: []});
		return 0;
	} catch (error) {
		if (!(error instanceof Stopped)) throw error;
		face.fail(new Problem({code: 'stopped', message: 'Stopped before all orphans were removed. What is left still stands, and may cost.', advice: goOn}));
		return stops.exit() ?? 130;
	}
}

/** The command that looks again at the same. */
const againWords = ({options, parsed}: Session, regions: readonly {region: string}[]): string =>
	[
		'gitlab-runner-aws orphans',
		options.allRegions ? '--all-regions' : `--region ${regions[0]?.region ?? ''}`,
		...(parsed.given.fleet === undefined ? [] : [`--fleet ${parsed.given.fleet}`]),
	].join(' ');

/** Orphans of one region that are to go. */
type Goes = {region: string; found: readonly PricedLeftover[]};

type OrphanFound = Extract<Happening, {event: 'orphan.found'}>;

/** A leftover as the event that tells it. */
function eventOf(region: string, {because, createdAt, fleet, id, is, kind, name, sizeGib, type, usdPerHour, usdSoFar, zone}: PricedLeftover): OrphanFound {
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
function countWords(found: readonly PricedLeftover[]): string {
	const kinds = (
		['instance', 'image builder', 'Auto Scaling group', 'launch template', 'spot request', 'volume', 'image', 'snapshot', 'key pair'] as const
	).map((kind) => ({kind, count: found.filter((one) => one.kind === kind).length}));
	const parts = kinds.filter(({count}) => count > 0).map(({count, kind}) => many(count, orphanNoun(kind)));
	const last = parts.pop() ?? 'nothing';
	return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** The region, or how many. */
const regionsWords = (regions: readonly {region: string}[]): string => (regions.length === 1 ? (regions[0]?.region ?? '') : `${regions.length} regions`);

/** What they cost, as the end of a sentence; nothing where no price is known. */
function costWords(found: readonly PricedLeftover[]): string {
	const hourly = found.reduce((sum, {usdPerHour = 0}) => sum + usdPerHour, 0);
	const soFar = found.reduce((sum, {usdSoFar = 0}) => sum + usdSoFar, 0);
	return hourly === 0 ? '' : ` ${found.length === 1 ? 'costs' : 'cost'} about ${money(hourly)} an hour, ${money(soFar)} so far`;
}

/** What images and snapshots cost, as a sentence; nothing where there are none. */
function storageWords(found: readonly PricedLeftover[]): string {
	const stored = found.filter(({kind}) => kind === 'image' || kind === 'snapshot');
	const gib = stored.reduce((sum, {sizeGib = 0}) => sum + sizeGib, 0);
	return stored.length === 0 ? '' : ` What is written of ${countWords(stored)}, ${gib} GiB in whole, costs ${snapshotPrice}.`;
}

/** What stays because nobody can say whose it is: a sentence, or nothing. */
const unsureWords = (unsure: readonly PricedLeftover[]): string =>
	unsure.length === 0 ? '' : ` Of ${countWords(unsure)} it isn't known whose they are: they stay, as long as that is so.`;

/** What one region holds, in a few words. */
function foundWords({found}: RegionSeen): string {
	const orphans = found.filter(({is}) => is === 'orphan');
	const unsure = found.filter(({is}) => is === 'not-known');
	return `${orphans.length === 0 ? 'no orphans' : `orphans: ${countWords(orphans)}`}${unsure.length === 0 ? '' : `; not known: ${countWords(unsure)}`}`;
}

/** What goes with a thing. */
const goesAlong: Partial<Record<PricedLeftover['kind'], string>> = {
	instance: '; its disk and key pair go with it',
	'image builder': '; its disk goes with it',
	image: '; its snapshot goes with it',
	'Auto Scaling group': '; all of its instances end with it',
};

/** What is to go, in whole, before anybody agrees to it. */
function proposalOf(goes: readonly Goes[], unsure: readonly PricedLeftover[], now: number): Proposal {
	const all = goes.flatMap(({found}) => found);
	const line = (region: string, one: PricedLeftover): string => {
		const own = one.group === undefined ? (goesAlong[one.kind] ?? '') : '; its disk goes with it, and its group is to have one fewer';
		return `  ${orphanNoun(one.kind).padEnd(nounWidth)}  ${orphanWords(eventOf(region, one), now)}${own}`;
	};
	return {
		says: `${countWords(all)} that no live manager looks after ${all.length === 1 ? 'is' : 'are'} removed in ${regionsWords(goes)}.`,
		details: [
			...(costWords(all) === '' ? [] : [`${all.length === 1 ? 'It' : 'They'}${costWords(all)}.`]),
			...(storageWords(all) === '' ? [] : [storageWords(all).trim()]),
			...goes.flatMap(({region, found}) => [`${region}:`, ...found.map((one) => line(region, one))]),
			...(unsure.length === 0 ? [] : [`Stays, since it isn't known whose it is: ${countWords(unsure)}.`]),
		],
	};
}
