import {isWorkerName, markKeys} from '../fleet.ts';
import type {Instance} from '../steps/looks/account.ts';
import type {Leftovers} from '../steps/looks/leftovers.ts';
import type {Cloud} from '../world/cloud/port.ts';
import {isNamedBy} from '../world/host/machine-name.ts';
import type {Connection, ScriptProgress} from '../world/host/port.ts';
import type {HostSeen} from './snapshot.ts';

/** A live manager of the region, and what it knows. */
export type AskedManager = {
	id: string;
	/** The fleet whose mark it bears. */
	fleet?: string | undefined;
	/** What it keeps of its workers; undefined when it can't be asked. `unmanaged`: idle ones of them that no runner there counts as its own. */
	store:
		| {
				names: ReadonlySet<string>;
				instanceIds: ReadonlySet<string>;
				/** Auto Scaling groups of its runners. */
				groups?: ReadonlySet<string> | undefined;
				unmanaged?: ReadonlySet<string> | undefined;
		  }
		| undefined;
	/** Short tokens of its runners, by which workers are named; empty when it can't be asked. */
	shortTokens: readonly string[];
};

/** Something that a manager made or that belonged to a worker, and whether anybody still knows it. */
export type Leftover = {
	kind: 'instance' | 'image builder' | 'key pair' | 'spot request' | 'volume' | 'Auto Scaling group' | 'launch template' | 'image' | 'snapshot';
	id: string;
	name: string;
	/** `orphan`: no live manager knows it, and all that could have been asked. `not-known`: nobody can say, so it stays. */
	is: 'orphan' | 'known' | 'not-known';
	/** Why, in a few words. */
	because: string;
	/** The manager that still keeps it, and the executor that makes its workers: there it's taken away. */
	keeper?: {id: string; fleet: string | undefined; executor: string} | undefined;
	/** The Auto Scaling group that an instance is in: it ends there, else another one takes its place. */
	group?: string | undefined;
	/** The fleet it was made for, where its mark or name says so. */
	fleet?: string | undefined;
	/** Milliseconds since 1970. */
	createdAt?: number | undefined;
	type?: string | undefined;
	zone?: string | undefined;
	sizeGib?: number | undefined;
	/** The snapshots that an image is on: they go with it. */
	snapshotIds?: readonly string[] | undefined;
};

/** What a manager keeps and EC2 are read one after the other, so what is younger than this may be in only one of them, in milliseconds. */
export const betweenLooks = 300_000;

/** Everything that leftovers of one region are judged by. */
export type Region = {
	region: string;
	/** Fleets that have a record here: names that a worker may bear. */
	fleets: readonly string[];
	managers: readonly AskedManager[];
	instances: readonly Instance[];
	leftovers: Leftovers;
	/** Milliseconds since 1970. */
	now: number;
	/**
	 * The managers were asked after EC2 was: whatever makes workers writes them down before it makes anything of them, so however young a thing
	 * is, its maker's store had to know it.
	 */
	askedAfter?: boolean;
};

export type LeftoverVerdict = Pick<Leftover, 'is' | 'because' | 'keeper'>;

/** A verdict and why, in a few words. */
export const verdict = (is: Leftover['is'], because: string): LeftoverVerdict => ({is, because});

/** The fleet that a worker's name or mark names. */
function fleetOf(region: Region, name: string, tags: Record<string, string>): string | undefined {
	return tags[markKeys.fleet] ?? region.fleets.find((fleet) => isWorkerName({name: fleet, region: region.region}, name));
}

const hasToken = ({shortTokens}: AskedManager, name: string): boolean => shortTokens.some((token) => isNamedBy(token, name));

/** What tells whose a leftover is. `sure`: only its fleet's own managers can have made it. */
export type Owner = {name: string; fleet: string | undefined; sure: boolean};

/** A fleet's mark, or its name together with the token of its runner, leaves no doubt; a name alone could be anybody's. */
export function ownerOf(region: Region, name: string, tags: Record<string, string>): Owner {
	const fleet = fleetOf(region, name, tags);
	const isNamed = fleet !== undefined && region.managers.some((manager) => manager.fleet === fleet && hasToken(manager, name));
	return {name, fleet, sure: tags[markKeys.fleet] !== undefined || isNamed};
}

/** Whether a manager that can't be asked may be the one that made it. */
export const mayBeSilent = ({fleet: of, store}: AskedManager, {fleet, sure}: Owner): boolean =>
	store === undefined && (fleet === undefined || of === fleet || (of === undefined && !sure));

/** Managers that could have made it: those whose runner's token its name bears, those of its fleet, and any that can't be asked and may be the one. */
const candidates = ({managers}: Region, owner: Owner): readonly AskedManager[] =>
	managers.filter((manager) => hasToken(manager, owner.name) || (owner.fleet !== undefined && manager.fleet === owner.fleet) || mayBeSilent(manager, owner));

/** Whether all that could have made it were asked, and late enough to have known it. */
export const isSure = (region: Region, owner: Owner, {is}: LeftoverVerdict): boolean =>
	region.askedAfter === true && is === 'orphan' && candidates(region, owner).length > 0;

/** The manager that keeps a worker of this name or instance. */
export const knowerOf = ({managers}: Region, name: string, id: string | undefined): AskedManager | undefined =>
	managers.find(({store}) => store && (store.names.has(name) || (id !== undefined && store.instanceIds.has(id))));

/** Judges by name: who knows it, who could, and whether all of those were asked. */
export function judge(region: Region, owner: Owner, id: string | undefined): LeftoverVerdict {
	const {fleet, name} = owner;
	const knower = knowerOf(region, name, id);
	if (knower) return verdict('known', `manager ${knower.id} knows it`);
	const could = candidates(region, owner);
	const silent = could.find(({store}) => store === undefined);
	if (silent) return verdict('not-known', `manager ${silent.id} can't be asked`);
	if (could.length > 0) return verdict('orphan', could.length === 1 ? `manager ${could[0]?.id} doesn't know it` : 'none of its managers knows it');
	if (fleet !== undefined && region.fleets.includes(fleet)) return verdict('orphan', `fleet ${fleet} has no live manager`);
	if (fleet !== undefined) return verdict('orphan', `fleet ${fleet} has neither a record nor a live manager here`);
	return verdict('not-known', 'made by a runner that no manager here has');
}

/** Whether the fleet of a mark is one that somebody still has: by its record, or by a live manager. */
function ofFleet({fleets, managers}: Region, fleet: string): LeftoverVerdict | undefined {
	const manager = managers.find((one) => one.fleet === fleet);
	if (manager) return verdict('known', `fleet ${fleet} has the manager ${manager.id}`);
	return fleets.includes(fleet) ? verdict('known', `fleet ${fleet} has a record`) : undefined;
}

/** What belongs to its fleet whether or not any instance is there: an orphan once nobody has that fleet any more. Undefined for what bears no mark. */
export function fleetsLeft(
	region: Region,
	kind: Leftover['kind'],
	fleet: string | undefined,
	{id, name, createdAt}: Pick<Leftover, 'id' | 'name' | 'createdAt'>,
): Leftover | undefined {
	if (fleet === undefined) return undefined;
	const young = createdAt !== undefined && region.now - createdAt < betweenLooks ? verdict('not-known', 'made less than 5 m ago') : undefined;
	const judged = ofFleet(region, fleet) ?? young ?? verdict('orphan', `fleet ${fleet} has neither a record nor a live manager here`);
	return {kind, id, name, ...judged, fleet, createdAt};
}

/** By what a worker is taken away: its manager, once it is reached, or AWS as this laptop may ask it. */
type RemovedBy = {connection(): Promise<Connection>; cloud: Cloud};

/** What an executor leaves behind, and how that is known and taken away. */
export type LeftoverView = {
	/** What takes a worker away on its manager, as a sentence names it. */
	tool: string;
	/** Words in the names of machines that make workers so. */
	makers: RegExp;
	/** Whether a machine that answered makes workers so. */
	isManager(host: HostSeen): boolean;
	/** What a manager keeps of its workers; undefined where it keeps none of this executor's. */
	kept(host: HostSeen): {names: readonly string[]; instanceIds: readonly string[]; groups?: readonly string[]} | undefined;
	/** Names of those that no runner on the manager counts as its own, at a time in milliseconds since 1970; none where that can't be told. */
	unmanaged(host: HostSeen, now: number): string[];
	/** Everything of a region that this executor's workers left or may have left, each judged: never `orphan` where one that could know wasn't asked. Pure. */
	judge(region: Region): Leftover[];
	/** The name of the key pair that is a worker's own, and goes with it. */
	keyPairOf(name: string): string | undefined;
	/** Takes a worker away, by the manager that keeps it or by AWS: its instance and whatever is its own. */
	remove(by: RemovedBy, name: string, said?: (progress: ScriptProgress) => void): Promise<{is: 'removed' | 'gone'} | {is: 'failed'; detail: string}>;
	/** What becomes of workers that a runner left which ended by itself, once it starts again: a sentence without its full stop. */
	readonly afterCrash: string;
	/** What is said before a worker is removed, and after. */
	removing(name: string, instanceId: string | undefined): string;
	removed(name: string): string;
};
